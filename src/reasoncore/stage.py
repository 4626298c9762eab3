"""What every stage is given, and how it reads and writes checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reasoncore.config import HardwareSettings
from reasoncore.data.problems import find_file
from reasoncore.model.checkpoint import save_checkpoint
from reasoncore.model.network import Decoder
from reasoncore.model.tokenizer import ChatTokenizer
from reasoncore.run_dir import StageDir, sha256_file, write_folder_atomic
from reasoncore.seeding import derive_seed


@dataclass(frozen=True)
class StageContext:
    """A stage's surroundings.

    Attributes:
        name: Its name in the recipe.
        directory: Its folder.
        settings: Its section of the recipe.
        start: Checkpoint it starts from; None for pretraining.
        run_seed: The recipe's seed.
        root: Paths in the recipe are relative to this folder.
    """

    name: str
    directory: StageDir
    settings: Any
    start: Path | None
    run_seed: int
    hardware: HardwareSettings
    recipe_name: str
    recipe_sha256: str
    root: Path

    @property
    def seed(self) -> int:
        """Seed of this stage alone."""
        return derive_seed(self.run_seed, self.name)

    @cached_property
    def input_hashes(self) -> dict[str, str]:
        """What the stage starts from and their sha256: the checkpoint's files and the data file."""
        hashes = {}
        if self.start is not None:
            wanted = [p for p in sorted(self.start.iterdir()) if p.suffix == ".safetensors" or p.name == "config.json"]
            hashes = {f"start/{path.name}": sha256_file(path) for path in wanted}
        source = getattr(getattr(self.settings, "data", None), "source", "procedural")
        if source != "procedural":
            hashes[f"data/{source}"] = sha256_file(find_file(source, self.root))
        return hashes

    def save(self, folder: Path, model: Decoder, tokenizer: ChatTokenizer) -> None:
        """Write a checkpoint of this stage, with its model card, into an existing folder."""
        save_checkpoint(folder, model, tokenizer, self._model_card())

    def finish(
        self,
        started: str,
        summary: Mapping[str, Any],
        model: Decoder | None = None,
        tokenizer: ChatTokenizer | None = None,
    ) -> None:
        """Write the final checkpoint, if the stage made one, and the manifest."""
        outputs = []
        if model is not None and tokenizer is not None:
            write_folder_atomic(self.directory.checkpoint, lambda folder: self.save(folder, model, tokenizer))
            outputs = sorted(path for path in self.directory.checkpoint.iterdir() if path.is_file())
        if self.settings.kind == "eval":
            outputs = [self.directory.path / "results.json", self.directory.path / "rollouts.jsonl"]
        self.directory.finish(self.settings.kind, started, self.input_hashes, outputs, summary)

    def _model_card(self) -> str:
        hashes = "\n".join(f"- `{name}` sha256 `{digest}`" for name, digest in self.input_hashes.items())
        return (
            "---\nlibrary_name: transformers\npipeline_tag: text-generation\n---\n\n"
            f"# {self.recipe_name}, stage {self.name}\n\n"
            f"Written by reasoncore, stage `{self.name}` ({self.settings.kind}) of recipe `{self.recipe_name}`, "
            f"seed {self.run_seed}.\n\n"
            f"- resolved recipe sha256 `{self.recipe_sha256}`\n{hashes}\n"
        )
