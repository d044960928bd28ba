"""What the options of ``emulate`` come to: servers, credentials, assistants, each fault named by its option."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
from providers.emulator.platform.api_errors import ApiError
from providers.emulator.platform.assistants import DEFAULT_ASSISTANT, Defaults, checked_fields
from providers.emulator.platform.authentication import Credential
from providers.emulator.platform.platform import Options
from providers.emulator.platform.words import Words
from providers.emulator.running_servers import running_servers
from providers.emulator.targets import Targets, chosen_targets, endpoint_address

Json = dict[str, Any]
_T = TypeVar("_T")
_SERVERS_OWN = frozenset({"id", "orgId", "createdAt", "updatedAt", "isServerUrlSecretSet", "version"})
"""Fields that the platform adds to an assistant it hands out."""


def chosen_options(options: Json) -> Options:
    """The platform that the options ask for.

    Raises
    ------
    EmulatorError
        Names the option at fault.
    """
    targets = _targets(options)
    if options["server_url"] is not None:
        endpoint_address("--server-url", options["server_url"], socket=False)
    defaults = Defaults(
        voice=targets.voice,
        transcriber=targets.transcriber,
        endpointing=targets.endpointing,
        server=options["server_url"],
        credential=options["credential"],
        model=_model(options),
        longest=options["max_seconds"],
    )
    named = _credentials(options["credentials_file"])
    if options["credential"] is not None and options["credential"] not in named:
        raise EmulatorError(f"--credential: no {options['credential']!r} in --credentials-file")
    first = options["first_message"]
    assistants: dict[str, Json] = {DEFAULT_ASSISTANT: {"name": "Offline", **({"firstMessage": first} if first else {})}}
    for file in options["files"]:
        identity, assistant = _assistant(file)
        assistants[identity] = assistant
    return Options(
        defaults,
        targets.credentials,
        named,
        assistants,
        options["api_key"],
        words=Words(options["model_url"], options["model_key"], tuple(options["replies"])),
        max_calls=options["max_calls"],
        connect_seconds=options["connect_seconds"],
        behaviour=options["behaviour"],
    )


def _targets(options: Json) -> Targets:
    """The endpoints that are named, or those of the running server; none where there is neither."""
    named = {name: options[name] for name in ("voice", "transcriber", "endpointing")}
    if options["url"] is None and not any(named.values()) and not running_servers():
        return Targets(None, None, None, options["credentials"])
    credentials: SentCredentials = options["credentials"]
    return chosen_targets(options["url"], credentials, **named)


def _model(options: Json) -> Json | None:
    """The model of assistants that bring none that can be had here."""
    if options["model_url"] is not None:
        if options["replies"]:
            raise EmulatorError("expected --model-url or --reply, found both")
        endpoint_address("--model-url", options["model_url"], socket=False)
        return {"provider": "custom-llm", "url": options["model_url"], "model": options["model"] or "default"}
    return {"provider": "scripted" if options["replies"] else "echo", "url": None}


def _assistant(file: Path) -> tuple[str, Json]:
    """An assistant of a file, with its id: the file's own, or one made of its name."""
    raw = _read(file, "--assistant", dict[str, Any])
    assistant = {name: value for name, value in raw.items() if name not in _SERVERS_OWN}
    try:
        checked_fields("", assistant)
    except ApiError as fault:
        raise EmulatorError(f"--assistant: {file}: {fault}") from None
    known = raw.get("id")
    return known if isinstance(known, str) and known else str(uuid.uuid5(uuid.NAMESPACE_URL, file.name)), assistant


def _credentials(file: Path | None) -> dict[str, Credential]:
    """Credentials by id."""
    if file is None:
        return {}
    found = _read(file, "--credentials-file", list[Credential])
    if not all(each.id for each in found):
        raise EmulatorError(f"--credentials-file: {file}: expected an id for each credential")
    return {each.id: each for each in found}


def _read(file: Path, option: str, wanted: type[_T]) -> _T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=wanted)
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as fault:
        raise EmulatorError(f"{option}: {file}: {fault}") from None
