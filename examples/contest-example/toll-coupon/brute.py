rows, columns = map(int, input().split())
tolls = [list(map(int, input().split())) for _ in range(rows)]
crossings = [(y, x) for y in range(rows) for x in range(columns)]


def cheapest(free):
    """The cheapest walk when this crossing costs nothing: costs are lowered until nothing changes."""
    cost = {at: float("inf") for at in crossings}
    cost[0, 0] = 0 if free == (0, 0) else tolls[0][0]
    changed = True
    while changed:
        changed = False
        for y, x in crossings:
            toll = 0 if free == (y, x) else tolls[y][x]
            for before in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if cost.get(before, float("inf")) + toll < cost[y, x]:
                    cost[y, x] = cost[before] + toll
                    changed = True
    return cost[rows - 1, columns - 1]


print(min(map(cheapest, crossings)))
