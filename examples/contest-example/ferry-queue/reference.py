n, k, w = map(int, input().split())
trips, aboard, load = 1, 0, 0
for weight in map(int, input().split()):
    if aboard == k or load + weight > w:
        trips, aboard, load = trips + 1, 0, 0
    aboard, load = aboard + 1, load + weight
print(trips)
