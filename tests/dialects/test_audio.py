"""Sound on its way in and out: every kind of WAV, compressed formats, and subtitles."""

from __future__ import annotations

import asyncio
import io
import struct
import wave
from collections.abc import Callable

import numpy as np
import pytest

import dsp
from providers.dialects.audio.decoding import decoded
from providers.dialects.audio.encoders import COMPRESSED, encoder
from providers.dialects.audio.wav import stream_header, wav_sound
from providers.dialects.openai.answers import written
from providers.engines.base import Transcript
from providers.errors import BadRequest, TooLarge
from tests.dialects.sounds import tone

RATE = 16000
SOUND = np.frombuffer(tone(0.5, RATE), "<i2")


def riff(kind: int, bits: int, body: bytes, *, rate: int = RATE, extensible: bool = False) -> bytes:
    form = struct.pack("<HHIIHH", 0xFFFE if extensible else kind, 1, rate, rate * bits // 8, bits // 8, bits)
    if extensible:
        form += struct.pack("<HHIH14s", 22, bits, 0, kind, bytes(14))
    chunks = b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"fmt " + struct.pack("<I", len(form)) + form
    return b"RIFF\0\0\0\0WAVE" + chunks + b"data" + struct.pack("<I", len(body)) + body


def wide(sound: np.ndarray) -> bytes:
    return b"".join(struct.pack("<i", int(sample) << 8)[:3] for sample in sound)


@pytest.mark.parametrize(
    ("kind", "bits", "body", "tolerance"),
    [
        (1, 8, ((SOUND >> 8) + 128).astype(np.uint8).tobytes(), 0.01),
        (1, 16, SOUND.tobytes(), 0.0),
        (1, 24, wide(SOUND), 1e-6),
        (1, 32, (SOUND.astype("<i4") << 16).tobytes(), 1e-6),
        (3, 32, (SOUND / 32768).astype("<f4").tobytes(), 1e-6),
        (3, 64, (SOUND / 32768).astype("<f8").tobytes(), 1e-6),
        (6, 8, dsp.alaw_encode(SOUND.astype(np.float32) / 32768).tobytes(), 0.02),
        (7, 8, dsp.mulaw_encode(SOUND.astype(np.float32) / 32768).tobytes(), 0.02),
    ],
)
@pytest.mark.parametrize("extensible", [False, True])
def test_every_kind_of_wav_is_the_same_sound(
    kind: int, bits: int, body: bytes, tolerance: float, extensible: bool
) -> None:
    sound = wav_sound(riff(kind, bits, body, extensible=extensible), longest=10.0)
    assert sound.rate == RATE
    np.testing.assert_allclose(sound.frames[:, 0], SOUND / 32768, atol=tolerance)


@pytest.mark.parametrize(
    ("data", "error", "named"),
    [
        (b"RIFF\0\0\0\0WAVE", BadRequest, "chunks"),
        (riff(1, 16, b""), BadRequest, "found none"),
        (riff(2, 16, b"12"), BadRequest, "format 2"),
        (riff(1, 16, b"12", rate=10), BadRequest, "at 10"),
        (riff(3, 32, struct.pack("<f", float("nan"))), BadRequest, "finite"),
        (riff(1, 16, bytes(2 * 11 * RATE)), TooLarge, "11 s"),
    ],
)
def test_a_wav_that_is_none_is_told(data: bytes, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        wav_sound(data, longest=10.0)


def test_the_header_of_a_stream_is_read_by_the_standard_library() -> None:
    with wave.open(io.BytesIO(stream_header(24000) + SOUND.tobytes())) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24000, 1, 2)
        assert file.readframes(1 << 20) == SOUND.tobytes()
    law = wav_sound(stream_header(8000, "mulaw") + bytes([0xFF] * 80), longest=1.0)
    assert (law.rate, len(law.frames), float(np.abs(law.frames).max())) == (8000, 80, 0.0)


@pytest.mark.parametrize("name", ["pcm", "wav", "mulaw", "alaw.wav"])
@pytest.mark.parametrize("size", [2, 642, 99_999_998])
def test_blocks_of_any_size_are_the_same_stream(name: str, size: int) -> None:
    def encoded(step: int) -> bytes:
        made = encoder(name, RATE, field="format")
        pcm = SOUND.tobytes()
        return b"".join(made.feed(pcm[at : at + step]) for at in range(0, len(pcm), step)) + made.flush()

    assert encoded(size) == encoded(1000)


@pytest.mark.parametrize(
    ("name", "rate"), [*((name, 24000) for name in COMPRESSED), ("opus", 8000), ("opus", 44100), ("mp3", 8000)]
)
def test_what_is_compressed_in_pieces_is_decoded_whole(name: str, rate: int) -> None:
    pytest.importorskip("av", reason="the extra audio is not installed")
    made = encoder(name, rate, field="format")
    pcm = tone(1.0, rate)
    pieces = [made.feed(pcm[at : at + rate // 5 * 2]) for at in range(0, len(pcm), rate // 5 * 2)]
    assert any(pieces[:3]), "it streams"
    sound = asyncio.run(decoded(b"".join(pieces) + made.flush(), longest=10.0))
    assert sound.seconds == pytest.approx(1.0, abs=0.2)  # coders put silence at both ends
    heard = np.frombuffer(sound.channels[0], "<i2")[1600:-1600].astype(float)
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert np.argmax(spectrum) * sound.rate / len(heard) == pytest.approx(440.0, abs=2.0)


def test_a_file_that_decodes_to_more_than_is_allowed_is_told() -> None:
    pytest.importorskip("av", reason="the extra audio is not installed")
    made = encoder("mp3", 24000, field="format")
    long = made.feed(tone(3.0, 24000)) + made.flush()
    with pytest.raises(TooLarge, match="at most 1 s"):
        asyncio.run(decoded(long, longest=1.0))
    with pytest.raises(BadRequest, match="known format"):
        asyncio.run(decoded(b"OggS" + bytes(1000), longest=1.0))


FINALS = (
    Transcript("Hello.", final=True, start=0.5, end=1.25),
    Transcript("Bye.", final=True, start=3661.0, end=3662.0),
)


@pytest.mark.parametrize(
    ("form", "check"),
    [
        ("text", lambda body: body == "Hello. Bye.\n"),
        ("srt", lambda body: "2\n01:01:01,000 --> 01:01:02,000\nBye.\n" in body),
        ("vtt", lambda body: body.startswith("WEBVTT\n\n00:00:00.500 --> 00:00:01.250\nHello.\n")),
        ("json", lambda body: '"text":"Hello. Bye."' in body),
        ("verbose_json", lambda body: '"start":3661.0' in body and '"duration":3662.0' in body),
    ],
)
def test_transcripts_are_written_in_each_format(form: str, check: Callable[[str], bool]) -> None:
    body = written(form, FINALS, seconds=3662.0, language="en", words=False, segments=True)
    assert check(body.decode())
