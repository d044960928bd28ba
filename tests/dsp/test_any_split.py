"""The checker itself: it must find each of the faults it exists for."""

from __future__ import annotations

import numpy as np
import pytest

from dsp import PcmDecoder, Resampler, Samples
from dsp.stage import SILENCE
from tests.dsp.any_split import assert_any_split, assert_isolated

NOISE = np.random.default_rng(5).uniform(-1, 1, 3000).astype(np.float32)


class Gain:
    """Times two; the faulty ones below each break one promise."""

    def feed(self, samples: Samples) -> Samples:
        return samples * np.float32(2)

    def flush(self) -> Samples:
        return SILENCE.copy()


class PerCall(Gain):
    def feed(self, samples: Samples) -> Samples:
        return samples - samples.mean() if samples.size else samples.copy()


class Forgetful(Gain):
    """Does not start anew after flush."""

    def __init__(self) -> None:
        self.fed = 0

    def feed(self, samples: Samples) -> Samples:
        numbers = np.arange(self.fed, self.fed + len(samples), dtype=np.float32)
        self.fed += len(samples)
        return numbers


class Borrower(Gain):
    """Keeps the caller's memory for later."""

    def __init__(self) -> None:
        self.kept = SILENCE

    def feed(self, samples: Samples) -> Samples:
        self.kept, answer = samples, self.kept
        return answer

    def flush(self) -> Samples:
        self.kept, answer = SILENCE, self.kept
        return answer


class Shared(Gain):
    """Keeps its state on the class."""

    total = np.float32(0)

    def feed(self, samples: Samples) -> Samples:
        sums = np.cumsum(np.concatenate([[Shared.total], samples]))[1:].astype(np.float32)
        if samples.size:
            Shared.total = sums[-1]
        return sums

    def flush(self) -> Samples:
        Shared.total = np.float32(0)
        return SILENCE.copy()


def test_an_honest_stage_passes() -> None:
    assert_any_split(Gain, NOISE)
    assert_isolated(Gain, [NOISE], [NOISE[::-1]])


def test_the_joined_output_is_handed_back() -> None:
    assert np.array_equal(assert_any_split(Gain, NOISE), NOISE * 2)


@pytest.mark.parametrize("faulty", [PerCall, Forgetful, Borrower])
def test_a_stage_that_depends_on_the_cut_is_found(faulty: type[Gain]) -> None:
    with pytest.raises(AssertionError):
        assert_any_split(faulty, NOISE)


def test_shared_state_is_found() -> None:
    with pytest.raises(AssertionError):
        assert_isolated(Shared, [NOISE], [NOISE[::-1]])


def test_the_resampler_and_the_decoder_pass() -> None:
    for make in (lambda: Resampler(22050, 8000), lambda: Resampler(8000, 8000)):
        assert_any_split(make, NOISE)
        assert_isolated(make, [NOISE], [NOISE[::-1]])
    pcm = np.random.default_rng(6).bytes(4000)
    assert_any_split(PcmDecoder, pcm)
    assert_isolated(PcmDecoder, [pcm], [pcm[::-1]])
