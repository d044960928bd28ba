"""Settings of the three endpoints."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from providers.settings.group import Count, Duration, Group, Seconds

Wait = Annotated[float, Meta(ge=0, le=15)]
"""Seconds that the platform may be told to wait."""


class Voice(Group, frozen=True):
    """Bounds of a voice request."""

    heading: ClassVar[str] = "Voice endpoint"

    max_text_chars: Annotated[
        Count, Meta(description="Longest text of a voice request, characters; beyond it 413.")
    ] = 10_000
    max_voices: Annotated[
        Count, Meta(description="Voice requests at once per process; as many more wait for a place, beyond it 503.")
    ] = 200
    voice_queue_seconds: Annotated[
        Seconds, Meta(description="Longest wait of a voice request for a place, s; beyond it 503.")
    ] = 1.0
    pause_seconds: Annotated[
        Seconds, Meta(description="Sum of all pauses in a text, s; what exceeds it is left out.")
    ] = 60.0
    loudness: Annotated[
        Annotated[float, Meta(ge=-40, le=-10)] | None,
        Meta(description="Loudness that speech is brought to, LUFS; unset leaves the engine's."),
    ] = None
    lookahead_seconds: Annotated[Duration, Meta(description="Synthesised audio made ahead of a slow reader, s.")] = 30.0
    first_audio_seconds: Annotated[
        Duration, Meta(description="Longest wait for the first audible sample, s; beyond it 502.")
    ] = 10.0
    clean_text: Annotated[
        Literal["auto", "on", "off"],
        Meta(description="Make Markdown, amounts, dates and addresses speakable: auto, where the engine does not."),
    ] = "auto"
    word_frames: Annotated[
        bool,
        Meta(
            description="Experimental: answer JSON lines of base64 PCM and word times instead of PCM. The platform has"
            " published no format for them."
        ),
    ] = False
    next_audio_seconds: Annotated[
        Duration,
        Meta(description="Longest gap between two blocks of an engine's audio, s; beyond it the answer aborts."),
    ] = 10.0
    write_seconds: Annotated[
        Duration, Meta(description="How long a reader may take nothing of its audio, s; beyond it the answer aborts.")
    ] = 30.0


class Transcriber(Group, frozen=True):
    """How calls are transcribed."""

    heading: ClassVar[str] = "Transcriber endpoint"

    max_calls: Annotated[Count, Meta(description="Transcriber calls at once per process; beyond it 503.")] = 200
    max_loop_lag_seconds: Annotated[
        Seconds,
        Meta(description="Lag of the event loop (p95 over 2 s) beyond which new calls get 503, s; 0 ignores it."),
    ] = 0.05
    max_backlog_seconds: Annotated[
        Seconds,
        Meta(
            description="Audio waiting for its recogniser (median call) beyond which new calls get 503; 0 ignores it."
        ),
    ] = 1.0
    max_loop_share: Annotated[
        Annotated[float, Meta(ge=0, le=1)],
        Meta(description="Part of a core that a burst of new calls may fill before the rest get 503; 0 ignores it."),
    ] = 0.9
    audio_buffer_seconds: Annotated[
        Duration, Meta(description="Audio of a call that may wait for its recogniser, s; beyond it close 1011.")
    ] = 30.0
    channels: Annotated[
        Literal["customer", "both"], Meta(description="Whom to transcribe: customer, or both speakers.")
    ] = "customer"
    swap_channels: Annotated[bool, Meta(description="Take channel 1 for the customer.")] = False
    echo: Annotated[
        Literal["off", "gate", "cancel"],
        Meta(
            description="Take the assistant's echo out of the customer's channel: cancel, or the cheap gate, which"
            " mutes the customer while the assistant speaks, with or without an echo."
        ),
    ] = "off"
    denoise: Annotated[
        bool, Meta(description="Filter background far below the near speaker, by the platform's Fourier plan.")
    ] = False


class Endpointing(Group, frozen=True):
    """How long to wait after the caller's last words."""

    heading: ClassVar[str] = "Endpointing"
    prefix: ClassVar[str] = "endpointing_"

    punctuation_seconds: Annotated[Wait, Meta(description="Wait after text that ends in punctuation, s.")] = 0.1
    number_seconds: Annotated[Wait, Meta(description="Wait after text that ends in a number, s.")] = 0.5
    no_punctuation_seconds: Annotated[Wait, Meta(description="Wait after any other text, s.")] = 1.5
    dictation_seconds: Annotated[
        Wait, Meta(description="Wait while more digits of a number, or letters of a word, are expected, s.")
    ] = 2.5
