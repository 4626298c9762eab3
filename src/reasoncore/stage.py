"""What every stage is given, and how it reads and writes checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reasoncore.config import HardwareSettings
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

    def start_hashes(self) -> dict[str, str]:
        """The starting checkpoint's files and their sha256, for the manifest."""
        if self.start is None:
            return {}
        wanted = [p for p in sorted(self.start.iterdir()) if p.suffix == ".safetensors" or p.name == "config.json"]
        return {f"start/{path.name}": sha256_file(path) for path in wanted}

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
        results = self.directory.path / "results.json"
        if results.exists():
            outputs.append(results)
        self.directory.finish(self.settings.kind, started, self.start_hashes(), outputs, summary)

    def _model_card(self) -> str:
        hashes = "\n".join(f"- `{name}` sha256 `{digest}`" for name, digest in self.start_hashes().items())
        return (
            "---\nlibrary_name: transformers\npipeline_tag: text-generation\n---\n\n"
            f"# {self.recipe_name}, stage {self.name}\n\n"
            f"Written by reasoncore, stage `{self.name}` ({self.settings.kind}) of recipe `{self.recipe_name}`, "
            f"seed {self.run_seed}.\n\n"
            f"- resolved recipe sha256 `{self.recipe_sha256}`\n{hashes}\n"
        )
