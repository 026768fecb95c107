"""A headless Chromium without a network, driven over two pipes by its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
          "--no-first-run", "--disable-extensions", "--disable-background-networking", "--remote-debugging-pipe",
          "--host-resolver-rules=MAP * ~NOTFOUND")
_PIPES = """
import os, sys
one, other = os.dup(int(sys.argv[1])), os.dup(int(sys.argv[2]))
high = [os.dup2(each, number) for each, number in ((one, 103), (other, 104))]
os.dup2(103, 3)
os.dup2(104, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads from descriptor 3 and writes to descriptor 4."""

_SECONDS = 90.0


def program() -> str:
    """The browser; a test that needs it is left out where it is not installed, but not where everything must run."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        if os.environ.get("CI"):
            raise RuntimeError("Chromium is not installed: apt-get install --no-install-recommends chromium")
        pytest.skip("Chromium is not installed")
    return found


class Page:
    """One page of a browser.

    Attributes
    ----------
    complaints : list of str
        Errors and warnings of the console, exceptions, and what the page's policy forbade.
    requests : list of str
        Addresses that the page asked for, the file itself aside.
    """

    def __init__(self, folder: Path) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._number, self._session, self._rest, self._loaded = 0, "", b"", False
        to_browser, from_browser = os.pipe(), os.pipe()
        words = [program(), *_FLAGS, f"--user-data-dir={folder / 'profile'}"]
        self._log = (folder / "chromium.log").open("wb")
        self._browser = subprocess.Popen(
            [sys.executable, "-c", _PIPES, str(to_browser[0]), str(from_browser[1]), *words],
            pass_fds=(to_browser[0], from_browser[1]), stdout=self._log, stderr=self._log)
        os.close(to_browser[0])
        os.close(from_browser[1])
        self._out, self._in = to_browser[1], from_browser[0]
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser for something, and wait for the answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data):]
        ends = time.monotonic() + _SECONDS
        while time.monotonic() < ends:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)
        raise TimeoutError(method)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            chunk = os.read(self._in, 1 << 20)
            if not chunk:
                raise RuntimeError("Chromium ended")
            self._rest += chunk
        text, _, self._rest = self._rest.partition(b"\0")
        return json.loads(text)

    def _note(self, event: dict[str, Any]) -> None:
        method, what = event.get("method", ""), event.get("params", {})
        if method == "Runtime.consoleAPICalled" and what["type"] in ("error", "warning", "assert"):
            self.complaints.append(f"console: {what['args']}")
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(f"exception: {what['exceptionDetails']}")
        elif method == "Log.entryAdded":
            self.complaints.append(f"log: {what['entry']['level']}: {what['entry']['text']}")
        elif method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent" and not what["request"]["url"].startswith(("data:", "blob:")):
            self.requests.append(what["request"]["url"])

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, path: Path, width: int, height: int = 900) -> None:
        """Show a file in a window of so many pixels, and wait until every figure is drawn."""
        self.complaints, self.requests = [], []
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        address = path.resolve().as_uri()
        self._loaded = False
        self.call("Page.navigate", url=address)
        while not self._loaded:
            self._note(self._next())
        ends = time.monotonic() + _SECONDS
        while not self.evaluate("document.documentElement.dataset.ready === 'yes'"):
            assert time.monotonic() < ends, (self.complaints, self.requests)
            time.sleep(0.1)
        assert self.requests[:1] == [address]
        del self.requests[0]

    def picture(self, path: Path, *, left: float = 0, top: float = 0, width: float | None = None,
                height: float | None = None) -> None:
        """A picture of the page, or of a part of it."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": left, "y": top, "width": width or size["width"], "height": height or size["height"], "scale": 1}
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(answer["data"]))

    def close(self) -> None:
        """End the browser."""
        os.close(self._out)
        os.close(self._in)
        self._browser.terminate()
        try:
            self._browser.wait(10)
        except subprocess.TimeoutExpired:
            self._browser.kill()
            self._browser.wait()
        self._log.close()
