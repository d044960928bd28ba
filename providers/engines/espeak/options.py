"""Options of espeak."""

from __future__ import annotations

import os
from dataclasses import dataclass

DEFAULT_VOICE = "en-us"
WORDS_PER_MINUTE = 175


@dataclass(frozen=True, slots=True, kw_only=True)
class EspeakOptions:
    """Options of the espeak engine."""

    voice: str = DEFAULT_VOICE
    """The default voice, a language tag with an optional variant."""
    words_per_minute: int = WORDS_PER_MINUTE
    """80 … 450."""
    workers: int = max(2, min(4, os.cpu_count() or 1))
    """Worker processes. Each speaks 700 times faster than real time; two, so that one may crash without a pause."""
    queue: int = 128
    """Sentences that may wait for a worker process."""
