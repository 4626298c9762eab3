"""Counters in Prometheus' format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response

_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000)


class Metrics:
    """What a server counts; ``inside`` says how many requests are being answered."""

    def __init__(self, inside: Callable[[], int]) -> None:
        own = self._registry = CollectorRegistry()
        self._requests = Counter("reasoncore_requests", "Requests that were admitted.", ["model"], registry=own)
        self._failures = Counter(
            "reasoncore_failures", "Requests that ended in an error.", ["model", "status"], registry=own
        )
        self._tokens = Counter("reasoncore_tokens", "Tokens of all calls.", ["model", "kind"], registry=own)
        self._seconds = Histogram(
            "reasoncore_seconds", "Time to the end of a reply.", ["model"], buckets=_SECONDS, registry=own
        )
        Gauge("reasoncore_answering", "Requests being answered.", registry=own).set_function(inside)

    @contextmanager
    def answering(self, model: str) -> Iterator[None]:
        """Count a request, and time it."""
        self._requests.labels(model).inc()
        with self._seconds.labels(model).time():
            yield

    def failed(self, model: str, status: int) -> None:
        """Count a failure by its HTTP status."""
        self._failures.labels(model, str(status)).inc()

    def used(self, model: str, prompt: int, completion: int) -> None:
        """Count tokens."""
        self._tokens.labels(model, "prompt").inc(prompt)
        self._tokens.labels(model, "completion").inc(completion)

    def response(self) -> Response:
        """All of it."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
