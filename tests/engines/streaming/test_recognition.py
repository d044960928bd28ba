"""Audio on its way to a vendor: nothing is lost, nothing is reordered, and the cut of the input does not matter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from providers.engines.streaming.recognition import AudioFormer


@given(
    frames=st.lists(st.integers(0, 40), max_size=20), milliseconds=st.integers(0, 8), channels=st.sampled_from([1, 2])
)
def test_all_audio_arrives_in_messages_of_the_least_length_and_the_rest_at_the_end(
    frames: list[int], milliseconds: int, channels: int
) -> None:
    audio = bytes(number % 251 for number in range(2 * channels * sum(frames)))
    former = AudioFormer(8000, 8000, chunk=milliseconds / 1000, channels=channels)
    sent, position = [], 0
    for count in frames:
        step = 2 * channels * count
        sent.append(former.feed(audio[position : position + step]))
        position += step
    rest = former.flush()
    assert b"".join([*sent, rest]) == audio
    least = 2 * channels * 8 * milliseconds
    assert all(len(message) >= least for message in sent if message)
    assert len(rest) < least or not rest
