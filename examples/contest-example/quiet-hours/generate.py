import random


def generate(seed, size):
    rng = random.Random(seed)
    day = rng.randint(1, 30) if size == "small" else rng.randint(9 * 10**8, 10**9)
    count = rng.randint(0, 5) if size == "small" else rng.randint(200, 400)
    longest = max(1, day // 8) if size == "small" else day // 300
    noise = []
    for _ in range(count):
        start = rng.randint(0, day - 1)
        noise.append([start, min(day, start + rng.randint(1, longest))])
    return [day, noise, rng.randint(1, max(1, day // 4 if size == "small" else day // 60))]
