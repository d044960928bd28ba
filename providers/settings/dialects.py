"""Settings of the dialects: which are served, and what an upload may hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar

from msgspec import Meta

from providers.settings.group import Count, Duration, Group
from providers.settings.listed import names

DIALECTS = ("openai", "deepgram", "jambonz")


class DialectSettings(Group, frozen=True):
    """Wires of other vendors over the same engines."""

    heading: ClassVar[str] = "Dialects"

    dialects: Annotated[
        str, Meta(description="Further wires to serve, comma-separated: openai, deepgram, jambonz; none by default.")
    ] = ""
    max_uploads: Annotated[
        Count, Meta(description="Uploaded files transcribed at once per process; as many more wait, beyond it 503.")
    ] = 4
    max_upload_bytes: Annotated[Count, Meta(description="Largest uploaded file, bytes; beyond it 413.")] = (
        25 * 1024 * 1024
    )
    max_upload_seconds: Annotated[Duration, Meta(description="Longest uploaded file, s; beyond it 413.")] = 1800.0

    @property
    def served(self) -> tuple[str, ...]:
        """Names of the dialects that are served, in the order of `DIALECTS`."""
        wanted = names(self.dialects)
        return tuple(name for name in DIALECTS if name in wanted)

    def faults(self) -> Iterator[str]:
        """Dialects that do not exist."""
        for name in names(self.dialects):
            if name not in DIALECTS:
                yield f"--dialects: expected any of {', '.join(DIALECTS)}, found {name[:40]!r}"
