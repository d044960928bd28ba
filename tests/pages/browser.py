"""A real Chromium without a window, driven over its DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next((found for name in _NAMES if (found := shutil.which(name))), None)
"""The installed browser, or None."""

PATIENCE = 30.0
"""Seconds until something that does not happen fails a test."""


class Page:
    """One page: what it shows, and what its console says."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.complaints: list[str] = []
        """Errors and warnings of the console, and exceptions that nothing caught."""
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._socket.recv(timeout=PATIENCE))
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(str(details.get("exception", {}).get("description", details["text"])))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(str([one.get("value") or one.get("description") for one in params["args"]]))

    def open(self, url: str) -> None:
        """Go to an address."""
        self.send("Page.navigate", url=url)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, which may be a promise."""
        found = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, expression: str, *, within: float = PATIENCE) -> Any:
        """Wait until an expression is true; returns its value."""
        end = time.monotonic() + within
        while not (value := self._evaluated(expression)):
            assert time.monotonic() < end, f"not within {within:g} s: {expression}\n{self.text}\n{self.complaints}"
            time.sleep(0.03)  # the page is looked at from outside: it cannot tell
        return value

    def _evaluated(self, expression: str) -> Any:
        """The value, or None while the page is still on its way."""
        found = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        return None if "exceptionDetails" in found else found["result"].get("value")

    @property
    def text(self) -> str:
        """What is read on the page."""
        return str(self._evaluated("document.body?.innerText"))

    def click(self, text: str) -> None:
        """Click the button or link with this text."""
        find = "[...document.querySelectorAll('button, a, summary')].find((one) => one.textContent.trim() === %s)"
        self.until(find % json.dumps(text) + " !== undefined")
        self.evaluate(find % json.dumps(text) + ".click()")

    def press(self, key: str) -> None:
        """Press a key of the keyboard."""
        codes = {"Tab": 9, "Enter": 13, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowRight": 39, " ": 32}
        more = {"text": "\r"} if key == "Enter" else {"text": key} if key == " " else {}
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=codes[key], **more)

    def resize(self, width: int, height: int = 900) -> None:
        """Give the page another size, pixels."""
        scale = 2 if width < 600 else 1
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    def prefer(self, scheme: str) -> None:
        """Prefer light or dark."""
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def scrolls_sideways(self) -> list[str]:
        """What reaches beyond the right edge where the page as a whole scrolls; empty where it does not."""
        found: list[str] = self.evaluate(
            "document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('*')]"
            ".filter((one) => one.getBoundingClientRect().right > innerWidth + 1)"
            ".map((one) => one.tagName + '.' + one.className)"
        )
        return found

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Save what is seen as PNG."""
        found = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))


@contextlib.contextmanager
def browser(*flags: str) -> Iterator[Page]:
    """One page of a Chromium of its own, which ends with the block."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [
            CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
            "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-extensions",
            f"--user-data-dir={folder}", *flags, "about:blank",
        ]  # fmt: skip
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            with connect(_target(folder, process), max_size=None, open_timeout=PATIENCE) as socket:
                yield Page(socket)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _target(folder: str, process: subprocess.Popen[bytes]) -> str:
    """Address of the first page's DevTools socket."""
    import httpx

    file = Path(folder) / "DevToolsActivePort"
    end = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, "the browser ended"
        assert time.monotonic() < end, "the browser did not come up"
        port = file.read_text().split("\n")[0] if file.exists() else ""
        if port:
            pages = httpx.get(f"http://127.0.0.1:{port}/json/list", trust_env=False).json()
            if found := [one["webSocketDebuggerUrl"] for one in pages if one["type"] == "page"]:
                return str(found[0])
        time.sleep(0.03)  # written by another process
