import random


def generate(seed, size):
    rng = random.Random(seed)
    n = rng.randint(1, 9) if size == "small" else rng.randint(1500, 2000)
    k = rng.randint(1, 4 if size == "small" else 50)
    w = rng.randint(1, 12) if size == "small" else rng.randint(1, 10**6)
    weights = [rng.randint(1, w) for _ in range(n)]
    return f"{n} {k} {w}\n{' '.join(map(str, weights))}\n"
