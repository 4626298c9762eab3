"""The server: its address, the key it wants and the models it serves."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from reasoncore.errors import UserInputError
from reasoncore.infer.http.words import plain
from reasoncore.progress import say

API_KEY_VARIABLE = "REASONCORE_API_KEY"
_LARGEST_LIST = 4 * 2**20
_NAMES_SHOWN = 10
_FACTS_SHOWN = 24
_SECONDS_BETWEEN_TROUBLES = 30.0


@dataclass(slots=True)
class Server:
    """A server, and what was learned of it by using it.

    Attributes:
        root: The address under which ``/chat/completions`` is.
        one_by_one: It gives one choice a call, however many are asked for.
        model_checked: Whether it was asked for the models it serves.
        software: What its answers call the server, if they do.
        says: What its list of models says of this one.
        said: Kinds of remarks that were made on it.
        trouble_due: When the next failure is to be told.
    """

    root: str
    model: str
    one_by_one: bool = False
    model_checked: bool = False
    software: str | None = None
    says: dict[str, Any] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    trouble_due: float = 0.0

    def say_trouble(self, message: str) -> None:
        """Tell whoever waits that a call failed; of many failures one now and then."""
        now = time.monotonic()
        if now >= self.trouble_due:
            self.trouble_due = now + _SECONDS_BETWEEN_TROUBLES
            say(message)


def api_root(base_url: str) -> str:
    """The address under which ``/chat/completions`` is, from one with or without ``/v1``.

    Raises:
        UserInputError: It is not an address of a web server.
    """
    try:
        url = httpx2.URL(base_url.strip().rstrip("/"))
        url.host.encode("idna")
        usable = url.scheme in ("http", "https") and bool(url.host) and "%" not in url.host and (url.port or 0) < 2**16
    except (httpx2.InvalidURL, UnicodeError):
        usable = False
    if not usable or url.userinfo or url.query or url.fragment:
        raise UserInputError(
            f"endpoint {plain(base_url.rpartition('@')[2])!r}: not the address of a server",
            "Give one such as http://localhost:8000/v1, without a password in it.",
        )
    return str(url) if url.path.endswith("/v1") else f"{str(url).rstrip('/')}/v1"


def key_headers(api_key: str | None) -> dict[str, str]:
    """The header that carries the key: the one given, or else that of the environment; nothing where there is none.

    Raises:
        UserInputError: The key cannot be sent.
    """
    key = (os.environ.get(API_KEY_VARIABLE, "") if api_key is None else api_key).strip()
    if not (key.isascii() and key.isprintable()):
        raise UserInputError("the API key has characters that cannot be sent", f"Check {API_KEY_VARIABLE}.")
    return {"Authorization": f"Bearer {key}"} if key else {}


def call_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those of every call, and these."""
    return {"Content-Type": "application/json", "Accept-Encoding": "identity", **headers}


def open_client(server: Server, headers: dict[str, str], connect_s: float, concurrency: int) -> httpx2.AsyncClient:
    """A client for so many calls at a time; whoever opens it closes it."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=concurrency)
    timeout = httpx2.Timeout(None, connect=connect_s)
    # Loading certificates takes longer than a short run, and plain http needs none.
    return httpx2.AsyncClient(
        headers=call_headers(headers), limits=limits, timeout=timeout, verify=server.root.startswith("https:")
    )


async def check_model(client: httpx2.AsyncClient, server: Server, limit_s: float) -> None:
    """See that the model is one of those served, where the server lists them.

    A folder is taken as it is: transformers serves folders too, and lists none.

    Raises:
        UserInputError: It is not.
    """
    server.model_checked = True
    served = await _served(client, server, limit_s)
    names = set(served)
    server.says = _plain_facts(served.get(server.model) or served.get(f"{server.model}:latest") or {})
    if names and not names & {server.model, f"{server.model}:latest"} and not Path(server.model).is_dir():
        shown = ", ".join(plain(name) for name in sorted(names)[:_NAMES_SHOWN])
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        raise UserInputError(f"{server.root}: there is no model {plain(server.model)!r}", f"It serves: {shown}{more}.")


async def _served(client: httpx2.AsyncClient, server: Server, limit_s: float) -> dict[str, dict[str, Any]]:
    """The entries of the list of models by name and alias; empty where there is no list that can be read in time."""
    body = bytearray()
    try:
        async with asyncio.timeout(limit_s), client.stream("GET", f"{server.root}/models") as response:
            server.software = plain(response.headers.get("server", "")) or None
            if response.status_code != 200:
                return {}
            async for data in response.aiter_raw():
                body += data
                if len(body) > _LARGEST_LIST:
                    return {}
        rows = [row for row in json.loads(body)["data"] if isinstance(row, dict)]
        named = [(name, row) for row in rows for name in [row.get("id"), *(row.get("aliases") or [])]]
    except (TimeoutError, httpx2.HTTPError, ValueError, RecursionError, KeyError, TypeError):
        return {}
    return {name: row for name, row in named if isinstance(name, str)}


def _plain_facts(entry: dict[str, Any]) -> dict[str, Any]:
    """The short facts of an entry, those of a nested ``meta`` included; a server's file sizes and formats are there."""
    facts = {**entry, **(entry["meta"] if isinstance(entry.get("meta"), dict) else {})}
    kept = {
        plain(key): plain(value) if isinstance(value, str) else value
        for key, value in facts.items()
        if isinstance(value, str | int | float) and key != "created"
    }
    return dict(sorted(kept.items())[:_FACTS_SHOWN])
