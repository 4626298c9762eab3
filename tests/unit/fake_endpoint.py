"""A chat endpoint on the loopback that answers by script, also in every wrong way, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]
Script = Callable[["Reply", Body], None]


class Reply(BaseHTTPRequestHandler):
    """What a script writes its answer with."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def send(self, status: int, body: bytes, content_type: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def json(self, answer: Any, status: int = 200, **headers: str) -> None:
        self.send(status, json.dumps(answer).encode(), **headers)

    def stream(self, parts: Iterable[bytes], content_type: str = "text/event-stream", *, whole: bool = True) -> None:
        """Chunks; one that is not ``whole`` ends with the connection."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in parts:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        if whole:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = not whole

    def do_GET(self) -> None:
        models = self.server.endpoint.models
        if models is None:
            self.json({"detail": "Not Found"}, 404)
        else:
            self.json({"data": [{"id": name} for name in models]})

    def do_POST(self) -> None:
        endpoint = self.server.endpoint
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with endpoint.lock:
            endpoint.bodies.append(body)
            endpoint.paths.append(self.path)
            endpoint.in_flight += 1
            endpoint.most_in_flight = max(endpoint.most_in_flight, endpoint.in_flight)
        try:
            endpoint.script(self, body)
        except OSError:  # whoever asked has gone
            self.close_connection = True
        finally:
            with endpoint.lock:
                endpoint.in_flight -= 1

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    endpoint: FakeEndpoint

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.endpoint.connections.append(connection)
        return connection, address

    def handle_error(self, *args: object) -> None:
        """A killed connection is no news."""


class FakeEndpoint:
    """A server in threads of this process; ends when the ``with`` block does."""

    def __init__(self, script: Script, models: list[str] | None = None, port: int = 0) -> None:
        self.script, self.models, self.lock = script, models, threading.Lock()
        self.bodies: list[Body] = []
        self.paths: list[str] = []
        self.connections: list[socket.socket] = []
        self.in_flight = self.most_in_flight = 0
        self._server = _Server(("127.0.0.1", port), Reply)
        self._server.endpoint = self
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> FakeEndpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it with every connection, as a killed process does."""
        self._server.shutdown()
        self._server.server_close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


def event(answer: Any) -> bytes:
    return b"data: " + json.dumps(answer).encode() + b"\n\n"


def delta(text: str | None, finish: Any = None, index: int = 0, **fields: Any) -> bytes:
    return event({"choices": [{"index": index, "delta": {"content": text, **fields}, "finish_reason": finish}]})


DONE = b"data: [DONE]\n\n"


def answer_of(body: Body) -> str:
    """What the well-behaved script says; it names the prompt and the seed."""
    return f"{body['messages'][-1]['content']} with {body['seed']}"


def well(reply: Reply, body: Body) -> None:
    """Stream all the choices asked for, interleaved, and count the tokens."""
    indices = range(body.get("n", 1))
    reply.stream(
        [
            *(delta("", role="assistant", index=index) for index in indices),
            *(delta(f"{answer_of(body)} #{index}", index=index) for index in indices),
            *(delta(None, "stop", index=index) for index in indices),
            event({"choices": [], "usage": {"completion_tokens": 7}}),
            DONE,
        ]
    )


def one_only(reply: Reply, body: Body) -> None:
    """Pass over ``n``."""
    well(reply, {**body, "n": 1})


def document(reply: Reply, message: Any, finish: Any = "stop", **headers: str) -> None:
    reply.json({"choices": [{"index": 0, "message": message, "finish_reason": finish}]}, **headers)


def in_turn(*scripts: Script) -> Script:
    """One script a call; the last goes on."""
    left = list(scripts)
    return lambda reply, body: (left.pop(0) if len(left) > 1 else left[0])(reply, body)


def refuse(status: int, words: str = "no", **headers: str) -> Script:
    return lambda reply, body: reply.json({"error": {"message": words}}, status, **headers)


def says(parts: Iterable[bytes], **how: Any) -> Script:
    return lambda reply, body: reply.stream(parts, **how)


def drip(part: bytes, every_s: float) -> Iterator[bytes]:
    """For ever, until whoever reads it has gone."""
    while True:
        yield part
        time.sleep(every_s)
