"""What the checks look at, from rows in many forms. Nothing is refused here: what does not fit is for a check to say.

Known are rows of questions (``question``, ``problem`` or ``prompt`` and ``answer``, ``gold`` or ``target``; GSM8K's
``#### N``; ``options`` or ``choices``), VibeThinker's evaluation files (a chat and ``reward_model.ground_truth``),
HumanEval, MBPP, LeetCodeDataset, this project's own code cases, IFEval and IFBench.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Literal, get_args

from reasoncore.data.files import nonempty, read_parquet
from reasoncore.records import Problem, read_jsonl
from reasoncore.verify.choice import ChoiceTask
from reasoncore.verify.code import CodeTask, CodeTest
from reasoncore.verify.code.task import Kind as TestKind
from reasoncore.verify.constraints import InstructionTask

Kind = Literal["question", "choice", "program", "instructions", "open"]
Instruction = tuple[str, Mapping[str, Any]]

_QUESTIONS = ("question", "problem", "problem_description", "prompt", "text")
_GOLDS = ("answer", "gold", "target", "ground_truth", "final_answer")
_TESTS = ("tests", "test_list", "input_output", "test")
_SOLUTIONS = ("solution", "response", "completion", "code")
_OPTION_LINE = re.compile(r"^\s{0,8}\(?([A-Z])[).:]\s+\S", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LintItem:
    """A problem as it stands in a file.

    Attributes:
        id: Its own, or the benchmark's name and its number from 0.
        kind: How it is judged; ``"open"`` where nothing to judge by is known.
        prompt: The question, empty where there is none.
        gold: The trusted answer of a question, or letter of a choice, "" where it is missing.
        options: Texts of the options, where they stand apart from the prompt.
        letters: Letters of the options, wherever they stand.
        solution: A worked solution or reference program, "" where there is none.
        visible: What else a solver is shown, such as starter code.
        task: Tests of a program; without tests where the row has none that can be read.
        instructions: ``(id, arguments)`` of each constraint.
    """

    id: str
    kind: Kind
    prompt: str
    gold: str = ""
    options: tuple[str, ...] = ()
    letters: str = ""
    solution: str = ""
    visible: str = ""
    task: CodeTask | None = None
    instructions: tuple[Instruction, ...] = ()


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL or Parquet file.

    Raises:
        DataError: The file cannot be read or is empty, or a line is not a JSON object.
    """
    rows = read_parquet(path) if path.suffix == ".parquet" else [row for _, row in read_jsonl(path)]
    return nonempty(rows, path)


def items_of_rows(benchmark: str, rows: Iterable[Mapping[str, Any]]) -> list[LintItem]:
    """Raw rows as items, in order."""
    return [_item(f"{benchmark}-{number}", row) for number, row in enumerate(rows)]


def items_of_problems(problems: Iterable[Problem]) -> list[LintItem]:
    """Problems as a loader or generator gave them as items, in order."""
    return [_item_of_problem(problem) for problem in problems]


def _item_of_problem(problem: Problem) -> LintItem:
    match problem.reference:
        case ChoiceTask(gold, options):
            letters = ascii_uppercase[: len(options)] or letters_in(problem.prompt)
            return LintItem(problem.id, "choice", problem.prompt, gold, options, letters)
        case CodeTask():
            return LintItem(problem.id, "program", problem.prompt, task=problem.reference)
        case InstructionTask(instructions, _):
            return LintItem(problem.id, "instructions", problem.prompt, instructions=instructions)
        case None:
            return LintItem(problem.id, "question", problem.prompt, problem.answer)
    return LintItem(problem.id, "open", problem.prompt)


def _item(default_id: str, row: Mapping[str, Any]) -> LintItem:
    given = next((row[key] for key in ("id", "unique_id", "task_id", "key") if row.get(key) is not None), default_id)
    prompt = _text(next((row[key] for key in _QUESTIONS if key in row), ""))
    solution = _text(next((row[key] for key in _SOLUTIONS if row.get(key)), ""))
    if isinstance(row.get("canonical_solution"), str):
        solution = prompt + row["canonical_solution"]
    if "instruction_id_list" in row:
        return LintItem(str(given), "instructions", prompt, instructions=tuple(_instructions(row)))
    if any(key in row for key in _TESTS):
        visible = _text(row.get("starter_code", ""))
        return LintItem(str(given), "program", prompt, solution=solution, visible=visible, task=_task(row))
    reward_model = row.get("reward_model")
    golds = {**reward_model, **row} if isinstance(reward_model, Mapping) else row
    known = [key for key in _GOLDS if key in golds]
    if not known:
        return LintItem(str(given), "open", prompt, solution=solution)
    # "####" parts GSM8K's solution from its answer. A tab or form feed in front may be what is left of "\\t", "\\f".
    gold = _text(golds[known[0]]).rpartition("####")[2].rstrip().lstrip(" \r\n")
    options = _options(row)
    letters = ascii_uppercase[: len(options)] if options else letters_in(prompt)
    if gold in options and not (len(gold) == 1 and gold in letters):
        gold = ascii_uppercase[options.index(gold)]
    is_choice = bool(options) or (bool(letters) and len(gold) == 1 and gold in ascii_uppercase)
    return LintItem(str(given), "choice" if is_choice else "question", prompt, gold, options, letters, solution)


def letters_in(prompt: str) -> str:
    """Letters of the options that a prompt lists, one a line from A on; "" where it lists fewer than two."""
    seen = "".join(_OPTION_LINE.findall(prompt))
    begin = seen.rfind("A")
    listed = seen[begin:] if begin >= 0 else ""
    return listed if len(listed) >= 2 and ascii_uppercase.startswith(listed) else ""


def _text(value: Any) -> str:
    """Text, a number as text, the last message of a chat, several answers with commas between; else nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Sequence) and value:
        last = value[-1]
        return _text(last.get("content")) if isinstance(last, Mapping) else ", ".join(map(_text, value))
    return ""


def _options(row: Mapping[str, Any]) -> tuple[str, ...]:
    value = row.get("options", row.get("choices"))
    if isinstance(value, Mapping):  # ARC's columns, or texts by letter
        value = value.get("text", list(value.values()))
    return tuple(map(_text, value)) if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _instructions(row: Mapping[str, Any]) -> Iterator[Instruction]:
    names, kwargs = row.get("instruction_id_list"), row.get("kwargs")
    given = kwargs if isinstance(kwargs, Sequence) else []
    for number, name in enumerate(names if isinstance(names, Sequence) else []):
        arguments = given[number] if number < len(given) else None
        present = arguments.items() if isinstance(arguments, Mapping) else ()
        yield str(name), {key: value for key, value in present if value is not None}


def _task(row: Mapping[str, Any]) -> CodeTask:
    tests = row.get("tests")
    read = [_test(test) for test in tests if isinstance(test, Mapping)] if isinstance(tests, Sequence) else []
    listed = row.get("test_list")
    read += [CodeTest("assert", code=str(test)) for test in listed] if isinstance(listed, Sequence) else []
    for call in _calls(row.get("input_output")):
        read.append(CodeTest("functional", _text(call.get("input")), _text(call.get("output"))))
    if isinstance(row.get("test"), str) and row["test"].strip():
        read.append(CodeTest("assert", code=row["test"]))
    entry_point, declaration = row.get("entry_point"), _text(row.get("declaration", ""))
    declared = re.findall(r"^def (\w+)\(", declaration, re.MULTILINE)
    if not entry_point and declared:
        entry_point = declared[-1]
    setup = _text(row.get("setup") or row.get("test_setup_code") or "")
    return CodeTask(tuple(read), str(entry_point) if entry_point else None, setup)


def _test(test: Mapping[str, Any]) -> CodeTest:
    kind: TestKind = test["type"] if test.get("type") in get_args(TestKind) else "functional"
    checker = test.get("checker")
    code = _text(test.get("code", ""))
    return CodeTest(kind, test.get("input"), test.get("output"), code, checker=str(checker) if checker else None)


def _calls(value: Any) -> list[Mapping[str, Any]]:
    """Rows of input and output: a list, or the text of one."""
    if isinstance(value, str):
        for read in (json.loads, ast.literal_eval):
            try:
                value = read(value)
                break
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
    return [call for call in value if isinstance(call, Mapping)] if isinstance(value, Sequence) else []
