"""A constraint's case: responses that follow it, and responses that do not."""

from typing import Any

from reasoncore.verify.constraints.ifbench_table import IFBENCH_CONSTRAINTS

Case = tuple[str, dict[str, Any], list[str], list[str]]
"""Id, arguments, responses that follow, responses that do not."""


def check_case(name: str, arguments: dict[str, Any], good: list[str], bad: list[str]) -> None:
    """The validator accepts all of the one and none of the other, and takes exactly these arguments."""
    check = IFBENCH_CONSTRAINTS[name].check
    assert set(arguments) == set(IFBENCH_CONSTRAINTS[name].arguments)
    assert good
    assert bad
    assert [text for text in good if check(text, **arguments) is not True] == []
    assert [text for text in bad if check(text, **arguments) is not False] == []
