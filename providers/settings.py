"""Every setting, from flags, environment, ``.env`` and a TOML file, read once; all faults are reported together.

One name in four spellings: the field ``max_calls`` is the flag ``--max-calls``, the environment variable
``PROVIDERS_MAX_CALLS`` (also in ``.env``) and the TOML key ``max_calls``. Flags beat the environment, the environment
beats ``.env``, ``.env`` beats the file.
"""

from __future__ import annotations

import tomllib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import dotenv
import msgspec
from msgspec import Meta

from providers.errors import SettingsError

PREFIX = "PROVIDERS_"

_SECRET = {"secret": True}

Seconds = Annotated[float, Meta(ge=0, le=3600)]
Count = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The server's settings. Each field's description is its ``--help`` text and its line in the README."""

    # Where it listens
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8080
    ssl_certfile: Annotated[
        str | None, Meta(description="TLS certificate chain (PEM), for those without a tunnel.")
    ] = None
    ssl_keyfile: Annotated[str | None, Meta(description="TLS private key (PEM).")] = None

    # What speaks and what listens
    voice: Annotated[str, Meta(description="Voice engines in order of preference, comma-separated.")] = ""
    transcriber: Annotated[str, Meta(description="Transcriber engines in order of preference, comma-separated.")] = ""

    # Who may come in
    secret: Annotated[
        str | None, Meta(description="The shared secret; made for the run when unset.", extra=_SECRET)
    ] = None
    no_auth: Annotated[bool, Meta(description="Let everybody in. The only way to open the doors.")] = False
    auth: Annotated[str, Meta(description="Accepted credentials: any of secret, bearer, token, hmac.")] = (
        "secret,bearer,token,hmac"
    )
    bearer_header: Annotated[str, Meta(description="Header of the bearer token.")] = "Authorization"
    bearer_prefix: Annotated[str, Meta(description="What stands before the bearer token; may be empty.")] = "Bearer "
    hmac_secret: Annotated[str | None, Meta(description="HMAC key; the shared secret when unset.", extra=_SECRET)] = (
        None
    )
    hmac_algorithm: Annotated[Literal["sha256", "sha512", "sha1"], Meta(description="HMAC hash.")] = "sha256"
    hmac_signature_header: Annotated[str, Meta(description="Header of the signature.")] = "x-signature"
    hmac_signature_prefix: Annotated[str, Meta(description="What stands before the signature, e.g. sha256=.")] = ""
    hmac_signature_encoding: Annotated[Literal["hex", "base64"], Meta(description="Spelling of the signature.")] = "hex"
    hmac_timestamp_header: Annotated[str, Meta(description="Header of the time of sending.")] = "x-timestamp"
    hmac_include_timestamp: Annotated[bool, Meta(description="Whether a timestamp is signed.")] = True
    hmac_message_id_header: Annotated[str, Meta(description="Header of the message id, for {svix-id}.")] = "svix-id"
    hmac_payload_format: Annotated[
        str, Meta(description="What is signed: {body} {timestamp} {method} {url} {svix-id}.")
    ] = "{timestamp}.{body}"
    hmac_secret_is_base64: Annotated[bool, Meta(description="Whether the HMAC key is base64.")] = False
    hmac_window_seconds: Annotated[Seconds, Meta(description="How old a signed request may be, s.")] = 300.0

    # How much at once
    max_calls: Annotated[Count, Meta(description="Transcriber calls at once per process; beyond it 503.")] = 200
    max_body_bytes: Annotated[Count, Meta(description="Largest request body, bytes; beyond it 413.")] = 8 * 1024 * 1024
    max_text_chars: Annotated[
        Count, Meta(description="Longest text of a voice request, characters; beyond it 413.")
    ] = 10_000
    audio_buffer_seconds: Annotated[
        Seconds, Meta(description="Audio of a call that may wait for its recogniser, s; beyond it close 1011.")
    ] = 30.0
    lookahead_seconds: Annotated[Seconds, Meta(description="Synthesised audio made ahead of a slow reader, s.")] = 30.0

    # Time-outs
    first_audio_seconds: Annotated[
        Seconds, Meta(description="Longest wait for the first audible sample, s; beyond it 502.")
    ] = 10.0
    next_audio_seconds: Annotated[
        Seconds,
        Meta(description="Longest gap between two blocks of an engine's audio, s; beyond it the answer aborts."),
    ] = 10.0
    ping_seconds: Annotated[Seconds, Meta(description="WebSocket ping interval, s.")] = 20.0
    drain_seconds: Annotated[
        Annotated[int, Meta(ge=0, le=3600)], Meta(description="How long open requests may finish on shutdown, s.")
    ] = 10

    # Transcriber
    channels: Annotated[
        Literal["customer", "both"], Meta(description="Whom to transcribe: customer, or both speakers.")
    ] = "customer"
    swap_channels: Annotated[bool, Meta(description="Take channel 1 for the customer.")] = False

    # Endpointing
    endpointing_punctuation_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=15)], Meta(description="Wait after text that ends in punctuation, s.")
    ] = 0.1
    endpointing_number_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=15)], Meta(description="Wait after text that ends in a number, s.")
    ] = 0.5
    endpointing_no_punctuation_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=15)], Meta(description="Wait after any other text, s.")
    ] = 1.5

    # Engines
    espeak_voice: Annotated[str, Meta(description="espeak: default voice, a language tag with optional variant.")] = (
        "en-us"
    )
    espeak_wpm: Annotated[Annotated[int, Meta(ge=80, le=450)], Meta(description="espeak: words per minute.")] = 175

    # Logs
    log_format: Annotated[
        Literal["auto", "json", "console"],
        Meta(description="Log lines: json, console, or console on a terminal (auto)."),
    ] = "auto"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="Least level logged.")] = "info"

    def __repr__(self) -> str:
        shown = (
            f"{option.name}={'***' if option.secret and getattr(self, option.name) else getattr(self, option.name)!r}"
            for option in options()
        )
        return f"Settings({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class Option:
    """One setting as the command line and the README show it."""

    name: str
    type: Any
    default: Any
    description: str
    secret: bool

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def is_switch(self) -> bool:
        return isinstance(self.default, bool)

    @property
    def metavar(self) -> str:
        """What stands for the value in ``--help``."""
        if self.name.endswith("_seconds"):
            return "SECONDS"
        return "N" if isinstance(self.default, int | float) else "TEXT"


def options() -> Iterator[Option]:
    """Every setting, in the order of `Settings`."""
    hints = typing.get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        metas = [meta for meta in getattr(hints[field.name], "__metadata__", ()) if isinstance(meta, Meta)]
        description = next((meta.description for meta in metas if meta.description), "")
        secret = any((meta.extra or {}).get("secret") for meta in metas)
        yield Option(field.name, hints[field.name], field.default, description, secret)


_HEADINGS = {
    "host": "Where it listens",
    "voice": "What speaks and what listens",
    "secret": "Who may come in",
    "max_calls": "How much at once",
    "first_audio_seconds": "Time-outs",
    "channels": "Transcriber",
    "endpointing_punctuation_seconds": "Endpointing",
    "espeak_voice": "Engines",
    "log_format": "Logs",
}
"""Each group's first setting and its heading."""


def groups() -> dict[str, list[str]]:
    """Names of settings under their headings, in order."""
    grouped: dict[str, list[str]] = {}
    heading = ""
    for option in options():
        heading = _HEADINGS.get(option.name, heading)
        grouped.setdefault(heading, []).append(option.name)
    return grouped


def load(flags: Mapping[str, Any], environ: Mapping[str, str], *, folder: Path) -> Settings:
    """Merge the four sources into one checked `Settings`.

    Parameters
    ----------
    flags
        Values given on the command line by field name; None counts as not given. ``config`` names the TOML file.
    environ
        The environment.
    folder
        Where ``.env`` is looked for.

    Raises
    ------
    SettingsError
        Everything that is wrong, one sentence each, without any secret's value.
    """
    variables = {**_dotenv(folder), **environ}
    faults: list[str] = []
    config = flags.get("config") or variables.get(PREFIX + "CONFIG")
    table = _toml(Path(config), faults) if config else {}
    values: dict[str, Any] = {}
    for option in options():
        for source, value, lax in (
            (option.flag, flags.get(option.name), True),
            (option.variable, variables.get(option.variable), True),
            (f"{option.name} in {config}", table.get(option.name), False),
        ):
            if value is not None:
                _take(option, source, value, lax=lax, values=values, faults=faults)
                break
    faults += _misspelt(variables, table, config)
    if faults:
        raise SettingsError(faults)
    settings = Settings(**values)
    if faults := _contradictions(settings):
        raise SettingsError(faults)
    return settings


def _take(option: Option, source: str, value: Any, *, lax: bool, values: dict[str, Any], faults: list[str]) -> None:
    if lax and option.is_switch and isinstance(value, str):
        value = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(value.lower(), value)
    try:
        values[option.name] = msgspec.convert(value, option.type, strict=not lax)
    except msgspec.ValidationError as error:
        found = "" if option.secret else f", found {value!r}"
        faults.append(f"{source}: {error}{found}")


def _dotenv(folder: Path) -> dict[str, str]:
    file = folder / ".env"
    return (
        {key: value for key, value in dotenv.dotenv_values(file).items() if value is not None} if file.is_file() else {}
    )


def _toml(path: Path, faults: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        faults.append(f"--config: cannot read {str(path)!r}: {reason}")
        return {}


def _misspelt(variables: Mapping[str, str], table: Mapping[str, Any], config: str | None) -> Iterator[str]:
    names = {option.name for option in options()}
    known = {PREFIX + name.upper() for name in names} | {PREFIX + "CONFIG", PREFIX + "RUNTIME_DIR"}
    for variable in sorted(variables):
        if variable.startswith(PREFIX) and variable not in known:
            yield f"{variable}: no such setting"
    for key in sorted(set(table) - names):
        yield f"{key} in {config}: no such setting"


def _contradictions(settings: Settings) -> list[str]:
    faults = []
    if (settings.ssl_certfile is None) != (settings.ssl_keyfile is None):
        faults.append("--ssl-certfile and --ssl-keyfile: expected both or neither, found one")
    if settings.no_auth and settings.secret:
        faults.append("--no-auth and --secret: expected one of them, found both")
    if settings.secret == "":
        faults.append("--secret: expected at least one character, found none")
    ways = set(names(settings.auth))
    if not settings.no_auth and (not ways or ways - {"secret", "bearer", "token", "hmac"}):
        faults.append(f"--auth: expected any of secret, bearer, token, hmac, found {settings.auth!r}")
    return faults


def names(listed: str) -> tuple[str, ...]:
    """The names in a comma-separated setting."""
    return tuple(name.strip() for name in listed.split(",") if name.strip())
