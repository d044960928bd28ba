"""Tunnel of ``serve --tunnel``: a program that gives the server a public address, started and ended with it.

The program is the user's own installation. It is found on the PATH, told the server's local address, and writes the
public one among its log lines::

    cloudflared   a line with https://….trycloudflare.com
    ngrok         a JSON line with "msg": "started tunnel" and "url"
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import structlog

from providers.errors import ProvidersError

__all__ = ["TunnelFailed", "opened"]

OPENING_SECONDS = 30.0
"""Longest wait for the public address; cloudflared needs 3 to 6 s."""
_ENDING_SECONDS = 5.0
_LONGEST_LINE = 200
"""Characters of the program's own words in an error."""
_QUICK = re.compile(r"https://[a-z0-9-]+\.trycloudflare\.com")

log = structlog.get_logger()


class TunnelFailed(ProvidersError):
    """The program is missing, or gave no public address."""


@dataclass(frozen=True, slots=True)
class Program:
    """One tunnel program: its options, and where to get it."""

    name: str
    options: tuple[str, ...]
    """Before the local address."""
    options_tls: tuple[str, ...]
    """More of them where the server has TLS: its certificate is for its public name, not for this machine."""
    source: str

    def command(self, path: str, local: str) -> list[str]:
        """The command line for a local base URL."""
        tls = self.options_tls if local.startswith("https:") else ()
        return [path, *self.options, *tls, *(("--url",) if self.name == "cloudflared" else ()), local]


PROGRAMS = {
    "cloudflared": Program(
        "cloudflared", ("tunnel", "--no-autoupdate"), ("--no-tls-verify",), "Cloudflare's downloads of cloudflared"
    ),
    "ngrok": Program(
        "ngrok",
        ("http", "--log=stdout", "--log-format=json"),
        (),
        "ngrok's downloads; it needs an account and its token",
    ),
}


class _Line(msgspec.Struct):
    """A log line of ngrok."""

    msg: str = ""
    url: str = ""
    err: str = ""
    lvl: str = ""


class _Tunnel:
    """A running tunnel program; a thread reads what it writes."""

    def __init__(self, name: str, command: list[str]) -> None:
        self._name = name
        self._last: deque[str] = deque(maxlen=20)
        self._told = threading.Event()
        self._ending = False
        self.url = ""
        # A session of its own: Ctrl-C is for the server, whose calls may go on through the tunnel while it drains.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"{name} output", daemon=True)
        self._reader.start()

    def wait(self, within: float) -> str:
        """The public URL.

        Raises
        ------
        TunnelFailed
            The program ended, or did not tell one in time.
        """
        if not self._told.wait(within):
            problem = f"expected a public address within {within:g} s, found none"
        elif not self.url:
            problem = f"the program ended with {self._process.wait()}"
        else:
            return self.url
        why = next(filter(None, map(_reason, reversed(self._last))), "it named no reason")
        raise TunnelFailed(f"--tunnel {self._name}: {problem}: {why}")

    def close(self) -> None:
        """End the program."""
        self._ending = True
        self._process.terminate()
        try:
            self._process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_ENDING_SECONDS)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if not self.url:
                    self._last.append(line)
                    self.url = public_url(line)
                if self.url:
                    self._told.set()
        code = self._process.wait()
        if self.url and not self._ending:
            log.error("tunnel ended", tunnel=self._name, code=code)
        self._told.set()


@contextmanager
def opened(name: str, local: str, *, within: float = OPENING_SECONDS) -> Iterator[str]:
    """Public base URL of a local one, for as long as the context lasts; empty for the tunnel ``none``.

    Raises
    ------
    TunnelFailed
        The program is not installed, ended, or did not tell an address in time.
    """
    if name == "none":
        yield ""
        return
    program = PROGRAMS[name]
    path = shutil.which(program.name)
    if path is None:
        raise TunnelFailed(f"--tunnel {name}: expected {name} on the PATH, found none ({program.source})")
    try:
        tunnel = _Tunnel(name, program.command(path, local))
    except OSError as error:
        raise TunnelFailed(f"--tunnel {name}: {path} cannot be run: {error.strerror}") from None
    with contextlib.closing(tunnel):
        yield tunnel.wait(within)


def public_url(line: str) -> str:
    """The public URL that a line tells, or nothing.

    Examples
    --------
    >>> public_url("INF |  https://blue-fish.trycloudflare.com  |")
    'https://blue-fish.trycloudflare.com'
    >>> public_url('{"lvl":"info","msg":"started tunnel","url":"https://ab12.ngrok.app"}')
    'https://ab12.ngrok.app'
    >>> public_url("INF Requesting new quick Tunnel on trycloudflare.com...")
    ''
    """
    if found := _QUICK.search(line):
        return "" if found[0] == "https://api.trycloudflare.com" else found[0]
    told = _told(line)
    return told.url if told and told.msg == "started tunnel" and told.url.startswith("https://") else ""


def _reason(line: str) -> str:
    """What a line tells of a failure, without the rest of it; nothing for a line that tells none."""
    told = _told(line)
    text = told.err if told else line
    if not (told.lvl in {"eror", "crit"} if told else re.search(r"\b(ERR|ERROR|error|failed)\b", line)):
        return ""
    if "authtoken" in text.lower():
        code = re.search(r"ERR_NGROK_\d+", text)
        return f"it does not accept the account's token{f' ({code[0]})' if code else ''}"
    return text.strip().partition("\n")[0][:_LONGEST_LINE] if text != "<nil>" else ""


def _told(line: str) -> _Line | None:
    try:
        return msgspec.json.decode(line, type=_Line)
    except msgspec.DecodeError:
        return None
