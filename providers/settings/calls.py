"""Settings of what is known of calls."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from providers.settings.group import Group


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
