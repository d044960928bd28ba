"""Command-line options that more than one command of the emulator takes."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console

from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
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


def behaviour_option(command: _Command) -> _Command:
    """Add ``--behaviour``; the command receives one ``behaviour``."""

    @functools.wraps(command)
    def gathered(*, behaviour: tuple[str, ...], **rest: Any) -> Any:
        return command(behaviour=behaviour_of(behaviour), **rest)

    names = ", ".join(field.name.replace("_", "-") for field in msgspec.structs.fields(Behaviour))
    shown = f"What the platform's pages leave open, again for each: {names}."
    option = click.option("--behaviour", multiple=True, metavar="NAME=VALUE", help=shown)
    return option(gathered)  # type: ignore[return-value]  # the wrapper takes pairs where the command takes a struct


def behaviour_of(pairs: Sequence[str]) -> Behaviour:
    """The settings that pairs such as ``late-endpointing=wait`` name.

    Raises
    ------
    EmulatorError
        A name is unknown, or a value is not one of its own.
    """
    known = {field.name for field in msgspec.structs.fields(Behaviour)}
    found: dict[str, Any] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        field = name.strip().replace("-", "_")
        if field not in known:
            expected = ", ".join(sorted(known)).replace("_", "-")
            raise EmulatorError(f"--behaviour: expected NAME=VALUE with one of {expected}; found {name!r}")
        listed = field == "normal_transcriber_codes"
        found[field] = [part.strip() for part in value.split(",")] if listed else value.strip()
    try:
        return msgspec.convert(found, Behaviour, strict=False)
    except msgspec.ValidationError as fault:
        raise EmulatorError(f"--behaviour: {fault}") from fault


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
