"""Settings of the stacks of engines: which engines, failover, reconnecting, cache."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from providers.settings.group import SECRET, Duration, Group


class Engines(Group, frozen=True):
    """Which engines speak and listen."""

    heading: ClassVar[str] = "Engines"

    voice: Annotated[str, Meta(description="Voice engines in order of preference, comma-separated.")] = ""
    transcriber: Annotated[str, Meta(description="Transcriber engines in order of preference, comma-separated.")] = ""


class Shadow(Group, frozen=True):
    """A second recogniser that is never sent."""

    heading: ClassVar[str] = "Shadow"

    shadow: Annotated[
        str, Meta(description="Transcriber engine that hears some calls too, is never sent, and is compared.")
    ] = ""
    shadow_share: Annotated[
        Annotated[float, Meta(ge=0, le=1)], Meta(description="Part of the calls that the shadow hears, 0 to 1.")
    ] = 0.1


class Failover(Group, frozen=True):
    """When another engine takes over."""

    heading: ClassVar[str] = "Failover"

    fallback_first_audio_seconds: Annotated[
        Duration, Meta(description="An engine's time for its first audible sample while another could take over, s.")
    ] = 1.5
    fallback_rest_seconds: Annotated[
        Duration, Meta(description="How long a failed engine rests before a probe, s.")
    ] = 5.0
    fallback_mid_text: Annotated[
        bool, Meta(description="Let another voice go on at the next sentence when one fails in the middle of a text.")
    ] = False
    hedge: Annotated[bool, Meta(description="Start the second voice engine when the first is later than its p95.")] = (
        False
    )


class Reconnect(Group, frozen=True):
    """How a lost recognition is replaced."""

    heading: ClassVar[str] = "Reconnecting recognisers"

    replay_seconds: Annotated[Duration, Meta(description="Audio kept for a lost recogniser's successor, s.")] = 30.0
    recogniser_open_seconds: Annotated[Duration, Meta(description="Longest wait for a recogniser to open, s.")] = 3.0
    recogniser_suspect_seconds: Annotated[
        Duration, Meta(description="Unanswered speech after which a second connection to a vendor is tried, s.")
    ] = 2.0
    recogniser_first_result_seconds: Annotated[
        Duration,
        Meta(description="Longest wait from speech to a local recogniser's first result, s."),
    ] = 5.0
    recogniser_next_result_seconds: Annotated[
        Duration, Meta(description="Longest wait from speech to a local recogniser's next result, s.")
    ] = 8.0
    recogniser_flush_seconds: Annotated[
        Duration, Meta(description="Longest wait from the end of audio to the last result, s.")
    ] = 7.0
    reconnect_base_seconds: Annotated[Duration, Meta(description="First pause between two tries to reconnect, s.")] = (
        0.2
    )
    reconnect_ceiling_seconds: Annotated[Duration, Meta(description="Longest such pause, s.")] = 2.0
    reconnect_patience_seconds: Annotated[
        Duration, Meta(description="How long reconnecting is tried before the next engine, or close 1011, s.")
    ] = 8.0


class Cache(Group, frozen=True):
    """Where finished utterances are kept."""

    heading: ClassVar[str] = "Cache"

    cache_bytes: Annotated[
        Annotated[int, Meta(ge=0)], Meta(description="Size of the cache of finished utterances, bytes; 0 turns it off.")
    ] = 64 * 1024 * 1024
    cache_folder: Annotated[str | None, Meta(description="Keep the cache in an SQLite file in this folder.")] = None
    cache_redis_url: Annotated[
        str | None, Meta(description="Keep the cache in Redis (extra: redis).", extra=SECRET)
    ] = None
    prewarm: Annotated[
        str | None, Meta(description="File of phrases, one per line, spoken into the cache at start.")
    ] = None
