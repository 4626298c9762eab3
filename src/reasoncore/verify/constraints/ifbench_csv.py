"""IFBench's constraints on tables as CSV. Each function: a response that is not blank; whether it follows.

What Python's ``csv`` refuses (a field beyond its limit) ends the reference with an exception; here it is not followed.
"""

from __future__ import annotations

import csv
import io
import re

_CITY = ["ID", "Country", "City", "Year", "Count"]
_PRODUCT = ["ProductID", "Category", "Brand", "Price", "Stock"]
_STUDENT = ["StudentID", "Subject", "Grade", "Semester", "Score"]
_SPECIAL = re.compile(r"[^\w\s]")


def csv_city(response: str) -> bool:
    """The header, and 7 rows of 5 fields between commas; a blank line is a row, so that none may be there."""
    rows = _read(response, ",")
    return len(rows) == 8 and rows[0] == _CITY and all(len(row) == 5 for row in rows[1:])


def csv_special_character(response: str) -> bool:
    """The header, and 14 rows, one with a field in double quotes that has a character but letters, digits and spaces.

    Rows up to the first such one must have 5 fields; those after it are not looked at, as in the reference.
    """
    if not _has_header(response, _PRODUCT, ",", " \t"):
        return False
    rows = _read(response.replace('"', '"""'), ",")
    if len(rows) != 15:
        return False
    for row in rows[1:]:
        if len(row) != 5:
            return False
        if any(_is_quoted_special(field) for field in row):
            return True
    return False


def csv_quotes(response: str) -> bool:
    """The header, and 3 rows of 5 fields between tabs, all of them and the header's in double quotes."""
    if not _has_header(response, _STUDENT, "\t", " "):
        return False
    rows = _read(response.replace('"', '"""'), "\t")
    return len(rows) == 4 and all(len(row) == 5 and all(_is_quoted(field.strip()) for field in row) for row in rows)


def _read(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        return []


def _has_header(response: str, names: list[str], delimiter: str, padding: str) -> bool:
    """The first line names the columns, each in double quotes or not, with padding only after a delimiter."""
    first, *others = response.split("\n", 1)[0].strip().split(delimiter)
    columns = [first, *(name.lstrip(padding) for name in others)]
    return len(columns) == len(names) and all(
        column in (name, f'"{name}"') for column, name in zip(columns, names, strict=True)
    )


def _is_quoted(field: str) -> bool:
    return field.startswith('"') and field.endswith('"')


def _is_quoted_special(field: str) -> bool:
    """In its first line, with quotation marks: one at the start, and another after the special character."""
    line = field.split("\n", 1)[0]
    return line.startswith('"') and _SPECIAL.search(line, 1, max(1, line.rfind('"'))) is not None
