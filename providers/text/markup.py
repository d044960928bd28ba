"""Removal of Markdown, emoji and the unspoken parts of web addresses, in any language.

Every pattern reads a text once: none looks further ahead than its own match.
"""

from __future__ import annotations

import html
import re

__all__ = ["without_markup"]

_ENTITY = re.compile(r"&(?:amp|nbsp|lt|gt|quot|apos|mdash|ndash|hellip|#39);")
_FENCE = re.compile(r"^[ \t]{0,3}(?:```|~~~)[^\n]{0,40}$", re.MULTILINE)
_RULE = re.compile(r"^[ \t]{0,3}(?:-{3,}|\*{3,}|_{3,}|={3,}|\|?[ ]?:?-{2,}:?[ ]?(?:\|[ :|-]*+)?)[ \t]*$", re.MULTILINE)
_LINE_MARK = re.compile(r"^[ \t]{0,8}(?:#{1,6}[ \t]+|>[ \t]?|[-*+•‣◦][ \t]+(?:\[[ xX]\][ \t]+)?)", re.MULTILINE)
_CELLS = re.compile(r"^[ \t]{0,3}\|([^\n]*)\|[ \t]*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]{0,400})\]\((?:[^()\s]|\([^()\s]*\)){0,2000}(?:[ ]\"[^\"\n]{0,400}\")?\)")
_AUTOLINK = re.compile(r"<(https?://[^<>\s]++|[\w.+-]++@[\w.-]++)>")
_PAGE = re.compile(r"\b(?:https?|ftp)://([^\s<>\"'）」】]++)|\bwww\.([^\s<>\"'）」】]++)", re.IGNORECASE)
_STARS = re.compile(r"\*+")
_LOW_LINES = re.compile(r"_+")
_MAIL_REST = re.compile(r"[\w.+-]{0,64}@\w")
_STRUCK = re.compile(r"~~+")

_PICTURES = (
    "\U0001f000-\U0001faff\U0001fc00-\U0001fffd\u2600-\u27bf\u2b00-\u2bff\u231a\u231b\u2328\u23cf\u23e9-\u23fa"
    "\u25a0-\u25ff\u2190-\u21ff\u2900-\u297f\u203c\u2049\u3030\u303d\u3297\u3299"
)
_KEYCAP = re.compile("([0-9#*])\ufe0f?\u20e3")
_EMOJI = re.compile(f"(?:[{_PICTURES}][\ufe0e\ufe0f\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*+)++")
_EXCLAMATIONS = {"\u203c": "!", "\u2049": "?!"}

_GAPS = re.compile(r"[ \t]{2,}")
_GAP_BEFORE_MARK = re.compile(r" (?=[.,;:!?…](?:\s|$))")

_LONGEST_PATH = 40
"""Characters of the path of an address that are read out."""


def without_markup(text: str) -> str:
    """Text without Markdown and emoji, and with short addresses; any other text is unchanged.

    >>> without_markup("**Hi** 👋! See [our site](https://example.com/a?b=1) or https://www.example.com/?utm=1.")
    'Hi! See our site or example.com.'
    """
    clean = _ENTITY.sub(lambda entity: html.unescape(entity[0]).replace("\xa0", " "), text)
    clean = _LINK.sub(r"\1", clean)
    clean = _AUTOLINK.sub(r"\1", clean)
    clean = _PAGE.sub(_address, clean)
    clean = _KEYCAP.sub(r"\1 ", clean)
    for pattern in (_FENCE, _RULE, _LINE_MARK):
        clean = pattern.sub("", clean)
    clean = _CELLS.sub(lambda row: ", ".join(cell.strip() for cell in row[1].split("|")), clean)
    clean = _STARS.sub(_star, clean)
    clean = _LOW_LINES.sub(_low_line, clean)
    clean = _STRUCK.sub("", clean.replace("`", ""))
    clean = _EMOJI.sub(lambda found: _EXCLAMATIONS.get(found[0][0], " "), clean)
    if clean == text:
        return text
    return _GAP_BEFORE_MARK.sub("", _GAPS.sub(" ", clean))


def _address(found: re.Match[str]) -> str:
    """Host and a short path, without the query and the fragment."""
    whole = found[1] or found[2]
    bare = whole.rstrip(".,;:!?)]}»”*_")
    end = whole[len(bare) :].rstrip("*_")
    host, _, path = re.split(r"[?#]", bare, maxsplit=1)[0].partition("/")
    host = host.rpartition("@")[2].partition(":")[0].removeprefix("www.")
    path = path.strip("/")
    return f"{host}/{path}{end}" if path and len(path) <= _LONGEST_PATH else host + end


def _star(found: re.Match[str]) -> str:
    """Emphasis is removed; a star between spaces or between digits stays ("3 * 4")."""
    before, after = _neighbours(found)
    free = (not before or before.isspace()) and (not after or after.isspace())
    if (free and len(found[0]) == 1) or (before.isdigit() and after.isdigit()):
        return found[0]
    return ""


def _low_line(found: re.Match[str]) -> str:
    """A space inside a name ("snake_case"), nothing at its ends; the ones of a mail address stay."""
    before, after = _neighbours(found)
    if _MAIL_REST.match(found.string, found.end()):
        return found[0]
    return " " if before.isalnum() and after.isalnum() else ""


def _neighbours(found: re.Match[str]) -> tuple[str, str]:
    return found.string[max(0, found.start() - 1) : found.start()], found.string[found.end() : found.end() + 1]
