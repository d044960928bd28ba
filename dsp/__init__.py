"""Telephone-speech signal processing on numpy and soxr: pure, streaming, indifferent to how its input is cut."""

from dsp.errors import ParameterError, SignalError
from dsp.pcm import PcmDecoder, encode_pcm16, join_channels, split_channels
from dsp.resample import Resampler
from dsp.stage import Chain, Samples, Stage

__all__ = [
    "Chain",
    "ParameterError",
    "PcmDecoder",
    "Resampler",
    "Samples",
    "SignalError",
    "Stage",
    "encode_pcm16",
    "join_channels",
    "split_channels",
]
