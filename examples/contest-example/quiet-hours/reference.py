def earliest_quiet(day, noise, length):
    free = 0
    for start, end in sorted(noise):
        if start - free >= length:
            return free
        free = max(free, end)
    return free if day - free >= length else -1
