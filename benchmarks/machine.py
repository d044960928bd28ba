"""The machine and the libraries that a run was made with: no figure means anything without them."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "numpy",
    "soxr",
    "scipy",
    "samplerate",
    "pydub",
    "audioop-lts",
    "pocketsphinx",
    "webrtcvad-wheels",
    "webrtc-noise-gain",
    "noisereduce",
    "livekit",
    "pyloudnorm",
    "uvicorn",
    "websockets",
)


def describe(libraries: Sequence[str] = LIBRARIES) -> dict[str, str]:
    """Processor, cores, system, Python, commit, load, and the versions of the libraries that are installed."""
    facts = {
        "processor": _processor(),
        "cores": str(os.cpu_count() or "?"),
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "commit": _commit(),
        "load": f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "?",
    }
    return facts | {name: found for name in libraries if (found := _version(name))}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({platform.machine()})" if names else platform.machine()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
