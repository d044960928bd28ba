"""``vapi-providers deletion-cost``: tells Kubernetes how many calls a pod has, so that scaling down takes the emptiest.

It runs in a container of its own beside the server, and writes the pod's annotation
``controller.kubernetes.io/pod-deletion-cost`` when the number of calls has changed.
"""

from __future__ import annotations

import os
import signal
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import click
import httpx
import msgspec
import structlog

__all__ = ["deletion_cost"]

ANNOTATION = "controller.kubernetes.io/pod-deletion-cost"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Folder of the pod's service account: its token, and the certificate of the API server."""
_TIMEOUT = 5.0

log = structlog.get_logger()


class _Readiness(msgspec.Struct):
    calls: int


@dataclass(slots=True)
class Annotator:
    """The way from one server's ``/readyz`` to its pod's annotation."""

    server: httpx.Client
    cluster: httpx.Client
    token: Path
    """File of the account's token, which Kubernetes renews."""
    pod: str
    namespace: str
    written: int | None = field(default=None, init=False)
    """Calls that the annotation has; None before the first time."""

    def update(self) -> None:
        """Write the number of calls where it has changed; what fails is logged, and tried again the next time."""
        try:
            calls = msgspec.json.decode(self.server.get("/readyz").content, type=_Readiness).calls
            if calls != self.written:
                self._write(calls)
                self.written = calls
        except (httpx.HTTPError, msgspec.DecodeError, OSError) as error:
            # The body of an answer is not quoted: it is not ours.
            what = f"status {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else str(error)
            log.warning("pod-deletion-cost not written", pod=self.pod, reason=what or type(error).__name__)

    def _write(self, calls: int) -> None:
        path = f"/api/v1/namespaces/{quote(self.namespace, safe='')}/pods/{quote(self.pod, safe='')}"
        headers = {
            "Authorization": f"Bearer {self.token.read_text().strip()}",
            "Content-Type": "application/merge-patch+json",
        }
        body = msgspec.json.encode({"metadata": {"annotations": {ANNOTATION: str(calls)}}})
        self.cluster.patch(path, content=body, headers=headers).raise_for_status()


@click.command("deletion-cost")
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, metavar="URL", help="The server.")
@click.option("--every", default=15.0, show_default=True, metavar="SECONDS", help="How often it is asked.")
@click.option("--pod", envvar="POD_NAME", required=True, metavar="NAME", help="The pod. [$POD_NAME]")
@click.option("--namespace", envvar="POD_NAMESPACE", required=True, metavar="NAME", help="[$POD_NAMESPACE]")
@click.option("--api", metavar="URL", help="Kubernetes' API. [$KUBERNETES_SERVICE_HOST and _PORT]")
@click.option(
    "--account", type=click.Path(path_type=Path), default=ACCOUNT, metavar="FOLDER", help="The service account's files."
)
def deletion_cost(url: str, every: float, pod: str, namespace: str, api: str | None, account: Path) -> None:
    """Write the number of live calls into the pod's annotation pod-deletion-cost, until a signal ends it.

    Kubernetes removes the pods with the lowest cost first. The account may patch pods.
    """
    from providers.operations import logs

    logs.configure("json", "info")
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, frame: ended.set())
    try:
        trusted = ssl.create_default_context(cafile=str(account / "ca.crt"))
    except OSError as error:
        raise click.ClickException(f"{account}: expected the files of a service account: {error.strerror}") from None
    with (
        httpx.Client(base_url=url, timeout=_TIMEOUT, trust_env=False) as server,
        httpx.Client(base_url=api or _in_cluster(), timeout=_TIMEOUT, trust_env=False, verify=trusted) as cluster,
    ):
        annotator = Annotator(server, cluster, account / "token", pod, namespace)
        while not ended.is_set():
            annotator.update()
            ended.wait(every)


def _in_cluster() -> str:
    """URL of Kubernetes' API, as every pod is told it."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise click.ClickException("--api: expected KUBERNETES_SERVICE_HOST in a pod, found none")
    return f"https://{f'[{host}]' if ':' in host else host}:{port}"
