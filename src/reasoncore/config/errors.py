"""A recipe's validation errors in a person's words: what, where, and the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from reasoncore.errors import RecipeError


def explain(
    error: ValidationError, where: str, recipe: type[BaseModel], stages: Mapping[str, type[BaseModel]]
) -> RecipeError:
    """The first problem pydantic found, unknown keys before others (they explain the rest).

    Args:
        where: The recipe's path.
        recipe: The model that was validated.
        stages: Stage models by kind, as pydantic names them in the place of an error.
    """
    problem = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    place = problem["loc"]
    path = [str(part) for i, part in enumerate(place) if not (i == 2 and place[0] == "stages")]
    key = ".".join(path) or "recipe"
    if problem["type"] == "extra_forbidden":
        return unknown_key(where, key, _fields_at(place[:-1], recipe, stages))
    if problem["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return RecipeError(f"{where}: {key}.kind is missing or unknown", f"Use one of: {', '.join(stages)}.")
    if problem["type"] == "missing":
        return RecipeError(f"{where}: {key} is missing", f"Add {path[-1]} there.")
    given = "" if isinstance(problem["input"], dict | BaseModel) else f" (given: {problem['input']!r})"
    said = problem["msg"].removeprefix("Value error, ")
    return RecipeError(f"{where}: {key}: {said}{given}", f"Mend {key}; --dry-run shows the resolved recipe.")


def unknown_key(where: str, key: str, valid: Iterable[str]) -> RecipeError:
    """``key`` is dotted; ``valid`` are the names that could stand in the place of its last part."""
    valid = sorted(valid)
    section, _, leaf = key.rpartition(".")
    near = difflib.get_close_matches(leaf, valid, n=1)
    cure = f"Did you mean {'.'.join(filter(None, (section, near[0])))}?" if near else "Remove it."
    return RecipeError(f"{where}: unknown key {key}", f"{cure} Valid there: {', '.join(valid)}.")


def _fields_at(place: Sequence[str | int], recipe: type[BaseModel], stages: Mapping[str, type[BaseModel]]) -> list[str]:
    """Names of the fields that are valid at a place: ("stages", name, kind, field, ...) or (field, ...)."""
    model: Any = recipe
    if len(place) > 2 and place[0] == "stages":
        model, place = stages[str(place[2])], place[3:]
    for part in place:
        # A table of named sections leads to the same section whatever the name.
        model = _section(model.model_fields[str(part)].annotation) if _is_section(model) else get_args(model)[1]
    return list(model.model_fields)


def _section(annotation: Any) -> Any:
    """The section, or table of sections, of a field that may also be absent."""
    candidates = [annotation, *get_args(annotation)]
    return next(c for c in candidates if _is_section(c) or get_origin(c) is dict)


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
