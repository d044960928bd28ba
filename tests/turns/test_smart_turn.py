"""The sound model: its features, its weights' file, what is told when one of them is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dsp.log_mel import log_mel
from providers.errors import EngineUnavailable
from providers.turns.smart_turn import RATE, SmartTurn, shipped_weights


def tiny_model(path: Path) -> Path:
    """A model of the real one's shape: the sigmoid of the mean of all features."""
    onnx = pytest.importorskip("onnx", reason="onnx makes the tests' model")
    tensor, helper = onnx.TensorProto, onnx.helper
    shape = helper.make_tensor_value_info("input_features", tensor.FLOAT, ["batch", 80, 800])
    out = helper.make_tensor_value_info("logits", tensor.FLOAT, ["batch", 1])
    axes = helper.make_tensor("axes", tensor.INT64, [1], [1])
    last = helper.make_tensor("last", tensor.INT64, [1], [2])
    nodes = [
        helper.make_node("ReduceMean", ["input_features", "last"], ["frames"], keepdims=0),
        helper.make_node("ReduceMean", ["frames", "axes"], ["mean"], keepdims=1),
        helper.make_node("Sigmoid", ["mean"], ["logits"]),
    ]
    graph = helper.make_graph(nodes, "tiny", [shape], [out], [axes, last])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 9
    onnx.save(model, str(path))
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
