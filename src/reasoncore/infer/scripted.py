"""An engine that answers from a script: for tests and dry runs, with no model behind it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from reasoncore.infer.engine import Engine, Request, Sampled, SamplingParams
from reasoncore.records import Completion

END_OF_TURN = 0


class ScriptedEngine(Engine):
    """Completes prompts from a function or a list, and remembers what it was asked.

    A token is a character (its code point), and a turn that ends by itself closes with token 0, so that ``max_tokens``
    and ``stop`` act as they do on a model. Log-probabilities are 0.

    Args:
        script: ``script(request, sample)`` returns a text, or raises what a broken engine would raise; or the texts in
            the order in which they will be asked for, sample by sample.

    Attributes:
        calls: The requests of each call.
        sampling: The sampling parameters of each call.
    """

    def __init__(self, script: Callable[[Request, int], str] | Sequence[str]) -> None:
        self._script = script
        self._given = 0
        self.calls: list[tuple[Request, ...]] = []
        self.sampling: list[SamplingParams] = []

    @property
    def requests(self) -> list[Request]:
        """All requests seen, in order."""
        return [request for call in self.calls for request in call]

    def stream(self, requests: Sequence[Request], sampling: SamplingParams) -> Generator[Sampled, None, None]:
        """See :class:`reasoncore.infer.engine.Engine`.

        Raises:
            IndexError: The list of texts is used up.
        """
        self.calls.append(tuple(requests))
        self.sampling.append(sampling)
        for index, request in enumerate(requests):
            for sample in request.samples:
                yield Sampled(index, sample, _complete(request, self._text(request, sample), sampling))

    def _text(self, request: Request, sample: int) -> str:
        if callable(self._script):
            return self._script(request, sample)
        if self._given >= len(self._script):
            raise IndexError(f"the script has {len(self._script)} texts and one more was asked for")
        self._given += 1
        return self._script[self._given - 1]


def _complete(request: Request, text: str, sampling: SamplingParams) -> Completion:
    prompt = "\n".join(f"{message['role']}: {message['content']}" for message in request.messages)
    stops = [text.find(stop) for stop in sampling.stop if stop in text]
    if stops:
        text = text[: min(stops)]
    tokens = [*map(ord, text), *([] if stops else [END_OF_TURN])]
    cut = len(tokens) > sampling.max_tokens
    tokens = tokens[: sampling.max_tokens]
    return Completion(
        prompt_token_ids=tuple(map(ord, prompt)),
        token_ids=tuple(tokens),
        log_probs=(0.0,) * len(tokens),
        text=text[: sampling.max_tokens],
        finish="length" if cut else "stop",
    )
