"""The storage format of recordings."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.cache.recording import Recording, recording_of
from providers.engines.base import Chunk, Word

seconds = st.floats(0, 600, allow_nan=False)
words = st.lists(st.builds(Word, st.text(), seconds, seconds), max_size=3).map(tuple)
pcm = st.binary(max_size=6_000).map(lambda drawn: drawn[: len(drawn) & ~1])
recordings = st.builds(Recording, pcm, st.integers(4000, 192000), words)


@given(recordings)
def test_a_recording_survives_encoding_and_decoding(recording: Recording) -> None:
    assert Recording.decode(recording.encode()) == recording


@given(st.binary(max_size=64) | recordings.map(lambda recording: recording.encode()[:-1]))
def test_foreign_or_cut_bytes_decode_to_none(stored: bytes) -> None:
    decoded = Recording.decode(stored)
    assert decoded is None or decoded.encode() == stored


@given(recordings, st.data())
def test_a_recording_with_a_flipped_bit_decodes_to_none(recording: Recording, data: st.DataObject) -> None:
    stored = bytearray(recording.encode())
    place = data.draw(st.integers(0, len(stored) * 8 - 1))
    stored[place // 8] ^= 1 << place % 8
    assert Recording.decode(bytes(stored)) is None


@pytest.mark.parametrize("rate", [0, 1, 3999, 192001, 2**32 - 1])
def test_a_recording_with_an_impossible_rate_decodes_to_none(rate: int) -> None:
    assert Recording.decode(Recording(b"ab", rate).encode()) is None


def test_deeply_nested_words_decode_to_none() -> None:
    words = b"[" * 100_000
    header = struct.pack("<4sIIII", b"VPR2", 8000, len(words), 2, zlib.crc32(words + b"ab", 8000))
    assert Recording.decode(header + words + b"ab") is None


@given(recordings.filter(lambda recording: bool(recording.pcm)))
def test_played_chunks_join_to_the_recording(recording: Recording) -> None:
    assert recording_of(list(recording.chunks())) == recording


def test_a_phrase_is_one_chunk_and_a_long_recording_several() -> None:
    played = Recording(bytes(2 * 8000 * 10), 8000).chunks()
    assert [len(chunk.pcm) / 16000 for chunk in played] == [4.0, 4.0, 2.0]


def test_a_fallback_engines_audio_no_audio_and_half_a_sample_are_not_kept() -> None:
    assert recording_of([]) is None
    assert recording_of([Chunk(b"", 8000)]) is None
    assert recording_of([Chunk(b"abc", 8000)]) is None
    assert recording_of([Chunk(b"ab", 8000, fallback_engine="b")]) is None
    assert recording_of([Chunk(b"a", 8000), Chunk(b"b", 8000)]) == Recording(b"ab", 8000)
