"""The compiled kernels against the numpy code, with every instruction set that this processor has."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy import signal

import dsp
from dsp import (
    ActivityEvent,
    EchoCanceller,
    FourierDenoiser,
    FourierDenoisingPlan,
    Limiter,
    LiveResampler,
    ParameterError,
    Samples,
    VoiceActivity,
    backends,
)
from tests.dsp.any_split import run
from tests.dsp.voices import speech

native = backends.built()
pytestmark = pytest.mark.skipif(native is None, reason="the kernels were not built: no C compiler")

VARIANTS = native.variants() if native else []


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> Iterator[str]:
    """One instruction set after the other."""
    assert native is not None
    native.use(request.param)
    yield request.param
    native.use(VARIANTS[0])


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    dsp.use_backend("auto")


def both(work: Callable[[], Any]) -> tuple[Any, Any]:
    """What the numpy code answers, and what the kernels do."""
    answers = []
    for name in ("numpy", "native"):
        dsp.use_backend(name)
        answers.append(work())
    return answers[0], answers[1]


def apart(one: Samples, other: Samples) -> float:
    """Energy of the difference over that of the first, in dB."""
    assert one.shape == other.shape
    assert one.dtype == other.dtype
    difference = one.astype(np.float64) - other
    return float(10 * np.log10((difference @ difference + 1e-30) / (one.astype(np.float64) @ one + 1e-20)))


def test_the_baseline_is_always_there() -> None:
    assert VARIANTS[-1] == "baseline"


def test_the_backend_is_named_and_can_be_chosen() -> None:
    dsp.use_backend("numpy")
    assert dsp.backend() == "numpy"
    dsp.use_backend("native")
    assert dsp.backend() == "native"
    with pytest.raises(ParameterError, match="backend: expected auto, native or numpy, found 'fast'"):
        dsp.use_backend("fast")


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("size", [0, 1, 2, 15, 16, 17, 31, 33, 63, 65, 160, 1001, 40_000])
def test_bytes_and_codes_are_the_same_to_the_bit(size: int) -> None:
    rng = np.random.default_rng(size)
    samples = (rng.standard_normal(size) * 0.7).astype(np.float32)
    pcm, codes = rng.bytes(4 * size), rng.bytes(size)

    def work() -> list[bytes]:
        return [
            dsp.encode_pcm16(samples),
            *dsp.split_channels(pcm),
            dsp.PcmDecoder().feed(pcm).tobytes(),
            *(encode(samples).tobytes() for encode in (dsp.mulaw_encode, dsp.alaw_encode)),
            *(decode(codes).tobytes() for decode in (dsp.mulaw_decode, dsp.alaw_decode)),
        ]

    expected, found = both(work)
    assert found == expected


@pytest.mark.usefixtures("variant")
def test_every_sample_and_every_code_is_the_same_to_the_bit() -> None:
    halves = (np.arange(-65540, 65540) / 65536).astype(np.float32)
    every = bytes(range(256))

    def work() -> list[bytes]:
        encoded = [encode(halves).tobytes() for encode in (dsp.mulaw_encode, dsp.alaw_encode)]
        return encoded + [decode(every).tobytes() for decode in (dsp.mulaw_decode, dsp.alaw_decode)]

    expected, found = both(work)
    assert found == expected


RATES = [(8000, 16000), (16000, 8000), (48000, 16000), (44100, 8000), (8000, 22050), (22050, 32000), (4000, 192000)]


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize(("in_rate", "out_rate"), RATES)
def test_the_live_resampler_differs_by_rounding(in_rate: int, out_rate: int) -> None:
    samples = speech(in_rate, 0.3)
    cuts = [5, 5, 200, 1000]
    expected, found = both(lambda: run(LiveResampler(in_rate, out_rate), [samples], cuts))
    assert apart(expected, found) <= -125


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("rate", [8000, 44100])
def test_the_limiter_is_the_same_to_the_bit_and_differs_by_rounding_between_samples(rate: int) -> None:
    quiet, loud = speech(rate, 0.3, level=-40), speech(rate, 0.6, level=3)
    words = np.concatenate([quiet, loud, quiet, np.zeros(rate // 5, np.float32), loud[::-1]])
    expected, found = both(lambda: run(Limiter(rate, true_peak=False), [words], [3, 4000, 4001]))
    assert found.tobytes() == expected.tobytes()
    expected, found = both(lambda: run(Limiter(rate), [words], [3, 4000, 4001]))
    assert apart(expected, found) <= -110


def in_noise(rate: int) -> Samples:
    """Loud, faint and no speech, in hiss."""
    words = [speech(rate, 2), np.zeros(rate, np.float32), speech(rate, 2, seed=3, level=-45), speech(rate, 1, seed=4)]
    joined = np.concatenate(words)
    return np.asarray(joined + 0.002 * np.random.default_rng(7).standard_normal(joined.size), dtype=np.float32)


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_the_voice_detector_finds_the_same_events(rate: int) -> None:
    line = in_noise(rate)

    def work() -> tuple[list[ActivityEvent], Samples]:
        activity, probabilities, events = VoiceActivity(rate), [], []
        for start in range(0, line.size, rate // 50):
            events += activity.feed(line[start : start + rate // 50])
            probabilities.append(activity.probability)
        return events + activity.flush(), np.array(probabilities, dtype=np.float32)

    (expected, old), (found, new) = both(work)
    assert found == expected
    assert expected
    assert np.abs(old - new).max() <= 1e-3  # of a decision at 0.4 or 0.6


PLANS = [
    FourierDenoisingPlan(),
    FourierDenoisingPlan(window_size_ms=1000, baseline_percentile=60, baseline_offset_db=-10),
    FourierDenoisingPlan(media_detection_enabled=False, static_threshold_db=-30),
    FourierDenoisingPlan(enabled=False),
]


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_the_denoiser_differs_by_rounding(plan: FourierDenoisingPlan, rate: int) -> None:
    line = in_noise(rate)

    def work() -> tuple[Samples, float]:
        denoiser = FourierDenoiser(plan, rate)
        out = denoiser.feed(line)
        threshold = denoiser.threshold
        return np.concatenate([out, denoiser.flush()]), threshold

    (expected, old), (found, new) = both(work)
    assert apart(expected, found) <= -110
    assert old == new


def echo_of(far: Samples, rate: int, late: float) -> Samples:
    """An echo of half the amplitude through a short room."""
    room = np.zeros(round((late + 0.05) * rate))
    tail = np.arange(round(0.05 * rate))
    room[-tail.size :] = np.random.default_rng(9).standard_normal(tail.size) * np.exp(-tail / (0.01 * rate))
    room *= 0.5 / np.sqrt(room @ room)
    return np.asarray(signal.fftconvolve(far, room)[: far.size], dtype=np.float32)


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("rate", [8000, 16000, 11025])
def test_the_echo_canceller_differs_by_rounding(rate: int) -> None:
    far = speech(rate, 6)
    near = echo_of(far, rate, 0.06)
    near[3 * rate :] += 0.5 * speech(rate, 3, seed=2)
    near[4 * rate : 5 * rate] = 0
    far[5 * rate :] = 0
    expected, found = both(lambda: run(EchoCanceller(rate), [near, far], [7, 100, 5000]))
    assert apart(near, near + (found - expected)[: near.size]) <= -100


@pytest.mark.usefixtures("variant")
@pytest.mark.parametrize("rate", [8000, 16000])
def test_the_echo_canceller_follows_clocks_and_jumps_as_the_numpy_code_does(rate: int) -> None:
    far = speech(rate, 7, level=-20)
    echo = echo_of(far, rate, 0.06)
    at = np.arange(echo.size)
    drifting = np.interp(at * (1 - 2e-4), at, echo)  # 200 ppm
    late = round(0.03 * rate)
    jumped = np.concatenate([drifting[: 4 * rate], drifting[4 * rate - late : -late]]).astype(np.float32)
    expected, found = both(lambda: run(EchoCanceller(rate), [jumped, far], [777]))
    before, after = slice(4 * rate), slice(6 * rate, 7 * rate)
    assert (
        apart(jumped[before], (jumped[: found.size - rate // 50] + (found - expected)[: jumped.size])[before]) <= -100
    )
    # Where it jumps, the likeness of two neighbouring places decides by its last digits: from there on by the figures.
    left = [float(20 * np.log10(np.std(out[after]) / np.std(jumped[after]))) for out in (expected, found)]
    assert abs(left[0] - left[1]) <= 1
    assert left[1] <= -20


def test_the_echo_canceller_forgets_and_looks_again_as_the_numpy_code_does() -> None:
    rate = 8000
    far, other = speech(rate, 8), speech(rate, 3, seed=5)
    near = np.concatenate([other, echo_of(far, rate, 0.03)[3 * rate : 5 * rate], echo_of(far, rate, 0.2)[5 * rate :]])
    expected, found = both(lambda: run(EchoCanceller(rate), [near, far], []))
    assert apart(near, near + (found - expected)[: near.size]) <= -100
    left = float(np.std(found[7 * rate :]) / np.std(near[7 * rate :]))
    assert left < 0.1, "an echo that moved by 170 ms is found again"


def test_a_stage_fed_by_two_threads_at_once_says_so() -> None:
    dsp.use_backend("native")
    canceller = EchoCanceller(8000)
    samples = np.zeros(8000 * 300, dtype=np.float32)
    samples[:] = np.random.default_rng(1).uniform(-0.1, 0.1, samples.size)
    errors: list[Exception] = []

    def feed() -> None:
        try:
            canceller.feed(samples, samples)
        except RuntimeError as error:
            errors.append(error)

    threads = [threading.Thread(target=feed) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [str(error) for error in errors] in ([], ["a stage was fed by two threads at once"])
    assert canceller.feed(samples[:160], samples[:160]).size == 160


def test_a_kernel_refuses_lengths_that_do_not_belong_together() -> None:
    assert native is not None
    bind: Callable[..., Any] = native.bind
    floats, counts = np.zeros(64, np.float32), np.zeros(1, np.int64)
    numbers = (20, 40, 44, 1, 40, 8000, 16000)
    with pytest.raises(ValueError, match="fir: expected lengths and positions that belong together"):
        bind("fir", numbers, (floats, counts, floats, counts))
    with pytest.raises(ValueError, match="another count of arrays"):
        bind("fir", numbers, (floats,))
    with pytest.raises(ValueError, match="another count of numbers"):
        bind("fir", numbers[1:], (floats, counts, floats, counts))
    with pytest.raises(ValueError, match="other dtypes"):
        bind("fir", numbers, (counts, counts, floats, counts))
    with pytest.raises(ValueError, match="found no kind 'soup'"):
        bind("soup", (), ())
    read_only = np.zeros(64, np.float32)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        bind("fir", numbers, (read_only, counts, floats, counts))


@pytest.mark.parametrize("room", [0, 1, 639, 641])
def test_a_kernel_refuses_room_of_another_length(room: int) -> None:
    assert native is not None
    with pytest.raises(ValueError, match="expected"):
        native.decode(bytes(1280), np.zeros(room, np.float32))
    with pytest.raises(ValueError, match="expected"):
        native.expand(0, bytes(640), np.zeros(room, np.float32))
    with pytest.raises(ValueError, match="expected"):
        native.compand(1, np.zeros(640, np.float32), np.zeros(room, np.uint8))
    with pytest.raises(ValueError, match="law: expected 0 or 1"):
        native.expand(2, bytes(640), np.zeros(640, np.float32))
    stage = LiveResampler(8000, 16000)
    assert stage._kernel is not None
    with pytest.raises(ValueError, match="expected room for 640 samples"):
        stage._kernel.run(np.zeros(320, np.float32), np.zeros(room, np.float32), 0)
    for filled in (-1, 160):
        with pytest.raises(ValueError, match="position"):
            stage._kernel.run(np.zeros(320, np.float32), np.zeros(640, np.float32), filled)


@pytest.mark.parametrize("module", ["None", "types.SimpleNamespace(interface=0)"])
def test_without_the_compiled_module_or_with_one_of_older_sources_numpy_does_the_work(module: str) -> None:
    script = (
        f"import sys, types; sys.modules['dsp._native'] = {module}\n"
        "import dsp, numpy as np\n"
        "assert dsp.backend() == 'numpy'\n"
        "assert dsp.LiveResampler(8000, 16000).feed(np.ones(160, np.float32)).size == 320\n"
        "try: dsp.use_backend('native')\n"
        "except dsp.ParameterError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert "which was not built from these sources" in done.stdout
