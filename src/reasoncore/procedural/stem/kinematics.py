"""Kinematics: constant speed, uniform acceleration from rest and from a speed, two bodies that meet."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from reasoncore.procedural.core import Draft, Params, ProblemType
from reasoncore.procedural.math.arithmetic import addition, product, quotient
from reasoncore.procedural.stem.forms import by_level, two_form_draft
from reasoncore.procedural.stem.law import Law, Quantity, law_type

_SPEED, _ACCELERATION, _TIME, _PATH, _DISTANCE = "v", "a", "t", "s", "d"

MOTION = Law(
    Quantity("d", "m", "km", Fraction(1000)),
    Quantity("v", "m/s", "km/h", Fraction(5, 18)),
    Quantity("t", "s", "min", Fraction(60)),
    {
        "d": (
            "A body moves at {v} for {t}. How far does it go in m?",
            "Find the distance in m of a body that moves at {v} for {t}.",
        ),
        "v": (
            "A body moves {d} in {t}. What is its speed in m/s?",
            "Find the speed in m/s of a body that moves {d} in {t}.",
        ),
        "t": (
            "A body moves {d} at {v}. How long does it take in s?",
            "Find the time in s of a body that moves {d} at {v}.",
        ),
    },
)
FROM_REST = Law(
    Quantity("v", "m/s"),
    Quantity("a", "m/s^2"),
    Quantity("t", "s"),
    {
        "v": (
            "A body starts from rest with acceleration {a}. What is its speed in m/s after {t}?",
            "Find the speed in m/s of a body that starts from rest with acceleration {a} after {t}.",
        ),
        "a": (
            "A body starts from rest and is at {v} after {t}. What is its acceleration in m/s^2?",
            "Find the acceleration in m/s^2 of a body that starts from rest and is at {v} after {t}.",
        ),
        "t": (
            "A body starts from rest with acceleration {a}. After how long in s is it at {v}?",
            "Find the time in s until a body that starts from rest with acceleration {a} is at {v}.",
        ),
    },
)


def _draw_speeding_up(rng: Random, level: int) -> Params:
    """``(asked symbol, first speed, acceleration, time)``."""
    speed, acceleration, time = {3: (20, 9, 12), 4: (60, 20, 40)}[level]
    asked = rng.choice((_SPEED, _ACCELERATION, _TIME))
    return asked, rng.randint(2, speed), rng.randint(2, acceleration), rng.randint(2, time)


def _write_speeding_up(params: Params, variant: int) -> Draft:
    asked, u, a, t = params
    gain = a * t
    v = u + gain
    if asked == _SPEED:
        return two_form_draft(
            prompts=(
                f"A body moves at {u} m/s and speeds up with {a} m/s^2. What is its speed in m/s after {t} s?",
                f"Find the speed in m/s of a body at {u} m/s that speeds up with {a} m/s^2 for {t} s.",
            ),
            value=v,
            unit="m/s",
            mistakes=[gain, (u + a) * t, u + a + t, v + a, u * t + a],
            steps=[f"v = u + a*t = {u} + {a}*{t} = {v} m/s"],
            check=["v = u + a*t", product(a, t), addition(u, gain), f"Check: ({v} - {u})/{t} = {gain}/{t} = {a}"],
            variant=variant,
        )
    answer, known, unit, known_symbol = (a, t, "m/s^2", "t") if asked == _ACCELERATION else (t, a, "s", "a")
    given = f"{known} s" if asked == _ACCELERATION else f"{known} m/s^2"
    prompts = {
        _ACCELERATION: (
            f"A body speeds up from {u} m/s to {v} m/s in {given}. What is its acceleration in m/s^2?",
            f"Find the acceleration in m/s^2 of a body that speeds up from {u} m/s to {v} m/s in {given}.",
        ),
        _TIME: (
            f"A body speeds up from {u} m/s to {v} m/s with {given}. How long does it take in s?",
            f"Find the time in s of a body that speeds up from {u} m/s to {v} m/s with {given}.",
        ),
    }[asked]
    formula = f"{asked} = (v - u)/{known_symbol}"
    return two_form_draft(
        prompts=prompts,
        value=answer,
        unit=unit,
        mistakes=[gain, answer + 1, answer - 1, answer + u, (v + u) // known, v // known],
        steps=[f"{formula} = ({v} - {u})/{known} = {gain}/{known} = {answer} {unit}"],
        check=[formula, addition(v, -u), quotient(gain, known), f"Check: {u} + {a}*{t} = {u} + {gain} = {v}"],
        variant=variant,
    )


def _draw_path_from_rest(rng: Random, level: int) -> Params:
    """``(asked symbol, acceleration, time)`` with a whole path."""
    acceleration, time = (9, 9) if level == 1 else (40, 12)
    while True:
        a, t = rng.randint(2, acceleration), rng.randint(2, time)
        if a * t % 2 == 0:
            return rng.choice((_PATH, _ACCELERATION)), a, t


def _write_path_from_rest(params: Params, variant: int) -> Draft:
    asked, a, t = params
    square = t * t
    s = a * square // 2
    if asked == _PATH:
        return two_form_draft(
            prompts=(
                f"A body starts from rest with acceleration {a} m/s^2. How far does it go in {t} s in m?",
                f"Find the distance in m of a body from rest with acceleration {a} m/s^2 after {t} s.",
            ),
            value=s,
            unit="m",
            mistakes=[a * square, a * t, a * t // 2, s + square, s + a],
            steps=[f"s = a*t^2/2 = {a}*{square}/2 = {s} m"],
            check=[
                "s = a*t^2/2",
                f"{t}^2 = {square}",
                product(a, square),
                f"{a * square}/2 = {s}",
                f"Check: 2*{s}/{square} = {2 * s}/{square} = {a}",
            ],
            variant=variant,
        )
    return two_form_draft(
        prompts=(
            f"A body starts from rest and goes {s} m in {t} s. What is its acceleration in m/s^2?",
            f"Find the acceleration in m/s^2 of a body that goes {s} m in {t} s from rest.",
        ),
        value=a,
        unit="m/s^2",
        mistakes=[a * t // 2, a * t, 2 * s, a + 1, a - 1, 2 * a],
        steps=[f"a = 2*s/t^2 = 2*{s}/{square} = {2 * s}/{square} = {a} m/s^2"],
        check=[
            "a = 2*s/t^2",
            product(2, s),
            f"{t}^2 = {square}",
            quotient(2 * s, square),
            f"Check: {a}*{square}/2 = {a * square}/2 = {s}",
        ],
        variant=variant,
    )


def _draw_path(rng: Random, level: int) -> Params:
    """``(first speed, acceleration, time)`` with a whole path."""
    low, high, acceleration, time = {3: (2, 20, 9, 12), 4: (21, 60, 9, 15)}[level]
    while True:
        a, t = rng.randint(1, acceleration), rng.randint(2, time)
        if a * t % 2 == 0:
            return rng.randint(low, high), a, t


def _write_path(params: Params, variant: int) -> Draft:
    u, a, t = params
    square = t * t
    steady, extra, v = u * t, a * square // 2, u + a * t
    s = steady + extra
    return two_form_draft(
        prompts=(
            f"A body at {u} m/s speeds up with {a} m/s^2 for {t} s. How far does it go in m?",
            f"Find the distance in m of a body at {u} m/s that speeds up with {a} m/s^2 for {t} s.",
        ),
        value=s,
        unit="m",
        mistakes=[steady + 2 * extra, steady, extra, v * t, u + extra],
        steps=[f"s = u*t + a*t^2/2 = {u}*{t} + {a}*{square}/2 = {steady} + {extra} = {s} m"],
        check=[
            "s = u*t + a*t^2/2",
            product(u, t),
            f"{t}^2 = {square}",
            product(a, square),
            f"{2 * extra}/2 = {extra}",
            addition(steady, extra),
            f"Check: ({u} + {v})*{t}/2 = {u + v}*{t}/2 = {s}",
        ],
        variant=variant,
    )


def _draw_closing(rng: Random, level: int) -> Params:
    """Two speeds, ascending."""
    low, high = (2, 20) if level == 1 else (11, 89)
    return tuple(sorted((rng.randint(low, high), rng.randint(low, high))))


def _write_closing(params: Params, variant: int) -> Draft:
    v, w = params[:: -1 if variant // 2 % 2 else 1]
    return two_form_draft(
        prompts=(
            f"Two trains go towards each other at {v} km/h and {w} km/h. How fast do they come closer in km/h?",
            f"Trains at {v} km/h and {w} km/h go towards each other. Find the speed in km/h at which they come closer.",
        ),
        value=v + w,
        unit="km/h",
        mistakes=[abs(v - w), v + w + 1, v + w - 1, 2 * max(v, w), v * w],
        steps=[f"{v} + {w} = {v + w} km/h"],
        check=[addition(v, w), f"Check: {v + w} - {w} = {v}"],
        variant=variant,
    )


def _draw_meeting(rng: Random, level: int) -> Params:
    """``(asked symbol, slower, faster speed, hours)``."""
    low, high, hours = {3: (3, 40, 9), 4: (20, 120, 15)}[level]
    slower, faster = sorted((rng.randint(low, high), rng.randint(low, high)))
    return rng.choice((_DISTANCE, _TIME)), slower, faster, rng.randint(2, hours)


def _write_meeting(params: Params, variant: int) -> Draft:
    asked, v, w, t = params
    if variant // 2 % 2:
        v, w = w, v
    speed = v + w
    d = speed * t
    towards = f"go towards each other at {v} km/h and {w} km/h"
    if asked == _DISTANCE:
        return two_form_draft(
            prompts=(
                f"Two trains {towards} and meet after {t} h. How far apart were they in km?",
                f"Two trains {towards} and meet after {t} h. Find the distance in km that was between them.",
            ),
            value=d,
            unit="km",
            mistakes=[speed, abs(v - w) * t, v * t + w, v + w * t, d + speed, d - speed],
            steps=[f"d = (v + w)*t = ({v} + {w})*{t} = {speed}*{t} = {d} km"],
            check=[
                "d = (v + w)*t",
                addition(v, w),
                product(speed, t),
                f"Check: {v}*{t} + {w}*{t} = {v * t} + {w * t} = {d}",
            ],
            variant=variant,
        )
    return two_form_draft(
        prompts=(
            f"Two trains {d} km apart {towards}. After how long in h do they meet?",
            f"Two trains {d} km apart {towards}. Find the time in h until they meet.",
        ),
        value=t,
        unit="h",
        mistakes=[d // v, d // w, d // max(1, abs(v - w)), t + 1, t - 1, 2 * t],
        steps=[f"t = d/(v + w) = {d}/({v} + {w}) = {d}/{speed} = {t} h"],
        check=[
            "t = d/(v + w)",
            addition(v, w),
            quotient(d, speed),
            f"Check: {v}*{t} + {w}*{t} = {v * t} + {w * t} = {d}",
        ],
        variant=variant,
    )


TYPES = (
    law_type("motion", MOTION),
    by_level(
        "acceleration",
        law_type("from_rest", FROM_REST),
        ProblemType("speeding_up", _draw_speeding_up, _write_speeding_up),
    ),
    by_level(
        "path",
        ProblemType("from_rest", _draw_path_from_rest, _write_path_from_rest),
        ProblemType("speeding_up", _draw_path, _write_path),
    ),
    by_level(
        "meeting",
        ProblemType("closing", _draw_closing, _write_closing),
        ProblemType("meeting", _draw_meeting, _write_meeting),
    ),
)
