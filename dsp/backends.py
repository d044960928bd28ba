"""Choice between the compiled kernels and the numpy code, which is the reference and works everywhere.

A stage takes the backend that is in use when it is made and keeps it; functions look at every call. The kernels are
built with the package where there is a C compiler. They calculate the same: to the bit where a stage says so, else to
-100 dB of what numpy answers.
"""

from __future__ import annotations

import importlib
from typing import Any, Literal, Protocol, cast

import numpy as np

from dsp.errors import ParameterError

Backend = Literal["native", "numpy"]

INTERFACE = 5
"""Of the compiled module that this code calls; ``dsp/kernels/kernels.h`` has the same."""


class Kernel(Protocol):
    """Compiled step of one stage, bound to the arrays that hold its state."""

    def run(self, *new: Any) -> Any:
        """Work on what is new; ``None`` for input that the numpy code has to refuse or convert."""
        ...


class Kernels(Protocol):
    """The compiled module."""

    def split(self, pcm: Any, /) -> tuple[bytes, bytes]:
        """Two channels of interleaved PCM."""
        ...

    def decode(self, pcm: Any, samples: Any, /) -> None:
        """Write PCM as samples."""
        ...

    def encode(self, samples: Any, /) -> bytes | None:
        """PCM of samples; ``None`` where they are not finite float32 in one run."""
        ...

    def compand(self, law: int, samples: Any, codes: Any, /) -> bool | None:
        """Write G.711 codes, of the A-law where ``law`` is 1; ``None`` as for `encode`."""
        ...

    def expand(self, law: int, codes: Any, samples: Any, /) -> None:
        """Write the samples of G.711 codes."""
        ...

    def is_plain(self, samples: Any, /) -> bool | None:
        """Whether it is one run of float32 that every stage works on as it is: finite, no denormals, not too large."""
        ...

    def bind(self, kind: str, numbers: tuple[float, ...], arrays: tuple[Any, ...], /) -> Kernel:
        """Bind a kernel to arrays, which it keeps alive and in place."""
        ...

    def measure(self, kind: str, numbers: tuple[float, ...], /) -> int:
        """Count the float32 that the state of such a kernel needs: the first array it is bound to."""
        ...

    def variants(self) -> list[str]:
        """Instruction sets that this processor can run, the best first."""
        ...

    def use(self, name: str, /) -> None:
        """Take one of `variants`."""
        ...


def built() -> Kernels | None:
    """The compiled module; ``None`` where no compiler built it, or built it from older sources."""
    try:
        module = importlib.import_module("dsp._native")
    except ImportError:
        return None
    return cast(Kernels, module) if getattr(module, "interface", None) == INTERFACE else None


def bound(kernels: Kernels, kind: str, numbers: tuple[float, ...], *arrays: Any) -> Kernel:
    """Bind a kernel to fresh memory for its state, and to arrays of constants."""
    memory = np.zeros(kernels.measure(kind, numbers), dtype=np.float32)
    return kernels.bind(kind, numbers, (memory, *arrays))


native: Kernels | None = built()
"""The kernels in use, ``None`` where numpy does the work."""


def backend() -> Backend:
    """Name of the backend that new stages take.

    Returns
    -------
    str
        ``native`` for the compiled kernels, ``numpy`` for the reference.
    """
    return "numpy" if native is None else "native"


def use_backend(name: str) -> None:
    """Choose the backend of all stages that are made from now on.

    Parameters
    ----------
    name : str
        ``native``, ``numpy``, or ``auto`` for the kernels where they were built.

    Raises
    ------
    ParameterError
        The name is another one, or ``native`` was not built.

    Examples
    --------
    >>> before = backend()
    >>> use_backend("numpy")
    >>> backend()
    'numpy'
    >>> use_backend(before)
    """
    global native
    if name not in {"auto", "native", "numpy"}:
        raise ParameterError(f"backend: expected auto, native or numpy, found {name!r}")
    found = None if name == "numpy" else built()
    if name == "native" and found is None:
        told = "which was not built from these sources: pip install does it where there is a C compiler"
        raise ParameterError(f"backend: expected numpy, found native, {told}")
    native = found
