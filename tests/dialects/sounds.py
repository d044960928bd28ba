"""Sound for the dialects' tests."""

from __future__ import annotations

import io
import re
import wave

import numpy as np

TEXT = "I would like to book a table for two people this evening."
WORDS = {"would", "like", "book", "table", "two", "people", "this", "evening"}


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z']+", text.lower()))


def rms(pcm: bytes) -> float:
    """Of int16, full scale 32768."""
    return float(np.sqrt(np.mean(np.square(np.frombuffer(pcm, "<i2").astype(float))))) if pcm else 0.0


def wav(pcm: bytes, rate: int, *, channels: int = 1) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(pcm)
    return made.getvalue()


def tone(seconds: float, rate: int, hz: float = 440.0) -> bytes:
    at = np.arange(round(seconds * rate)) / rate
    return bytes((9000 * np.sin(2 * np.pi * hz * at)).astype("<i2").tobytes())
