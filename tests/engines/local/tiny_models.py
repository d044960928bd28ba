"""Models of a few kilobytes that the real runtimes load: what they say is a tone, what they hear are tones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsp import encode_pcm16

LETTERS = "_ abcdefghijklmnopqrstuvwxyz.,?!'"


def tones(rate: int, *heard: tuple[float, float]) -> bytes:
    """PCM of tones, each a frequency in Hz (0 is silence) and a duration in seconds."""
    blocks = [0.3 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate) for hz, seconds in heard]
    return encode_pcm16(np.concatenate(blocks).astype(np.float32))


def piper_voice(folder: Path, *, speakers: int = 1) -> Path:
    """A voice for piper: every phoneme is a tone of its own."""
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    model = folder / "tiny.onnx"
    more = ("sid",) if speakers > 1 else ()
    _save_speaking(model, ids="input", lengths="input_lengths", floats={"scales": [3]}, whole=more, shape=[1, 1, 1, -1])
    config = {
        "audio": {"sample_rate": 22050},
        "num_symbols": 256,
        "num_speakers": speakers,
        "speaker_id_map": {"ada": 0, "bob": 1} if speakers > 1 else {},
        "espeak": {"voice": "en-us"},
        "phoneme_type": "espeak",
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
    }
    (folder / "tiny.onnx.json").write_text(json.dumps(config))
    return model


def kokoro_voice(folder: Path) -> tuple[Path, Path]:
    """A model and a file of two voices for kokoro-onnx."""
    model, voices = folder / "kokoro.onnx", folder / "voices.bin"
    _save_speaking(model, ids="tokens", floats={"style": [1, 256], "speed": [1]}, shape=[-1])
    with voices.open("wb") as file:
        np.savez(file, **{name: np.zeros((510, 1, 256), np.float32) for name in ("af_heart", "bm_daniel")})  # type: ignore[arg-type]
    return model, voices


def sherpa_voice(folder: Path) -> Path:
    """A folder with a VITS voice of two speakers for sherpa-onnx, whose phonemes are letters."""
    (folder / "tokens.txt").write_text("".join(f"{letter} {number}\n" for number, letter in enumerate(LETTERS)))
    meta = {
        "sample_rate": 22050, "n_speakers": 2, "language": "English", "comment": "coqui", "frontend": "characters",
        "add_blank": 0, "use_eos_bos": 0, "blank_id": 0, "bos_id": 0, "eos_id": 0, "pad_id": 0, "voice": "",
    }  # fmt: skip
    model = folder / "model.onnx"
    _save_speaking(model, ids="x", lengths="x_length", floats={"scales": [3]}, shape=[1, 1, -1], meta=meta)
    return folder


def sherpa_listener(folder: Path) -> Path:
    """A folder with a streaming CTC model for sherpa-onnx that hears LOW and HIGH in tones of 500 and 3000 Hz."""
    from onnx import TensorProto, helper, numpy_helper

    folder = folder / "tiny-wenet"
    folder.mkdir()
    (folder / "tokens.txt").write_text("<blk> 0\n▁LOW 1\n▁HIGH 2\n<unk> 3\n")
    weights = np.zeros((80, 4), np.float32)
    weights[15:19, 1] = 1 / 4  # the bands of the log mel spectrum around 500 Hz
    weights[52:56, 2] = 1 / 4  # and around 3000 Hz
    bias = np.array([0, -20, -20, -100], np.float32)  # blank wins below a loud tone, and over a click
    integers = {"from": 0, "to": 1 << 20, "axis": 1, "step": 4}
    nodes = [
        helper.make_node("Slice", ["x", "from", "to", "axis", "step"], ["every_fourth"]),
        helper.make_node("MatMul", ["every_fourth", "weights"], ["bands"]),
        helper.make_node("Add", ["bands", "bias"], ["logits"]),
        helper.make_node("LogSoftmax", ["logits"], ["log_probs"], axis=-1),
        helper.make_node("Identity", ["attn_cache"], ["next_attn_cache"]),
        helper.make_node("Identity", ["conv_cache"], ["next_conv_cache"]),
    ]
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, None, 80]),
        helper.make_tensor_value_info("offset", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("required_cache_size", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("attn_cache", TensorProto.FLOAT, None),
        helper.make_tensor_value_info("conv_cache", TensorProto.FLOAT, None),
        helper.make_tensor_value_info("attn_mask", TensorProto.BOOL, None),
    ]
    names = ("log_probs", "next_attn_cache", "next_conv_cache")
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]
    constants = [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")]
    constants += [numpy_helper.from_array(np.array([value], np.int64), name) for name, value in integers.items()]
    meta = {
        "head": 1, "num_blocks": 1, "output_size": 1, "cnn_module_kernel": 2, "right_context": 0,
        "subsampling_factor": 4, "vocab_size": 4,
    }  # fmt: skip
    _save(folder / "model.onnx", nodes, inputs, outputs, constants, meta)
    return folder


def _save_speaking(
    path: Path,
    *,
    ids: str,
    floats: Mapping[str, list[int]],
    shape: list[int],
    lengths: str | None = None,
    whole: tuple[str, ...] = (),
    meta: Mapping[str, Any] | None = None,
) -> None:
    """A graph that turns every id into 70 ms of a tone whose pitch follows the id."""
    from onnx import TensorProto, helper, numpy_helper

    time = (np.arange(1500) / 22050 * 2 * np.pi * 100).astype(np.float32)[None]
    constants: dict[str, NDArray[Any]] = {
        "column": np.array([-1, 1], np.int64),
        "time": time,
        "shape": np.array(shape, np.int64),
        "half": np.array(0.5, np.float32),
        "one": np.array(1.0, np.float32),
    }
    nodes = [
        helper.make_node("Cast", [ids], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["numbers", "one"], ["from_one"]),
        helper.make_node("Reshape", ["from_one", "column"], ["pitches"]),
        helper.make_node("MatMul", ["pitches", "time"], ["phases"]),
        helper.make_node("Sin", ["phases"], ["waves"]),
        helper.make_node("Mul", ["waves", "half"], ["quieter"]),
        helper.make_node("Reshape", ["quieter", "shape"], ["audio"]),
    ]
    inputs = [helper.make_tensor_value_info(ids, TensorProto.INT64, ["n", "length"])]
    inputs += [helper.make_tensor_value_info(name, TensorProto.INT64, ["n"]) for name in (lengths,) if name]
    inputs += [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in floats.items()]
    inputs += [helper.make_tensor_value_info(name, TensorProto.INT64, [1]) for name in whole]
    outputs = [helper.make_tensor_value_info("audio", TensorProto.FLOAT, None)]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    _save(path, nodes, inputs, outputs, tensors, meta or {})


def _save(path: Path, nodes: Any, inputs: Any, outputs: Any, constants: Any, meta: Mapping[str, Any]) -> None:
    import onnx
    from onnx import helper

    graph = helper.make_graph(nodes, "tiny", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    for key, value in meta.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, str(value)
    onnx.save(model, str(path))
