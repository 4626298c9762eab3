"""Building a corpus, stage after stage; what was done with the same settings and inputs is not done again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reasoncore.config import PROCEDURAL_JUDGE, HardwareSettings
from reasoncore.data.build.card import Tally, card_text, make_card
from reasoncore.data.build.clean import near_duplicate_index, remove_contaminated, remove_near_duplicates
from reasoncore.data.build.config import BuildSettings, ReferenceSettings
from reasoncore.data.build.difficulty import measure_difficulty, reference_hashes
from reasoncore.data.build.distil import distil
from reasoncore.data.build.expand import expand, filter_queries
from reasoncore.data.build.label import label
from reasoncore.data.build.quality import filter_quality
from reasoncore.data.build.reasoning import vote_on_reasoning
from reasoncore.data.build.rows import read_rows
from reasoncore.data.build.seeds import seed_problems, source_file, source_hash, write_seeds
from reasoncore.data.build.stage_folder import StageFolder, StageResult, StageWriter, content_hash, read_own_json
from reasoncore.data.build.strata import corpus_rows, write_corpus
from reasoncore.data.build.teacher import Teacher, open_teacher
from reasoncore.data.corpus_files import shards_in
from reasoncore.data.decontaminate.protect import check_names, protected_texts
from reasoncore.data.problems import find_file
from reasoncore.domains import DOMAINS, Judge
from reasoncore.domains.open_ended import open_ended_judge
from reasoncore.errors import DataError, UserInputError
from reasoncore.infer.engine import Engine
from reasoncore.model.config import read_config
from reasoncore.model.folder import resolve_base
from reasoncore.model.tokenizer import load_tokenizer
from reasoncore.progress import say
from reasoncore.run_dir import lock_folder, sha256_file, write_json_atomic, write_text_atomic
from reasoncore.seeding import derive_seed
from reasoncore.verify.math import MathVerifier

_VERSION = 3
"""Raised where a stage comes to do something else."""


@dataclass(slots=True)
class Build:
    """One build.

    Attributes:
        settings: What is to be done.
        out: Where everything goes.
        root: Relative paths are relative to it, or to the current folder.
        workers: Processes of the stages that look at text; None for one a core.
        engine: The teacher where its kind is "engine".
        heard: Answers of the teacher that the last run had, new ones and stored ones.
    """

    settings: BuildSettings
    out: Path
    root: Path
    workers: int | None = None
    engine: Engine | None = None
    heard: int = field(default=0, init=False)

    def run(self) -> dict[str, Any]:
        """Build, or go on; the data card.

        Raises:
            UserInputError: A file or a row cannot be used, or the teacher cannot be reached at all.
        """
        self.heard = 0
        files, against = self.check()
        with self._alone():
            return self._build(files, against)

    def check(self) -> tuple[dict[str, Path | None], list[Path]]:
        """Whatever can be found wrong before a teacher is paid; the sources' files, and the evaluation files.

        Raises:
            UserInputError: A file, package or checkpoint is missing, a file cannot be read, or two evaluation files
                have one name.
        """
        settings = self.settings
        files = {name: source_file(source, self.root) for name, source in settings.sources.items()}
        against = [find_file(path, self.root) for path in settings.decontaminate.against]
        check_names(against)
        for path in against:
            deque(protected_texts(path, (), settings.decontaminate.ngram), maxlen=0)
        checkpoints = {"strata.tokenizer": settings.strata.tokenizer}
        if settings.reference is not None:
            checkpoints["reference.checkpoint"] = settings.reference.checkpoint
        if settings.teacher.kind == "checkpoint":
            checkpoints["teacher.model"] = str(settings.teacher.model)
        for key, name in checkpoints.items():
            folder = resolve_base(name, self.root, key)
            load_tokenizer(folder, read_config(folder).vocab_size)
        if settings.near_duplicates is not None:
            near_duplicate_index(settings.near_duplicates)
        return files, against

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Work in the folder, which is new, empty or a build's, as the only process."""
        lock = self.out / "build.lock"
        if self.out.exists() and not self.out.is_dir():
            raise UserInputError(f"{self.out}: not a folder", "Name another one.")
        ours = lock.exists() or any(self.out.glob("stages/seeds-*"))
        if self.out.exists() and any(self.out.iterdir()) and not ours:
            raise UserInputError(f"{self.out}: not empty, and no build is in it", "Name another folder with --out.")
        self.out.mkdir(parents=True, exist_ok=True)
        with lock_folder(lock, "--out"):
            yield

    def _build(self, files: dict[str, Path | None], against: Sequence[Path]) -> dict[str, Any]:
        settings = self.settings
        with open_teacher(settings.teacher, self.out, self.root, settings.seed, self.engine) as teacher:
            stages = self._stages(files, against, teacher)
            self.heard = 0 if teacher is None else teacher.engine.asked + teacher.engine.found
            spent = {} if teacher is None else {
                "answers": teacher.engine.answers,
                "prompt_tokens": teacher.engine.prompt_tokens,
                "tokens": teacher.engine.tokens,
                "usd": teacher.engine.spent_usd,
            }  # fmt: skip
        inputs = {
            "sources": {name: source_hash(settings.sources[name], file) for name, file in files.items()},
            "against": {path.name: sha256_file(path) for path in against},
        }
        card = self._write(stages, inputs, spent)
        unanswered = sum(stage.unanswered for stage in stages)
        if unanswered:
            say(f"{unanswered} requests were not answered; the same command asks for these again, and for nothing else")
        return card

    def _stages(
        self, files: dict[str, Path | None], against: Sequence[Path], teacher: Teacher | None
    ) -> list[StageResult]:
        settings = self.settings
        done = [self._seeds(files)]

        def then(name: str, own: Any, work: Callable[[StageWriter, Path], int | None], *inputs: str) -> None:
            done.append(self._stage(name, own, done[-1].rows, work, *inputs))

        asked = settings.teacher.model_dump(
            mode="json", include={"kind", "model", "temperature", "top_p", "max_tokens"}
        )
        if settings.expand is not None and teacher is not None:
            chosen = settings.expand
            then(
                "expand",
                [asked, _plain(chosen)],
                lambda writer, rows: expand(writer, list(read_rows(rows)), chosen, teacher),
            )
            then("label", [asked, _plain(settings.label)], lambda writer, rows: self._label(writer, rows, teacher))
        if settings.quality.ask_teacher and teacher is not None:
            then("queries", asked, lambda writer, rows: filter_queries(writer, list(read_rows(rows)), teacher))
        then("distil", [asked, _plain(settings.distil)], lambda writer, rows: self._distil(writer, rows, teacher))
        votes = settings.quality.reasoning_votes
        if votes and teacher is not None:
            then(
                "reasoning",
                [asked, votes],
                lambda writer, rows: vote_on_reasoning(writer, list(read_rows(rows)), votes, teacher),
            )
        then(
            "quality", _plain(settings.quality), lambda w, rows: filter_quality(w, rows, settings.quality, self.workers)
        )
        if against:
            then(
                "decontaminate",
                [
                    settings.decontaminate.model_dump(mode="json", exclude={"against"}),
                    [path.name for path in against],  # what rejected rows say they stand in
                ],
                lambda w, rows: remove_contaminated(w, rows, settings.decontaminate, against, self.workers),
                *map(sha256_file, against),
            )
        near = settings.near_duplicates
        if near is not None:
            then("near-duplicates", _plain(near), lambda w, rows: remove_near_duplicates(w, rows, near, self.workers))
        reference = settings.reference
        if reference is not None:
            own = [_plain(reference), reference_hashes(reference, self.root)]
            then("difficulty", own, lambda w, rows: self._difficulty(w, rows, reference))
        return done

    def _seeds(self, files: dict[str, Path | None]) -> StageResult:
        sources, seed = self.settings.sources, self.settings.seed
        hashes = [source_hash(source, files[name]) for name, source in sources.items()]
        own = [seed, {name: source.model_dump(mode="json", exclude={"licence"}) for name, source in sources.items()}]
        folder = StageFolder(self.out, "seeds", [_VERSION, own], *hashes)
        if (found := folder.done()) is not None:
            return found
        # All sources are read before anything is written: a bad row leaves everything as it was.
        worked = {
            name: seed_problems(name, source, files[name], derive_seed(seed, name)) for name, source in sources.items()
        }
        _check_ids(worked)
        with folder.writing() as writer:
            for name, problems in worked.items():
                write_seeds(writer, name, problems)
        return _told(folder.result(writer, sum(map(len, worked.values())), 0))

    def _stage(
        self, name: str, own: Any, rows: Path, work: Callable[[StageWriter, Path], int | None], *inputs: str
    ) -> StageResult:
        """``work`` gives the number of rows that it made beyond those that came in, if it makes any."""
        folder = StageFolder(self.out, name, [_VERSION, self.settings.seed, own], sha256_file(rows), *inputs)
        if (found := folder.done()) is not None:
            return found
        with rows.open("rb") as stream:
            count = sum(1 for _ in stream)
        with folder.writing() as writer:
            made = work(writer, rows) or 0
        return _told(folder.result(writer, count, made))

    def _label(self, writer: StageWriter, rows: Path, teacher: Teacher) -> None:
        with MathVerifier() as verifier:
            label(writer, list(read_rows(rows)), self.settings.label, teacher, verifier.equivalent)

    def _distil(self, writer: StageWriter, rows: Path, teacher: Teacher | None) -> int:
        queries = list(read_rows(rows))
        with self._judge() as judge:
            return distil(writer, queries, self.settings.distil, teacher, judge) - len(queries)

    def _difficulty(self, writer: StageWriter, rows: Path, reference: ReferenceSettings) -> None:
        # Not the teacher's: rollouts of a model of one's own cost nothing.
        cache, seed = self.out / "rollouts.sqlite", self.settings.seed
        with self._judge() as judge:
            measure_difficulty(writer, rows, reference, cache, self.root, seed, judge)

    def _judge(self) -> Judge:
        return Judge(DOMAINS, lambda: open_ended_judge(PROCEDURAL_JUDGE, self.root, HardwareSettings()))

    def _write(
        self, stages: Sequence[StageResult], inputs: dict[str, dict[str, str]], spent: dict[str, Any]
    ) -> dict[str, Any]:
        settings, last = self.settings, stages[-1]
        licences = {name: source.licence for name, source in settings.sources.items()}
        base = resolve_base(settings.strata.tokenizer, self.root)
        own = [_VERSION, settings.strata.model_dump(mode="json"), licences]
        digest = content_hash("corpus", own, sha256_file(last.rows), *_tokenizer_hashes(base))
        folder, marker = self.out / "corpus", self.out / "corpus.json"
        before = read_own_json(marker)
        if before.get("content") != digest or _hashes(folder) != before.get("files"):
            tokenizer = load_tokenizer(base, read_config(base).vocab_size)
            tally = Tally()
            rows = tally.counting(corpus_rows(last.rows, settings.strata, tokenizer, licences))
            write_corpus(folder, rows, settings.strata.rows_per_shard)
            before = {"content": digest, "files": _hashes(folder), "tally": tally.as_json()}
            write_json_atomic(marker, before)
        card = make_card(settings, stages, before["tally"], before["files"], inputs, spent)
        write_json_atomic(self.out / "card.json", card)
        write_text_atomic(self.out / "README.md", card_text(card))
        return card


def _tokenizer_hashes(base: Path) -> list[str]:
    paths = [base / name for name in ("tokenizer.json", "vocab.json", "merges.txt", "tokenizer.model")]
    return [sha256_file(path) for path in paths if path.is_file()]


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: sha256_file(path) for path in shards_in(folder)}


def _plain(settings: Any) -> Any:
    return settings.model_dump(mode="json")


def _told(result: StageResult) -> StageResult:
    words = ", ".join(f"{count:,} {what}" for what, count in result.counts.items())
    say(f"{result.name}: {words}")
    return result


def _check_ids(worked: dict[str, list[Any]]) -> None:
    owner: dict[str, str] = {}
    for name, problems in worked.items():
        for one in problems:
            if owner.setdefault(one.problem.key, name) != name:
                raise DataError(
                    f"sources {owner[one.problem.key]} and {name}: both have a problem {one.problem.id}",
                    "Give the problems ids of their own.",
                )
