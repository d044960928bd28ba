"""Regular expressions of an assistant's rules: checked in linear time, compiled once, searched within a time limit.

The platform uses JavaScript's syntax. Syntax that only Python's `regex` has (recursion, fuzzy matching) is refused or
taken literally. Patterns that would take more than a few milliseconds to compile are refused: counted repeats multiply
when they are nested, and four of them can need a gigabyte.
"""

from __future__ import annotations

from collections import OrderedDict

import regex

from providers.endpointing.plan import Pattern

__all__ = ["LONGEST_PATTERN", "LONGEST_TEXT", "PatternCache", "UnusablePattern", "search"]

LONGEST_PATTERN = 1000
"""Characters. The costliest pattern of this length that passes the check compiles in about 8 ms."""

LONGEST_TEXT = 4000
"""Characters. The end of a message that a search reads."""

_LARGEST = 2000
"""Parts of a pattern with each counted repeat written out; `regex` compiles some of them that way."""

_DEEPEST = 40
"""Depth of nested groups; `regex` compiles them recursively."""

_KEPT = 1024
"""Compiled patterns, or reasons for a refusal, in the cache."""

_GROUP = regex.compile(r"\(\?(?::|=|!|<=|<!|P?<[^\W\d]\w*>|[ims]+(?:-[ims]+)?[:)]|-[ims]+:)")
_COUNT = regex.compile(r"\{([0-9]++)(?:,([0-9]*+))?\}")
_CLASS = regex.compile(r"\[\^?\]|\[\^?(?:\\.|[^\]\\])*+\]", regex.DOTALL)
_IN_CLASS = regex.compile(r"\\.|\[", regex.DOTALL)
_ESCAPE = regex.compile(
    r"\\(?:u\{(?P<code>[0-9a-fA-F]{1,6})\}|k<(?P<name>\w++)>|[pP]\{[\w =:.-]*+\}|(?P<kind>.))", regex.DOTALL
)


_EMPTY_CLASSES = {"[]": "(?!)", "[^]": "(?s:.)"}
"""JavaScript's empty class, which matches nothing, and its negation, which matches anything."""

_FOREIGN_ESCAPES = frozenset("LKGN")


class UnusablePattern(ValueError):
    """Pattern that is not searched for; the message has the reason and never quotes the pattern."""


class PatternCache:
    """Compiled patterns; the least recently used one is dropped first. One thread at a time may use it."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._compiled: OrderedDict[Pattern, regex.Pattern[str] | str] = OrderedDict()

    def __contains__(self, pattern: Pattern) -> bool:
        """True when a pattern needs no compilation."""
        return pattern in self._compiled

    def compiled(self, pattern: Pattern) -> regex.Pattern[str]:
        """The compiled pattern.

        Raises
        ------
        UnusablePattern
            Not a regular expression, or one that is too costly.
        """
        found = self._compiled.get(pattern)
        if found is None:
            found = self._compiled[pattern] = _compiled_or_reason(pattern)
            if len(self._compiled) > self._kept:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(pattern)
        if isinstance(found, str):
            raise UnusablePattern(found)
        return found


def search(compiled: regex.Pattern[str], text: str, *, seconds: float) -> bool:
    """True when a pattern is found at the end of a text.

    Raises
    ------
    UnusablePattern
        The search took longer than ``seconds``.
    """
    try:
        # The search releases the interpreter's lock, so that other threads and the event loop continue.
        return compiled.search(text[-LONGEST_TEXT:], timeout=seconds, concurrent=True) is not None
    except TimeoutError:
        raise UnusablePattern(f"expected an answer within {seconds * 1000:.0f} ms, found none") from None
    except (MemoryError, RecursionError, regex.error):
        raise UnusablePattern("expected a search of moderate size, found a larger one") from None


def _compiled_or_reason(pattern: Pattern) -> regex.Pattern[str] | str:
    flags = (regex.IGNORECASE if pattern.ignore_case else 0) | (regex.MULTILINE if pattern.multi_line else 0)
    try:
        text = _checked(pattern.text)
        return regex.compile(rf"\b(?:{text})\b" if pattern.whole_word else text, flags, cache_pattern=False)
    except UnusablePattern as reason:
        return str(reason)
    except (regex.error, ValueError, IndexError, OverflowError, RecursionError, MemoryError):
        return "expected a regular expression, found something else"


def _checked(text: str) -> str:
    """The pattern in the syntax of `regex`.

    Raises
    ------
    UnusablePattern
        Too long, too deep, too many repeats, unbalanced, or with syntax that JavaScript does not have.
    """
    if len(text) > LONGEST_PATTERN:
        raise UnusablePattern(f"expected at most {LONGEST_PATTERN} characters, found {len(text)}")
    return _Reader(text).read()


class _Reader:
    """Reader of a pattern, from left to right; it adds up the size of each group."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._written: list[str] = []
        self._sizes = [0]
        """Number of parts of each open group, the whole pattern first."""
        self._last = 0
        """Number of parts that a following count would repeat."""

    def read(self) -> str:
        """The pattern in the syntax of `regex`."""
        steps = {"\\": self._escape, "[": self._class, "(": self._group, ")": self._end_of_group, "{": self._brace}
        while self._position < len(self._text):
            letter = self._text[self._position]
            if letter in steps:
                steps[letter]()
            else:
                self._write(letter, 1)
        if len(self._sizes) > 1:
            raise UnusablePattern("expected closed groups, found an open one")
        return "".join(self._written)

    def _write(self, written: str, length: int) -> None:
        """Write one part for ``length`` characters of the pattern."""
        self._written.append(written)
        self._position += length
        self._last = 1
        self._grow(1)

    def _grow(self, parts: int) -> None:
        self._sizes[-1] += parts
        if self._sizes[-1] > _LARGEST:
            raise UnusablePattern(f"expected at most {_LARGEST} parts with each count written out, found more")

    def _escape(self) -> None:
        found = _ESCAPE.match(self._text, self._position)
        if found is None:
            raise UnusablePattern("expected a character after the last backslash, found none")
        if found["kind"] in _FOREIGN_ESCAPES:
            raise UnusablePattern("expected an escape that JavaScript has, found another one")
        written = found[0]
        if found["code"]:
            written = _character(int(found["code"], 16))
        elif found["name"]:
            written = f"(?P={found['name']})"
        self._write(written, len(found[0]))

    def _class(self) -> None:
        found = _CLASS.match(self._text, self._position)
        if found is None:
            raise UnusablePattern("expected closed brackets, found open ones")
        if found[0] in _EMPTY_CLASSES:
            written = _EMPTY_CLASSES[found[0]]
        else:
            # A "[" inside brackets is a character in JavaScript, and may begin a set of its own in `regex`.
            written = "[" + _IN_CLASS.sub(lambda part: "\\[" if part[0] == "[" else part[0], found[0][1:])
        self._write(written, len(found[0]))

    def _group(self) -> None:
        opening = "("
        if self._text.startswith(("(?", "(*"), self._position):
            found = _GROUP.match(self._text, self._position)
            if found is None:
                raise UnusablePattern("expected a group that JavaScript has, found another one")
            opening = found[0]
        self._write(opening, len(opening))
        if opening.endswith(")"):  # options for what follows
            return
        self._sizes.append(0)
        if len(self._sizes) > _DEEPEST:
            raise UnusablePattern(f"expected at most {_DEEPEST - 1} groups in groups, found more")

    def _end_of_group(self) -> None:
        if len(self._sizes) == 1:
            raise UnusablePattern("expected an opened group, found only its end")
        inside = self._sizes.pop()
        self._write(")", 1)
        self._grow(inside)
        self._last = inside + 1

    def _brace(self) -> None:
        count = _COUNT.match(self._text, self._position)
        if count is None:
            self._write("\\{", 1)  # a character in JavaScript, fuzzy matching in `regex`
            return
        repeated = self._last * max(int(count[1]), int(count[2] or 0), 1)
        self._write(count[0], len(count[0]))
        self._grow(repeated)
        self._last = repeated


def _character(code: int) -> str:
    if code > 0x10FFFF:
        raise UnusablePattern("expected a character up to U+10FFFF, found a higher one")
    return f"\\U{code:08x}"
