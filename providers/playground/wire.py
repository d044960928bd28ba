"""Messages between the page and a playground call. Sound goes beside them in binary messages, 16-bit little-endian.

From the page: mono, what the microphone hears. To the page: stereo frames of 20 ms, the caller left, the assistant
right, as the transcriber gets them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from providers.emulator.conversation.assistant import Assistant
from providers.errors import BadRequest

__all__ = ["FromPage", "PageHangUp", "ModelChoice", "Played", "SayLine", "StartCall", "parse"]

_Text = Annotated[str, Meta(max_length=2000)]
_Name = Annotated[str, Meta(max_length=100)]
_MOST_BYTES = 64 * 1024


class ModelChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the assistant's words come from."""

    kind: Literal["echo", "scripted", "url"] = "echo"
    replies: Annotated[tuple[_Text, ...], Meta(max_length=50)] = ()
    """Of ``scripted``: in turn, then from the first again."""
    url: _Text = ""
    """Of ``url``: base address of an OpenAI-compatible API, such as ``http://127.0.0.1:11434/v1``."""
    name: _Name = ""


class StartCall(msgspec.Struct, frozen=True, tag="start", rename="camel"):
    """The first message: how the call is to be."""

    rate: Annotated[int, Meta(ge=8000, le=48000)] = 16000
    """Hz of all sound."""
    voice: _Name = ""
    """Engine that speaks; empty is the server's own."""
    transcriber: _Name = ""
    """Engine that listens; empty is the server's own."""
    endpointing: bool = True
    """Whether this server's endpointing decides when a turn is over; otherwise the transcription plan does."""
    model: ModelChoice = ModelChoice()
    assistant: Assistant = Assistant()

    def changes(self) -> dict[str, str]:
        """The settings that differ from the server's own, by their public names."""
        return {name: value for name, value in (("voice", self.voice), ("transcriber", self.transcriber)) if value}


class SayLine(msgspec.Struct, frozen=True, tag="say"):
    """A line that is spoken in the caller's place."""

    text: Annotated[str, Meta(min_length=1, max_length=1000)]


class Played(msgspec.Struct, frozen=True, tag="played"):
    """What the page's loudspeaker has played."""

    samples: Annotated[int, Meta(ge=0)]
    """Since the begin of the call."""
    dropped: Annotated[int, Meta(ge=0)] = 0
    """Not played, because the assistant had been interrupted."""


class PageHangUp(msgspec.Struct, frozen=True, tag="hang-up"):
    """The caller hangs up."""


FromPage: TypeAlias = StartCall | SayLine | Played | PageHangUp

_decoder: msgspec.json.Decoder[FromPage] = msgspec.json.Decoder(FromPage)


def parse(text: str) -> FromPage:
    """A message of the page's.

    Raises
    ------
    BadRequest
        It is too long, or has another shape; the sentence names the field.
    """
    if len(text) > _MOST_BYTES:
        raise BadRequest(f"message: expected at most {_MOST_BYTES} characters, found more")
    try:
        return _decoder.decode(text)
    except msgspec.MsgspecError as error:
        raise BadRequest(f"message: {error}") from None


def told(kind: str, /, **fields: Any) -> str:
    """A message to the page."""
    return msgspec.json.encode({**fields, "type": kind}).decode()
