"""The assistant of a conversation at the terminal: from a file or options, with the endpoints it speaks through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from providers.emulator.conversation.assistant import Assistant, Model, Server, with_endpointing
from providers.emulator.failures import EmulatorError
from providers.emulator.targets import Targets

_THINKING = 3600.0
"""Seconds of silence: a person who types thinks longer than one who is on the telephone."""
_LONGEST = 43_200.0
"""Seconds of a conversation."""


def read_assistant(file: Path) -> Assistant:
    """An assistant's JSON, as the platform shows it.

    Raises
    ------
    EmulatorError
        The file cannot be read, or a field of it is of another type or out of its range.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Assistant)
    except OSError as fault:
        raise EmulatorError(f"--assistant: {file}: {fault.strerror or fault}") from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise EmulatorError(f"--assistant: {file}: {fault}") from fault


def usual_assistant() -> Assistant:
    """The assistant where no file names one."""
    return Assistant(name="Offline", silence_timeout_seconds=_THINKING, max_duration_seconds=_LONGEST)


def with_words(
    assistant: Assistant, model: Model, *, first_message: str | None, system_prompt: str | None
) -> Assistant:
    """The assistant with the model and the words of the command line; an empty first message lets the caller begin."""
    changes: dict[str, Any] = {"model": model}
    if first_message is not None:
        waits = "assistant-speaks-first" if first_message else "assistant-waits-for-user"
        changes |= {"first_message": first_message or None, "first_message_mode": waits}
    if system_prompt is not None:
        others = tuple(message for message in model.messages if message.get("role") != "system")
        told = ({"role": "system", "content": system_prompt}, *others)
        changes["model"] = msgspec.structs.replace(model, messages=told)
    return msgspec.structs.replace(assistant, **changes)


def with_servers(assistant: Assistant, servers: dict[str, Server]) -> Assistant:
    """The assistant with the servers of its voice, transcriber and endpointing, where they are given."""
    changes: dict[str, Any] = {}
    if voice := servers.get("voice"):
        changes["voice"] = msgspec.structs.replace(assistant.voice, provider="custom-voice", server=voice)
    if ear := servers.get("transcriber"):
        changes["transcriber"] = msgspec.structs.replace(
            assistant.transcriber, provider="custom-transcriber", server=ear
        )
    changed = msgspec.structs.replace(assistant, **changes)
    return with_endpointing(changed, servers["endpointing"]) if "endpointing" in servers else changed


def servers_of(targets: Targets) -> dict[str, Server]:
    """The servers of targets; the secret goes along with each."""
    named = {"voice": targets.voice, "transcriber": targets.transcriber, "endpointing": targets.endpointing}
    secret = targets.credentials.secret
    return {name: Server(url=url, secret=secret) for name, url in named.items() if url is not None}


def playable(model: Model) -> bool:
    """Whether a model of an assistant's file can be had here without another option."""
    return model.provider in ("scripted", "echo") or (model.provider == "custom-llm" and model.url is not None)
