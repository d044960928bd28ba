"""Uploads as PCM: WAV in a thread, every other format in a process that decodes it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from importlib.util import find_spec

import msgspec
import numpy as np

import dsp
from providers.dialects.audio.decoder import HIGHEST, LOWEST
from providers.dialects.audio.wav import is_wav, wav_sound
from providers.errors import BadRequest, ProvidersError, TooLarge
from providers.installing import install_command

__all__ = ["Sound", "decoded", "expanded", "linear"]

_DECODER_SECONDS = 60.0
"""Longest work of the decoder: an hour of mp3 takes about five."""
_FORMATS = "mp3, m4a, ogg, flac and webm"
_SIGNATURES = (b"ID3", b"OggS", b"fLaC", b"\x1a\x45\xdf\xa3", b"FORM", b"caff", b"#!AMR")
"""MP3 with a tag, Ogg, FLAC, Matroska and WebM, AIFF, Core Audio, AMR."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Sound of an upload."""

    channels: tuple[bytes, ...]
    """PCM of each channel, all of one length."""
    rate: int
    """Hz, 8000 … 48000."""

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.channels[0]) / 2 / self.rate


class _Head(msgspec.Struct):
    rate: int = 0
    channels: int = 0
    error: str = ""


async def decoded(data: bytes, *, longest: float, split: bool = False) -> Sound:
    """The sound of an upload.

    Parameters
    ----------
    longest
        Seconds.
    split
        Whether two channels stay apart; otherwise all are mixed to one.

    Raises
    ------
    BadRequest, TooLarge
        Nothing that can be decoded, or too long.
    """
    if is_wav(data):
        return await asyncio.to_thread(_from_wav, data, longest, split=split)
    if not data:
        raise BadRequest("file: expected sound, found an empty file")
    if not _is_known(data):
        raise BadRequest("file: expected WAV, mp3, m4a, ogg, flac or webm, found another format")
    if find_spec("av") is None:
        raise BadRequest(f"file: expected WAV, found another format; {_FORMATS} need: {install_command('audio')}")
    return await _by_decoder(data, longest, 2 if split else 1)


def linear(data: bytes, encoding: str, rate: int, channels: int, *, longest: float, split: bool = False) -> Sound:
    """The sound of headerless samples.

    Parameters
    ----------
    encoding
        linear16, mulaw or alaw.

    Raises
    ------
    BadRequest, TooLarge
        No whole frame, or too long.
    """
    pcm = expanded(data, encoding)
    frames = dsp.decode_pcm16(pcm[: len(pcm) // (2 * channels) * 2 * channels]).reshape(-1, channels)
    if not len(frames):
        raise BadRequest("body: expected sound, found none")
    if len(frames) / rate > longest:
        raise TooLarge(f"body: expected at most {longest:g} s of sound, found {len(frames) / rate:.0f} s")
    return _sound(frames, rate, split=split)


def expanded(data: bytes, encoding: str) -> bytes:
    """PCM of samples in linear16, mulaw or alaw."""
    if encoding == "linear16":
        return data
    codes = np.frombuffer(data, np.uint8)
    return dsp.encode_pcm16(dsp.mulaw_decode(codes) if encoding == "mulaw" else dsp.alaw_decode(codes))


def _from_wav(data: bytes, longest: float, *, split: bool) -> Sound:
    sound = wav_sound(data, longest=longest)
    return _sound(sound.frames, sound.rate, split=split)


def _sound(frames: dsp.Samples, rate: int, *, split: bool) -> Sound:
    """Frames of any rate and number of channels as a recogniser takes them."""
    parts = frames.T[:2] if split else [frames.mean(axis=1, dtype=np.float32)]
    wanted = min(max(rate, LOWEST), HIGHEST)
    return Sound(
        tuple(dsp.encode_pcm16(_resampled(np.ascontiguousarray(part), rate, wanted)) for part in parts), wanted
    )


def _resampled(samples: dsp.Samples, rate: int, wanted: int) -> dsp.Samples:
    if rate == wanted:
        return samples
    resampler = dsp.Resampler(rate, wanted)
    return np.concatenate([resampler.feed(samples), resampler.flush()])


def _is_known(data: bytes) -> bool:
    """Whether the first bytes are those of a format that the decoder knows; it saves a process for everything else."""
    is_mpeg = data[0] == 0xFF and len(data) > 1 and data[1] & 0xE0 == 0xE0
    return is_mpeg or data[4:8] == b"ftyp" or data.startswith(_SIGNATURES)


async def _by_decoder(data: bytes, longest: float, channels: int) -> Sound:
    async with _decoder(str(longest), str(channels)) as process:
        try:
            async with asyncio.timeout(_DECODER_SECONDS):
                told, _ = await process.communicate(data)
        except TimeoutError:
            raise BadRequest(f"file: expected one that is decoded within {_DECODER_SECONDS:g} s") from None
    line, _, pcm = told.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=_Head)
    except msgspec.DecodeError:
        raise BadRequest("file: expected sound in a known format, found one that ended its decoder") from None
    if head.error:
        raise TooLarge(head.error) if "at most" in head.error else BadRequest(head.error)
    return Sound(dsp.split_channels(pcm, head.channels) if head.channels > 1 else (pcm,), head.rate)


@contextlib.asynccontextmanager
async def _decoder(*arguments: str) -> AsyncGenerator[asyncio.subprocess.Process, None]:
    """The decoder's process; it has ended when the context is left."""
    command = (sys.executable, "-m", "providers.dialects.audio.decoder", *arguments)
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=nothing)
    except OSError as error:
        raise ProvidersError(f"the decoder could not start: {error.strerror}") from None
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
