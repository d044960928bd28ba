"""The voice detector's network: one layer, one gated recurrent unit, one output; 12 thousand weights."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dsp.activity_features import SIZE, Features

Floats: TypeAlias = NDArray[np.float32]

UNITS = 40
"""Units of the layer, and of the recurrent unit."""
FILE = "activity.weights"
"""float16, little-endian, in the order and the shapes of `SHAPES`."""


class Weights(NamedTuple):
    """What training found (`benchmarks.training`); all float32, inputs along the first axis."""

    layer: Floats
    layer_bias: Floats
    inner: Floats
    """From the layer to the reset gate, the update gate and the candidate, side by side."""
    inner_bias: Floats
    recurrent: Floats
    """From the state to the same three."""
    recurrent_bias: Floats
    output: Floats
    output_bias: Floats


SHAPES = Weights._make(
    [(SIZE, UNITS), (UNITS,), (UNITS, 3 * UNITS), (3 * UNITS,), (UNITS, 3 * UNITS), (3 * UNITS,), (UNITS,), (1,)]
)


@cache
def weights() -> Weights:
    """The weights that come with the package, read once."""
    flat = np.frombuffer(resources.files("dsp").joinpath(FILE).read_bytes(), dtype="<f2").astype(np.float32)
    parts, at = [], 0
    for shape in SHAPES:
        size = int(np.prod(shape))
        part = flat[at : at + size].reshape(shape)
        part.flags.writeable = False
        parts.append(part)
        at += size
    return Weights._make(parts)


class ActivityNetwork:
    """Probability of speech, hop after hop.

    Notes
    -----
    The gated recurrent unit is that of K. Cho et al., "Learning phrase representations using RNN encoder-decoder",
    EMNLP 2014, with the reset gate behind the product, as J.-M. Valin uses it for speech in "A hybrid DSP/deep learning
    approach to real-time full-band speech enhancement", MMSP 2018.
    """

    def __init__(self) -> None:
        self._weights = weights()
        self.start_over()

    def start_over(self) -> None:
        """Forget the stream."""
        self._state = np.zeros(UNITS, dtype=np.float32)

    def probability(self, features: Features) -> float:
        """Probability that the next hop is speech, 0 … 1.

        Parameters
        ----------
        features : numpy.ndarray, shape (SIZE,), float32
        """
        its = self._weights
        seen = np.tanh(features @ its.layer + its.layer_bias)
        inner = seen @ its.inner + its.inner_bias
        recurrent = self._state @ its.recurrent + its.recurrent_bias
        gates = 0.5 + 0.5 * np.tanh(0.5 * (inner[: 2 * UNITS] + recurrent[: 2 * UNITS]))
        reset, update = gates[:UNITS], gates[UNITS:]
        candidate = np.tanh(inner[2 * UNITS :] + reset * recurrent[2 * UNITS :])
        self._state = candidate + update * (self._state - candidate)
        return float(0.5 + 0.5 * np.tanh(0.5 * (self._state @ its.output + its.output_bias[0])))
