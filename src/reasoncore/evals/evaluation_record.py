"""``evaluation.json``: what an evaluation folder is about, so that only rollouts that belong together are together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from reasoncore.errors import UserInputError
from reasoncore.infer.engine import Engine
from reasoncore.run_dir import first_difference, write_json_atomic


class EvaluationRecord:
    """The record of a folder.

    Attributes:
        identity: What must not change while the evaluation grows: the model, how it is sampled, the seed.
        engines: Descriptions of the engines that sampled, in order; more than one where, say, a server was updated.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any], engines: list[dict[str, Any]]) -> None:
        self._path, self.identity, self.engines = path, identity, engines

    @classmethod
    def begin(cls, out: Path, identity: Mapping[str, Any]) -> Self:
        """Begin an evaluation in ``out``, or go on with the one that is there; its results are no longer those.

        Raises:
            UserInputError: ``out`` holds another evaluation.
        """
        out.mkdir(parents=True, exist_ok=True)
        path = out / "evaluation.json"
        engines: list[dict[str, Any]] = []
        if path.exists():
            there = json.loads(path.read_text(encoding="utf-8"))
            difference = first_difference(there.get("identity"), identity)
            if difference is not None:
                raise UserInputError(
                    f"{out}: holds another evaluation (different: {difference})", "Choose another --out, or empty it."
                )
            engines = there["engines"]
        elif (out / "rollouts.jsonl").exists():
            raise UserInputError(f"{out}: holds rollouts of another evaluation", "Choose another --out, or empty it.")
        record = cls(path, identity, engines)
        record._write()
        (out / "results.json").unlink(missing_ok=True)
        return record

    def note(self, engine: Engine) -> None:
        """Add an engine that samples, if one of its description is not there yet."""
        description = json.loads(json.dumps(engine.describe()))
        if description not in self.engines:
            self.engines.append(description)
            self._write()

    def _write(self) -> None:
        write_json_atomic(self._path, {"identity": self.identity, "engines": self.engines})
