"""Control characters never reach an engine."""

from __future__ import annotations

import unicodedata

from providers.text.controls import without_controls


def test_every_control_but_tab_and_line_ends_is_taken_out() -> None:
    for code in range(0x110000):
        mark = chr(code)
        kept = without_controls(f"a{mark}b")
        if mark in "\t\n\r" or unicodedata.category(mark) != "Cc":
            assert kept == f"a{mark}b"
        else:
            assert kept == ("a\nb" if mark in "\v\f\x85" else "ab")
