"""What a scenario file holds. Times are seconds; every field has a default but the caller's lines."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.behaviour import Behaviour

Seconds: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=600)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a scenario; a key that does not exist is an error, since it would be believed to work."""


class Line(_Part, frozen=True):
    """What the caller does next: one of ``say``, ``wav``, ``silence``, ``keys`` and ``hangup``."""

    say: str | None = None
    """Words that an engine speaks."""
    wav: str | None = None
    """A file beside the scenario; ``text`` says what is spoken in it."""
    text: str = ""
    silence: Seconds | None = None
    """Say nothing for so long."""
    hangup: bool = False
    after: Seconds | None = None
    """Begin so long after the assistant has stopped speaking; default 0.6."""
    interrupt: Seconds | None = None
    """Begin so long after the assistant has begun to speak, while it speaks."""
    overlap: Seconds | None = None
    """Begin so long after the caller's own line before has ended, whatever the assistant does."""
    pauses: tuple[Seconds, ...] = ()
    """Pauses inside the line, at each ``…`` of ``say``; default 0.8 each."""


class Noise(_Part, frozen=True):
    """What is heard beside the caller."""

    kind: Literal["white", "pink", "hum", "file"] = "pink"
    wav: str | None = None
    below: Annotated[float, msgspec.Meta(ge=-10, le=60)] = 15.0
    """dB below the caller's speech."""


class Echo(_Part, frozen=True):
    """The assistant, heard through the caller's microphone."""

    delay: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.1
    below: Annotated[float, msgspec.Meta(ge=0, le=60)] = 20.0
    """dB below what was played."""


class Network(_Part, frozen=True):
    """What happens to the caller's frames on their way."""

    jitter: Annotated[float, msgspec.Meta(ge=0, le=500)] = 0.0
    """Milliseconds by which a frame is late, at most."""
    loss: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0.0
    """Share of frames that are lost; silence takes their place, as a telephone network does it."""


class VoiceFault(_Part, frozen=True):
    """What the network does to voice requests."""

    requests: tuple[Annotated[int, msgspec.Meta(ge=1)], ...] | None = None
    """Which, counted from 1; default all."""
    delay: Seconds = 0.0
    """Seconds by which the answer is late."""
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] | None = None
    """Status in place of the server's answer."""
    cut_after: Seconds | None = None
    """Seconds of sound after which the body breaks off."""

    def hits(self, request: int, voice: int) -> bool:
        """Whether it meets a request, counted from 1, to a voice; those of the fallback plan are left alone."""
        return voice == 0 and (self.requests is None or request in self.requests)


class TranscriberFault(_Part, frozen=True):
    """What the network does to the transcriber's socket."""

    cut_at: Seconds | None = None
    """Moment of the call at which it is lost."""
    delay: Seconds = 0.0
    """Seconds by which each transcript is late."""


class EndpointingFault(_Part, frozen=True):
    """What the network does to endpointing requests."""

    delay: Seconds = 0.0
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] | None = None


class Faults(_Part, frozen=True):
    """Everything that goes wrong between the platform and the servers."""

    voice: VoiceFault | None = None
    transcriber: TranscriberFault | None = None
    endpointing: EndpointingFault | None = None


class Reply(_Part, frozen=True):
    """What the scripted model answers: the first reply whose ``when`` is heard, else the next one without."""

    say: str = ""
    when: str | None = None
    """Words of the caller's, in any case."""
    tool: str | None = None
    """A tool to call before anything is said."""
    parameters: dict[str, Any] = {}


class ScriptedModel(_Part, frozen=True):
    """The model of a scenario."""

    replies: tuple[Reply | str, ...] = ()
    delay: Seconds = 0.3
    """Seconds to its first word."""
    words_per_second: Annotated[float, msgspec.Meta(gt=0, le=1000)] = 60.0
    tools: dict[str, str] = {}
    """Result of each tool, by its name."""


class Stand(_Part, frozen=True):
    """How the servers of a virtual run behave."""

    first_audio: Seconds = 0.15
    """Seconds to a voice answer's first sound."""
    final_after: Seconds = 0.3
    """Seconds from the end of speech to the final."""
    partial_every: Annotated[float, msgspec.Meta(gt=0, le=10)] = 0.3
    endpointing: Seconds = 0.01
    """Seconds to an endpointing answer."""


class Expectation(_Part, frozen=True):
    """What must hold; one key each. `judging` says what each means."""

    heard: str | None = None
    said: str | None = None
    not_said: str | None = None
    reply_within: Seconds | None = None
    first_audio_within: Seconds | None = None
    silent_within: Seconds | None = None
    cut_offs: Annotated[int, msgspec.Meta(ge=0)] | None = None
    overlaps: Annotated[int, msgspec.Meta(ge=0)] | None = None
    interruptions: Annotated[int, msgspec.Meta(ge=0)] | None = None
    turns: Annotated[int, msgspec.Meta(ge=0)] | None = None
    finals: Literal["one each"] | None = None
    ended: str | None = None
    tool: str | None = None
    event: str | None = None
    no_event: str | None = None


class Scenario(_Part, frozen=True, kw_only=True):
    """A conversation and what must hold of it."""

    name: str = ""
    description: str = ""
    assistant: Assistant = Assistant()
    model: ScriptedModel = ScriptedModel()
    caller: tuple[Line, ...]
    noise: Noise | None = None
    echo: Echo | None = None
    network: Network = Network()
    faults: Faults = Faults()
    stand: Stand = Stand()
    behaviour: Behaviour = Behaviour()
    """What the platform's pages leave open."""
    expect: tuple[Expectation, ...] = ()
    voice: str = "en-us+f5"
    """The voice that the embedded engine gives the caller."""
    rate: Annotated[int, msgspec.Meta(ge=8000, le=48000)] = 16000
    """Hz of the transcriber's socket."""
    longest: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 120.0
    """Seconds after which the call is ended."""
    seed: int = 1
