"""Names of espeak's voices: a caller's names and the library's identifiers.

The library first looks a name up as a file, and copies the part after ``+`` into a short buffer: a name of 37
characters ends the process, ``.`` and ``!v/f5`` are files. So a caller's name never reaches it. The name is looked up
here in the library's own list, and the library gets the list's identifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from providers.engines.base import SpeakingCapabilities

EXAMPLES = ("en-us", "en-gb", "de", "fr", "es", "en-us+f5")
"""Voices that an error names as examples."""

CAPABILITIES = SpeakingCapabilities(rates=(22050,), voices=EXAMPLES, word_times=True)
"""Capabilities before the library is loaded: its synthesiser always works at 22,050 Hz."""

_REGIONAL = re.compile(r"([a-z]{2,3})-(?:[a-z]{2}|[0-9]{3})", re.ASCII)
"""A language and a region; if the list lacks the region, the language's first voice is used."""

_VARIANT_FOLDER = "!v/"


@dataclass(frozen=True, slots=True)
class ListedVoice:
    """Entry of the library's list of voices."""

    identifier: str
    """Its file: ``gmw/en-US``, ``!v/f5``."""
    name: str
    languages: tuple[tuple[int, str], ...] = ()
    """Tags, each with its priority, where 1 is the best; the first is the voice's own."""


class VoiceNames:
    """Names that callers may use.

    Parameters
    ----------
    voices, variants
        The library's two lists.
    """

    def __init__(self, voices: Iterable[ListedVoice], variants: Iterable[ListedVoice]) -> None:
        best: dict[str, tuple[int, str]] = {}
        for voice in voices:
            for place, (priority, tag) in enumerate(voice.languages):
                # A voice's own tag selects it, even if another voice has the tag with a better priority.
                rank = (priority if place else 0), voice.identifier
                best[tag.lower()] = min(best.get(tag.lower(), rank), rank, key=lambda entry: entry[0])
        self._voices = {tag: identifier for tag, (_, identifier) in best.items()}
        self._variants = dict(_variant_names(variants))

    @property
    def tags(self) -> tuple[str, ...]:
        """Language tags that name a voice, sorted."""
        return tuple(sorted(self._voices))

    @property
    def variants(self) -> tuple[str, ...]:
        """Names that may follow ``+``, sorted."""
        return tuple(sorted(self._variants))

    def identifier(self, name: str) -> str | None:
        """The library's identifier of a voice with its variant; None when there is no such voice.

        A name is a language tag with an optional variant: ``en-us``, ``de``, ``de-AT``, ``en-us+f5``. Case is ignored.
        """
        tag, plus, variant = name.lower().partition("+")
        regional = _REGIONAL.fullmatch(tag)
        voice = self._voices.get(tag) or (self._voices.get(regional[1]) if regional else None)
        if voice is None:
            return None
        if not plus:
            return voice
        file = self._variants.get(variant)
        return None if file is None else f"{voice}+{file}"


def _variant_names(variants: Iterable[ListedVoice]) -> Iterator[tuple[str, str]]:
    """Both names of each variant in lower case, each with its file's name."""
    for variant in variants:
        file = variant.identifier.removeprefix(_VARIANT_FOLDER)
        yield variant.name.lower(), file
        yield file.lower(), file
