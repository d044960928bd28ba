"""The annotation that tells Kubernetes how many calls a pod has, against an imitation of its API over real TLS."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from click.testing import CliRunner
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from providers.cli import main
from tests.emulator.serving import served
from tests.live import serving, settings

COMMAND = [sys.executable, "-c", "from providers.cli import main; main()"]


class Cluster:
    """The one route of Kubernetes' API that is used, and what came in."""

    def __init__(self, folder: Path) -> None:
        self.account = folder / "account"
        self.account.mkdir()
        (self.account / "token").write_text("token-of-the-account\n")
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.account / "ca.crt"))
        issued = authority.issue_cert("127.0.0.1")
        self.certificate = folder / "chain.pem", folder / "key.pem"
        issued.cert_chain_pems[0].write_to_path(str(self.certificate[0]))
        issued.private_key_pem.write_to_path(str(self.certificate[1]))
        self.patches: list[tuple[str, str, str, Any]] = []
        self.came = threading.Semaphore(0)
        self.status = 200

    async def patch(self, request: Request) -> Response:
        headers = request.headers
        body = json.loads(await request.body())
        self.patches.append((request.url.path, headers["authorization"], headers["content-type"], body))
        self.came.release()
        return JSONResponse({"kind": "Pod"}, self.status)

    @property
    def costs(self) -> list[str]:
        key = "controller.kubernetes.io/pod-deletion-cost"
        return [body["metadata"]["annotations"][key] for *_, body in self.patches]

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        path = "/api/v1/namespaces/{namespace}/pods/{pod}"
        app = Starlette(routes=[Route(path, self.patch, methods=["PATCH"])])
        with served(app, certificate=self.certificate) as base:
            yield base


@contextlib.contextmanager
def annotating(server: str, api: str, account: Path) -> Iterator[subprocess.Popen[str]]:
    options = ["--url", server, "--api", api, "--account", str(account), "--every", "0.05"]
    environ = {**os.environ, "POD_NAME": "voice-7f", "POD_NAMESPACE": "calls"}
    with subprocess.Popen(
        [*COMMAND, "deletion-cost", *options], env=environ, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_pods_cost_follows_its_calls_and_is_written_only_when_they_change(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    with cluster.served() as api, serving(chosen=settings(max_calls=1)) as live:
        with annotating(live.base, api, cluster.account) as process:
            assert cluster.came.acquire(timeout=20)
            with live.call():
                assert cluster.came.acquire(timeout=20)
            assert cluster.came.acquire(timeout=20)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=10)
            assert process.returncode == 0
            assert said == ""
    assert cluster.costs == ["0", "1", "0"]  # a full server answers 503, with its calls all the same
    path, authorisation, kind, _ = cluster.patches[0]
    assert path == "/api/v1/namespaces/calls/pods/voice-7f"
    assert authorisation == "Bearer token-of-the-account"
    assert kind == "application/merge-patch+json"


def test_a_refusal_is_logged_and_tried_again(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    cluster.status = 403
    with cluster.served() as api, serving() as live, annotating(live.base, api, cluster.account) as process:
        assert cluster.came.acquire(timeout=20)
        assert cluster.came.acquire(timeout=20)
        assert process.stderr is not None
        line = json.loads(process.stderr.readline())
    assert line["event"] == "pod-deletion-cost not written"
    assert line["reason"] == "status 403"
    assert "token-of-the-account" not in json.dumps(line)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "Missing option '--pod'"),
        (["--pod", "a", "--namespace", "b", "--account", "/nowhere"], "expected the files of a service account"),
    ],
)
def test_outside_a_pod_it_says_what_is_missing(arguments: list[str], expected: str) -> None:
    done = CliRunner().invoke(main, ["deletion-cost", *arguments])
    assert done.exit_code != 0
    assert expected in done.output
