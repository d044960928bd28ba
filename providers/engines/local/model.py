"""Parts that engines with a local model share: loading it once, finding its files, checking input."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from dsp import LiveResampler, ParameterError, Resampler, Stage
from providers.errors import EngineError, EngineUnavailable
from providers.installing import install_command

_Loaded = TypeVar("_Loaded")


class LocalModel(Generic[_Loaded]):
    """Model that many calls share, loaded in a thread on first use.

    Parameters
    ----------
    load
        Function that loads it; it blocks and may import the optional library.
    engine, extra
        Names for the error that says what to install.
    """

    def __init__(self, load: Callable[[], _Loaded], *, engine: str, extra: str) -> None:
        self._load = load
        self._engine = engine
        self._extra = extra
        self._loading = asyncio.Lock()
        self.loaded: _Loaded | None = None

    async def get(self) -> _Loaded:
        """The model.

        Raises
        ------
        EngineUnavailable
            The library is not installed, or a path is wrong.
        """
        async with self._loading:
            if self.loaded is None:
                self.loaded = await asyncio.to_thread(guarded, self._load, engine=self._engine, extra=self._extra)
            return self.loaded


def guarded(load: Callable[[], _Loaded], *, engine: str, extra: str) -> _Loaded:
    """Call ``load``, with any failure as `EngineUnavailable`.

    Raises
    ------
    EngineUnavailable
        The library is not installed, or the model is unusable.
    """
    try:
        return load()
    except EngineUnavailable:
        raise
    except ImportError as error:
        message = f"{engine} is not installed: {install_command(extra)} ({error})"
        raise EngineUnavailable(message, engine=engine) from None
    except Exception as error:  # each runtime raises its own class; all mean that this model is unusable
        fault = str(error).strip().splitlines()[0][:300] if str(error).strip() else ""
        message = f"{engine} cannot load its model: {type(error).__name__}: {fault}"
        raise EngineUnavailable(message, engine=engine) from None


def existing(path: Path | None, setting: str, *, engine: str) -> Path:
    """The path of a model, checked to exist.

    Raises
    ------
    EngineUnavailable
        The path is not set or does not exist; the message names the setting.
    """
    if path is None:
        raise EngineUnavailable(f"{engine} needs a model: set {setting} to its path", engine=engine)
    if not path.exists():
        raise EngineUnavailable(f"{setting}: expected an existing path, found {path}", engine=engine)
    return path


def one_of(folder: Path, *patterns: str, engine: str) -> Path:
    """The first file that matches, quantised ones first: they are several times faster and hardly less accurate.

    Raises
    ------
    EngineUnavailable
        The folder has no such file.
    """
    for pattern in patterns:
        found = sorted(folder.glob(pattern), key=lambda path: ("int8" not in path.name, path.name))
        if found:
            return found[0]
    raise EngineUnavailable(f"{engine}: expected {' or '.join(patterns)} in {folder}, found none", engine=engine)


def check_input(rate: int, channels: int, *, engine: str) -> None:
    """Refuse channels and rates that a mono engine does not support."""
    if channels != 1:
        raise EngineError(f"channels: expected 1, found {channels}", engine=engine, retryable=False)
    if not 8000 <= rate <= 48000:
        raise EngineError(f"rate: expected 8000 to 48000 Hz, found {rate}", engine=engine, retryable=False)


def live_resampler(rate: int, out_rate: int) -> Stage:
    """Resampler for live audio; rates with a small common divisor get the bulk resampler, up to 0.1 s later."""
    try:
        return LiveResampler(rate, out_rate)
    except ParameterError:
        return Resampler(rate, out_rate)
