"""Command-line options that more than one command of the emulator takes."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
from rich.console import Console

from providers.emulator.credentials import Credentials
from providers.emulator.failures import EmulatorError

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
        return command(credentials=Credentials(secret, bearer, hmac_key, token), **rest)

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
    return click.option("--url", help="Base address. Default: the server that runs on this machine.")(command)


def one_line_errors(command: _Command) -> _Command:
    """Turn a `EmulatorError` into one line and exit code 2, and Ctrl-C into exit code 130."""

    @functools.wraps(command)
    def guarded(**options: Any) -> Any:
        try:
            return command(**options)
        except EmulatorError as fault:
            Console(stderr=True).print(str(fault), style="red", markup=False, highlight=False, soft_wrap=True)
            sys.exit(UNREACHABLE)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)

    return guarded  # type: ignore[return-value]  # functools.wraps keeps what the command is
