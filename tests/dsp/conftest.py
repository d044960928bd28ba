"""The stages' tests run with both backends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import dsp
from dsp import backends


@pytest.fixture(scope="module", params=["numpy", "native"])
def each_backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each backend in turn, for all tests of a module that uses it."""
    if request.param == "native" and backends.built() is None:
        pytest.skip("the kernels were not built: no C compiler")
    dsp.use_backend(request.param)
    yield request.param
    dsp.use_backend("auto")
