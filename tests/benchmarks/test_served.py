from __future__ import annotations

import os

import httpx
import pytest

from benchmarks.served import serving


def test_a_real_server_listens_for_the_block_and_is_gone_after_it() -> None:
    with serving("--voice", "tone", "--transcriber", "null") as server:
        answer = httpx.get(f"http://{server.host}:{server.port}/healthz")
        assert answer.status_code == 200
        os.kill(server.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


def test_a_server_that_does_not_come_up_is_an_error_that_says_so() -> None:
    with pytest.raises(RuntimeError, match="the server did not come up"), serving("--voice", "nobody"):
        pass
