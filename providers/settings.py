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


def _secret_from(variable: str) -> dict[str, object]:
    """A secret that is also read from the variable its vendor's own tools read."""
    return {"secret": True, "variable": variable}


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

    echo: Annotated[
        Literal["off", "gate", "cancel"],
        Meta(description="Take the assistant's echo out of the customer's channel: cancel, or the cheap gate."),
    ] = "off"
    denoise: Annotated[
        bool, Meta(description="Filter background far below the near speaker, by the platform's Fourier plan.")
    ] = False

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

    # Calls that survive
    fallback_first_audio_seconds: Annotated[
        Seconds, Meta(description="An engine's time for its first audible sample while another could take over, s.")
    ] = 1.5
    fallback_rest_seconds: Annotated[Seconds, Meta(description="How long a failed engine rests before a probe, s.")] = (
        5.0
    )
    fallback_mid_text: Annotated[
        bool, Meta(description="Let another voice go on at the next sentence when one fails in the middle of a text.")
    ] = False
    hedge: Annotated[bool, Meta(description="Start the second voice engine when the first is later than its p95.")] = (
        False
    )
    replay_seconds: Annotated[Seconds, Meta(description="Audio kept for a lost recogniser's successor, s.")] = 30.0
    recogniser_open_seconds: Annotated[Seconds, Meta(description="Longest wait for a recogniser to open, s.")] = 3.0
    recogniser_first_result_seconds: Annotated[
        Seconds, Meta(description="Longest wait from speech to a recogniser's first result, s; beyond it reconnect.")
    ] = 5.0
    recogniser_next_result_seconds: Annotated[
        Seconds, Meta(description="Longest wait from speech to its next result, s; beyond it reconnect.")
    ] = 8.0
    recogniser_flush_seconds: Annotated[
        Seconds, Meta(description="Longest wait from the end of audio to the last result, s.")
    ] = 7.0
    reconnect_base_seconds: Annotated[Seconds, Meta(description="First pause between two tries to reconnect, s.")] = 0.2
    reconnect_ceiling_seconds: Annotated[Seconds, Meta(description="Longest such pause, s.")] = 2.0
    reconnect_patience_seconds: Annotated[
        Seconds, Meta(description="How long reconnecting is tried before the next engine, or close 1011, s.")
    ] = 8.0

    # Cache
    cache_bytes: Annotated[
        Annotated[int, Meta(ge=0)], Meta(description="Size of the cache of finished utterances, bytes; 0 turns it off.")
    ] = 64 * 1024 * 1024
    cache_folder: Annotated[str | None, Meta(description="Keep the cache in an SQLite file in this folder.")] = None
    cache_redis_url: Annotated[
        str | None, Meta(description="Keep the cache in Redis (extra: redis).", extra=_SECRET)
    ] = None
    prewarm: Annotated[
        str | None, Meta(description="File of phrases, one per line, spoken into the cache at start.")
    ] = None

    # Embedded engines
    espeak_voice: Annotated[str, Meta(description="espeak: default voice, a language tag with optional variant.")] = (
        "en-us"
    )
    espeak_wpm: Annotated[Annotated[int, Meta(ge=80, le=450)], Meta(description="espeak: words per minute.")] = 175
    pocketsphinx_capacity: Annotated[
        Annotated[int, Meta(ge=0)], Meta(description="pocketsphinx: speakers at once; 0 is two per core.")
    ] = 0
    pocketsphinx_silence_seconds: Annotated[
        Annotated[float, Meta(ge=0.3, le=10)], Meta(description="pocketsphinx: silence that ends an utterance, s.")
    ] = 0.5
    pocketsphinx_profanity: Annotated[
        bool, Meta(description="pocketsphinx: let profanity through; it invents some on telephone audio.")
    ] = False

    # Deepgram
    deepgram_api_key: Annotated[
        str | None, Meta(description="Deepgram's key; also DEEPGRAM_API_KEY.", extra=_secret_from("DEEPGRAM_API_KEY"))
    ] = None
    deepgram_url: Annotated[
        str, Meta(description="Base URL of Deepgram, cloud or self-hosted; http, https, ws or wss.")
    ] = "https://api.deepgram.com"
    deepgram_model: Annotated[str, Meta(description="Deepgram: listening model; ?model= on the socket wins.")] = (
        "nova-3"
    )
    deepgram_language: Annotated[
        str | None, Meta(description="Deepgram: language to hear; ?language= on the socket wins.")
    ] = None
    deepgram_keyterms: Annotated[str, Meta(description="Deepgram: terms to listen for, comma-separated.")] = ""
    deepgram_endpointing_ms: Annotated[
        Annotated[int, Meta(ge=0)], Meta(description="Deepgram: silence that ends a segment, ms.")
    ] = 300
    deepgram_utterance_end_ms: Annotated[
        Annotated[int, Meta(ge=1000)], Meta(description="Deepgram: gap between words that ends an utterance, ms.")
    ] = 1000
    deepgram_smart_format: Annotated[bool, Meta(description="Deepgram: punctuation and number formatting.")] = True
    deepgram_voice: Annotated[str, Meta(description="Deepgram: default voice, an Aura model.")] = "aura-2-thalia-en"

    # OpenAI-compatible speech
    openai_api_key: Annotated[
        str | None, Meta(description="The key; also OPENAI_API_KEY.", extra=_secret_from("OPENAI_API_KEY"))
    ] = None
    openai_url: Annotated[
        str, Meta(description="Base URL of any /v1/audio/speech server: Kokoro-FastAPI, speaches, vLLM-omni ….")
    ] = "https://api.openai.com"
    openai_model: Annotated[str, Meta(description="openai: model.")] = "gpt-4o-mini-tts"
    openai_voice: Annotated[str, Meta(description="openai: default voice.")] = "alloy"
    openai_native_rate: Annotated[
        Annotated[int, Meta(ge=8000, le=48000)], Meta(description="openai: Hz of the server's bare PCM.")
    ] = 24000
    openai_speed: Annotated[Annotated[float, Meta(ge=0.25, le=4)], Meta(description="openai: speed.")] = 1.0
    openai_instructions: Annotated[str, Meta(description="openai: how the voice should sound.")] = ""
    openai_extra: Annotated[str, Meta(description="openai: more fields of the request, a JSON object.")] = ""

    # Local neural engines, with models of your own
    sherpa_voice_folder: Annotated[str | None, Meta(description="sherpa: folder of a speaking model.")] = None
    sherpa_listen_folder: Annotated[str | None, Meta(description="sherpa: folder of a streaming listening model.")] = (
        None
    )
    piper_model: Annotated[str | None, Meta(description="piper: voice file, .onnx beside its .onnx.json.")] = None
    kokoro_model: Annotated[str | None, Meta(description="kokoro: model file, .onnx.")] = None
    kokoro_voices: Annotated[str | None, Meta(description="kokoro: voices file, .bin.")] = None
    kokoro_voice: Annotated[str, Meta(description="kokoro: default voice.")] = "af_heart"
    whisper_folder: Annotated[str | None, Meta(description="whisper: folder of a CTranslate2 model.")] = None
    whisper_language: Annotated[str | None, Meta(description="whisper: language, ISO 639-1; guessed when unset.")] = (
        None
    )
    vosk_folder: Annotated[str | None, Meta(description="vosk: folder of a model.")] = None
    local_speed: Annotated[
        Annotated[float, Meta(ge=0.25, le=4)], Meta(description="Speed of sherpa, piper and kokoro voices.")
    ] = 1.0
    local_capacity: Annotated[
        Annotated[int, Meta(ge=0)], Meta(description="sherpa, whisper and vosk: speakers at once; 0 is no limit.")
    ] = 0

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
    vendor_variable: str | None = None
    """The variable that the vendor's own tools read."""

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
        extra = {key: value for meta in metas for key, value in (meta.extra or {}).items()}
        yield Option(
            field.name, hints[field.name], field.default, description, bool(extra.get("secret")), extra.get("variable")
        )


_HEADINGS = {
    "host": "Where it listens",
    "voice": "What speaks and what listens",
    "secret": "Who may come in",
    "max_calls": "How much at once",
    "first_audio_seconds": "Time-outs",
    "channels": "Transcriber",
    "endpointing_punctuation_seconds": "Endpointing",
    "fallback_first_audio_seconds": "Calls that survive",
    "cache_bytes": "Cache",
    "espeak_voice": "Embedded engines",
    "deepgram_api_key": "Deepgram",
    "openai_api_key": "OpenAI-compatible speech",
    "sherpa_voice_folder": "Local neural engines, with models of your own",
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
            (option.vendor_variable or "", variables.get(option.vendor_variable or ""), True),
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
