"""A contest of one small problem, whose files a test replaces or leaves out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reasoncore.evals.contest import ContestProblem, read_contest

EXAMPLE = Path(__file__).parents[2] / "examples" / "contest-example"
FILES = {
    "statement.md": "Return the sum of two integers.",
    "examples.json": json.dumps({"entry_point": "add", "examples": [{"input": [1, 2], "output": 3}]}),
    "reference.py": "def add(a, b): return a + b",
    "brute.py": "def add(a, b):\n    assert b < 10, 'a large input'\n    return sum([1] * b, a)",
    "generate.py": """
import random
def generate(seed, size):
    rng = random.Random(seed)
    return [rng.randint(0, 9 if size == "small" else 10**6), rng.randint(0, 9) + (0 if size == "small" else 10)]
""",
}


def write_contest(folder: Path, **changed: Any) -> Path:
    """``folder/spring`` with the problem ``sum``; ``reference="..."`` replaces ``reference.py``, None leaves it out."""
    problem = folder / "spring" / "sum"
    problem.mkdir(parents=True)
    for name, text in FILES.items():
        text = changed.get(name.partition(".")[0], text)
        if text is not None:
            (problem / name).write_text(text)
    return problem.parent


def one_problem(folder: Path, **changed: Any) -> ContestProblem:
    """The problem of :func:`write_contest`."""
    (problem,) = read_contest(write_contest(folder, **changed))
    return problem
