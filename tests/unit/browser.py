"""A headless Chromium, driven over its debugging protocol; tests that need one skip where there is none."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


class Page:
    """One tab; lives as long as the ``with`` block."""

    def __init__(self) -> None:
        found = next((path for name in NAMES if (path := shutil.which(name))), None)
        if found is None:
            pytest.skip("no Chromium on this machine")
        self._connect = pytest.importorskip("websockets.sync.client", reason="websockets is not installed").connect
        self._chromium, self._ids, self._open = found, itertools.count(1), ExitStack()

    def __enter__(self) -> Page:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        how = ("--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run")
        where = f"--user-data-dir={self._profile.name}"
        self._process = subprocess.Popen(
            [self._chromium, *how, where, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        port = self._wait_for_port()
        connection = self._connect(f"ws://127.0.0.1:{port}{self._tab(port)}", max_size=2**26, proxy=None)
        self._socket = self._open.enter_context(connection)
        self._call("Page.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        self._process.terminate()
        self._process.wait(20)
        self._profile.cleanup()

    def open(self, address: str, width: int = 1000, height: int = 900) -> None:
        """Go to an address, in a window of this size."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._call("Emulation.setDeviceMetricsOverride", **screen)
        self._call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression comes to."""
        found = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, condition: str, limit_s: float = 20.0) -> None:
        """Until an expression is true."""
        until = time.monotonic() + limit_s
        while not self.value(f"Boolean({condition})"):
            assert time.monotonic() < until, f"still not so: {condition}\n{self.value('document.body.innerText')}"
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """The text that is seen of an element; empty where it is hidden or not there."""
        return str(self.value(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def picture(self, path: Path) -> None:
        """What is to be seen, as PNG."""
        path.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))

    def _wait_for_port(self) -> int:
        told = Path(self._profile.name) / "DevToolsActivePort"
        until = time.monotonic() + 60
        while not told.exists() or not told.read_text():
            assert self._process.poll() is None, "Chromium ended"
            assert time.monotonic() < until, "Chromium did not start"
            time.sleep(0.05)
        return int(told.read_text().splitlines()[0])

    def _tab(self, port: int) -> str:
        import httpx2

        tabs = httpx2.get(f"http://127.0.0.1:{port}/json", trust_env=False).json()
        address: str = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
        return address.partition(f":{port}")[2]

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result
