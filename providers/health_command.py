"""``vapi-providers health``: whether the server of this machine lives, as the exit code of a container's check."""

from __future__ import annotations

import os
import ssl
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import click

from providers.emulator.running_servers import running_servers
from providers.errors import SettingsError

__all__ = ["health"]

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # what is bound is the setting's


@click.command()
@click.option("--url", metavar="URL", help="Base URL of the server. [the running server's, or the settings']")
@click.option("--ready", is_flag=True, help="Ask whether it can take a call (/readyz), not only whether it lives.")
@click.option("--timeout", default=3.0, show_default=True, metavar="SECONDS", help="Longest wait for the answer.")
@click.option("--config", metavar="FILE", help="TOML file with settings as keys.")
def health(url: str | None, timeout: float, config: str | None, *, ready: bool) -> None:
    """Exit with 0 when the server answers, with 1 when it does not.

    Port and TLS are those of the running server, as its runtime file tells; without one, those of the settings. The
    certificate is not judged: it is made for the public name, and this asks the machine's own address.
    """
    try:
        asked = (url or server_url(config)).rstrip("/") + ("/readyz" if ready else "/healthz")
    except SettingsError as error:
        raise click.ClickException("\n       ".join(error.faults)) from None
    try:
        status = _status(asked, timeout)
    except TimeoutError:
        raise click.ClickException(f"{asked}: expected an answer within {timeout:g} s, found none") from None
    except (OSError, HTTPException, ValueError) as error:
        why = getattr(error, "reason", None) or str(error) or type(error).__name__
        raise click.ClickException(f"{asked}: {why}") from None
    if status != 200:
        raise click.ClickException(f"{asked}: expected 200, found {status}")
    click.echo(f"{asked}: ok")


def server_url(config: str | None) -> str:
    """Base URL of the server that is meant: the only one that runs here, or the one at the configured port.

    Raises
    ------
    SettingsError
        A setting cannot be read.
    """
    running = running_servers()
    if len(running) == 1:
        return running[0].url
    from providers import settings  # half of the time that this command takes

    chosen = settings.load({"config": config}, os.environ, folder=Path.cwd()).server
    at_port = (server.url for server in running if urlsplit(server.url).port == chosen.port)
    host = _ANYWHERE.get(chosen.host, chosen.host)
    scheme = "https" if chosen.ssl_certfile else "http"
    return next(at_port, f"{scheme}://{f'[{host}]' if ':' in host else host}:{chosen.port}")


def _status(url: str, timeout: float) -> int:
    """HTTP status of a GET. The standard library's client, because this runs every few seconds beside the callers."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("expected a URL with http or https")
    anyone = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=anyone))
    try:
        with opener.open(url, timeout=timeout) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise error.reason from None
        raise
