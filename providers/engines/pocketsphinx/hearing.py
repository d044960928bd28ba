"""What a recogniser of pocketsphinx is given: frames at the model's rate, and where a voice is in them.

The model knows no telephone: it was trained on 8 kHz of band, and with the upper half empty nearly every word is wrong
(97 of 100, on 64 words of the recordings for tuning). So each sample at 8 kHz is given twice, which mirrors the lower
half of the band into the upper, 4 dB lower at its edge and 15 dB at 6.8 kHz, where the model ends: 66 of 100.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dsp import PcmDecoder, Samples, Stage, VoiceActivity, encode_pcm16
from providers.engines.local.model import live_resampler

MODEL_RATE = 16000
"""Hz of the model that comes with pocketsphinx."""

TELEPHONE_RATE = 8000
"""Hz at which the upper half of the model's band is filled with a mirror of the lower."""

TELEPHONE_MEAN = "48.38,-0.61,0.64,2.23,2.11,-6.72,0.51,-0.92,-4.25,4.49,-2.44,2.76,1.89"
"""Mean cepstrum of such audio, over the recordings for tuning: the decoder's first estimate of the channel. With that
of the model 78 of 100 words were wrong, with this one 64."""

BEFORE = 0.5
"""Seconds before the detected start that are decoded too. The decoder estimates the channel from an utterance's mean,
and was trained on utterances with some silence around them."""

LEAST_VOICE = 0.2
"""Seconds of a voice in an utterance: a bark or a door is shorter, "no" is not."""


class _Doubled:
    """Every sample twice: the lower half of the band, and its mirror in the upper."""

    def feed(self, samples: Samples) -> Samples:
        """The next samples."""
        return np.repeat(samples, 2)

    def flush(self) -> Samples:
        """Nothing is held."""
        return np.zeros(0, dtype=np.float32)


class ModelFrames:
    """Frames of the detector's length, from PCM of any rate that is cut anywhere."""

    def __init__(self, rate: int, frame_bytes: int) -> None:
        self._size = frame_bytes
        self.seconds = frame_bytes / 2 / MODEL_RATE
        self._pcm = PcmDecoder()
        doubled = rate == TELEPHONE_RATE
        self._resampler: _Doubled | Stage = _Doubled() if doubled else live_resampler(rate, MODEL_RATE)
        self._buffer = bytearray()
        self.voice = VoicePresence(narrow=doubled)
        """As far as the frames were handed out."""

    def feed(self, pcm: bytes) -> Iterator[bytes]:
        """Whole frames of the next audio."""
        return self._cut(encode_pcm16(self._resampler.feed(self._pcm.feed(pcm))))

    def flush(self) -> Iterator[bytes]:
        """Whole frames of what the resampler still holds."""
        return self._cut(encode_pcm16(self._resampler.flush()))

    @property
    def remainder(self) -> bytes:
        """What does not fill a frame."""
        return bytes(self._buffer)

    def _cut(self, pcm: bytes) -> Iterator[bytes]:
        self._buffer += pcm
        while len(self._buffer) >= self._size:
            frame = bytes(self._buffer[: self._size])
            del self._buffer[: self._size]
            self.voice.feed(frame)
            yield frame


class VoicePresence:
    """Whether a voice was heard lately, and not noise or music.

    Parameters
    ----------
    narrow
        Whether each sample comes twice, see `_Doubled`.
    """

    def __init__(self, *, narrow: bool) -> None:
        self._step = 2 if narrow else 1
        self._activity = VoiceActivity(MODEL_RATE // self._step)
        self._silence = 0.0
        self._heard = False
        self.seconds = 0.0
        """Of a voice, since this was last set to 0."""

    @property
    def heard(self) -> bool:
        """Whether a voice was heard within the time that a start is reported late."""
        return self._heard and self._silence <= BEFORE

    def feed(self, frame: bytes) -> None:
        """Take in the next frame."""
        samples = np.frombuffer(frame, dtype="<i2")[:: self._step].astype(np.float32) / np.float32(32768)
        self._activity.feed(samples)
        passed = len(samples) * self._step / MODEL_RATE
        self._silence += passed
        if self._activity.speaking:
            self._heard, self._silence = True, 0.0
            self.seconds += passed
