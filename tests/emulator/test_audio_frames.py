"""A call's audio keeps its bytes and its pace, however it is cut."""

import asyncio
from collections.abc import Iterable

import pytest

from providers.emulator.audio_frames import Piece, duration, frames, interleaved, odd_frames, paced, pause, quiet


def joined(pieces: Iterable[Piece]) -> bytes:
    return b"".join(piece.payload for piece in pieces if isinstance(piece.payload, bytes))


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_a_second_is_fifty_frames_at_any_rate(rate: int) -> None:
    pcm = bytes(range(256)) * (rate * 4 // 256 + 1)
    pcm = pcm[: rate * 4]
    cut = list(frames(pcm, rate))
    assert len(cut) == 50
    assert joined(cut) == pcm
    assert duration(cut) == pytest.approx(1.0)
    assert all(len(piece.payload) % 4 == 0 for piece in cut)


def test_a_frame_at_sixteen_kilohertz_is_1280_bytes() -> None:
    assert {len(piece.payload) for piece in quiet(1.0, 16000)} == {1280}


def test_the_last_part_of_a_frame_is_sent_too() -> None:
    assert joined(frames(b"abcd" * 5, 16000)) == b"abcd" * 5


def test_customer_is_channel_zero_and_the_shorter_side_ends_in_silence() -> None:
    assert interleaved(b"\x01\x00\x02\x00", b"\x09\x00") == b"\x01\x00\x09\x00\x02\x00\x00\x00"


def test_odd_frames_carry_the_same_bytes_at_the_same_pace() -> None:
    whole = list(frames(bytes(range(256)) * 100, 16000))
    odd = list(odd_frames(whole))
    assert joined(odd) == joined(whole)
    assert duration(odd) == pytest.approx(duration(whole))
    assert sum(len(piece.payload) % 2 for piece in odd) > len(odd) * 0.9


def test_text_between_odd_frames_stays_where_it_is() -> None:
    pieces = [Piece(b"abcdefgh", 0.02), Piece("note", 0.0), Piece(b"ijklmnop", 0.02)]
    odd = list(odd_frames(pieces))
    assert [piece.payload for piece in odd if isinstance(piece.payload, str)] == ["note"]


def test_a_late_piece_does_not_delay_the_ones_after_it() -> None:
    """With a clock that jumps 1 s at the third piece, nothing sleeps until the stream has caught up."""
    now = [0.0]

    def clock() -> float:
        return now[0]

    async def scenario() -> list[float]:
        at = []
        stream = paced([Piece(bytes([1]), 0.02)] * 6, clock=clock)
        async for _ in stream:
            at.append(now[0])
            now[0] += 1.0 if len(at) == 3 else 0.02
        return at

    assert asyncio.run(scenario()) == pytest.approx([0.0, 0.02, 0.04, 1.04, 1.06, 1.08])


def test_a_pause_sends_nothing() -> None:
    async def scenario() -> list[bytes | str]:
        return [payload async for payload in paced([Piece(b"a", 0.0), pause(0.01), Piece(b"b", 0.0)])]

    assert asyncio.run(scenario()) == [b"a", b"b"]
