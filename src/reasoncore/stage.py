"""What every stage is given, and how it reads and writes checkpoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from reasoncore.config import PROCEDURAL, FuseStage, HardwareSettings, references, sources_of
from reasoncore.data.corpus_files import shards_in
from reasoncore.data.problems import find_file
from reasoncore.domains import Domain, Judge
from reasoncore.errors import StageFailedError
from reasoncore.infer.engine import Engine
from reasoncore.infer.local import LocalEngine
from reasoncore.model.checkpoint import save_checkpoint
from reasoncore.model.folder import decisive_files, resolve_base
from reasoncore.model.network import Decoder
from reasoncore.model.tokenizer import ChatTokenizer
from reasoncore.run_dir import StageDir, sha256_file, write_folder_atomic, write_json_atomic
from reasoncore.seeding import derive_seed
from reasoncore.timing import Clock


@dataclass(frozen=True)
class StageContext:
    """A stage's surroundings.

    Attributes:
        name: Its name in the recipe.
        directory: Its folder.
        settings: Its section of the recipe.
        start: Checkpoint it starts from; None for pretraining.
        earlier: Folders of the stages before, by name.
        domains: The table of domains, the recipe's own included.
        open_ended: Makes the engine that scores open-ended answers.
        run_seed: The recipe's seed.
        root: Paths in the recipe are relative to this folder.
        clock: Where the stage's time goes.
        graders: Files that decide verdicts, by what they are: the recipe's own domains, the judge's checkpoint.
    """

    name: str
    directory: StageDir
    settings: Any
    start: Path | None
    earlier: Mapping[str, StageDir]
    domains: Mapping[str, Domain]
    open_ended: Callable[[], Engine]
    run_seed: int
    hardware: HardwareSettings
    recipe_name: str
    recipe_sha256: str
    root: Path
    clock: Clock = field(default_factory=Clock)
    graders: Mapping[str, Path] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """Seed of this stage alone."""
        return derive_seed(self.run_seed, self.name)

    def checkpoint(self, reference: str) -> Path:
        """The folder of a checkpoint that the recipe names: an earlier stage's, a folder, or a hub id."""
        if reference in self.earlier:
            return self.earlier[reference].checkpoint
        return resolve_base(reference, self.root)

    def engine(self, folder: Path) -> LocalEngine:
        """Samples from a checkpoint on this run's hardware."""
        return LocalEngine.of_checkpoint(folder, self.hardware)

    def judge(self) -> Judge:
        """The verifiers of all domains; the caller closes it."""
        return Judge(self.domains, self.open_ended)

    @cached_property
    def input_hashes(self) -> dict[str, str]:
        """What the stage starts from and their sha256: checkpoints and data files."""
        folders = {} if self.start is None else {"start": self.start}
        named = references(self.settings)
        folders |= {key: self.checkpoint(reference) for key, reference in named.items() if key != "start"}
        if isinstance(self.settings, FuseStage):
            folders |= {f"candidates/{name}": folder for name, folder in self.candidates.items()}
        hashes = {
            f"{key}/{path.name}": sha256_file(path)
            for key, folder in folders.items()
            for path in decisive_files(folder)
        }
        for source in sources_of(self.settings).values():
            if source.source != PROCEDURAL:
                path = find_file(source.source, self.root)
                for file in shards_in(path) if path.is_dir() else [path]:
                    name = f"{source.source}/{file.name}" if path.is_dir() else source.source
                    hashes[f"data/{name}"] = sha256_file(file)
        return hashes | {key: sha256_file(path) for key, path in self.graders.items()}

    @property
    def candidates(self) -> dict[str, Path]:
        """What a fuse stage chooses among, by name: an SFT stage's checkpoints, its last one last, or those named."""
        of = self.settings.of
        if not isinstance(of, str):
            return {reference: self.checkpoint(reference) for reference in of}
        return {**self.earlier[of].kept_checkpoints, "last": self.earlier[of].checkpoint}

    def check_inputs(self, before: Mapping[str, str]) -> None:
        """Refuse to build on work that was done from other inputs.

        Raises:
            StageFailedError: A checkpoint or data file is not what it was; names it.
        """
        differing = [key for key in {**before, **self.input_hashes} if before.get(key) != self.input_hashes.get(key)]
        if differing:
            raise StageFailedError(
                f"stage {self.name}: {differing[0]} is not what it was when the stage began",
                f"Put it back, or delete {self.directory.path} and every later stage's folder to do them again.",
            )

    def begin(self, *, keep_logs: bool = False) -> Path | None:
        """Start or go on: see :meth:`reasoncore.run_dir.StageDir.begin`.

        Raises:
            StageFailedError: As :meth:`check_inputs`.
        """
        inputs = self.directory.path / "inputs.json"
        if inputs.is_file():
            self.check_inputs(json.loads(inputs.read_text(encoding="utf-8")))
        snapshot = self.directory.begin(keep_logs=keep_logs)
        write_json_atomic(inputs, self.input_hashes)
        record = self.directory.path / "timing.json"
        if record.is_file():
            self.clock.restore(json.loads(record.read_text(encoding="utf-8")))
        return snapshot

    def save_time(self) -> None:
        """Note the time spent so far, where work has been saved that will not be done again."""
        write_json_atomic(self.directory.path / "timing.json", self.clock.as_json())

    def save(self, folder: Path, model: Decoder, tokenizer: ChatTokenizer) -> None:
        """Write a checkpoint of this stage, with its model card, into an existing folder."""
        save_checkpoint(folder, model, tokenizer, self.model_card())

    def finish(
        self,
        started: str,
        summary: Mapping[str, Any],
        model: Decoder | None = None,
        tokenizer: ChatTokenizer | None = None,
    ) -> None:
        """Write the final checkpoint, if the stage trained one, and the manifest."""
        if model is not None and tokenizer is not None:
            write_folder_atomic(self.directory.checkpoint, lambda folder: self.save(folder, model, tokenizer))
        outputs = [self.directory.path / name for name in ("results.json", "rollouts.jsonl")]
        if self.settings.kind != "eval":
            outputs = sorted(path for path in self.directory.checkpoint.iterdir() if path.is_file())
        self.directory.finish(self.settings.kind, started, self.input_hashes, outputs, summary, self.clock)

    def model_card(self) -> str:
        """The README.md of a checkpoint of this stage."""
        hashes = "\n".join(f"- `{name}` sha256 `{digest}`" for name, digest in self.input_hashes.items())
        return (
            "---\nlibrary_name: transformers\npipeline_tag: text-generation\n---\n\n"
            f"# {self.recipe_name}, stage {self.name}\n\n"
            f"Written by reasoncore, stage `{self.name}` ({self.settings.kind}) of recipe `{self.recipe_name}`, "
            f"seed {self.run_seed}.\n\n"
            f"- resolved recipe sha256 `{self.recipe_sha256}`\n{hashes}\n"
        )
