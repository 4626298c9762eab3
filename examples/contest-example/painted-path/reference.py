MODULUS = 1_000_000_007


def paintings(n, k):
    if n == 1:
        return k % MODULUS
    # Ways by whether the last slab has the first one's colour, and whether it repeats the slab before it.
    same_new, same_again, other_new, other_again = 1, 0, 0, 0
    for _ in range(n - 1):
        same, other = same_new + same_again, other_new + other_again
        same_new, same_again, other_new, other_again = (
            other % MODULUS,
            same_new,
            (same * (k - 1) + other * (k - 2)) % MODULUS,
            other_new,
        )
    return k * (other_new + other_again) % MODULUS
