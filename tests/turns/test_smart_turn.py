"""The sound model: its features, its weights' file, what is told when one of them is missing."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from dsp.log_mel import log_mel
from providers.errors import EngineUnavailable
from providers.turns.smart_turn import RATE, SmartTurn, shipped_weights

_TINY = base64.b64decode(
    b"CAk6+AEKOwoOaW5wdXRfZmVhdHVyZXMKBGxhc3QSBmZyYW1lcyIKUmVkdWNlTWVhbioPCghrZWVwZGltcxgAoAECCjEKBmZyYW1l"
    b"cwoEYXhlcxIEbWVhbiIKUmVkdWNlTWVhbioPCghrZWVwZGltcxgBoAECChcKBG1lYW4SBmxvZ2l0cyIHU2lnbW9pZBIEdGlueSoN"
    b"CAEQBzoBAUIEYXhlcyoNCAEQBzoBAkIEbGFzdFoqCg5pbnB1dF9mZWF0dXJlcxIYChYIARISCgcSBWJhdGNoCgIIUAoDCKAGYh0K"
    b"BmxvZ2l0cxITChEIARINCgcSBWJhdGNoCgIIAUIECgAQEg=="
)
"""ONNX: the sigmoid of the mean of ``input_features`` over frames and bands, of shape (batch, 1)."""


def tiny_model(path: Path) -> Path:
    """A model of the real one's shape: the sigmoid of the mean of all features."""
    path.write_bytes(_TINY)
    return path


def test_the_model_hears_eight_seconds_with_silence_before_them(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra turns is not installed")
    model = SmartTurn(tiny_model(tmp_path / "tiny.onnx"))
    rng = np.random.default_rng(1)
    said = (0.1 * rng.standard_normal(3 * RATE)).astype(np.float32)
    padded = np.concatenate([np.zeros(5 * RATE, dtype=np.float32), said])
    expected = 1 / (1 + np.exp(-float(log_mel(padded).mean())))
    assert model.done(said) == pytest.approx(expected, abs=1e-5)
    long = np.concatenate([said, padded])
    assert model.done(long) == model.done(padded)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra turns is not installed")
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"not a model")
    with pytest.raises(EngineUnavailable, match="expected smart-turn's weights"):
        SmartTurn(wrong)
    with pytest.raises(EngineUnavailable, match="expected an ONNX file, found none"):
        SmartTurn(tmp_path / "missing.onnx")


def test_the_weights_of_an_installed_package_are_found_without_importing_it() -> None:
    found = shipped_weights()
    assert found is None or found.name.endswith(".onnx")


def test_the_features_are_those_of_another_implementation() -> None:
    features = pytest.importorskip(
        "faster_whisper.feature_extractor", reason="faster-whisper has the other implementation"
    )
    rng = np.random.default_rng(2)
    samples = (0.2 * rng.standard_normal(8 * RATE)).astype(np.float32)
    samples[: 2 * RATE] = 0
    level = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
    theirs = features.FeatureExtractor(feature_size=80)(level, padding=False)[:, :800]
    assert np.abs(log_mel(samples) - theirs).max() < 1e-3
