from itertools import product

n, k, w = map(int, input().split())
weights = list(map(int, input().split()))


def trips(cuts):
    """Trips where a new one begins after every cut; infinitely many where one of them is not allowed."""
    loads = [[weights[0]]]
    for weight, cut in zip(weights[1:], cuts, strict=True):
        if cut:
            loads.append([])
        loads[-1].append(weight)
    allowed = all(len(load) <= k and sum(load) <= w for load in loads)
    return len(loads) if allowed else float("inf")


print(min(map(trips, product([False, True], repeat=n - 1))))
