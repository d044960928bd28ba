"""Settings of the Server URL endpoint: who answers the platform's questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from msgspec import Meta

from providers.settings.group import Duration, Group


class ServerUrlSettings(Group, frozen=True):
    """Sources of answers, in the order in which they are asked, and deadlines."""

    heading: ClassVar[str] = "Server URL"

    handlers: Annotated[
        str, Meta(description="Handlers of messages: names of installed ones or module:object, comma-separated.")
    ] = ""
    answers: Annotated[
        str | None, Meta(description="JSON file with answers by message type; those of tool-calls by tool name.")
    ] = None
    assistant_id: Annotated[str | None, Meta(description="Assistant that takes every inbound call.")] = None
    forward_url: Annotated[
        str | None, Meta(description="Server URL that messages are forwarded to, with their headers.")
    ] = None
    public_url: Annotated[
        str | None,
        Meta(description="How the platform reaches this server, https://…: assistants it asks for get keyed URLs."),
    ] = None
    answer_seconds: Annotated[
        Duration, Meta(description="Longest wait for an answer to the platform, s; beyond it 504.")
    ] = 18.0
    assistant_request_seconds: Annotated[
        Duration, Meta(description="Longest wait for an answer to assistant-request, s; the platform waits 7.5.")
    ] = 6.0
    prefetch_voice: Annotated[
        bool,
        Meta(description="Begin to speak a text at voice-input, before its voice request."),
    ] = False
    prefetch_seconds: Annotated[
        Duration, Meta(description="How long speech that was begun so waits for its voice request, s.")
    ] = 5.0

    def faults(self) -> Iterator[str]:
        """URLs that are none."""
        for flag, url, schemes in (
            ("--forward-url", self.forward_url, ("http", "https")),
            ("--public-url", self.public_url, ("https",)),
        ):
            if url is not None and not _is_url(url, schemes):
                yield f"{flag}: expected {' or '.join(schemes)}://host, found {url[:80]!r}"


def _is_url(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname)
    except ValueError:
        return False
