"""Parser for the text of a voice request: speech and pauses.

Tags never reach an engine: breaks become pauses, spelled text becomes single characters, a flush ends a unit, and all
others are dropped. Angle brackets that are no tags ("a < b", "3 > 2", "I <3 you") are text and stay.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Pause", "Speak", "parts"]

LONGEST_PAUSE = 10.0
"""Seconds; the longest pause, also of several breaks in a row."""

STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.0}
"""Seconds per named strength of a break; SSML gives their order and leaves the lengths to the implementation."""

SEPARATING = frozenset("br p li ul ol div tr td hr h1 h2 h3 h4 h5 h6 s sentence paragraph".split())
"""Tags that separate words; any other tag may stand inside a word and leaves no space."""


@dataclass(frozen=True, slots=True)
class Speak:
    """Run of text to say; two in a row are two units and are never joined."""

    text: str


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence."""

    seconds: float


# Every alternative ends at the next "<" at the latest and quantifiers do not give back what they took, so that hostile
# text costs linear time. Angle pairs and comments, which may hold a "<", are found by `_enclosed` instead.
_ATTRIBUTES = r"""(?:\s(?:"[^"<]*+"|'[^'<]*+'|[^<>"'])*+)?"""
_TAG = re.compile(
    rf"""
      <\s*+(?:/\s*+)?(?P<ours>flush|break|spell)(?=[\s/>])(?P<values>{_ATTRIBUTES})/?\s*+>   # obeyed, any spacing
    | <\s*+break\b(?:\s+\w+\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|[^\s<>]++))*+(?:/?>)?          # a break cut off
    | </?(?P<name>[^\W\d_][\w.-]*+(?::[\w.-]++)?)(?=[\s/>])(?P<words>{_ATTRIBUTES})/?\s*+>   # any other tag
    | <[^\W\d_][\w.-]*+\s[^<>]*+>                                                            # with an unpaired quote
    | <[!?][^<>]*+>                                                                          # declarations
    | <>
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ENCLOSURES = {"<<": ">>", "<!--": "-->"}
_ATTRIBUTE = re.compile(r"""(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'/>]+))""")
_SPELL_END = re.compile(r"<\s*+/\s*+spell[\s>]", re.IGNORECASE)
_DURATION = re.compile(r"\+?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*(ms|s)", re.IGNORECASE)


def parts(text: str) -> list[Speak | Pause]:
    """Parse the text of a request into its parts, in order.

    White space around a `Speak` is removed, its inside is unchanged; text without any tag becomes one `Speak`.
    Time is linear in the length of any text.

    >>> parts('Hello <b>there</b>. <break time="500ms"/> Code <spell>ab1</spell>')
    [Speak(text='Hello there.'), Pause(seconds=0.5), Speak(text='Code A B 1')]
    """
    found: list[Speak | Pause] = []
    held: list[str] = []
    letters = ""
    spelling = False
    last_spell_end = max((m.start() for m in _SPELL_END.finditer(text)), default=-1)
    for piece, tag in _pieces(text):
        if spelling:
            letters += piece
        else:
            held.append(piece)
        name = _name(tag)
        if name in ("spell", "flush", "break"):
            held.append(_spelled(letters))
            letters = ""
        if tag is None:
            continue
        if name == "spell":
            # An unclosed tag must not spell the rest of the text.
            spelling = not _closes(tag) and tag.end() <= last_spell_end
        elif name in SEPARATING:
            held.append(" ")
        elif name in ("flush", "break"):
            _say(found, held)
            _rest(found, 0.0 if name == "flush" or _closes(tag) else _seconds(tag["values"] or ""))
    held.append(_spelled(letters))
    _say(found, held)
    return found


def _pieces(text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """Text runs, each with the tag after it; None is the end of the text or a construct that is dropped whole."""
    begin = position = 0
    last = {closing: text.rfind(closing) for closing in _ENCLOSURES.values()}
    while (position := text.find("<", position)) >= 0:
        end = _enclosed(text, position, last)
        tag = None if end else _TAG.match(text, position)
        if tag and not _is_comparison(text, tag):
            end = tag.end()
        if not end:
            position += 1
            continue
        yield text[begin:position], tag
        begin = position = end
    yield text[begin:], None


def _enclosed(text: str, position: int, last: dict[str, int]) -> int:
    """End of the ``<<…>>`` or comment that starts here; 0 when there is none.

    ``last`` has the last position of each closing mark, so that a text of many openings is not searched for each.
    """
    for opening, closing in _ENCLOSURES.items():
        inside = position + len(opening)
        if inside <= last[closing] and text.startswith(opening, position):
            return text.index(closing, inside) + len(closing)
    return 0


def _is_comparison(text: str, tag: re.Match[str]) -> bool:
    """True for the middle of "if a<b and c>d": plain words, with a letter or digit next to both brackets."""
    words = tag["words"] or ""
    if not words.strip() or "=" in words or '"' in words:
        return False
    return text[tag.start() - 1 : tag.start()].isalnum() and text[tag.end() : tag.end() + 1].isalnum()


def _name(tag: re.Match[str] | None) -> str:
    return (tag["ours"] or tag["name"] or "").lower() if tag else ""


def _closes(tag: re.Match[str]) -> bool:
    return tag[0][1:].lstrip().startswith("/")


def _seconds(values: str) -> float:
    """The length of a break from its attributes; 0 for one that is malformed."""
    attributes = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(values)}
    if "time" in attributes:
        duration = _DURATION.fullmatch(attributes["time"].strip())
        if duration is None:
            return 0.0
        return float(duration[1]) * (0.001 if duration[2].lower() == "ms" else 1.0)
    return STRENGTHS.get(attributes.get("strength", "medium").strip().lower(), 0.0)


def _say(found: list[Speak | Pause], held: list[str]) -> None:
    text = "".join(held).strip()
    held.clear()
    if text:
        found.append(Speak(text))


def _rest(found: list[Speak | Pause], seconds: float) -> None:
    if seconds <= 0:
        return
    if found and isinstance(found[-1], Pause):
        seconds += found.pop().seconds  # type: ignore[union-attr]  # the line above says that it is a Pause
    found.append(Pause(min(seconds, LONGEST_PAUSE)))


def _spelled(text: str) -> str:
    """Single characters with spaces between them, groups with commas; upper case, because "a" would be an article."""
    return ", ".join(" ".join(_characters(group)) for group in text.split())


def _characters(group: str) -> list[str]:
    """Characters as a reader sees them: marks and joiners stay with their base."""
    begins = [
        at
        for at, letter in enumerate(group)
        if not at or not (unicodedata.category(letter)[0] == "M" or "\u200d" in (letter, group[at - 1]))
    ]
    return [_upper(group[begin:end]) for begin, end in zip(begins, [*begins[1:], len(group)], strict=True)]


def _upper(character: str) -> str:
    """The character in upper case, if that is one letter ("ß" stays)."""
    letter = character[0].upper()
    return letter + character[1:] if len(letter) == 1 else character
