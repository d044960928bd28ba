"""Smart-turn's sound model: eight seconds of speech in, the probability that the speaker has finished out.

The weights are a file of the user's, or those that the package pipecat-ai ships; that package is never imported. The
model hears the last eight seconds at 16 kHz, with silence before them where there is less.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from dsp.log_mel import log_mel
from dsp.stage import Samples
from providers.errors import EngineUnavailable
from providers.installing import install_command

__all__ = ["LONGEST", "RATE", "SmartTurn", "SoundModel", "shipped_weights"]

RATE = 16_000
"""Hz that a sound model hears."""

LONGEST = 8.0
"""Seconds that a sound model hears."""

_PACKAGE = "pipecat-ai"
_WEIGHTS = "smart-turn-v3.2-cpu.onnx"


class SoundModel(Protocol):
    """Model that judges a turn by its sound."""

    def done(self, samples: Samples, /) -> float:
        """Probability that the speaker has finished; 16 kHz mono, at most `LONGEST` seconds. Blocks."""
        ...


class SmartTurn:
    """Session of the model, with one thread for each judgement.

    Parameters
    ----------
    weights
        ONNX file that takes ``input_features`` of shape (1, 80, 800) and gives one probability.

    Raises
    ------
    EngineUnavailable
        The runtime is not installed, or the file is missing or no such model.
    """

    def __init__(self, weights: Path) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise EngineUnavailable(f"acoustic: {install_command('turns')}", engine="acoustic") from None
        if not weights.is_file():
            raise EngineUnavailable(f"--turn-model: expected an ONNX file, found none at {weights}", engine="acoustic")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session: Any = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
            self.done(np.zeros(RATE, dtype=np.float32))
        except Exception as error:  # the runtime has its own tree of errors, without a common class
            what = f"{weights} is no such model ({type(error).__name__})"
            raise EngineUnavailable(f"--turn-model: expected smart-turn's weights, {what}", engine="acoustic") from None

    def done(self, samples: Samples) -> float:
        """Probability that the speaker has finished; 40 to 60 ms of one core."""
        heard = np.zeros(int(LONGEST * RATE), dtype=np.float32)
        kept = samples[-heard.size :]
        heard[heard.size - kept.size :] = kept
        (found,) = self._session.run(None, {"input_features": log_mel(heard)[None]})
        return float(np.clip(np.ravel(found)[0], 0.0, 1.0))


def shipped_weights() -> Path | None:
    """The weights that an installed package ships; None when there are none."""
    try:
        shipped = files(_PACKAGE) or []
    except PackageNotFoundError:
        return None
    found = [Path(str(file.locate())) for file in shipped if file.name == _WEIGHTS]
    return next((path for path in found if path.is_file()), None)
