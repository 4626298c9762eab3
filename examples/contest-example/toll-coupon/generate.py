import random


def generate(seed, size):
    rng = random.Random(seed)
    low, high = (1, 5) if size == "small" else (30, 40)
    rows, columns = rng.randint(low, high), rng.randint(low, high)
    most = rng.choice([1, 9, 10**6])
    grid = [[rng.randint(0, most) for _ in range(columns)] for _ in range(rows)]
    return f"{rows} {columns}\n" + "".join(f"{' '.join(map(str, line))}\n" for line in grid)
