"""Control characters, taken out of a text before any engine sees it.

They have no sound. Some engines read them as commands: espeak-ng changes rate, pitch or voice behind U+0001.
"""

from __future__ import annotations

__all__ = ["without_controls"]

_WHITE_SPACE = "\t\n\r"
"""Controls that separate words and lines; they stay."""

_LINE_ENDS = "\v\f\x85"
"""Controls that end a line or a page; a line feed stands for them."""

_C0_AND_C1 = (*range(0x20), *range(0x7F, 0xA0))

_TABLE: dict[int, str | None] = {
    **dict.fromkeys(_C0_AND_C1),
    **{ord(mark): mark for mark in _WHITE_SPACE},
    **{ord(mark): "\n" for mark in _LINE_ENDS},
}


def without_controls(text: str) -> str:
    r"""A text without the C0 and C1 controls and without DEL; tabs and line ends stay.

    >>> without_controls("Hello\x0120R\x9b there.\nBye.\0")
    'Hello20R there.\nBye.'
    """
    return text.translate(_TABLE)
