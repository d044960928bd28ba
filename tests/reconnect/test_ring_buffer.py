"""The ring of recent audio."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.reconnect.ring_buffer import RingBuffer

steps = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 60)), max_size=30)


@given(steps, st.integers(1, 40), st.sampled_from([2, 4]))
def test_it_holds_the_last_frames_that_were_not_forgotten(
    steps: list[tuple[int, int]], capacity: int, frame_bytes: int
) -> None:
    ring, stream, start = RingBuffer(frame_bytes, capacity), b"", 0
    for frames, forget in steps:
        pcm = bytes((len(stream) + place) % 251 for place in range(frames * frame_bytes))
        stream += pcm
        assert ring.append(pcm) == frames
        end = len(stream) // frame_bytes
        ring.forget(forget)
        start = min(max(start, end - capacity, forget), end)
        assert (ring.start, ring.end) == (start, end)
        assert ring.read(start, capacity + 1) == stream[start * frame_bytes :]
        assert ring.read((start + end) // 2, 3) == stream[(start + end) // 2 * frame_bytes :][: 3 * frame_bytes]
        assert len(ring._data) <= 2 * (capacity + frames) * frame_bytes, "what is dead is given back"


def test_what_is_gone_and_what_is_no_frame_are_refused() -> None:
    ring = RingBuffer(4, 2)
    ring.append(bytes(12))
    with pytest.raises(LookupError, match="expected a frame from 1 on, found 0"):
        ring.read(0, 1)
    with pytest.raises(ValueError, match="multiple of 4 bytes, found 6"):
        ring.append(bytes(6))
    with pytest.raises(ValueError, match="room for at least one frame"):
        RingBuffer(4, 0)
    assert ring.read(3, 5) == b""
