"""``vapi-providers open``: the page of a running server in the browser, with a token of its own."""

from __future__ import annotations

import os
import sys
import webbrowser

import click

from providers.emulator.failures import EmulatorError
from providers.emulator.running_servers import only_server, server_at
from providers.pages.tokens import page_token

__all__ = ["open_page"]


@click.command("open")
@click.option("--url", help="Base address. Default: the server started in this folder, or the only one here.")
@click.option("--hours", type=click.FloatRange(0.01, 24), default=8.0, show_default=True, help="Life of the token.")
@click.option("--playground", is_flag=True, help="Begin at the playground instead of the list of calls.")
@click.option("--no-browser", is_flag=True, help="Print the address alone.")
def open_page(url: str | None, hours: float, *, playground: bool, no_browser: bool) -> None:
    """Open the page of a running server: its calls, live, and the playground.

    The address holds a token that reads calls and recordings and speaks in the playground, and that opens nothing else.
    The page takes it out of the address at once.
    """
    try:
        server = only_server() if url is None else server_at(url)
    except EmulatorError as error:
        raise click.ClickException(str(error)) from None
    if server is None:
        raise click.ClickException(f"{url}: expected a server that runs on this machine, found none")
    if not server.page_key and server.secret is not None:
        raise click.ClickException(f"{server.url}: its page is off (--page off)")
    address = f"{server.url}/{_fragment(server.page_key, hours, 'play' if playground else '')}"
    click.echo(address)
    if not no_browser and _has_screen():
        webbrowser.open(address)


def _fragment(key: str, hours: float, place: str) -> str:
    """What stands behind the page's address: a token, where one is needed, and where to begin."""
    if not key:
        return f"#/{place}" if place else ""
    token = page_token(key, lifetime=hours * 3600)
    return f"#token={token}&go={place}" if place else f"#token={token}"


def _has_screen() -> bool:
    """Whether a browser could show a window; in a terminal alone one would take the terminal's place."""
    return not sys.platform.startswith("linux") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
