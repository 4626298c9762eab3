import random


def generate(seed, size):
    rng = random.Random(seed)
    if size == "small":
        return {"n": rng.randint(1, 6), "k": rng.randint(1, 4)}
    return {"n": rng.randint(20_000, 100_000), "k": rng.randint(1, 10**6)}
