def earliest_quiet(day, noise, length):
    for first in range(day - length + 1):
        if all(end <= first or start >= first + length for start, end in noise):
            return first
    return -1
