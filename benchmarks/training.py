"""``python -m benchmarks.training``: the weights of `dsp.VoiceActivity`, found on the tuning set of the recordings.

Mixes speakers, noises and music of the set ``tuning`` at random levels, takes the features that the detector takes,
and trains its network on them by Adam. It needs jax (``pip install jax``) and half an hour. The weights that come with
the package were found in the same way on a larger tuning set, which held meetings, babble, measured rooms and G.711 as
well: a run on other recordings gives other weights, so judge them before you replace any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks import recordings
from benchmarks.signals import NOMINAL_DBFS, activity, at_level, level_db
from dsp import Samples
from dsp.activity_features import HOP, SIZE, ActivityFeatures
from dsp.activity_network import SHAPES, UNITS

Floats: TypeAlias = NDArray[np.float32]
RATE, SECONDS = 8000, 20
"""Hz and seconds of one mix; the features look at the telephone band alone."""
RUN = 500
"""Hops through which the gradient goes back: ten seconds."""
SETTLE = 25
"""Hops at the start of a run that do not count."""
CLEAN_DB = 36.0
"""dB between the loud and the quiet frames of a recording that may say where speech is."""


class TrainingMaterial:
    """Recordings of the tuning set, mixed at random."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._speakers: dict[str, list[Samples]] = defaultdict(list)
        for one in recordings.listed(kind="speech", which="tuning"):
            spoken = recordings.load(one, RATE)
            if _is_clean(spoken):
                self._speakers[one.speaker].append(spoken)
        self._backgrounds = {
            kind: [recordings.load(one, RATE) for one in recordings.listed(kind=kind, which="tuning")]
            for kind in ("noise", "music")
        }

    def mix(self) -> tuple[Samples, Floats]:
        """A line and the share of speech in each of its hops."""
        rng, line = self._rng, np.zeros(RATE * SECONDS, dtype=np.float32)
        truth = np.zeros(100 * SECONDS, dtype=np.bool_)
        if rng.random() < 0.75:
            self._talk(line, truth)
        line += at_level(self._background(line.size), NOMINAL_DBFS - rng.uniform(-5, 35))
        line *= np.float32(10 ** (rng.uniform(-22, 10) / 20))
        heard = np.round(np.clip(line, -1, 1) * 32768) / np.float32(32768)
        return heard.astype(np.float32), truth.reshape(-1, 2).mean(axis=1, dtype=np.float32)

    def _talk(self, line: Samples, truth: NDArray[np.bool_]) -> None:
        rng = self._rng
        speaker = self._speakers[str(rng.choice(sorted(self._speakers)))]
        pauses = (0.2, 2.2) if rng.random() < 0.55 else (1.5, 7.0)
        at = int(rng.uniform(0, 2) * 100)
        while at < truth.size:
            spoken = speaker[int(rng.integers(len(speaker)))]
            spoken = at_level(spoken, NOMINAL_DBFS + rng.uniform(-6, 6), active=activity(spoken, RATE))
            said, place = activity(spoken, RATE), at * RATE // 100
            line[place : place + spoken.size] += spoken[: line.size - place]
            truth[at : at + said.size] |= said[: truth.size - at]
            at += said.size + int(rng.uniform(*pauses) * 100)

    def _background(self, size: int) -> Samples:
        rng = self._rng
        kinds = [kind for kind, found in self._backgrounds.items() if found]
        if not kinds or rng.random() < 0.15:
            return rng.standard_normal(size).astype(np.float32)
        some = self._backgrounds[str(rng.choice(kinds))]
        sound = some[int(rng.integers(len(some)))]
        return np.resize(np.roll(sound, int(rng.integers(sound.size))), size) + np.float32(1e-9)


def _is_clean(spoken: Samples) -> bool:
    frames = spoken[: spoken.size // 80 * 80].reshape(-1, 80)
    levels = np.array([level_db(frame) for frame in frames])
    return levels.size > 30 and float(np.quantile(levels, 0.9) - np.quantile(levels, 0.04)) > CLEAN_DB


def features(line: Samples) -> Floats:
    """What the detector sees of a line, shape (hops, SIZE)."""
    seen = ActivityFeatures(RATE)
    hop = round(RATE * HOP)
    padded = np.concatenate([np.zeros(seen.window - hop, dtype=np.float32), line])
    return np.stack([seen.of(padded[at : at + seen.window]) for at in range(0, line.size - hop + 1, hop)])


def fit(seen: Floats, truth: Floats, *, rounds: int, batch: int = 64) -> list[Floats]:
    """Weights in the order of `dsp.activity_network.SHAPES`."""
    import jax

    rng = np.random.default_rng(1)
    state: Any = [
        (rng.standard_normal(shape) / np.sqrt(shape[0]) if len(shape) > 1 else np.zeros(shape)).astype(np.float32)
        for shape in SHAPES
    ]
    state[6] = (rng.standard_normal(UNITS) / np.sqrt(UNITS)).astype(np.float32)
    first, second = (jax.tree.map(np.zeros_like, state) for _ in range(2))
    step = jax.jit(partial(_step, jax.value_and_grad(_loss)))
    total = rounds * (len(seen) // batch)
    for count in range(1, total + 1):
        chosen = rng.choice(len(seen), batch, replace=False)
        rate = 4e-3 * min(1.0, count / 50) * (0.5 + 0.5 * np.cos(np.pi * count / total)) + 1e-5
        state, first, second, loss = step(state, first, second, seen[chosen], truth[chosen], rate, count)
        if count % 50 == 0:
            click.echo(f"{count} of {total}: {float(loss):.4f}", err=True)
    return [np.asarray(part, dtype=np.float32) for part in state]


def _loss(state: Any, seen: Any, truth: Any) -> Any:
    import jax
    from jax import numpy as jnp

    layer, layer_bias, inner, inner_bias, recurrent, recurrent_bias, output, output_bias = state
    given = jnp.tanh(seen @ layer + layer_bias) @ inner + inner_bias

    def hop(hidden: Any, new: Any) -> Any:
        back = hidden @ recurrent + recurrent_bias
        gates = jax.nn.sigmoid(new[:, : 2 * UNITS] + back[:, : 2 * UNITS])
        candidate = jnp.tanh(new[:, 2 * UNITS :] + gates[:, :UNITS] * back[:, 2 * UNITS :])
        hidden = candidate + gates[:, UNITS:] * (hidden - candidate)
        return hidden, hidden

    _, hidden = jax.lax.scan(hop, jnp.zeros((seen.shape[0], UNITS)), jnp.swapaxes(given, 0, 1))
    logit = jnp.swapaxes(hidden, 0, 1) @ output + output_bias[0]
    return (jax.nn.softplus(logit) - logit * truth)[:, SETTLE:].mean()


def _step(slope: Any, state: Any, first: Any, second: Any, seen: Any, truth: Any, rate: Any, count: Any) -> Any:
    """One step of Adam on a gradient no longer than one."""
    import jax
    from jax import numpy as jnp

    loss, gradient = slope(state, seen, truth)
    length = jnp.sqrt(sum(jnp.sum(part**2) for part in gradient))
    gradient = [part * jnp.minimum(1, 1 / length) for part in gradient]
    first = [0.9 * old + 0.1 * new for old, new in zip(first, gradient, strict=True)]
    second = [0.999 * old + 0.001 * new**2 for old, new in zip(second, gradient, strict=True)]
    moved = [
        part - rate * (mean / (1 - 0.9**count)) / (jnp.sqrt(square / (1 - 0.999**count)) + 1e-8)
        for part, mean, square in zip(state, first, second, strict=True)
    ]
    return jax.tree.map(jnp.asarray, moved), first, second, loss


def _runs(parts: Sequence[Floats], *shape: int) -> Floats:
    return np.concatenate(parts).reshape(-1, RUN, *shape)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--mixes", default=800, show_default=True, help="Lines of 20 s.")
@click.option("--rounds", default=40, show_default=True, help="Passes over all of them.")
def main(target: Path, mixes: int, rounds: int) -> None:
    """Train the voice detector's network and write its weights to TARGET, as float16."""
    material = TrainingMaterial(seed=1)
    pairs = [material.mix() for _ in range(mixes)]
    seen = _runs([features(line) for line, _ in pairs], SIZE)
    weights = fit(seen, _runs([truth for _, truth in pairs]), rounds=rounds)
    target.write_bytes(b"".join(part.astype("<f2").tobytes() for part in weights))
    click.echo(f"{sum(part.size for part in weights)} weights in {target}")


if __name__ == "__main__":
    main()
