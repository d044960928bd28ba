"""Audio of responses: bare PCM, WAV at its own rate, and named errors for anything else."""

from __future__ import annotations

import random
import struct

import pytest

from providers.engines.http.response_audio import ResponseAudio
from providers.errors import EngineError
from tests.engines.imitations.http_voice import wav_header

PCM = bytes(range(256)) * 4
LIST = b"LIST" + struct.pack("<I", 5) + b"INFOx\0"
"""A chunk of odd length, with the byte that pads it."""


def heard(data: bytes, cuts: list[int]) -> tuple[bytes, int]:
    audio = ResponseAudio(24000, engine="vendor")
    out = b""
    position = 0
    for size in [*cuts, len(data)]:
        piece = audio.feed(data[position : position + size])
        assert len(piece) % 2 == 0
        out += piece
        position += size
    return out + audio.flush(), audio.rate


def extensible(rate: int) -> bytes:
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    fmt = struct.pack("<HHIIHHHHI", 0xFFFE, 1, rate, rate * 2, 2, 16, 22, 16, 4) + guid
    head = struct.pack("<4sI4s4sI", b"RIFF", 0xFFFFFFFF, b"WAVE", b"fmt ", len(fmt)) + fmt
    return head + struct.pack("<4sI", b"data", 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("data", "rate"),
    [
        (PCM, 24000),
        (wav_header(16000, size=len(PCM)) + PCM, 16000),
        (wav_header(22050, size=len(PCM), extra=LIST) + PCM, 22050),
        (wav_header(44100, size=0xFFFFFFFF) + PCM, 44100),
        (wav_header(44100, size=0x7FFFFFFF) + PCM, 44100),
        (wav_header(44100, size=0xFFFFFFFF - 36) + PCM, 44100),
        (wav_header(8000, size=0) + PCM, 8000),
        (extensible(48000) + PCM, 48000),
        (wav_header(16000, size=len(PCM)) + PCM + LIST, 16000),
    ],
)
def test_any_cut_gives_the_same_samples_and_the_true_rate(data: bytes, rate: int) -> None:
    rng = random.Random(7)
    assert heard(data, []) == (PCM, rate)
    assert heard(data, [1] * len(data)) == (PCM, rate)
    for _ in range(50):
        assert heard(data, [rng.randrange(1, 60) for _ in range(40)]) == (PCM, rate)


def test_half_a_sample_at_the_end_is_dropped() -> None:
    assert heard(PCM + b"x", [3]) == (PCM, 24000)


@pytest.mark.parametrize("start", [b"R", b"RI", b"RIF", b"RIFFabcdnotW"])
def test_pcm_that_begins_like_a_header_is_still_pcm(start: bytes) -> None:
    audio = ResponseAudio(8000, engine="vendor")
    assert audio.feed(start) + audio.feed(b"\0" * 20) == (start + b"\0" * 20)[: (len(start) + 20) & ~1]


def test_pcm_shorter_than_a_header_is_not_lost() -> None:
    audio = ResponseAudio(8000, engine="vendor")
    assert audio.feed(b"RI") == b""
    assert audio.flush() == b"RI"


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (wav_header(16000, size=8, channels=2), "WAV of format 1 with 2 channels of 16 bits at 16000 Hz"),
        (wav_header(16000, size=8, bits=32, kind=3), "WAV of format 3 with 1 channels of 32 bits at 16000 Hz"),
        (wav_header(8000, size=8, bits=8, kind=7), "WAV of format 7 with 1 channels of 8 bits at 8000 Hz"),
        (wav_header(1, size=8), "at 1 Hz"),
        (b"RIFF\0\0\0\0WAVEfmt \x04\0\0\0abcd", "WAV with a broken header"),
        (b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\x7f" + bytes(70000), "WAV without audio"),
        (b"OggS\0\x02", "Ogg"),
        (b"ID3\x04\0\0", "MP3"),
        (b"fLaC\0\0", "FLAC"),
    ],
)
def test_unsupported_audio_is_refused_by_name(data: bytes, found: str) -> None:
    with pytest.raises(EngineError, match="expected PCM or WAV, 16-bit mono") as caught:
        ResponseAudio(24000, engine="vendor").feed(data)
    assert found in str(caught.value)
    assert not caught.value.retryable


def test_a_header_without_audio_gives_no_audio() -> None:
    assert heard(b"RIFF\0\0\0\0WAVEfmt ", [2])[0] == b""
