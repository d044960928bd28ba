"""Choice of a voice that can read a text's script.

espeak's English voice reads Cyrillic as English letter names, and each Chinese character as "Chinese letter".
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable

__all__ = ["voice_for"]

_READERS: dict[str, tuple[str, ...]] = {
    "GREEK": ("el",),
    "CYRILLIC": ("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "tt", "ba", "cv", "mn", "os", "tk", "uz"),
    "HEBREW": ("he", "yi"),
    "ARABIC": ("ar", "fa", "ur", "ug", "sd", "ps", "ku"),
    "THAI": ("th",),
    "LAO": ("lo",),
    "GEORGIAN": ("ka",),
    "ARMENIAN": ("hy", "hyw"),
    "DEVANAGARI": ("hi", "mr", "ne", "kok", "sa"),
    "BENGALI": ("bn", "as", "bpy"),
    "GURMUKHI": ("pa",),
    "GUJARATI": ("gu",),
    "ORIYA": ("or",),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "KANNADA": ("kn",),
    "MALAYALAM": ("ml",),
    "SINHALA": ("si",),
    "MYANMAR": ("my", "shn"),
    "ETHIOPIC": ("am", "ti"),
    "HANGUL": ("ko",),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
    "CJK": ("cmn", "zh", "yue", "hak", "ja"),
}
"""First word of a letter's Unicode name, with the languages of that script, the most frequent one first."""

_OWN_LETTERS = (
    ("CYRILLIC", re.compile("[іїєґ]", re.IGNORECASE), "uk"),
    ("ARABIC", re.compile("[ٹڈڑےںھ]"), "ur"),
    ("ARABIC", re.compile("[پچگژ]"), "fa"),
)
"""Letters that only one language of a script has."""

_JUDGED = 400
"""Number of letters that are read."""


def voice_for(text: str, voice: str, known: Callable[[str], bool]) -> str:
    """The voice itself, or a voice of the text's main language when the voice cannot read its script.

    Parameters
    ----------
    voice
        A language tag with an optional variant: ``en-us``, ``en-us+f5``.
    known
        Whether a voice of that name exists.

    >>> voice_for("Привет", "en-us+f5", lambda name: True), voice_for("Hello", "ru", lambda name: True)
    ('ru+f5', 'ru')
    """
    script = _script(text)
    if script is None:
        return voice
    readers = _READERS[script]
    tag, plus, variant = voice.partition("+")
    if tag.lower().replace("_", "-").partition("-")[0] in readers:
        return voice
    own = next(
        (language for where, letters, language in _OWN_LETTERS if where == script and letters.search(text)), None
    )
    names = (f"{language}{plus}{variant}" for language in (*filter(None, (own,)), *readers))
    return next((name for name in names if known(name)), voice)


def _script(text: str) -> str | None:
    """The script of more than half of a text's letters; None for Latin and for scripts without a language here."""
    if text.isascii():
        return None
    letters = [letter for letter in text if letter.isalpha()][:_JUDGED]
    found = Counter(unicodedata.name(letter, "").partition(" ")[0].partition("-")[0] for letter in letters)
    if found["HIRAGANA"] + found["KATAKANA"]:  # Chinese characters together with kana are Japanese
        found["HIRAGANA"] += found.pop("CJK", 0) + found.pop("KATAKANA", 0)
    script, count = found.most_common(1)[0] if found else ("", 0)
    return script if script in _READERS and 2 * count > len(letters) else None
