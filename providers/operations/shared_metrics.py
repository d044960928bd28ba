"""Folder in which the workers of one server keep their metrics, and the sockets by which they ask each other of calls.

It is the multiprocess mode of prometheus_client, which reads its variable when it is imported: this module imports
nothing of it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["WORKERS_FOLDER", "make_folder", "workers_folder"]

WORKERS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable with the folder."""


def make_folder() -> str:
    """Make the folder and set the variable; to be called before prometheus_client is imported."""
    os.environ[WORKERS_FOLDER] = folder = tempfile.mkdtemp(prefix="vapi-providers-metrics-")
    return folder


def workers_folder() -> Path | None:
    """The folder; None where one process serves alone."""
    folder = os.environ.get(WORKERS_FOLDER)
    return Path(folder) if folder else None
