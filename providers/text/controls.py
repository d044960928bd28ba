"""Removal of control characters from a text before it reaches an engine.

They have no sound. Some engines read them as commands: espeak-ng changes rate, pitch or voice after U+0001. Others
stop at a NUL, or cannot encode half of a surrogate pair.
"""

from __future__ import annotations

__all__ = ["without_controls"]

_WHITE_SPACE = "\t\n\r"
"""Controls that separate words and lines; they stay."""

_LINE_ENDS = "\v\f\x85\u2028\u2029"
"""Ends of lines, paragraphs and pages; each becomes a line feed."""

_INVISIBLE = "\u00ad\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
"""Soft hyphen, directions of writing, word joiner, byte order mark: removed without a space, as they stand in words.

Joiners (U+200C, U+200D) stay, because Persian, Hindi and emoji are spelled with them, and so does the space of no width
(U+200B), which separates the words of Thai and Khmer.
"""

_C0_AND_C1 = (*range(0x20), *range(0x7F, 0xA0))
_SURROGATES = range(0xD800, 0xE000)

_TABLE: dict[int, str | None] = {
    **dict.fromkeys((*_C0_AND_C1, *_SURROGATES), " "),
    **{ord(mark): mark for mark in _WHITE_SPACE},
    **dict.fromkeys(map(ord, _LINE_ENDS), "\n"),
    **dict.fromkeys(map(ord, _INVISIBLE)),
}


def without_controls(text: str) -> str:
    r"""A text with a space for each C0 or C1 control, DEL and lone surrogate, and without invisible marks.

    Tabs and line ends stay.

    >>> without_controls("Hello\x0120R\x9b there.\u2028Bye\u200e.\0")
    'Hello 20R  there.\nBye. '
    """
    return text.translate(_TABLE)
