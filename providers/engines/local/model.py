"""What engines with a model on this machine have in common: loading it once, finding its files, checking input."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from dsp import LiveResampler, ParameterError, Resampler, Stage
from providers.errors import EngineError, EngineUnavailable
from providers.installing import install_command

_Loaded = TypeVar("_Loaded")


class Model(Generic[_Loaded]):
    """A model that many calls share, loaded in a thread when it is first needed.

    Parameters
    ----------
    load
        Blocking; may import the optional library.
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
            What to install, or which path is wrong.
        """
        async with self._loading:
            if self.loaded is None:
                self.loaded = await asyncio.to_thread(guarded, self._load, engine=self._engine, extra=self._extra)
            return self.loaded


def guarded(load: Callable[[], _Loaded], *, engine: str, extra: str) -> _Loaded:
    """What ``load`` returns.

    Raises
    ------
    EngineUnavailable
        What to install, or what is wrong with the model.
    """
    try:
        return load()
    except EngineUnavailable:
        raise
    except ImportError as error:
        message = f"{engine} is not installed: {install_command(extra)} ({error})"
        raise EngineUnavailable(message, engine=engine) from None
    except Exception as error:  # each runtime has its own; all mean that this model cannot be used
        fault = str(error).strip().splitlines()[0][:300] if str(error).strip() else ""
        message = f"{engine} cannot load its model: {type(error).__name__}: {fault}"
        raise EngineUnavailable(message, engine=engine) from None


def existing(path: Path | None, setting: str, *, engine: str) -> Path:
    """The path of a model, if it leads somewhere.

    Raises
    ------
    EngineUnavailable
        Names the setting.
    """
    if path is None:
        raise EngineUnavailable(f"{engine} needs a model: set {setting} to its path", engine=engine)
    if not path.exists():
        raise EngineUnavailable(f"{setting}: expected an existing path, found {path}", engine=engine)
    return path


def one_of(folder: Path, *patterns: str, engine: str) -> Path:
    """The first file that fits, quantised ones first: they are several times faster and hardly worse.

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
    """Refuse what a mono engine cannot take."""
    if channels != 1:
        raise EngineError(f"channels: expected 1, found {channels}", engine=engine, retryable=False)
    if not 8000 <= rate <= 48000:
        raise EngineError(f"rate: expected 8000 to 48000 Hz, found {rate}", engine=engine, retryable=False)


def live_resampler(rate: int, out_rate: int) -> Stage:
    """For audio as it comes in; rates that share hardly a divisor get the bulk resampler, later by up to 0.1 s."""
    try:
        return LiveResampler(rate, out_rate)
    except ParameterError:
        return Resampler(rate, out_rate)
