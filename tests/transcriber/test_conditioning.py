"""Conditioning of the customer's channel before recognition."""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest

from benchmarks.echo_paths import PATHS, scene
from dsp import PcmDecoder, encode_pcm16, rms_dbfs
from providers.transcriber.conditioning import Conditioner, ConditioningOptions
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
    options = ConditioningOptions(echo="cancel", denoise=True)
    near, far = (pcm[: 2 * RATE] for pcm in echo)
    assert conditioned(options, near, far, seed=1) == conditioned(options, near, far, seed=2)


def test_a_mono_call_has_no_echo_and_may_be_denoised() -> None:
    noise = encode_pcm16((0.003 * np.random.default_rng(1).standard_normal(5 * RATE)).astype(np.float32))
    out = conditioned(ConditioningOptions(echo="cancel", denoise=True), noise, None)
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
