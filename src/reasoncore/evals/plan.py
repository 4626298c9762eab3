"""What an evaluation measures, and how: benchmarks with their problems, protocol, sampling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from reasoncore.domains import Domain
from reasoncore.errors import UserInputError
from reasoncore.evals.benchmarks import Benchmark, find_benchmark, load_benchmark
from reasoncore.evals.claim_checks import ClrPlan, can_vote, with_claims
from reasoncore.evals.protocols import find_protocol
from reasoncore.infer.engine import SamplingParams
from reasoncore.records import Problem


class Task(NamedTuple):
    """A benchmark and those of its problems that are asked.

    ``problems`` are as they are asked, ``own`` as the benchmark has them: CLR asks for claims as well.
    """

    benchmark: Benchmark
    problems: list[Problem]
    own: list[Problem]


@dataclass(frozen=True)
class EvalPlan:
    """What to measure and how.

    Attributes:
        samples: Completions a problem; None takes each benchmark's own number.
        limit: Problems of each benchmark; None takes all.
        domains: The table of domains.
        domain_sampling: In place of ``sampling``, for benchmarks of some domains.
        clr: Ask for claims and check them, where responses end in an answer; None does not.
    """

    benchmarks: tuple[str, ...]
    protocol: str
    sampling: SamplingParams
    samples: int | None
    limit: int | None
    data_dir: Path | None
    seed: int
    domains: Mapping[str, Domain]
    domain_sampling: Mapping[str, SamplingParams] = field(default_factory=dict)
    clr: ClrPlan | None = None

    def sampling_of(self, domain: str) -> SamplingParams:
        """How the benchmarks of a domain are sampled."""
        return self.domain_sampling.get(domain, self.sampling)

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The benchmarks with their problems by name, read once; a file that is missing is said before any work.

        Raises:
            UserInputError, DataError: As :func:`reasoncore.evals.benchmarks.load_benchmark`; or two have one name.
        """
        found: dict[str, Task] = {}
        for given in self.benchmarks:
            benchmark = find_benchmark(given, self.domains)
            if benchmark.name in found:
                raise UserInputError(
                    f"benchmark {given}: another one is called {benchmark.name!r} too",
                    "Rename the file: its name is what its results go by.",
                )
            problems = load_benchmark(given, self.data_dir, self.limit, self.domains)
            with_votes = self.clr is not None and all(map(can_vote, problems))
            asked = with_claims(problems, self.clr) if self.clr is not None and with_votes else problems
            found[benchmark.name] = Task(benchmark, asked, problems)
        return found

    @property
    def protocol_label(self) -> str:
        """The protocol's name and every setting that is not the protocol's."""
        own, used = asdict(find_protocol(self.protocol)), asdict(self.sampling)
        changed = [f"{name}={value}" for name, value in used.items() if value != own[name]]
        return ", ".join([self.protocol, *changed])

    def identity(self, model: Mapping[str, Any]) -> dict[str, Any]:
        """What has to be the same for rollouts to belong together; benchmarks, limit and samples may grow."""
        sampling = {"sampling": asdict(self.sampling)} | {
            f"sampling.{domain}": asdict(settings) for domain, settings in self.domain_sampling.items()
        }
        claims = {} if self.clr is None else {"clr": asdict(self.clr)}
        return {"model": dict(model), **json.loads(json.dumps(sampling)), "seed": self.seed, **claims}
