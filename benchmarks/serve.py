"""The server under load, over a scripted upstream of 8 slots and 50 ms answers on the loopback.

    python benchmarks/serve.py

Three processes: the upstream, ``reasoncore serve`` over it, and the clients. Printed are (a) 64 clients at once, each a
CLR of four trajectories: time against the ideal schedule, in which the 8 slots are never idle; (b) 500 clients at once:
answers and 429s, and the server's memory; (c) 100 clients that leave in the middle: upstream calls one second later;
(d) what the server adds to a plain request, answered at once and after 50 ms, in which a core falls asleep.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

SLOTS, ANSWER_S = 8, 0.05
UPSTREAM, SERVER = 8931, 8932
QUESTION = [{"role": "user", "content": "What is 6 * 7?"}]
CLR = {"k": 4, "claims": 2, "stop_early": False}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", action="store_true", help=argparse.SUPPRESS)
    if parser.parse_args().upstream:
        run_upstream()
        return
    server = [sys.executable, "-m", "reasoncore.cli.main", "serve", "--endpoint", f"http://127.0.0.1:{UPSTREAM}"]
    server += ["--model-name", "m", "--port", str(SERVER), "--concurrency", str(SLOTS), "--places", "128"]
    with running([sys.executable, __file__, "--upstream"], UPSTREAM), running(server, SERVER) as pid:
        print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
        asyncio.run(measure(pid))


async def measure(pid: int) -> None:
    limits = httpx2.Limits(max_connections=None)
    async with httpx2.AsyncClient(limits=limits, timeout=300, trust_env=False) as client:
        await clr(client)  # warm
        began = time.perf_counter()
        found = await asyncio.gather(*(clr(client) for _ in range(64)))
        took, ideal = time.perf_counter() - began, 64 * 8 / SLOTS * ANSWER_S
        print(
            f"(a) 64 clients: {dict(Counter(found))}, {took:.2f} s, ideal {ideal:.2f} s, {took / ideal:.2f} times that"
        )
        before = memory_mib(pid)
        found = await asyncio.gather(*(clr(client) for _ in range(500)))
        print(f"(b) 500 clients: {dict(Counter(found))}; memory {before:.0f} to {memory_mib(pid):.0f} MiB")
        await asyncio.gather(*(leave(client) for _ in range(100)))
        await asyncio.sleep(1.0)
        print(f"(c) 100 that leave: {await in_flight(client)} upstream calls one second later")
    async with httpx2.AsyncClient(timeout=60, trust_env=False) as client:  # without hundreds of open connections
        for answer_s in (0.0, ANSWER_S):
            added = [
                await plain(client, SERVER, answer_s) - await plain(client, UPSTREAM, answer_s) for _ in range(200)
            ]
            print(
                f"(d) a plain request that the upstream answers in {1000 * answer_s:.0f} ms takes "
                f"{1000 * statistics.median(added):.2f} ms longer (median of 200 pairs)"
            )


async def clr(client: httpx2.AsyncClient) -> str:
    """What became of one request."""
    body = {"model": "m+clr", "messages": QUESTION, "clr": CLR}
    reply = await client.post(f"http://127.0.0.1:{SERVER}/v1/chat/completions", json=body)
    if reply.status_code != 200:
        return f"status {reply.status_code}"
    return f"answer {reply.json()['clr']['answer']}"


async def leave(client: httpx2.AsyncClient) -> None:
    body = {"model": "m+clr", "messages": QUESTION, "clr": {**CLR, "k": 16}}
    try:
        async with asyncio.timeout(0.3):
            await client.post(f"http://127.0.0.1:{SERVER}/v1/chat/completions", json=body)
    except TimeoutError:
        return


async def in_flight(client: httpx2.AsyncClient) -> int:
    return int((await client.get(f"http://127.0.0.1:{UPSTREAM}/inflight")).json())


async def plain(client: httpx2.AsyncClient, port: int, answer_s: float) -> float:
    """Seconds of a plain request."""
    body = {"model": "m", "messages": QUESTION, "max_tokens": 8, "answer_s": answer_s}
    began = time.perf_counter()
    reply = await client.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body)
    assert reply.status_code == 200, reply.text
    return time.perf_counter() - began


def memory_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


@contextmanager
def running(command: list[str], port: int) -> Iterator[int]:
    """A process that listens on a port, for as long as the block lasts."""
    process = subprocess.Popen(command)
    try:
        for _ in range(600):
            try:
                httpx2.get(f"http://127.0.0.1:{port}/v1/models", trust_env=False)
                break
            except httpx2.HTTPError:
                assert process.poll() is None, f"{command} ended"
                time.sleep(0.1)
        yield process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


# --- the upstream ----------------------------------------------------------------------------------------------------


def run_upstream() -> None:
    import uvicorn

    slots, waiting = asyncio.Semaphore(SLOTS), [0]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["method"] == "GET":
            served = {"data": [{"id": "m"}]} if scope["path"].endswith("models") else waiting[0]
            await answer(send, json.dumps(served).encode())
            return
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return  # whoever asked has left before the question was here
            body, more = body + message.get("body", b""), message.get("more_body", False)
        asked = json.loads(body)
        work = asyncio.create_task(sampled(asked))
        gone = asyncio.create_task(disconnected(receive))
        waiting[0] += 1
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting[0] -= 1
            gone.cancel()
        if work.done():
            await answer(send, work.result())
        work.cancel()

    async def sampled(asked: dict[str, Any]) -> bytes:
        async with slots:
            await asyncio.sleep(asked.get("answer_s", ANSWER_S))
        question = asked["messages"][-1]["content"]
        text = (
            "1: VALID\n2: VALID"
            if "BEGIN CLAIMS" in question
            else "\\boxed{42}\nClaims:\n1. 6 * 7 is 42.\n2. It is even."
        )
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        return json.dumps(
            {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
        ).encode()

    async def disconnected(receive: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    async def answer(send: Any, body: bytes) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    # With its protocol named, so that asyncio switches Nagle's delay off.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", UPSTREAM))
    listening.listen(2048)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off")).run([listening])


if __name__ == "__main__":
    main()
