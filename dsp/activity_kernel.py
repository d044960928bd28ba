"""Constants of the compiled voice detector, taken from the numpy code's own."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dsp import activity_features as of_hop
from dsp import backends
from dsp.activity_network import UNITS, weights

PADDING = 16
"""Units are filled up with zeros to a multiple of this: whole vectors for every instruction set."""


def bound(kernels: backends.Kernels, features: of_hop.ActivityFeatures, hop: int) -> backends.Kernel:
    """Bind the kernel of one stream: ``run(samples)`` answers a probability for each hop."""
    numbers = (
        hop, features.window, features.length, features.correlated, features.pitched.start, features.pitched.stop,
        features.lags.start, features.lags.stop, of_hop.BANDS, UNITS,
        of_hop.QUIETEST, of_hop.FLOOR_RISE, of_hop.FLOOR_FALL,
        of_hop.PEAK_RISE, of_hop.PEAK_FALL, of_hop.FASTEST_FALL,
    )  # fmt: skip
    floats = (features.taper, features.scale, features.octaves)
    constants = [np.ascontiguousarray(values, dtype=np.float32) for values in floats]
    return backends.bound(kernels, "activity", numbers, *constants, features.bins.astype(np.int64), _network())


@cache
def _network() -> NDArray[np.float32]:
    """The weights in the order of ``dsp/kernels/activity.h``: rows of whole vectors, each bias behind its inputs."""
    its = weights()
    parts = [
        _rows(its.layer, its.layer_bias),
        _rows(its.inner, its.inner_bias),
        _rows(its.recurrent, its.recurrent_bias),
        _rows(its.output[None, :]),
        its.output_bias,
    ]
    network = np.concatenate([part.ravel() for part in parts]).astype(np.float32)
    network.flags.writeable = False
    return network


def _rows(matrix: NDArray[np.float32], bias: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    rows = matrix if bias is None else np.concatenate([matrix, bias[None, :]])
    parts = rows.reshape(len(rows), -1, UNITS)
    return np.pad(parts, ((0, 0), (0, 0), (0, -UNITS % PADDING))).reshape(len(rows), -1)
