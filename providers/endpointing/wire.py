"""The endpointing request's JSON: bytes in, a `Turn` out; the answer's JSON: seconds in, bytes out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from providers import jsonbody
from providers.errors import BadRequest, TooLarge

TYPE = "call.endpointing.request"
LONGEST_TIMEOUT = 15.0
"""Seconds; the platform takes 0 … 15."""

MOST_RULES = 100

_MOST_OBJECTS = 40_000
"""Objects and lists in a body; about 15 ms of decoding. A call of three hours with word times stays below."""

_MOST_VALUES = 200_000
"""Values in a body; about 5 ms more."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression and its options, as the assistant's rule has them."""

    text: str
    ignore_case: bool = False
    whole_word: bool = False
    multi_line: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``customEndpointingRules`` entry; a pattern that is None is not asked."""

    timeout: float
    """Seconds, as written, not yet clamped."""
    assistant_pattern: Pattern | None
    user_pattern: Pattern | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What was last said by either side, and the assistant's own rules about it."""

    user: str
    assistant: str
    rules: tuple[Rule, ...]
    """The first `MOST_RULES` of them."""
    call_id: str
    rules_beyond: int = 0
    """How many more rules there were."""
    languages: tuple[str, ...] = ()
    """The language of the assistant's transcriber, where the assistant comes along and names it."""


@dataclass(frozen=True, slots=True)
class OtherMessage:
    """A message of another type: this endpoint may be the assistant's general webhook too."""

    type: str


class _Spoken(msgspec.Struct):
    role: str
    content: Any = None
    message: Any = None

    def text(self) -> str:
        said = self.content if self.content is not None else self.message
        if isinstance(said, list):  # OpenAI's form with parts
            return " ".join(
                part["text"] for part in said if isinstance(part, dict) and isinstance(part.get("text"), str)
            )
        return said if isinstance(said, str) else ""


class _Option(msgspec.Struct):
    type: str = ""
    enabled: bool = True


class _Rule(msgspec.Struct):
    type: str = ""
    regex: str | None = None
    regexOptions: list[_Option] | None = None
    assistantRegex: str | None = None
    assistantRegexOptions: list[_Option] | None = None
    customerRegex: str | None = None
    customerRegexOptions: list[_Option] | None = None
    timeoutSeconds: float = 0.0


class _StartSpeakingPlan(msgspec.Struct):
    customEndpointingRules: list[_Rule] | None = None


class _Transcriber(msgspec.Struct):
    language: Any = None


class _Assistant(msgspec.Struct):
    startSpeakingPlan: _StartSpeakingPlan | None = None
    transcriber: _Transcriber | None = None


class _Call(msgspec.Struct):
    id: str | None = None


class _Fields(msgspec.Struct):
    type: msgspec.Raw = msgspec.Raw()
    messagesOpenAIFormatted: msgspec.Raw = msgspec.Raw(b"null")
    messages: msgspec.Raw = msgspec.Raw(b"null")
    assistant: msgspec.Raw = msgspec.Raw(b"null")
    call: msgspec.Raw = msgspec.Raw(b"null")


class _Body(_Fields):
    message: _Fields | None = None


class _Answer(msgspec.Struct):
    timeoutSeconds: float


def parse(body: bytes) -> Turn | OtherMessage:
    """Decode a body; either list of messages is enough.

    Raises
    ------
    BadRequest
        Broken JSON, or a field that is missing or wrong.
    TooLarge
        More values than a conversation has.
    """
    _check_size(body)
    outer = jsonbody.decode(body, _Body)
    fields, path = (outer.message, "message.") if outer.message else (outer, "")
    kind = jsonbody.field(fields.type, str, path + "type")
    if kind != TYPE:
        return OtherMessage(kind[:64])
    spoken = _spoken(fields, path)
    assistant = jsonbody.field(fields.assistant, _Assistant | None, path + "assistant")
    call = jsonbody.field(fields.call, _Call | None, path + "call")
    plan = assistant.startSpeakingPlan if assistant else None
    language = assistant.transcriber.language if assistant and assistant.transcriber else None
    rules = (plan.customEndpointingRules if plan else None) or []
    return Turn(
        user=_last(spoken, {"user", "customer"}),
        assistant=_last(spoken, {"assistant", "bot"}),
        rules=tuple(_rule(rule) for rule in islice(rules, MOST_RULES)),
        call_id=(call.id if call else None) or "",
        rules_beyond=max(0, len(rules) - MOST_RULES),
        languages=(language,) if isinstance(language, str) else (),
    )


def answer(timeout: float) -> bytes:
    """The response body; the time-out (s) is clamped to the platform's range."""
    return msgspec.json.encode(_Answer(min(max(timeout, 0.0), LONGEST_TIMEOUT)))


def _spoken(fields: _Fields, path: str) -> list[_Spoken]:
    for name in ("messagesOpenAIFormatted", "messages"):
        spoken: list[_Spoken] | None = jsonbody.field(getattr(fields, name), list[_Spoken] | None, path + name)
        if spoken is not None:
            return spoken
    raise BadRequest(
        f"{path}messagesOpenAIFormatted: expected a list of messages here or in {path}messages, found none"
    )


def _last(spoken: list[_Spoken], roles: set[str]) -> str:
    return next((said.text() for said in reversed(spoken) if said.role in roles), "")


def _rule(rule: _Rule) -> Rule:
    either = _pattern(rule.regex, rule.regexOptions)
    on_assistant = _pattern(rule.assistantRegex, rule.assistantRegexOptions)
    on_user = _pattern(rule.customerRegex, rule.customerRegexOptions)
    return Rule(
        rule.timeoutSeconds,
        on_assistant or (either if rule.type in ("assistant", "both") else None),
        on_user or (either if rule.type in ("user", "customer", "both") else None),
    )


def _pattern(text: str | None, options: list[_Option] | None) -> Pattern | None:
    if not text:
        return None
    on = {option.type for option in options or () if option.enabled}
    return Pattern(text, "ignore-case" in on, "whole-word" in on, "multi-line" in on)


def _check_size(body: bytes) -> None:
    """Refuse a body that would hold the loop while it is decoded; counting bytes costs a millisecond."""
    objects, values = body.count(b"{") + body.count(b"["), body.count(b",")
    if objects > _MOST_OBJECTS:
        raise TooLarge(f"body: expected at most {_MOST_OBJECTS} objects and lists, found about {objects}")
    if values > _MOST_VALUES:
        raise TooLarge(f"body: expected at most {_MOST_VALUES} values, found about {values}")
