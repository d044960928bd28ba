"""What an assistant is to the offline platform: the fields of the published schema that it plays.

Names are the wire's; unknown fields are ignored, so that an assistant copied from the platform can be used as it is.
Times are seconds, ranges those of the published schema.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0)]


class _Plan(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A part of an assistant."""


class Server(_Plan, frozen=True):
    """A server of the customer's."""

    url: str
    timeout_seconds: Annotated[float, msgspec.Meta(ge=1, le=300)] = 20.0
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    secret: str | None = None
    credential_id: str | None = None


class PatternOption(_Plan, frozen=True):
    """A switch of a regular expression."""

    type: Literal["ignore-case", "whole-word", "multi-line"]
    enabled: bool


class Replacement(_Plan, frozen=True):
    """A replacement of the customer's: ``exact`` has a key, ``regex`` a pattern."""

    type: Literal["exact", "regex"]
    value: Annotated[str, msgspec.Meta(max_length=1000)]
    key: str = ""
    replace_all_enabled: bool = False
    regex: str = ""
    options: tuple[PatternOption, ...] = ()


class FormatPlan(_Plan, frozen=True):
    """How text is made speakable."""

    enabled: bool = True
    number_to_digits_cutoff: Annotated[float, msgspec.Meta(ge=0)] = 2025
    replacements: tuple[Replacement, ...] = ()
    formatters_enabled: tuple[str, ...] | None = None
    """Wire names of the steps; None: the default ones."""


class ChunkPlan(_Plan, frozen=True):
    """How a model's text is cut into voice requests."""

    enabled: bool = True
    min_characters: Annotated[int, msgspec.Meta(ge=1, le=80)] = 30
    punctuation_boundaries: tuple[str, ...] | None = None
    format_plan: FormatPlan = FormatPlan()


class FallbackVoice(_Plan, frozen=True):
    """A voice that takes over when the one before it fails."""

    provider: str = "custom-voice"
    server: Server | None = None
    voice_id: str | None = None


class VoiceFallbackPlan(_Plan, frozen=True):
    """The voices behind the first."""

    voices: tuple[FallbackVoice, ...] = ()


class Voice(_Plan, frozen=True):
    """The assistant's voice."""

    provider: str = "custom-voice"
    server: Server | None = None
    voice_id: str | None = None
    caching_enabled: bool = True
    chunk_plan: ChunkPlan = ChunkPlan()
    fallback_plan: VoiceFallbackPlan = VoiceFallbackPlan()


class FallbackTranscriber(_Plan, frozen=True):
    """A transcriber that takes over when the one before it fails."""

    provider: str = "custom-transcriber"
    server: Server | None = None


class TranscriberFallbackPlan(_Plan, frozen=True):
    """The transcribers behind the first."""

    transcribers: tuple[FallbackTranscriber, ...] = ()


class Transcriber(_Plan, frozen=True):
    """The assistant's speech recognition."""

    provider: str = "custom-transcriber"
    server: Server | None = None
    fallback_plan: TranscriberFallbackPlan = TranscriberFallbackPlan()


class EndpointingRule(_Plan, frozen=True):
    """A rule whose match decides how long to wait; ``both`` has two patterns."""

    type: Literal["assistant", "customer", "user", "both"]
    timeout_seconds: Annotated[float, msgspec.Meta(ge=0, le=15)]
    regex: str = ""
    regex_options: tuple[PatternOption, ...] = ()
    assistant_regex: str = ""
    assistant_regex_options: tuple[PatternOption, ...] = ()
    customer_regex: str = ""
    customer_regex_options: tuple[PatternOption, ...] = ()


class TranscriptionEndpointingPlan(_Plan, frozen=True):
    """The wait by the shape of the caller's text."""

    on_punctuation_seconds: Annotated[float, msgspec.Meta(ge=0, le=3)] = 0.1
    on_no_punctuation_seconds: Annotated[float, msgspec.Meta(ge=0, le=3)] = 1.5
    on_number_seconds: Annotated[float, msgspec.Meta(ge=0, le=3)] = 0.5


class SmartEndpointingPlan(_Plan, frozen=True):
    """A model that decides how long to wait."""

    provider: str
    """``livekit`` and ``custom-endpointing-model`` are played; with any other the transcription plan decides."""
    server: Server | None = None
    wait_function: str = "200 + 8000 * x"


class StartSpeakingPlan(_Plan, frozen=True):
    """When the assistant may begin."""

    wait_seconds: Annotated[float, msgspec.Meta(ge=0, le=5)] = 0.4
    custom_endpointing_rules: tuple[EndpointingRule, ...] = ()
    smart_endpointing_plan: SmartEndpointingPlan | None = None
    transcription_endpointing_plan: TranscriptionEndpointingPlan = TranscriptionEndpointingPlan()


class StopSpeakingPlan(_Plan, frozen=True):
    """When the assistant must fall silent."""

    num_words: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0
    voice_seconds: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0.2
    backoff_seconds: Annotated[float, msgspec.Meta(ge=0, le=10)] = 1.0
    acknowledgement_phrases: tuple[str, ...] | None = None
    """None: the published list."""
    interruption_phrases: tuple[str, ...] | None = None


class MessagePlan(_Plan, frozen=True):
    """What the assistant says when nothing happens."""

    idle_messages: tuple[str, ...] = ()
    idle_timeout_seconds: Annotated[float, msgspec.Meta(ge=5, le=60)] = 10.0
    idle_message_max_spoken_count: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3
    idle_message_reset_count_on_user_speech_enabled: bool = True
    silence_timeout_message: str | None = None


class HookAction(_Plan, frozen=True):
    """What a hook does."""

    type: str
    """``say``, ``tool`` and ``message.add``; others do nothing."""
    exact: str | tuple[str, ...] | None = None
    """Words to say; of several, one is chosen."""
    prompt: str | tuple[dict[str, Any], ...] | None = None
    """What the model is told before it finds words to say."""
    tool: dict[str, Any] | None = None
    message: dict[str, Any] | None = None
    trigger_response_enabled: bool = True


class HookFilter(_Plan, frozen=True):
    """A condition of a hook."""

    type: Literal["oneOf"]
    key: str
    one_of: tuple[str, ...]


class HookOptions(_Plan, frozen=True):
    """When a hook on a clock fires, and how often."""

    timeout_seconds: Annotated[float, msgspec.Meta(ge=1, le=1000)] | None = None
    trigger_max_count: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3
    trigger_reset_mode: Literal["onUserSpeech", "never"] = "never"
    seconds: Annotated[float, msgspec.Meta(ge=1, le=3600)] | None = None


class Hook(_Plan, frozen=True):
    """Actions on an event of the call."""

    on: str
    """``call.ending``, ``call.timeElapsed``, ``assistant.speech.interrupted``, ``customer.speech.interrupted``,
    ``customer.speech.timeout``, ``model.response.timeout``; others never fire here."""
    do: tuple[HookAction, ...]
    filters: tuple[HookFilter, ...] = ()
    options: HookOptions = HookOptions()
    name: str | None = None


class Model(_Plan, frozen=True):
    """Where the assistant's words come from."""

    provider: str = "scripted"
    """``scripted``, ``echo`` or ``custom-llm`` (any OpenAI-compatible address)."""
    model: str = ""
    url: str | None = None
    messages: tuple[dict[str, Any], ...] = ()
    tools: tuple[dict[str, Any], ...] = ()
    temperature: float | None = None
    max_tokens: int | None = None


class Assistant(_Plan, frozen=True):
    """An assistant, as ``POST /assistant`` takes it."""

    name: str = "Assistant"
    first_message: str | None = None
    first_message_mode: Literal[
        "assistant-speaks-first",
        "assistant-waits-for-user",
        "assistant-speaks-first-with-model-generated-message",
    ] = "assistant-speaks-first"
    first_message_interruptions_enabled: bool = False
    model: Model = Model()
    voice: Voice = Voice()
    transcriber: Transcriber = Transcriber()
    server: Server | None = None
    start_speaking_plan: StartSpeakingPlan = StartSpeakingPlan()
    stop_speaking_plan: StopSpeakingPlan = StopSpeakingPlan()
    message_plan: MessagePlan = MessagePlan()
    hooks: tuple[Hook, ...] = ()
    server_messages: tuple[str, ...] | None = None
    """None: the published defaults."""
    client_messages: tuple[str, ...] | None = None
    variable_values: dict[str, Any] = msgspec.field(default_factory=dict)
    end_call_message: str | None = None
    end_call_phrases: tuple[str, ...] = ()
    silence_timeout_seconds: Annotated[float, msgspec.Meta(ge=10, le=3600)] = 30.0
    max_duration_seconds: Annotated[float, msgspec.Meta(ge=10, le=43200)] = 600.0


def with_endpointing(assistant: Assistant, server: Server | None) -> Assistant:
    """The assistant whose turns an endpointing server ends; None: its own server, or the client of the driver."""
    smart = SmartEndpointingPlan(provider="custom-endpointing-model", server=server)
    plan = msgspec.structs.replace(assistant.start_speaking_plan, smart_endpointing_plan=smart)
    return msgspec.structs.replace(assistant, start_speaking_plan=plan)
