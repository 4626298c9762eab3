"""Learning-rate schedule: linear warm-up, then cosine to a floor ([3B] section 2.1.2)."""

from __future__ import annotations

import math


def learning_rate(step: int, total_steps: int, peak: float, warmup_fraction: float, floor: float) -> float:
    """The rate for 0-based ``step`` of ``total_steps``. ``floor == peak`` gives warm-up to a constant."""
    # Rounded first: 0.07 * 100 is 7.000000000000001 in floating point.
    warmup_steps = math.ceil(round(warmup_fraction * total_steps, 6))
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, total_steps - 1 - warmup_steps)
    return floor + (peak - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
