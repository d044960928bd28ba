"""The command ``top``."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import click
import httpx
import msgspec
from rich.console import Console
from rich.live import Live

from providers.emulator.connection import is_loopback
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
from providers.emulator.options import credential_options, one_line_errors, url_option
from providers.emulator.targets import running_targets
from providers.paths import VOICE_PATH
from providers.top.figures import Figures, figures
from providers.top.page import MetricsPage
from providers.top.screen import screen

__all__ = ["top"]

_WINDOW = 5
"""Pages between the two whose difference is shown."""
_TIMEOUT = 5.0
"""Seconds."""


@click.command()
@click.option(
    "--interval",
    type=click.FloatRange(0.1, 60),
    default=2.0,
    show_default=True,
    help="Seconds between two looks; latencies are those of the last five looks.",
)
@click.option("--once", is_flag=True, help="Show one look and end; latencies are since the server's start.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per look.")
@url_option
@credential_options
@one_line_errors
def top(url: str | None, credentials: SentCredentials, interval: float, *, once: bool, as_json: bool) -> None:
    """Show what a running server does now: calls, lag, engines, refusals. Ctrl-C ends.

    It reads /metrics and /readyz of the server that runs on this machine, with its secret, or of --url.
    Exit code 0: shown; 2: no server runs, or it does not answer; 130: interrupted.
    """
    targets = running_targets(url, credentials)
    base = (targets.voice or "").removesuffix(VOICE_PATH)
    with _Watched(base, targets.credentials) as watched:
        looks = watched.looks(interval)
        if once:
            looks = itertools.islice(looks, 1)
        if as_json:
            for now in looks:
                click.echo(msgspec.json.encode(now))
            return
        console = Console()
        title = f"vapi-providers at {targets.name or base}"
        if once:
            console.print(screen(next(looks), title))
            return
        with Live(console=console, screen=console.is_terminal, auto_refresh=False) as live:
            for now in looks:
                live.update(screen(now, title), refresh=True)


class _Watched:
    """A server whose metrics are read again and again."""

    def __init__(self, base: str, credentials: SentCredentials) -> None:
        self._base = base
        self._credentials = credentials
        # A server of this machine may have a certificate for its public name.
        self._client = httpx.Client(timeout=_TIMEOUT, verify=not is_loopback(base), trust_env=not is_loopback(base))

    def __enter__(self) -> _Watched:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def looks(self, interval: float) -> Iterator[Figures]:
        """Figures, one each interval, for ever.

        Raises
        ------
        EmulatorError
            The server does not answer, refuses, or answers something else.
        """
        pages: list[MetricsPage] = []
        while True:
            pages.append(self._page())
            yield figures(pages[-1], pages[0] if len(pages) > 1 else None, self._readiness())
            del pages[:-_WINDOW]
            time.sleep(interval)

    def _page(self) -> MetricsPage:
        answer = self._get("/metrics")
        if answer.status_code == 401:
            raise EmulatorError(f"{self._base}/metrics: 401, expected its secret: name it with --secret")
        try:
            page = MetricsPage.parse(answer.text if answer.status_code == 200 else "", time.monotonic())
        except ValueError:
            page = MetricsPage(0.0)
        if "providers_calls" not in page.samples:
            raise EmulatorError(f"{self._base}/metrics: expected the metrics of vapi-providers, found something else")
        return page

    def _readiness(self) -> dict[str, Any]:
        try:
            return msgspec.json.decode(self._get("/readyz").content, type=dict[str, Any])
        except msgspec.DecodeError:
            return {}

    def _get(self, path: str) -> httpx.Response:
        url = self._credentials.address(self._base + path)
        try:
            return self._client.get(url, headers=self._credentials.headers(b""))
        except httpx.HTTPError as fault:
            reason = str(fault) or type(fault).__name__
            raise EmulatorError(f"{self._base}: the server does not answer: {reason}") from None
