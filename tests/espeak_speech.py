"""Speech for tests, made by espeak in this process: the library is loaded once, its state is global."""

from __future__ import annotations

from functools import cache

from providers.engines.espeak.library import EspeakLibrary

CRASHING = (")-अआ hello there", "…-चाय hello hello")
"""Texts on which espeak-ng 1.52 ends its process with a segmentation fault; most of each suits an English voice."""


@cache
def espeak() -> EspeakLibrary:
    return EspeakLibrary()
