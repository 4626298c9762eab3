from itertools import product


def paintings(n, k):
    return sum(
        (n == 1 or path[0] != path[-1]) and all(len(set(path[i : i + 3])) > 1 for i in range(n - 2))
        for path in product(range(k), repeat=n)
    )
