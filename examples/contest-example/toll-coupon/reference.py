import heapq

rows, columns = map(int, input().split())
tolls = [list(map(int, input().split())) for _ in range(rows)]
heap = [(0, 0, 0, True), (tolls[0][0], 0, 0, False)]
done = set()
while True:
    cost, row, column, used = heapq.heappop(heap)
    if (row, column) == (rows - 1, columns - 1):
        print(cost)
        break
    if (row, column, used) in done:
        continue
    done.add((row, column, used))
    for y, x in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
        if 0 <= y < rows and 0 <= x < columns:
            heapq.heappush(heap, (cost + tolls[y][x], y, x, used))
            if not used:
                heapq.heappush(heap, (cost, y, x, True))
