"""A local Ray of two CPUs with the engine tier, as a process of its own: commands on standard input, JSON lines back.

::

    started  {"listen": URL, "speak": URL}
    replicas {"recogniser": [pid …], "voice": [pid …]}
    end of input: it shuts down
"""

from __future__ import annotations

import contextlib
import importlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "ray"


@dataclass
class Cluster:
    """The other process, from the test's side."""

    process: subprocess.Popen[str]
    listen: str = ""
    speak: str = ""

    def ask(self, command: str) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            with contextlib.suppress(ValueError):
                return json.loads(line)
        raise AssertionError("the cluster ended")

    def replicas(self, deployment: str) -> list[int]:
        pids: list[int] = self.ask("replicas")[deployment]
        return pids

    def wait_for_replicas(self, deployment: str, count: int, *, within: float = 60) -> list[int]:
        deadline = time.monotonic() + within
        while len(pids := self.replicas(deployment)) != count:
            assert time.monotonic() < deadline, f"expected {count} replicas, found {len(pids)}"
            time.sleep(0.1)
        return pids


@contextlib.contextmanager
def cluster(folder: Path, **environ: str) -> Iterator[Cluster]:
    with (folder / "ray.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder,
            env={**_environment(), **environ},
        )
    try:
        made = Cluster(process)
        started = made.answer()
        made.listen, made.speak = started["listen"], started["speak"]
        yield made
    finally:
        children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(40)
        process.kill()
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(FOLDER), "RAY_USAGE_STATS_ENABLED": "0"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def _replicas() -> dict[str, list[int]]:
    """Process ids by deployment; Ray names its processes by what they run."""
    found: dict[str, list[int]] = {"recogniser": [], "voice": []}
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error, IndexError):
            title = child.cmdline()[0]
            for name, pids in found.items():
                if title.startswith("ray::ServeReplica:") and f":{name}" in title:
                    pids.append(child.pid)
    return found


def _main() -> None:
    import ray
    from ray import serve

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    port = _free_port()
    serve.start(http_options={"host": "127.0.0.1", "port": port})
    tier = importlib.import_module("engine_tier")
    serve.run(tier.listening, name="listen", route_prefix="/listen")
    serve.run(tier.speaking, name="speak", route_prefix="/speak")
    base = f"http://127.0.0.1:{port}"
    print(json.dumps({"listen": f"{base}/listen", "speak": f"{base}/speak"}), flush=True)
    for _ in sys.stdin:
        print(json.dumps(_replicas()), flush=True)
    serve.shutdown()
    ray.shutdown()


if __name__ == "__main__":
    _main()
