"""Settings of what is known of calls."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from providers.settings.group import SECRET, Duration, Group


class CallsSettings(Group, frozen=True):
    """How much is remembered of calls."""

    heading: ClassVar[str] = "Calls"
    prefix: ClassVar[str] = "calls_"

    finished: Annotated[
        Annotated[int, Meta(ge=0, le=100_000)], Meta(description="Finished calls that are remembered, in memory.")
    ] = 256
    events: Annotated[
        Annotated[int, Meta(ge=100, le=100_000)],
        Meta(description="Events that are remembered of each call; beyond it replaced partials go first."),
    ] = 2000
    redis_url: Annotated[
        str | None,
        Meta(
            description="Redis through which processes tell each other what their calls hear (extra: redis).",
            extra=SECRET,
        ),
    ] = None


class RecordingSettings(Group, frozen=True):
    """Recordings of calls, which need the consent of both sides."""

    heading: ClassVar[str] = "Calls"

    record: Annotated[
        str | None,
        Meta(description="Folder for recordings: FLAC of both channels and JSON of each call (extra: record)."),
    ] = None
    record_seconds: Annotated[Duration, Meta(description="Audio that is kept of each call, s.")] = 3600.0
