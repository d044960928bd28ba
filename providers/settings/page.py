"""Setting of the page for people."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from providers.settings.group import Group


class PageSettings(Group, frozen=True):
    """Who may open the page."""

    heading: ClassVar[str] = "Calls"

    page: Annotated[
        Literal["auto", "on", "off"],
        Meta(
            description="The page at /, with calls and playground: for this machine's own browsers where the server"
            " listens on a loopback address (auto), for every address (on), or for none."
        ),
    ] = "auto"
