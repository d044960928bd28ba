"""WebRTC's audio processing, as two wheels bring it; all of it takes int16 in blocks of 10 ms."""

from __future__ import annotations

from typing import Any

from benchmarks.case import Unfit
from benchmarks.peers.stream import Stream, in_blocks


class Apm:
    """The audio processing module in livekit's wheel: AEC3, noise suppression, gain control."""

    def __init__(self, rate: int, **features: bool) -> None:
        from livekit import rtc

        self._frame = rtc.AudioFrame
        self._module = rtc.AudioProcessingModule(**features)
        self._rate = rate
        self.block = 2 * rate // 100
        """Bytes of 10 ms."""

    def _around(self, block: bytes) -> tuple[bytearray, Any]:
        data = bytearray(block)
        return data, self._frame(data, self._rate, 1, self._rate // 100)

    def near(self, block: bytes) -> bytes:
        """Process 10 ms of the microphone's side."""
        data, frame = self._around(block)
        self._module.process_stream(frame)
        return bytes(data)

    def far(self, block: bytes) -> None:
        """Show 10 ms of what the loudspeaker is about to play."""
        self._module.process_reverse_stream(self._around(block)[1])

    def expect_delay(self, seconds: float) -> None:
        """The hint that AEC3 wants; its own estimator corrects it."""
        self._module.set_stream_delay_ms(round(1000 * seconds))


def apm_suppressor(rate: int) -> Stream:
    """WebRTC's current noise suppressor."""
    module = Apm(rate, noise_suppression=True)
    return Stream(in_blocks(module.near, module.block), pcm=True)


def apm_leveller(rate: int) -> Stream:
    """WebRTC's current automatic gain control."""
    module = Apm(rate, auto_gain_control=True)
    return Stream(in_blocks(module.near, module.block), pcm=True)


def noise_gain(rate: int, *, suppression: int = 2, gain_dbfs: int = 0) -> Stream:
    """The older suppressor and gain control, as voice assistants use it: 16 kHz only."""
    from webrtc_noise_gain import AudioProcessor

    if rate != 16_000:
        raise Unfit("16 kHz only")
    process = AudioProcessor(gain_dbfs, suppression).Process10ms

    def clean(block: bytes) -> bytes:
        audio: bytes = process(block).audio
        return audio

    return Stream(in_blocks(clean, 320), pcm=True)
