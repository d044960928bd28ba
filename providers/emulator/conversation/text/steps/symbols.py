"""Signs that are not spoken: angle brackets, markdown, asterisks, quotation marks, dashes, new lines and colons."""

from __future__ import annotations

import re

_ANGLE = re.compile(r"(?P<kept><<[^<>]*>>|<\s*(?:/\s*)?(?:break|spell)\b[^<>]*>)|<[^<>]*>", re.IGNORECASE)
_MARKDOWN = re.compile(r"(?P<email>(?<![\w.+-])[\w.+-]+@[\w.-]+)|[_`~]")
_STARRED = r"(?:\*\*[^*\n]+\*\*|\*[^*\n]+\*)"
_PHRASES = re.compile(rf"(?<![ \t])[ \t]+{_STARRED}(?=[ \t]*(?:\n|$))|{_STARRED}")
_NEW_LINES = re.compile(r"(?:(?P<mark>[.!?;:,。！？])|(?<![ \t]))[ \t]*\n(?:[ \t]*\n)*")
_COLON = re.compile(r"(?<!\d):|:(?!\d)")
_QUOTES = re.compile(r"[\"“”„«»]")
_DASH = re.compile(r"(?<![ \t])(?:[ \t]*[—–][ \t]*|[ \t]+--?[ \t]+)")
# A run of white space is searched from its beginning alone: from each of its characters it would take its square.


def remove_angle_bracket_content(text: str) -> str:
    """Text without ``<…>``; ``<break>``, ``<spell>`` and ``<<…>>`` stay."""
    return _ANGLE.sub(lambda found: found["kept"] or "", text)


def remove_markdown_symbols(text: str) -> str:
    """Text without ``_``, backtick and ``~``; the underscores of an e-mail address are said by a later step."""
    return _MARKDOWN.sub(lambda found: found["email"] or "", text)


def remove_phrases_in_asterisks(text: str) -> str:
    """Text without what stands in single or double asterisks."""
    return _PHRASES.sub("", text)


def remove_quotes(text: str) -> str:
    """Text without quotation marks; apostrophes stay."""
    return _QUOTES.sub("", text)


def replace_dashes(text: str) -> str:
    """Text with commas for the dashes between its parts; hyphens stay."""
    return _DASH.sub(", ", text)


def replace_new_lines_with_periods(text: str) -> str:
    """Text in one line: a new line becomes `` . ``, or a space where a mark stands already."""
    return _NEW_LINES.sub(lambda found: f"{found['mark']} " if found["mark"] else " . ", text.strip("\n"))


def replace_colons_with_periods(text: str) -> str:
    """Text with periods for colons; the colon of a time stays."""
    return _COLON.sub(".", text)


def remove_asterisks(text: str) -> str:
    """Text without asterisks."""
    return text.replace("*", "")
