"""The Helm chart, rendered by Helm's own engine and judged by Kubernetes' own schemas."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from providers import settings
from tests.deploy.tools import DEPLOY

yaml = pytest.importorskip("yaml", reason="needs pip install pyyaml")
helm = pytest.importorskip("helm_python.chart", reason="needs Helm: pip install helm-python-sdk")
kubernetes = pytest.importorskip("kubernetes_validate", reason="needs pip install kubernetes-validate")

CHART = DEPLOY / "helm"
VERSIONS = ("1.30.0", "1.34.0")
CUSTOM = {"ScaledObject", "PodMonitor"}
"""Kinds that are not Kubernetes' own."""
EVERYTHING: dict[str, Any] = {
    "keda": {"enabled": True},
    "redis": {"enabled": True},
    "podMonitor": {"enabled": True},
    "settings": {"voice": "espeak,deepgram", "max-voices": 100},
    "secretVariables": [{"variable": "DEEPGRAM_API_KEY", "name": "deepgram", "key": "api-key"}],
    "image": {"pullSecrets": [{"name": "registry"}]},
    "nodeSelector": {"pool": "voice"},
    "tolerations": [{"key": "voice", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "podAnnotations": {"team": "voice"},
}


def rendered(values: dict[str, Any] | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    """Manifests by kind and name."""
    files = helm.Chart.load(CHART).render(values or {}, name="voice", namespace="calls")
    manifests = [
        manifest for name, text in files.items() if name.endswith(".yaml") for manifest in yaml.safe_load_all(text)
    ]
    return {(each["kind"], each["metadata"]["name"]): each for each in manifests if each}


def deployment(values: dict[str, Any] | None = None) -> dict[str, Any]:
    spec: dict[str, Any] = rendered(values)["Deployment", "voice-vapi-providers"]["spec"]
    return spec


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "values",
    [{}, EVERYTHING, {"podDeletionCost": {"enabled": False}}, {"redis": {"url": {"name": "cache", "key": "url"}}}],
    ids=["defaults", "everything", "without cost", "other redis"],
)
def test_kubernetes_accepts_every_manifest(values: dict[str, Any], version: str) -> None:
    manifests = rendered(values)
    assert {"Deployment", "Service", "PodDisruptionBudget", "ServiceAccount"} <= {kind for kind, _ in manifests}
    for (kind, _), manifest in manifests.items():
        if kind not in CUSTOM:
            kubernetes.validate(manifest, version, strict=True)


def test_a_wrong_field_is_noticed() -> None:
    manifest = rendered()["Deployment", "voice-vapi-providers"]
    manifest["spec"]["template"]["spec"]["terminationGraceSeconds"] = 5
    with pytest.raises(kubernetes.ValidationError):
        kubernetes.validate(manifest, VERSIONS[0], strict=True)


@pytest.mark.parametrize("drain", [0, 600, 3600])
def test_a_pod_is_given_the_drain_and_a_minute(drain: int) -> None:
    spec = deployment({"drainSeconds": drain})["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] == drain + 60
    assert {"name": "PROVIDERS_DRAIN_SECONDS", "value": str(drain)} in spec["containers"][0]["env"]


def test_the_probes_ask_what_they_should() -> None:
    server = deployment()["template"]["spec"]["containers"][0]
    assert server["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert server["livenessProbe"]["httpGet"]["path"] == server["startupProbe"]["httpGet"]["path"] == "/healthz"


def test_every_setting_of_the_chart_is_one_of_the_server() -> None:
    known = {option.variable for option in settings.options()}
    for values in (EVERYTHING, {"redis": {"url": {"name": "cache", "key": "url"}}}):
        variables = {each["name"] for each in deployment(values)["template"]["spec"]["containers"][0]["env"]}
        assert {name for name in variables if name.startswith("PROVIDERS_")} <= known


def test_secrets_come_by_reference_only() -> None:
    pod = deployment(EVERYTHING)["template"]["spec"]
    key = {"name": "deepgram", "key": "api-key"}
    assert {"name": "DEEPGRAM_API_KEY", "valueFrom": {"secretKeyRef": key}} in pod["containers"][0]["env"]
    assert next(each for each in pod["volumes"] if each["name"] == "secret")["secret"]["secretName"] == "vapi-providers"
    for container in pod["containers"]:
        assert "PROVIDERS_SECRET" not in {each["name"] for each in container["env"]}
    with pytest.raises(Exception, match="deepgram_api_key"):
        rendered({"settings": {"deepgram_api_key": "plain"}})


def test_keda_scales_on_calls() -> None:
    spec = rendered({"keda": {"enabled": True}, "maxCalls": 30})["ScaledObject", "voice-vapi-providers"]["spec"]
    assert spec["triggers"] == [
        {
            "type": "prometheus",
            "metricType": "AverageValue",
            "metadata": {
                "serverAddress": "http://prometheus-server.monitoring.svc",
                "query": "sum(providers_calls)",
                "threshold": "21",
                "activationThreshold": "1",
                "ignoreNullValues": "false",
            },
        }
    ]
    behaviour = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behaviour["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] == 600
    assert behaviour["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]
    assert "replicas" not in deployment({"keda": {"enabled": True}})


def test_new_calls_go_to_ready_pods_and_the_rest_to_all() -> None:
    manifests = rendered()
    calls, rest = (manifests["Service", f"voice-vapi-providers{end}"]["spec"] for end in ("-calls", ""))
    assert "publishNotReadyAddresses" not in calls
    assert rest["publishNotReadyAddresses"] is True
    labels = deployment()["template"]["metadata"]["labels"]
    assert calls["selector"] == rest["selector"]
    assert calls["selector"].items() <= labels.items()


def test_containers_are_confined_and_only_one_has_the_accounts_token() -> None:
    pod = deployment()["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    having = [each["name"] for each in pod["containers"] if "account" in {m["name"] for m in each["volumeMounts"]}]
    assert having == ["deletion-cost"]


def test_redis_does_not_answer_as_a_server() -> None:
    manifests = rendered({"redis": {"enabled": True}})
    selector = manifests["Service", "voice-vapi-providers"]["spec"]["selector"]
    redis = manifests["Deployment", "voice-vapi-providers-redis"]["spec"]["template"]["metadata"]["labels"]
    assert not selector.items() <= redis.items()


@pytest.mark.parametrize(
    "values",
    [{"maxCalls": 0}, {"drainSeconds": -1}, {"unknown": 1}, {"secret": {"name": ""}}, {"port": 80}],
)
def test_wrong_values_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="schema"):
        rendered(values)


def test_the_schema_describes_every_value() -> None:
    values, schema = (
        yaml.safe_load((CHART / "values.yaml").read_text()),
        json.loads((CHART / "values.schema.json").read_text()),
    )
    assert values.keys() == schema["properties"].keys() - {"global"}


def test_the_chart_has_the_packages_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    found = re.search(r'^version = "(.+)"$', (DEPLOY.parent / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert found
    assert chart["version"] == chart["appVersion"] == found[1]
