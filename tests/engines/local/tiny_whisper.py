"""A Whisper of 1.6 MB that faster-whisper loads: it hears "Yes, you." in every second of any audio."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAID = "yes, you."
WIDTH = 64
"""Of the hidden state: dimension k stands for step k, in the decoder's positions and, 0.2 s each, in the encoder's."""

SCRIPT = ("<|0.00|>", "Ġyes", ",", "Ġyou", ".", "<|1.00|>", "<|endoftext|>")
"""What the decoder writes, step by step."""


def whisper_model(folder: Path) -> Path:
    """Save the model with its tokenizer; English only."""
    from ctranslate2.specs import whisper_spec

    vocabulary = _save_tokenizer(folder)
    spec = whisper_spec.WhisperSpec(1, 1, 1, 1)
    _fill_encoder(spec.encoder)
    _fill_decoder(spec.decoder, vocabulary)
    spec.register_vocabulary(vocabulary)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = []
    spec.config.alignment_heads = [[0, 0]]
    spec.validate()
    spec.save(str(folder))
    features = {"feature_size": 80, "sampling_rate": 16000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}
    (folder / "preprocessor_config.json").write_text(json.dumps(features))
    return folder


def _save_tokenizer(folder: Path) -> list[str]:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "Ġyes", "Ġyou"]
    tokenizer = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tasks = "endoftext startoftranscript translate transcribe startoflm startofprev nospeech notimestamps".split()
    times = [f"{step * 0.02:.2f}" for step in range(1501)]
    tokenizer.add_special_tokens(
        [AddedToken(f"<|{name}|>", special=True, normalized=False) for name in (*tasks, *times)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    numbers = tokenizer.get_vocab()
    return sorted(numbers, key=lambda token: numbers[token])


def _fill_encoder(encoder: Any) -> None:
    encoder.conv1.weight, encoder.conv1.bias = _zeros(WIDTH, 80, 3), _zeros(WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = _zeros(WIDTH, WIDTH, 3), _zeros(WIDTH)
    encoder.position_encodings.encodings = _steps(np.arange(1500) // 10 % WIDTH)
    _fill_norm(encoder.layer_norm)
    for layer in encoder.layer:
        _fill_attention(layer.self_attention, [(3 * WIDTH, None), (WIDTH, None)])
        _fill_feed_forward(layer.ffn)


def _fill_decoder(decoder: Any, vocabulary: list[str]) -> None:
    decoder.embeddings.weight = _zeros(len(vocabulary), WIDTH)
    decoder.position_encodings.encodings = _steps(np.minimum(np.arange(448), WIDTH - 1))
    projection = _zeros(len(vocabulary), WIDTH)
    for step, token in enumerate(SCRIPT):
        projection[vocabulary.index(token), step] = 4.0
    projection[vocabulary.index("<|endoftext|>"), len(SCRIPT) :] = 4.0
    decoder.projection.weight, decoder.projection.bias = projection, _zeros(len(vocabulary))
    _fill_norm(decoder.layer_norm)
    same = np.eye(WIDTH, dtype=np.float32)
    for layer in decoder.layer:
        _fill_attention(layer.self_attention, [(3 * WIDTH, None), (WIDTH, None)])
        # Step k looks at the k-th fifth of a second, which is what the word times are read from.
        keys_only = np.vstack([same, _zeros(WIDTH, WIDTH)])
        _fill_attention(layer.attention, [(WIDTH, same), (2 * WIDTH, keys_only), (WIDTH, None)])
        _fill_feed_forward(layer.ffn)


def _fill_attention(attention: Any, sizes: list[tuple[int, NDArray[np.float32] | None]]) -> None:
    _fill_norm(attention.layer_norm)
    for linear, (size, weights) in zip(attention.linear, sizes, strict=True):
        linear.weight = _zeros(size, WIDTH) if weights is None else weights
        linear.bias = _zeros(size)


def _fill_feed_forward(layer: Any) -> None:
    _fill_norm(layer.layer_norm)
    layer.linear_0.weight, layer.linear_0.bias = _zeros(4, WIDTH), _zeros(4)
    layer.linear_1.weight, layer.linear_1.bias = _zeros(WIDTH, 4), _zeros(WIDTH)


def _fill_norm(norm: Any) -> None:
    norm.gamma, norm.beta = np.ones(WIDTH, np.float32), _zeros(WIDTH)


def _steps(steps: NDArray[np.int_]) -> NDArray[np.float32]:
    return (8 * np.eye(WIDTH, dtype=np.float32))[steps]


def _zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)
