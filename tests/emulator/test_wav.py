"""WAV files come in any width, rate and number of channels; broken ones are named."""

import io
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from dsp import Codes, alaw_encode, mulaw_encode
from providers.emulator.failures import EmulatorError
from providers.emulator.wav import mono, parse_clip, read_clip, wav_bytes, write_wav

RAMP = np.linspace(-0.9, 0.9, 64)


def raw_wav(kind: int, bits: int, body: bytes, *, channels: int = 1, extensible: bool = False) -> bytes:
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", 0xFFFE if extensible else kind, channels, 16000, 16000 * width, width, bits)
    if extensible:
        form += struct.pack("<HHIH", 22, bits, 0, kind) + bytes(14)
    return (
        b"RIFF" + struct.pack("<I", 0) + b"WAVEfmt " + struct.pack("<I", len(form)) + form
        + b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"data" + struct.pack("<I", len(body)) + body
    )  # fmt: skip


def three_bytes(values: np.ndarray) -> bytes:
    return values.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :3].tobytes()


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(
    ("kind", "bits", "body"),
    [
        (1, 8, (np.round(RAMP * 128) + 128).astype(np.uint8).tobytes()),
        (1, 16, np.round(RAMP * 2**15).astype("<i2").tobytes()),
        (1, 24, three_bytes(np.round(RAMP * 2**23))),
        (1, 32, np.round(RAMP * 2**31).astype("<i4").tobytes()),
        (3, 32, RAMP.astype("<f4").tobytes()),
        (3, 64, RAMP.astype("<f8").tobytes()),
    ],
)
def test_every_format_holds_the_same_sound(kind: int, bits: int, body: bytes, extensible: bool) -> None:
    clip = parse_clip(raw_wav(kind, bits, body, extensible=extensible))
    assert clip.rate == 16000
    # One step of the coarsest format, 8 bit.
    np.testing.assert_allclose(clip.channels[0], RAMP, atol=1 / 2 ** min(bits, 20))


@pytest.mark.parametrize(("kind", "encode"), [(7, mulaw_encode), (6, alaw_encode)])
def test_recordings_of_telephone_calls_are_read(kind: int, encode: Callable[[ArrayLike], Codes]) -> None:
    """G.711 keeps 13 or 14 bits near silence and about 7 of the loudest samples."""
    left, right = RAMP, RAMP[::-1]
    codes = encode(np.stack([left, right], axis=1).astype(np.float32).reshape(-1))
    clip = parse_clip(raw_wav(kind, 8, codes.tobytes(), channels=2))
    np.testing.assert_allclose(clip.channels[0], left, atol=0.02)
    np.testing.assert_allclose(clip.channels[1], right, atol=0.02)
    assert clip.rate == 16000


def test_channels_come_apart_in_order() -> None:
    body = np.array([[1, -1], [2, -2]], dtype="<i2").tobytes()
    left, right = parse_clip(raw_wav(1, 16, body, channels=2)).channels
    assert (left * 32768).tolist() == [1, 2]
    assert (right * 32768).tolist() == [-1, -2]


def test_several_channels_are_averaged_into_one() -> None:
    body = np.array([[0.5, -0.25], [0.5, 0.25]], dtype="<f4").tobytes()
    assert mono(parse_clip(raw_wav(3, 32, body, channels=2)), 16000).tolist() == [0.125, 0.375]


def test_a_size_that_runs_past_the_end_means_the_rest() -> None:
    body = np.arange(8, dtype="<i2").tobytes()
    streamed = raw_wav(1, 16, body).replace(b"data" + struct.pack("<I", 16), b"data" + b"\xff\xff\xff\xff")
    assert len(parse_clip(streamed).channels[0]) == 8


def test_what_is_written_is_read_by_the_standard_library(tmp_path: Path) -> None:
    pcm = np.arange(-50, 50, dtype="<i2").tobytes()
    write_wav(tmp_path / "x.wav", pcm, 22050)
    with wave.open(str(tmp_path / "x.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (22050, 1, 2)
        assert file.readframes(100) == pcm
    assert read_clip(tmp_path / "x.wav").duration == pytest.approx(100 / 22050)


def test_resampling_keeps_the_duration() -> None:
    clip = parse_clip(wav_bytes(bytes(2 * 11025), 11025))
    assert len(mono(clip, 16000)) == 16000


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"ID3\x04 an mp3", "expected a WAV file"),
        (b"RIFF\0\0\0\0WAVE", "chunks 'fmt ' and 'data'"),
        (raw_wav(2, 4, b"\0\0"), "format 2, 4 bit"),
        (raw_wav(1, 16, b""), "empty file"),
        (raw_wav(3, 32, np.array([np.nan], "<f4").tobytes()), "NaN"),
        (raw_wav(1, 16, b"\0\0", channels=0), "found 0 at 16000"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(data: bytes, complaint: str) -> None:
    with pytest.raises(EmulatorError, match=complaint) as caught:
        parse_clip(data, "clip.wav")
    assert str(caught.value).startswith("clip.wav: ")


def test_a_missing_file_is_one_line() -> None:
    with pytest.raises(EmulatorError, match="no.wav: No such file"):
        read_clip(Path("/nowhere/no.wav"))


def test_the_standard_librarys_files_are_read() -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(struct.pack("<4h", 1, 2, 3, 4))
    assert [len(channel) for channel in parse_clip(buffer.getvalue()).channels] == [2, 2]
