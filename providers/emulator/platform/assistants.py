"""Assistants that calls are made with: kept by id, changed by overrides, completed by what the command line names."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import msgspec

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.platform.api_errors import ApiError, invalid
from providers.emulator.platform.schema import ASSISTANT_FIELDS

DEFAULT_ASSISTANT = "00000000-0000-4000-8000-00000000a551"
"""Id of the assistant that is made from the command line alone; the same in every run, so that scripts can name it."""

_DURATION = 600.0
"""Seconds of a call whose assistant says nothing."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What takes the place of whatever an assistant leaves open, or names and cannot have without the platform."""

    voice: str | None = None
    transcriber: str | None = None
    endpointing: str | None = None
    server: str | None = None
    """The organisation's Server URL."""
    credential: str | None = None
    """Id of the credential for these servers."""
    model: Json | None = None
    longest: float = 3600.0
    """Seconds of the longest call, whatever its assistant says."""

    def at(self, url: str) -> Json:
        """One of these servers, as an assistant would name it."""
        return {"url": url, **({"credentialId": self.credential} if self.credential else {})}


class AssistantStore:
    """Assistants by id; bounded, in memory."""

    def __init__(self, known: dict[str, Json], *, limit: int = 1000) -> None:
        self._known = dict(known)
        self._limit = limit

    def get(self, identity: str) -> Json:
        """The assistant with this id.

        Raises
        ------
        ApiError
            There is none.
        """
        found = self._known.get(identity)
        if found is None:
            raise ApiError(400, f"Couldn't Get Assistant. Does `assistantId` {_shown(identity)} exist?")
        return found

    def all(self) -> list[Json]:
        """All of them, the newest last."""
        return [found | {"id": identity} for identity, found in self._known.items()]

    def add(self, assistant: Json) -> str:
        """Keep an assistant; returns its id.

        Raises
        ------
        ApiError
            It is not valid, or there are too many.
        """
        if len(self._known) >= self._limit:
            raise ApiError(400, f"this platform keeps {self._limit} assistants at most")
        checked_fields("", assistant)
        identity = str(uuid.uuid4())
        self._known[identity] = assistant
        return identity

    def change(self, identity: str, changes: Json) -> Json:
        """An assistant with some of its fields changed."""
        checked_fields("", changes)
        found = self._known[identity] = {**self.get(identity), **changes}
        return found

    def remove(self, identity: str) -> Json:
        """Forget an assistant."""
        found = self.get(identity)
        del self._known[identity]
        return found


def _shown(identity: str) -> str:
    """An id as a message may show it."""
    return identity if len(identity) <= 64 and identity.isprintable() else "(not an id)"


def checked_fields(root: str, assistant: Json) -> None:
    """Refuse a field that the API does not know, and values that it would refuse.

    Raises
    ------
    ApiError
        Names each field at fault.
    """
    prefix = f"{root}." if root else ""
    stray = sorted(set(assistant) - ASSISTANT_FIELDS)
    if stray:
        raise ApiError(400, [f"{prefix}property {_shown(name)} should not exist" for name in stray])
    parsed(root, {name: value for name, value in assistant.items() if name not in ("voice", "transcriber")})


def parsed(root: str, assistant: Json) -> Assistant:
    """An assistant as the conversation holds it.

    Raises
    ------
    ApiError
        A value is not what the schema says.
    """
    try:
        return msgspec.convert(_whole(assistant), Assistant)
    except msgspec.ValidationError as fault:
        raise invalid(root, fault, Assistant) from None


def _whole(value: Any) -> Any:
    """The same with whole numbers as integers: JSON has one kind of number, clients write 2.0 where 2 is meant."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    return [_whole(part) for part in value] if isinstance(value, list) else value


def overridden(assistant: Json, overrides: Json) -> Json:
    """An assistant with a call's overrides: a field given replaces the assistant's, tools are added."""
    changed = assistant | {name: value for name, value in overrides.items() if name != "tools:append"}
    added = overrides.get("tools:append")
    if isinstance(added, list):
        model = changed.get("model") or {}
        changed["model"] = model | {"tools": [*(model.get("tools") or []), *added]}
    both = [part["variableValues"] for part in (assistant, overrides) if isinstance(part.get("variableValues"), dict)]
    return changed | ({"variableValues": {k: v for part in both for k, v in part.items()}} if both else {})


def completed(assistant: Json, defaults: Defaults) -> Json:
    """An assistant that can be played here: its own servers where it names any, the command line's elsewhere.

    Raises
    ------
    ApiError
        Neither names a voice, or neither a transcriber.
    """
    made = dict(assistant)
    voice, transcriber = (defaults.at(url) if url else None for url in (defaults.voice, defaults.transcriber))
    made["voice"] = _provided(made.get("voice"), "voice", "custom-voice", voice)
    made["transcriber"] = _provided(made.get("transcriber"), "transcriber", "custom-transcriber", transcriber)
    server = made.get("server") or ({"url": made["serverUrl"]} if made.get("serverUrl") else None)
    made["server"] = server or (defaults.at(defaults.server) if defaults.server else None)
    made["startSpeakingPlan"] = _start_plan(made.get("startSpeakingPlan") or {}, made["server"], defaults)
    model = made.get("model") or {}
    if defaults.model is not None and not (model.get("provider") == "custom-llm" and model.get("url")):
        made["model"] = model | defaults.model
    made["maxDurationSeconds"] = min(made.get("maxDurationSeconds") or _DURATION, defaults.longest)
    return {name: value for name, value in made.items() if value is not None}


def _provided(part: Json | None, name: str, provider: str, default: Json | None) -> Json:
    """A voice or transcriber with a server; what another provider was asked for cannot be had here."""
    part = part or {}
    own = part.get("provider", provider) == provider
    if own and (part.get("server") or {}).get("url"):
        made = dict(part)
    elif default is not None:
        kept = {key: value for key, value in part.items() if own or key in ("chunkPlan", "cachingEnabled")}
        made = kept | {"provider": provider, "server": {**default, **(kept.get("server") or {})}}
    else:
        raise ApiError(400, [f"assistant.{name}.server.url should not be empty (nor is there a --{name}-url)"])
    plan = made.get("fallbackPlan") or {}
    for key in ("voices", "transcribers"):
        if key in plan:
            others = [each for each in plan[key] if (each.get("server") or {}).get("url")]
            made["fallbackPlan"] = plan | {key: others}
    return made


def _start_plan(plan: Json, server: Json | None, defaults: Defaults) -> Json:
    """A start plan whose endpointing model has a server: its own, the command line's, or the Server URL."""
    smart = plan.get("smartEndpointingPlan")
    if smart is None:
        if defaults.endpointing is None:
            return plan
        return plan | {
            "smartEndpointingPlan": {
                "provider": "custom-endpointing-model",
                "server": defaults.at(defaults.endpointing),
            }
        }
    if smart.get("provider") != "custom-endpointing-model" or smart.get("server"):
        return plan
    found = defaults.at(defaults.endpointing) if defaults.endpointing else server
    return plan | {"smartEndpointingPlan": smart | ({"server": found} if found else {})}
