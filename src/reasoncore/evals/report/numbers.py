"""How numbers look on the page: shares as percent with one decimal, a true minus sign, times in words."""

from __future__ import annotations

from typing import Any


def percent(share: float) -> str:
    """``"38.1"`` for 0.381; the unit is said once, in the head of a column or after the number."""
    return _minus(f"{100 * share:.1f}")


def points(difference: float) -> str:
    """``"+33.1"``: a difference of two shares in percentage points."""
    return _minus(f"{100 * difference:+.1f}")


def signed(value: float) -> str:
    """``"+33.1"``: a difference that is in its unit already."""
    return _minus(f"{value:+.1f}")


def quantity(value: Any) -> str:
    """A number of a summary: whole numbers with separators, others to four digits; anything else as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return _minus(f"{int(value):,}")
    return _minus(f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}")


def duration(seconds: float) -> str:
    """``"1 h 12 min"``, ``"4 min 10 s"``, ``"8.3 s"``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min"


def _minus(shown: str) -> str:
    if shown.strip("-+0.,") == "":
        shown = shown.lstrip("-")
    return shown.replace("-", "−")
