"""Settings of pulled models."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from providers.settings.group import Group


class Models(Group, frozen=True):
    """Where models are kept that ``models pull`` has fetched."""

    heading: ClassVar[str] = "Local neural engines, with models of your own"
    prefix: ClassVar[str] = "models_"

    folder: Annotated[
        str | None, Meta(description="Folder of pulled models; unset: vapi-providers/models in the user's data.")
    ] = None
