"""Command-line options that more than one command of the emulator takes."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
from rich.console import Console

from providers.emulator.credentials import SentCredentials
from providers.errors import ProvidersError

_Command = TypeVar("_Command", bound=Callable[..., Any])

UNREACHABLE = 2
INTERRUPTED = 130
"""128 + SIGINT, what a shell expects after Ctrl-C."""


def credential_options(command: _Command) -> _Command:
    """Add the four ways to prove who calls; the command receives one ``credentials``."""

    @functools.wraps(command)
    def gathered(
        *, secret: str | None, bearer: str | None, hmac_key: str | None, token: str | None, **rest: Any
    ) -> Any:
        return command(credentials=SentCredentials(secret, bearer, hmac_key, token), **rest)

    for option in (
        click.option("--token", help="Sent as ?token= in the address."),
        click.option("--hmac", "hmac_key", help="Key that signs {timestamp}.{body} with SHA-256."),
        click.option("--bearer", help="Sent as Authorization: Bearer."),
        click.option("--secret", help="Sent as X-Vapi-Secret. Default: the running server's own."),
    ):
        gathered = option(gathered)
    return gathered  # type: ignore[return-value]  # the wrapper takes four options where the command takes one


def url_option(command: _Command) -> _Command:
    """Add ``--url``, the base address of a server."""
    shown = "Base address. Default: the server that was started in this folder, or the only one on this machine."
    return click.option("--url", help=shown)(command)


def endpoint_options(command: _Command) -> _Command:
    """Add the addresses of single endpoints; the command receives ``voice``, ``transcriber`` and ``endpointing``."""
    for name, scheme, what in (
        ("endpointing", "http", "an endpointing"),
        ("transcriber", "ws", "a transcriber"),
        ("voice", "http", "a voice"),
    ):
        help_text = f"{scheme}(s):// address of {what} endpoint alone."
        command = click.option(f"--{name}-url", name, metavar="U", help=help_text)(command)
    return command


def one_line_errors(command: _Command) -> _Command:
    """Turn an error of ours into one line and exit code 2, and Ctrl-C into exit code 130."""

    @functools.wraps(command)
    def guarded(**options: Any) -> Any:
        try:
            return command(**options)
        except ProvidersError as fault:
            Console(stderr=True).print(str(fault), style="red", markup=False, highlight=False, soft_wrap=True)
            sys.exit(UNREACHABLE)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    return guarded  # type: ignore[return-value]  # functools.wraps keeps what the command is
