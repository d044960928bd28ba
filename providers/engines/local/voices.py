"""Parts that the local voices share: worker processes and the loading of models.

A model is loaded in every worker process after the fork, because the runtimes start threads, which a fork would lose.
The library is imported before the fork.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from providers.engines.local.model import guarded
from providers.engines.processes import fork_child, voice_child
from providers.engines.processes.voice_child import VoiceLibrary
from providers.engines.processes.voice_pool import PoolOptions

WORKERS = 2
"""Worker processes of a voice, each with a copy of the model; two, so that one may crash without a pause."""

THREADS = max(1, (os.cpu_count() or 1) // WORKERS)
"""Threads of one worker process."""

STOP = 10.0
"""Seconds. Some of these libraries cannot be stopped within a sentence, and a new process takes a second to load."""


def pool_of(workers: int) -> PoolOptions:
    """Limits of a local voice's processes."""
    return PoolOptions(workers=workers, stop=STOP)


def run_voice(control_fd: int, load: Callable[[], VoiceLibrary], *, engine: str, package: str, extra: str) -> None:
    """Run the fork server of a local voice.

    Parameters
    ----------
    load
        Function that loads the model, called in a worker process.
    package
        Package that is imported before any fork.
    engine, extra
        Names for the error that says what to install.
    """
    safely = partial(guarded, engine=engine, extra=extra)
    fork_child.run(
        control_fd,
        partial(safely, partial(import_module, package)),
        lambda link, library: voice_child.serve(link, partial(safely, load)),
    )


def onnx_session(model: str, threads: int) -> Any:
    """An onnxruntime session on the CPU with this number of threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model, sess_options=options, providers=["CPUExecutionProvider"])
