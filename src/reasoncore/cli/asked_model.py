"""The model that a command asks: a checkpoint in this process, or one behind an endpoint."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reasoncore.config import HardwareSettings
from reasoncore.errors import UserInputError

if TYPE_CHECKING:
    from reasoncore.infer.async_engine import AsyncEngine
    from reasoncore.infer.engine import Engine

_DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class AskedModel:
    """What the user said of the model.

    Attributes:
        checkpoint: Folder, or None for an endpoint.
        endpoint: Address of a server, or None for a checkpoint.
        served_name: What the server calls the model.
        concurrency: Most requests to the server at a time.
        device: Of a checkpoint: auto, cpu, cuda or mps.
        threads: CPU threads.
    """

    checkpoint: Path | None
    endpoint: str | None
    served_name: str | None
    concurrency: int
    device: str
    threads: int

    def check(self, command: str) -> None:
        """Find out whether it is one model.

        Raises:
            UserInputError: It is none, or two, or half of one; or the device is unknown.
        """
        if self.device not in _DEVICES:
            raise UserInputError(f"--device {self.device}: unknown device", "Use auto, cpu, cuda or mps.")
        if (self.checkpoint is None) == (self.endpoint is None) or (self.endpoint is None) != (
            self.served_name is None
        ):
            raise UserInputError(
                f"{command}: one model is needed", "Give --model FOLDER, or --endpoint URL with --model-name NAME."
            )

    @property
    def hardware(self) -> HardwareSettings:
        """Where a checkpoint runs."""
        return HardwareSettings(device=self.device, threads=self.threads)

    @property
    def name(self) -> str:
        """What results call it."""
        return str(self.checkpoint) if self.checkpoint is not None else f"{self.served_name} at {self.endpoint}"

    @property
    def short_name(self) -> str:
        """As a part of a file's name."""
        if self.checkpoint is not None:
            return "-".join(self.checkpoint.resolve().parts[-2:])
        return re.sub(r"[^\w.-]+", "-", str(self.served_name))

    def identity(self) -> dict[str, str]:
        """What tells it from any other: hashes of the files that decide what it answers, or address and name."""
        if self.checkpoint is None:
            return {"endpoint": str(self.endpoint), "model_name": str(self.served_name)}
        from reasoncore.model.folder import decisive_hashes

        return decisive_hashes(self.checkpoint)

    def engine(self) -> Engine:
        """The engine on it; binds the process to so many threads.

        Raises:
            CheckpointError, UserInputError: The checkpoint or the address cannot be used.
        """
        import torch

        torch.set_num_threads(self.threads)
        if self.checkpoint is not None:
            from reasoncore.infer.local import LocalEngine

            return LocalEngine.of_checkpoint(self.checkpoint, self.hardware)
        from reasoncore.infer.http import HttpEngine

        assert self.endpoint is not None
        assert self.served_name is not None
        return HttpEngine(self.endpoint, self.served_name, concurrency=self.concurrency)

    @asynccontextmanager
    async def live_engine(self) -> AsyncIterator[AsyncEngine]:
        """An engine for completions that are asked for one by one; binds the process to so many threads.

        Raises:
            CheckpointError, UserInputError: The checkpoint or the address cannot be used.
        """
        if self.checkpoint is not None:
            import torch

            from reasoncore.infer.local_live import AsyncLocalEngine

            torch.set_num_threads(self.threads)
            with AsyncLocalEngine.of_checkpoint(self.checkpoint, self.hardware) as engine:
                yield engine
            return
        from reasoncore.infer.http.live import connect

        assert self.endpoint is not None
        assert self.served_name is not None
        async with connect(self.endpoint, self.served_name, concurrency=self.concurrency) as engine:
            yield engine
