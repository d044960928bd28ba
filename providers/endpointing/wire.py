"""JSON of the endpointing endpoint: request bytes to a `Turn`, seconds to response bytes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from providers.endpointing.plan import PlanSeconds, Rule, StartSpeakingPlan, plan_seconds, rule_of
from providers.errors import BadRequest, TooLarge
from providers.jsonbody import Fields, OtherMessage, decode, field, raw_fields

TYPE = "call.endpointing.request"
LONGEST_TIMEOUT = 15.0
"""Seconds; the platform takes 0 … 15."""

MOST_RULES = 100

_MOST_OBJECTS = 40_000
"""Objects and lists in a body; about 5 ms of decoding. A call of three hours with word times stays below."""

_MOST_VALUES = 200_000
"""Values in a body; about 2 ms more."""

_LONGEST_CONTENT = 64 * 1024
"""Bytes of JSON in one message that is asked for; about a millisecond of decoding. Ten minutes of speech without a
pause stay below, in any script."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The last words of both sides, and the assistant's own plan."""

    user: str
    assistant: str
    rules: tuple[Rule, ...]
    """The assistant's rules, at most `MOST_RULES`."""
    call_id: str
    rules_beyond: int = 0
    """Number of rules beyond those."""
    languages: tuple[str, ...] = ()
    """Languages of the assistant's transcriber, if the message has the assistant and it names them."""
    plan: PlanSeconds = PlanSeconds()
    wait_function: str = ""
    """The assistant's own wait function, as written; empty when it has none."""


Undecoded = msgspec.Raw | msgspec.UnsetType
"""A value of any kind that may be missing, decoded only when it is asked for."""


class SpokenMessage(msgspec.Struct, gc=False):
    """One message of the conversation, in OpenAI's form or the platform's own; what it says is left raw.

    Of thousands of messages two are asked what they say, and only those are decoded.
    """

    role: Annotated[str, Meta(examples=["user", "assistant", "bot"])]
    content: Annotated[Undecoded, Meta(description="Text, or OpenAI's list of parts.")] = msgspec.UNSET
    message: Annotated[Undecoded, Meta(description="Text, in the platform's own form.")] = msgspec.UNSET

    def text(self, path: str) -> str:
        """What was said, joined where it comes in parts; ``path`` names the message in errors.

        Raises
        ------
        BadRequest, TooLarge
        """
        said = _value(self.content, f"{path}.content")
        if said is None:
            said = _value(self.message, f"{path}.message")
        if isinstance(said, list):  # OpenAI's form with parts
            return " ".join(
                part["text"] for part in said if isinstance(part, dict) and isinstance(part.get("text"), str)
            )
        return said if isinstance(said, str) else ""


def _value(raw: Undecoded, path: str) -> Any:
    if raw is msgspec.UNSET:
        return None
    size = len(memoryview(raw))
    if size > _LONGEST_CONTENT:
        raise TooLarge(f"{path}: expected at most {_LONGEST_CONTENT} bytes, found {size}")
    return field(raw, Any, path)


class EndpointingTranscriber(msgspec.Struct):
    """The part of an assistant that has the language."""

    language: Annotated[Undecoded, Meta(description="A language tag; anything else is ignored.")] = msgspec.UNSET


class EndpointingAssistant(msgspec.Struct):
    """The parts of an assistant that a decision depends on."""

    startSpeakingPlan: StartSpeakingPlan | None = None
    transcriber: EndpointingTranscriber | None = None


class EndpointingCall(msgspec.Struct):
    """The call that the conversation belongs to."""

    id: str | None = None


class EndpointingMessage(msgspec.Struct):
    """A conversation whose last turn may be over; one of the two lists of messages is enough."""

    type: Annotated[str, Meta(extra_json_schema={"const": TYPE})]
    messagesOpenAIFormatted: list[SpokenMessage] | None = None
    messages: list[SpokenMessage] | None = None
    assistant: EndpointingAssistant | None = None
    call: EndpointingCall | None = None


_RawMessage = raw_fields(EndpointingMessage)


class _Body(_RawMessage):  # type: ignore[valid-type, misc]  # made from `EndpointingMessage`
    message: _RawMessage | None = None  # type: ignore[valid-type]


class EndpointingReply(msgspec.Struct):
    """How long to wait before the assistant speaks."""

    timeoutSeconds: Annotated[float, Meta(ge=0, le=LONGEST_TIMEOUT, description="Seconds.")]


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
    outer = decode(body, _Body)
    fields = Fields(outer.message or outer, EndpointingMessage, "message." if outer.message else "")
    kind = fields.take("type")
    if kind != TYPE:
        return OtherMessage(kind[:64])
    spoken, path = _spoken(fields)
    assistant: EndpointingAssistant | None = fields.take("assistant")
    call: EndpointingCall | None = fields.take("call")
    plan = (assistant.startSpeakingPlan if assistant else None) or StartSpeakingPlan()
    rules = plan.customEndpointingRules or []
    return Turn(
        user=_last(spoken, {"user", "customer"}, path),
        assistant=_last(spoken, {"assistant", "bot"}, path),
        rules=tuple(rule_of(rule) for rule in islice(rules, MOST_RULES)),
        call_id=(call.id if call else None) or "",
        rules_beyond=max(0, len(rules) - MOST_RULES),
        languages=_languages(assistant, fields.path),
        plan=plan_seconds(plan.transcriptionEndpointingPlan),
        wait_function=(plan.smartEndpointingPlan.waitFunction if plan.smartEndpointingPlan else None) or "",
    )


def reply(timeout: float) -> bytes:
    """The response body; the time-out (s) is clamped to the platform's range."""
    return msgspec.json.encode(EndpointingReply(min(max(timeout, 0.0), LONGEST_TIMEOUT)))


def _spoken(fields: Fields) -> tuple[list[SpokenMessage], str]:
    """The messages, and the path of their list."""
    for name in ("messagesOpenAIFormatted", "messages"):
        spoken: list[SpokenMessage] | None = fields.take(name)
        if spoken is not None:
            return spoken, fields.path + name
    raise BadRequest(
        f"{fields.path}messagesOpenAIFormatted: expected a list of messages here or in messages, found none"
    )


def _last(spoken: list[SpokenMessage], roles: set[str], path: str) -> str:
    """What one side said last."""
    for index in reversed(range(len(spoken))):
        if spoken[index].role in roles:
            return spoken[index].text(f"{path}[{index}]")
    return ""


def _languages(assistant: EndpointingAssistant | None, path: str) -> tuple[str, ...]:
    if assistant is None or assistant.transcriber is None:
        return ()
    language = _value(assistant.transcriber.language, f"{path}assistant.transcriber.language")
    return (language,) if isinstance(language, str) else ()


def _check_size(body: bytes) -> None:
    """Refuse a body that would block the loop while it is decoded; counting bytes costs a millisecond."""
    objects, values = body.count(b"{") + body.count(b"["), body.count(b",")
    if objects > _MOST_OBJECTS:
        raise TooLarge(f"body: expected at most {_MOST_OBJECTS} objects and lists, found about {objects}")
    if values > _MOST_VALUES:
        raise TooLarge(f"body: expected at most {_MOST_VALUES} values, found about {values}")
