"""From a problem's programs to its hidden tests, every one checked.

The reference gives the outputs. It has to pass the examples, to give the same output twice, and, on small inputs, to
agree with the brute force. Without a reference the brute force gives the outputs of small inputs, and without a brute
force nothing but the examples checks the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reasoncore.errors import DataError
from reasoncore.evals.contest.folder import BRUTE_FORCE, GENERATOR, REFERENCE, ContestProblem
from reasoncore.evals.contest.inputs import GENERATOR_LIMIT_S, Drawn, Size, draw_inputs
from reasoncore.evals.contest.programs import Answer, Program, agree, json_text, run_program, shown
from reasoncore.evals.contest.prompt import contest_prompt
from reasoncore.evals.contest.score import NOT_THE_JUDGES
from reasoncore.sandbox import Sandbox
from reasoncore.verify.code import CodeTest, read_code_case
from reasoncore.verify.code.task import MEMORY_LIMIT_MB

# A few steps only, so that the limit, and with it the file, is the same however fast the machine happens to be.
TIME_LIMITS_S = (2.0, 5.0, 10.0, 20.0)
HEADROOM = 5.0  # times the reference's own time
BRUTE_FORCE_LIMIT_S = 20.0


@dataclass(frozen=True, slots=True)
class BuiltProblem:
    """A problem with its hidden tests.

    Attributes:
        row: As ``reasoncore verify code`` and a benchmark of one's own read it.
        seeds: What the generator was asked for, by size, in the order of the tests behind the examples.
        cross_checked: Generated tests on which reference and brute force agreed.
        slowest_s: Processor seconds of the slowest run of the program that gave the outputs.
    """

    row: dict[str, Any]
    seeds: dict[Size, list[int]]
    cross_checked: int
    slowest_s: float

    def as_json(self) -> dict[str, Any]:
        """What was made, without the tests themselves."""
        return {
            "id": self.row["id"],
            "contest": self.row["subdomain"],
            "tests": len(self.row["tests"]),
            "generated": sum(map(len, self.seeds.values())),
            "cross_checked": self.cross_checked,
            "time_limit_s": self.row["time_limit_s"],
            "slowest_s": self.slowest_s,
        }


def build_problem(sandbox: Sandbox, problem: ContestProblem, tests: int) -> BuiltProblem:
    """Make and check a problem's tests.

    Args:
        sandbox: Where its programs run.
        problem: What its author wrote.
        tests: How many to generate; half of them small where there is a reference for the large ones, else all.

    Raises:
        DataError: A program fails or two of them disagree; names problem, input and both outputs.
        SandboxFailedError: The sandbox failed.
    """
    examples, entry_point = problem.examples.tests, problem.examples.entry_point
    solver, checker = _solver(problem), _checker(problem)
    times = [_check_example(sandbox, solver, example, number) for number, example in enumerate(examples, start=1)]
    drawn = _draw(sandbox, problem, tests)
    cases = [_case(example.input, example.output, entry_point) for example in examples]
    cross_checked = 0
    for item in drawn:
        answer = _answer_twice(sandbox, solver, item)
        times.append(answer.cpu_s)
        cases.append(_case(item.value, answer.output, entry_point))
        if checker is not None and item.size == "small":
            checked = run_program(sandbox, checker, item.value, item.where).output
            _check(solver, answer.output, checked, item.value, item.where, f"{BRUTE_FORCE} gives")
            cross_checked += 1
    row = _row(problem, solver.source, cases, _time_limit(max(times)))
    read_code_case(row, problem.id)
    return BuiltProblem(row, _seeds(drawn), cross_checked, max(times))


def _check_example(sandbox: Sandbox, solver: Program, example: CodeTest, number: int) -> float:
    """Processor seconds that the solver takes for an example, which it has to pass."""
    where = f"example {number}"
    answer = run_program(sandbox, solver, example.input, where)
    _check(solver, answer.output, example.output, example.input, where, "the example says")
    return answer.cpu_s


def _draw(sandbox: Sandbox, problem: ContestProblem, tests: int) -> list[Drawn]:
    """Inputs that differ from each other and from the examples."""
    generator = Program(f"{problem.id}/{GENERATOR}", problem.generator, "generate", GENERATOR_LIMIT_S)
    seen = {json_text(example.input) for example in problem.examples.tests}
    small = tests if problem.reference is None else (tests + 1) // 2
    sizes: tuple[tuple[Size, int], ...] = (("small", small), ("large", tests - small))
    text = problem.examples.entry_point is None
    return [item for size, count in sizes for item in draw_inputs(sandbox, generator, size, count, seen, text=text)]


def _answer_twice(sandbox: Sandbox, solver: Program, item: Drawn) -> Answer:
    """The solver's answer, with the longer of its two times."""
    first, second = (run_program(sandbox, solver, item.value, item.where) for _ in range(2))
    if json_text(first.output) != json_text(second.output):
        raise _disagreement(solver, first.output, second.output, item.value, item.where, "a second run gives")
    return Answer(first.output, max(first.cpu_s, second.cpu_s))


def _solver(problem: ContestProblem) -> Program:
    """The program that gives the outputs."""
    name, source = (REFERENCE, problem.reference) if problem.reference else (BRUTE_FORCE, problem.brute_force)
    assert source is not None
    return Program(f"{problem.id}/{name}", source, problem.examples.entry_point, TIME_LIMITS_S[-1] / HEADROOM)


def _checker(problem: ContestProblem) -> Program | None:
    """The program that has to agree on small inputs; None where there is only one program."""
    if problem.reference is None or problem.brute_force is None:
        return None
    label = f"{problem.id}/{BRUTE_FORCE}"
    return Program(label, problem.brute_force, problem.examples.entry_point, BRUTE_FORCE_LIMIT_S)


def _check(solver: Program, output: Any, expected: Any, given: Any, where: str, whose: str) -> None:
    if not agree(solver, output, expected):
        raise _disagreement(solver, output, expected, given, where, whose)


def _disagreement(solver: Program, output: Any, other: Any, given: Any, where: str, whose: str) -> DataError:
    return DataError(
        f"{solver.label}, {where}: gives {shown(output)}, and {whose} {shown(other)}, for the input {shown(given)}",
        "Mend whichever is wrong; the statement decides.",
    )


def _case(given: Any, output: Any, entry_point: str | None) -> dict[str, Any]:
    return {"type": "stdin" if entry_point is None else "functional", "input": given, "output": output}


def _row(problem: ContestProblem, solution: str, cases: list[dict[str, Any]], time_limit_s: float) -> dict[str, Any]:
    return {
        "id": problem.id,
        "subdomain": problem.contest,
        "label": NOT_THE_JUDGES,
        "prompt": contest_prompt(problem.statement, problem.examples),
        "entry_point": problem.examples.entry_point,
        "time_limit_s": time_limit_s,
        "memory_limit_mb": MEMORY_LIMIT_MB,
        "solution": solution,
        "tests": cases,
    }


def _time_limit(slowest_s: float) -> float:
    return next(limit for limit in TIME_LIMITS_S if limit >= HEADROOM * slowest_s)


def _seeds(drawn: list[Drawn]) -> dict[Size, list[int]]:
    seeds: dict[Size, list[int]] = {}
    for item in drawn:
        seeds.setdefault(item.size, []).append(item.seed)
    return seeds
