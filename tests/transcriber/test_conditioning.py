"""Conditioning of the customer's channel before recognition."""

from __future__ import annotations

import asyncio
import random
import sys

import numpy as np
import pytest

from benchmarks.echo_paths import PATHS, scene
from dsp import FourierDenoisingPlan, PcmDecoder, encode_pcm16, rms_dbfs
from providers.endpoints import conditioning_options
from providers.errors import EngineUnavailable
from providers.transcriber.conditioning import Conditioner, ConditioningOptions
from providers.transcriber.suppression import NoiseSuppressor
from tests.fakes import ScriptedListener
from tests.live import serving, settings, start
from tests.transcriber.test_endpoint import eventually

RATE = 16000


def conditioned(options: ConditioningOptions, customer: bytes, assistant: bytes | None, *, seed: int = 0) -> bytes:
    async def scenario() -> bytes:
        conditioner, rng, at, done = Conditioner(options, RATE), random.Random(seed), 0, []
        while at < len(customer):
            end = at + 2 * rng.randint(1, 3000)
            far = None if assistant is None else assistant[at:end]
            done.append(await conditioner.feed(customer[at:end], far))
            at = end
        return b"".join(done)

    return asyncio.run(scenario())


def level(pcm: bytes) -> float:
    return rms_dbfs(PcmDecoder().feed(pcm))


@pytest.fixture(scope="module")
def echo() -> tuple[bytes, bytes]:
    """Six seconds of the assistant alone: the echo in the customer's channel, and the assistant's channel."""
    call = scene(RATE, PATHS[0], seconds=6.0, talk_from=6.0, seed=5)
    return encode_pcm16(call.heard), encode_pcm16(call.far)


@pytest.mark.parametrize("kind", ["gate", "cancel"])
def test_the_assistants_echo_is_removed(echo: tuple[bytes, bytes], kind: str) -> None:
    near, far = echo
    out = conditioned(ConditioningOptions(echo=kind), near, far)  # type: ignore[arg-type] # both are literals
    assert len(out) == len(near)
    assert level(out[2 * 3 * RATE :]) < level(near[2 * 3 * RATE :]) - 15


def test_any_division_of_the_input_gives_the_same_output(echo: tuple[bytes, bytes]) -> None:
    options = ConditioningOptions(echo="cancel", denoise=FourierDenoisingPlan())
    near, far = (pcm[: 2 * RATE] for pcm in echo)
    assert conditioned(options, near, far, seed=1) == conditioned(options, near, far, seed=2)


def test_a_mono_call_has_no_echo_and_may_be_denoised() -> None:
    noise = encode_pcm16((0.003 * np.random.default_rng(1).standard_normal(5 * RATE)).astype(np.float32))
    out = conditioned(ConditioningOptions(echo="cancel", denoise=FourierDenoisingPlan()), noise, None)
    assert level(out[-2 * RATE :]) < level(noise) - 10


@pytest.mark.parametrize("swap", [False, True])
def test_only_the_customers_channel_of_a_call_is_changed(echo: tuple[bytes, bytes], swap: bool) -> None:
    near, far = (np.frombuffer(pcm, "<i2")[: 4 * RATE] for pcm in echo)
    engine = ScriptedListener()
    chosen = settings(channels="both", echo="cancel", swap_channels=swap)
    with serving(transcriber=engine, chosen=chosen) as live, live.call() as socket:
        socket.send(start())
        socket.send(np.stack([far, near] if swap else [near, far], axis=1).tobytes())
        eventually(lambda: [len(pushed) for pushed in engine.pushed] == [8 * RATE, 8 * RATE])
    assert engine.pushed[1] == far.tobytes()
    assert level(bytes(engine.pushed[0][-4 * RATE :])) < level(near[-2 * RATE :].tobytes()) - 10


def test_every_parameter_of_the_plan_reaches_the_denoiser() -> None:
    chosen = settings(
        denoise=True,
        denoise_media_detection=False,
        denoise_static_threshold_db=-50,
        denoise_baseline_offset_db=-20,
        denoise_window_seconds=5,
        denoise_baseline_percentile=70,
    )
    assert conditioning_options(chosen) == ConditioningOptions(
        denoise=FourierDenoisingPlan(True, False, -50, -20, 5000, 70)
    )
    assert conditioning_options(settings()) == ConditioningOptions()


@pytest.mark.parametrize(("kind", "package"), [("webrtc", "webrtc_noise_gain"), ("rnnoise", "pyrnnoise")])
@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_smart_stage_takes_noise_out_and_keeps_the_length(kind: str, package: str, rate: int) -> None:
    pytest.importorskip(package, reason=f"{package} comes with an extra")
    stage = NoiseSuppressor(kind, rate)  # type: ignore[arg-type] # both are literals
    hiss = (0.01 * np.random.default_rng(1).standard_normal(4 * rate)).astype(np.float32)
    out = np.concatenate([stage.feed(hiss[at : at + 333]) for at in range(0, hiss.size, 333)])
    assert hiss.size - rate // 50 <= out.size <= hiss.size
    assert rms_dbfs(out[2 * rate :]) < rms_dbfs(hiss) - 4


def test_a_missing_package_is_told_when_the_server_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "webrtc_noise_gain", None)
    with pytest.raises(EngineUnavailable, match=r"denoise_smart: run pip install .*webrtc-ns"):
        conditioning_options(settings(denoise_smart="webrtc"))
