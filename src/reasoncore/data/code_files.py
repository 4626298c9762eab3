"""Programming problems in files: rows of our own, and HumanEval, MBPP and LeetCode with their reference solutions."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reasoncore.data.files import new_id, question_of, with_instruction
from reasoncore.errors import DataError
from reasoncore.records import Problem, WorkedProblem, read_jsonl, required_text
from reasoncore.sandbox.names import free_names
from reasoncore.verify.code import CodeTask, CodeTest, read_code_case
from reasoncore.verify.code.task import check_names

LEETCODE_LIMIT_S = 20.0  # the slowest reference needs 6.5 s of an ordinary processor for one call
LEETCODE_CHECK_LIMIT_S = 60.0  # one test here is the whole check function, some hundred calls
_BROKEN_OUTPUT = ("Error:", "Execution timed out")
_LITERALS = {"null": "None", "true": "True", "false": "False"}


@dataclass(frozen=True, slots=True)
class CodeProblem:
    """A programming problem with a known solution.

    Attributes:
        id: Unique within its file.
        prompt: The question.
        solution: The reference program.
        task: What programs are judged by.
        subdomain: Where it belongs; empty where the file does not say.
    """

    id: str
    prompt: str
    solution: str
    task: CodeTask
    subdomain: str = ""


def load_humaneval(path: Path) -> list[CodeProblem]:
    """HumanEval as in HumanEval-X: ``prompt``, ``canonical_solution``, ``declaration``, ``test``.

    What a declaration defines before the function itself is trusted set-up for the tests.

    Raises:
        DataError: As :func:`load_code_file`.
    """
    return load_code_file(path, _humaneval)


def load_mbpp(path: Path) -> list[CodeProblem]:
    """MBPP: ``text``, ``code``, ``test_list``, ``test_setup_code``; the entry point is the function the tests call.

    Classes of the reference program that the tests use are the program's too.

    Raises:
        DataError: As :func:`load_code_file`.
    """
    return load_code_file(path, _mbpp)


def load_leetcode(path: Path, tests: str = "input_output") -> list[CodeProblem]:
    """LeetCodeDataset: calls and expected values from ``input_output``, or the set's own ``test`` function.

    Rows of ``input_output`` that record a failure of the generating program instead of a value, or an argument that is
    no literal, are left out.

    Args:
        path: The file.
        tests: ``"input_output"`` or ``"test"``.

    Raises:
        DataError: As :func:`load_code_file`.
    """
    return load_code_file(path, _leetcode_calls if tests == "input_output" else _leetcode_check)


def read_code_cases(path: Path, domain: str, instruction: str = "") -> list[WorkedProblem]:
    """Rows as ``reasoncore verify code`` takes them, each with a ``prompt``; what is known of a solution may be there.

    That is a whole ``response``, reasoning and all, or else the program alone under ``solution``. Further optional
    fields: ``id`` and ``subdomain``.

    Raises:
        DataError: As :func:`load_code_file`.
    """

    responses: dict[str, str] = {}
    seen: set[str] = set()

    def read(row: dict[str, Any], where: str) -> CodeProblem:
        solution, task = read_code_case({"solution": "", **row}, where)
        problem_id = new_id(row, seen, f"{path.stem}-{len(seen)}", where)
        if "response" in row:
            responses[problem_id] = required_text(row, "response", where)
        return CodeProblem(problem_id, question_of(row, where), solution, task, str(row.get("subdomain") or ""))

    worked = _worked(load_code_file(path, read), path, domain, instruction)
    return [
        replace(w, solutions={"given": responses[w.problem.id]}) if w.problem.id in responses else w for w in worked
    ]


def read_humaneval(path: Path, domain: str, instruction: str = "") -> list[WorkedProblem]:
    """:func:`load_humaneval` as problems with worked solutions."""
    return _worked(load_humaneval(path), path, domain, instruction)


def read_mbpp(path: Path, domain: str, instruction: str = "") -> list[WorkedProblem]:
    """:func:`load_mbpp` as problems with worked solutions; a prompt shows the first test, which names the function."""
    shown = [replace(p, prompt=f"{p.prompt}\nExample: {p.task.tests[0].code}\n") for p in load_mbpp(path)]
    return _worked(shown, path, domain, instruction)


def read_leetcode(path: Path, domain: str, instruction: str = "") -> list[WorkedProblem]:
    """:func:`load_leetcode` as problems with worked solutions; a prompt names the entry point."""
    shown = [replace(p, prompt=f"{p.prompt}\nImplement {p.task.entry_point}.\n") for p in load_leetcode(path)]
    return _worked(shown, path, domain, instruction)


def _worked(problems: Iterable[CodeProblem], path: Path, domain: str, instruction: str) -> list[WorkedProblem]:
    return [
        WorkedProblem(
            Problem(
                p.id,
                domain,
                p.subdomain or path.stem,
                with_instruction(p.prompt, instruction),
                "",
                reference=p.task,
            ),
            {"given": f"```python\n{p.solution.strip()}\n```"} if p.solution.strip() else {},
            p.prompt,
        )
        for p in problems
    ]


def load_code_file(path: Path, read: Callable[[dict[str, Any], str], CodeProblem]) -> list[CodeProblem]:
    """Every row of a JSONL file through ``read(row, where)``.

    Raises:
        DataError: The file cannot be read, is empty, or a row does not fit; names file, line and key.
    """
    problems = []
    for line, row in read_jsonl(path):
        where = f"{path}, line {line}"
        try:
            problem = read(row, where)
            check_names(problem.task, where)
            problems.append(problem)
        except (SyntaxError, AttributeError, TypeError, IndexError) as error:
            raise DataError(f"{where}: not in the expected form ({error})", "Use the original file.") from error
    if not problems:
        raise DataError(f"{path}: holds no problems", "Check that it is the right file and was fetched whole.")
    return problems


def _humaneval(row: dict[str, Any], where: str) -> CodeProblem:
    prompt, declaration = required_text(row, "prompt", where), required_text(row, "declaration", where)
    entry_point = re.findall(r"^def (\w+)\(", declaration, re.MULTILINE)[-1]
    setup = declaration[: declaration.rindex(f"def {entry_point}(")]
    task = CodeTask((CodeTest("assert", code=required_text(row, "test", where)),), entry_point, setup)
    solution = prompt + required_text(row, "canonical_solution", where)
    return CodeProblem(required_text(row, "task_id", where), prompt, solution, task)


def _mbpp(row: dict[str, Any], where: str) -> CodeProblem:
    solution = required_text(row, "code", where)
    tree = _parsed(solution)
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    called = [
        node.func.id
        for test in row["test_list"]
        for node in ast.walk(_parsed(test))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    entry_point = next(name for name in called if name in defined)
    tests = tuple(CodeTest("assert", code=test) for test in row["test_list"])
    setup = required_text(row, "test_setup_code", where, empty_ok=True)
    prompt = required_text(row, "text", where)
    names = tuple(sorted(classes & free_names("\n".join([setup, *row["test_list"]]))))
    return CodeProblem(str(row["task_id"]), prompt, solution, CodeTask(tests, entry_point, setup, names=names))


def _parsed(code: str) -> ast.Module:
    """Without Python's warnings: what they would tell of, such as an odd escape, is the file's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(code)


def _leetcode_check(row: dict[str, Any], where: str) -> CodeProblem:
    test = CodeTest("assert", code=required_text(row, "test", where))
    setup = required_text(row, "prompt", where)
    task = CodeTask((test,), required_text(row, "entry_point", where), setup, LEETCODE_CHECK_LIMIT_S)
    return _leetcode(row, where, task)


def _leetcode_calls(row: dict[str, Any], where: str) -> CodeProblem:
    text_expected = re.search(r"->\s*str\s*:", required_text(row, "starter_code", where)) is not None
    given = row["input_output"]
    calls = ast.literal_eval(given) if isinstance(given, str) else given
    tests = tuple(_calls(calls, text_expected))
    if not tests:
        raise DataError(f"{where}, key 'input_output': no usable row", "Use the original file.")
    entry_point = required_text(row, "entry_point", where)
    return _leetcode(row, where, CodeTask(tests, entry_point, time_limit_s=LEETCODE_LIMIT_S))


def _leetcode(row: dict[str, Any], where: str, task: CodeTask) -> CodeProblem:
    prompt = required_text(row, "problem_description", where)
    return CodeProblem(required_text(row, "task_id", where), prompt, required_text(row, "completion", where), task)


def _calls(rows: list[dict[str, str]], text_expected: bool) -> Iterator[CodeTest]:
    for row in rows:
        if row["output"].startswith(_BROKEN_OUTPUT):
            continue
        try:
            call = ast.parse(f"f({_python_literals(row['input'])})", mode="eval").body
            assert isinstance(call, ast.Call)
            arguments = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
            output = row["output"] if text_expected else ast.literal_eval(_python_literals(row["output"]))
        except (SyntaxError, ValueError):
            continue
        if call.args or None in arguments:
            continue
        yield CodeTest("functional", _as_json(arguments), _as_json(output))


def _python_literals(text: str) -> str:
    """JSON's words in Python's spelling, outside of strings."""
    return re.sub(r'"[^"]*"|\b(?:null|true|false)\b', lambda match: _LITERALS.get(match[0], match[0]), text)


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
