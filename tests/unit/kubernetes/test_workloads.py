"""Covers the namespace, InfluxDB, Telegraf and Grafana as rendered: manifests/ is the reference
tenant; who runs as whom and with which rights; volumes, probes, budgets, secrets, images; that
the tenant's name and no other stands everywhere.

Sizes, placement, the cutting of configurations and what Grafana is told have files of their own.
Whether the API server and Pod Security take the objects is in
tests/integration/kubernetes/test_workloads.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from collectors.telegraf.model import Shard
from tests.unit.kubernetes.stacks import (
    container,
    pod_of,
    reference_stack,
    split,
    stack,
    switches,
    variables,
    workloads,
)
from tests.unit.telegraf.devices import V3, poll
from tigctl.render.kubernetes.configs import checksum
from tigctl.render.kubernetes.model import Object

MANIFESTS = Path(__file__).parents[3] / "manifests"


WORKLOADS = ("StatefulSet influxdb", "Deployment telegraf-0", "Deployment grafana")


USERS = {"influxdb": 1000, "telegraf": 999, "grafana": 472}


@pytest.fixture(scope="module")
def objects() -> dict[str, Object]:
    """Of a tenant with three switches and nothing set."""
    return workloads(stack(switches(3)))


def pods(objects: dict[str, Object]) -> Iterator[tuple[str, Object]]:
    """Component and pod of each workload."""
    for one in objects.values():
        if one["kind"] in {"StatefulSet", "Deployment"}:
            template = one["spec"]["template"]
            yield template["metadata"]["labels"]["app.kubernetes.io/name"], template["spec"]


def containers(pod: Object) -> list[Object]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


def test_manifests_are_the_reference_tenant() -> None:
    rendered = workloads(reference_stack())
    shown = {
        f"{one['kind']} {one['metadata']['name']}": one
        for name in ("namespace", "influxdb", "telegraf", "grafana")
        for one in yaml.safe_load_all((MANIFESTS / f"{name}.yaml").read_text())
    }
    assert list(shown) == list(rendered)
    # Shortened, so that a person can read it.
    for found in (shown, rendered):
        del found["ConfigMap telegraf-0-0"]["data"]["00.conf"]
        del found["Deployment telegraf-0"]["spec"]["template"]["metadata"]["annotations"]
    assert [key for key, one in shown.items() if one != rendered[key]] == []


@pytest.mark.parametrize("name", ["namespace", "influxdb", "telegraf", "grafana"])
def test_each_manifest_says_what_it_is_and_why(name: str) -> None:
    head = (MANIFESTS / f"{name}.yaml").read_text().partition("apiVersion:")[0]
    assert len(head.splitlines()) >= 3
    assert all(line.startswith("#") for line in head.splitlines())


def test_another_tenant_has_nothing_of_the_reference() -> None:
    found = workloads(stack(switches(2), {"namespace": "noc-globex"}, name="globex"))
    text = json.dumps(list(found.values()))
    assert "acme" not in text
    assert "192.0.2." not in text
    for key, one in found.items():
        if not key.startswith("Namespace "):
            assert one["metadata"]["namespace"] == "noc-globex", key
    assert "Namespace noc-globex" in found


def test_every_object_says_whose_it_is(objects: dict[str, Object]) -> None:
    for key, one in objects.items():
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "tigctl", key
        assert labels["tigctl.dev/tenant"] == "acme", key
        component = next((name for name in USERS if name in key), None)
        assert labels.get("app.kubernetes.io/name") == component, key


def test_selectors_find_the_pods_and_only_these() -> None:
    found = workloads(split(stack(switches(1)), 2))
    labels = {
        key: one["spec"]["template"]["metadata"]["labels"]
        for key, one in found.items()
        if one["kind"] in {"StatefulSet", "Deployment"}
    }
    assert len(labels) == 4
    for key, one in found.items():
        selector = one.get("spec", {}).get("selector")
        if selector is None:
            continue
        wanted = selector.get("matchLabels", selector)
        selected = {name for name, has in labels.items() if wanted.items() <= has.items()}
        kind, _, name = key.partition(" ")
        if kind in {"Service", "PodDisruptionBudget"}:
            assert selected == {key for key in labels if key.endswith(f" {name}")}, key
        else:
            assert selected == {key}


def test_the_namespace_enforces_restricted(objects: dict[str, Object]) -> None:
    labels = objects["Namespace tig-acme"]["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


def test_no_pod_has_a_token(objects: dict[str, Object]) -> None:
    for component, pod in pods(objects):
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert pod["serviceAccountName"] == component
        account = objects[f"ServiceAccount {component}"]
        assert account["automountServiceAccountToken"] is False


def test_nobody_is_root_or_has_a_capability(objects: dict[str, Object]) -> None:
    for component, pod in pods(objects):
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True
        assert {security[key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {
            USERS[component]
        }
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        for one in containers(pod):
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_what_is_written_to_is_mounted(objects: dict[str, Object]) -> None:
    tmp = "/tmp"  # noqa: S108 - of the container
    writable = {
        "influxdb": {"/var/lib/influxdb2", tmp},
        "grafana": {"/var/lib/grafana", tmp},
        "telegraf": set(),
    }
    for component, pod in pods(objects):
        mounts = pod["containers"][0]["volumeMounts"]
        names = {volume["name"] for volume in pod["volumes"]}
        assert {one["name"] for one in containers(pod) for one in one["volumeMounts"]} == names
        assert {one["mountPath"] for one in mounts if not one.get("readOnly")} == writable[
            component
        ]
        for volume in pod["volumes"]:
            if "emptyDir" in volume:
                assert volume["emptyDir"]["sizeLimit"], volume


def test_influxdb_writes_to_its_volume_only(objects: dict[str, Object]) -> None:
    found = variables(container(objects, "StatefulSet influxdb"))
    paths = [value for name, value in found.items() if name.endswith("_PATH")]
    assert len(paths) == 3
    assert all(path.startswith("/var/lib/influxdb2/") for path in paths)
    assert found["INFLUXD_REPORTING_DISABLED"] == found["INFLUXD_PPROF_DISABLED"] == "true"


def test_volumes_are_claims_of_their_own(objects: dict[str, Object]) -> None:
    assert "volumeClaimTemplates" not in objects["StatefulSet influxdb"]["spec"]
    for key, claim in (
        ("StatefulSet influxdb", "influxdb-data"),
        ("Deployment grafana", "grafana-data"),
    ):
        volume = next(one for one in pod_of(objects, key)["volumes"] if one["name"] == "data")
        assert volume == {"name": "data", "persistentVolumeClaim": {"claimName": claim}}


def test_one_pod_never_runs_beside_its_successor(objects: dict[str, Object]) -> None:
    for key in WORKLOADS:
        spec = objects[key]["spec"]
        assert spec["replicas"] == 1
        if key.startswith("Deployment"):
            assert spec["strategy"] == {"type": "Recreate"}
    # Else a pod that never gets ready keeps the put-right template from being used.
    assert objects["StatefulSet influxdb"]["spec"]["podManagementPolicy"] == "Parallel"


def test_every_container_is_probed_with_patience(objects: dict[str, Object]) -> None:
    for component, pod in pods(objects):
        one = pod["containers"][0]
        ports = {port["name"] for port in one["ports"]}
        for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
            probe = one[kind]
            assert probe["timeoutSeconds"] >= 5, (component, kind)
            assert probe["httpGet"]["port"] in ports
        start, live = one["startupProbe"], one["livenessProbe"]
        assert start["periodSeconds"] * start["failureThreshold"] >= 300
        assert live["periodSeconds"] * live["failureThreshold"] >= 120
    influx = container(objects, "StatefulSet influxdb")
    assert influx["startupProbe"]["httpGet"] == {"path": "/health", "port": "http"}
    # Opening a large volume after a hard end.
    start = influx["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] >= 1800
    assert pod_of(objects, "StatefulSet influxdb")["terminationGracePeriodSeconds"] >= 60


def test_budgets_never_block_a_drain(objects: dict[str, Object]) -> None:
    budgets = [one for one in objects.values() if one["kind"] == "PodDisruptionBudget"]
    assert {one["metadata"]["name"] for one in budgets} == {"influxdb", "grafana"}
    for one in budgets:
        assert one["spec"]["maxUnavailable"] == 1
        assert "minAvailable" not in one["spec"]
        assert one["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_pods_leave_a_lost_node_soon(objects: dict[str, Object]) -> None:
    for _, pod in pods(objects):
        assert {
            one["key"]: one["tolerationSeconds"]
            for one in pod["tolerations"]
            if one["effect"] == "NoExecute" and one["operator"] == "Exists"
        } == {"node.kubernetes.io/not-ready": 10, "node.kubernetes.io/unreachable": 10}


# Images


def test_images_come_from_the_registry_with_its_secret() -> None:
    images = {"registry": "registry.example:5000/mirror/", "pull_secret": "registry"}
    for _, pod in pods(workloads(stack(switches(1), images=images))):
        assert pod["imagePullSecrets"] == [{"name": "registry"}]
        for one in containers(pod):
            assert one["image"].startswith("registry.example:5000/mirror/")


def test_images_are_those_that_are_pinned(objects: dict[str, Object]) -> None:
    found = {
        component: {one["image"] for one in containers(pod)} for component, pod in pods(objects)
    }
    assert found == {
        "influxdb": {"influxdb:2.9.1"},
        "telegraf": {"telegraf:1.39.3"},
        "grafana": {"grafana/grafana:12.2.0"},
    }
    for _, pod in pods(objects):
        assert "imagePullSecrets" not in pod
        assert all(one["imagePullPolicy"] == "IfNotPresent" for one in containers(pod))


def test_no_image_s_own_entry_point_runs(objects: dict[str, Object]) -> None:
    commands = {component: pod["containers"][0]["command"] for component, pod in pods(objects)}
    assert commands == {"influxdb": ["influxd"], "telegraf": ["telegraf"], "grafana": ["grafana"]}


# Telegraf


def test_telegraf_gets_its_devices_secrets_and_no_others() -> None:
    found = workloads(stack([poll("sw1"), poll("sw2", login=V3)]))
    assert {
        name: value
        for name, value in variables(container(found, "Deployment telegraf-0")).items()
        if name not in {"PATH", "HOME", "GOMEMLIMIT"}
    } == {
        "TIGCTL_INFLUXDB_URL": "http://influxdb:8086",
        "TIGCTL_INFLUXDB_TOKEN": "influxdb-writer/token",
        "SNMP_COMMUNITY": "device-credentials/SNMP_COMMUNITY",
        "NOC_AUTH": "device-credentials/NOC_AUTH",
        "NOC_PRIVACY": "device-credentials/NOC_PRIVACY",
    }


def test_no_pod_mounts_the_operator_s_token(objects: dict[str, Object]) -> None:
    assert "influxdb-operator" not in json.dumps(list(objects.values()))


def test_telegraf_reads_the_folder_of_its_config_maps(objects: dict[str, Object]) -> None:
    one = container(objects, "Deployment telegraf-0")
    assert "--strict-env-handling" in one["args"]
    folder = one["args"][one["args"].index("--config-directory") + 1]
    (mount,) = [mount for mount in one["volumeMounts"] if mount["mountPath"] == folder]
    volumes = pod_of(objects, "Deployment telegraf-0")["volumes"]
    volume = next(volume for volume in volumes if volume["name"] == mount["name"])
    assert volume["projected"]["sources"] == [{"configMap": {"name": "telegraf-0-0"}}]
    assert list(objects["ConfigMap telegraf-0-0"]["data"]) == ["00.conf", "health.conf"]


def test_each_telegraf_has_its_own_objects() -> None:
    given = split(stack(switches(1)), 3)
    for number in range(3):
        found = workloads(given)
        name = f"telegraf-{number}"
        for key in (f"ConfigMap {name}-0", f"Deployment {name}"):
            assert found[key]["metadata"]["labels"]["app.kubernetes.io/instance"] == name
        health = found[f"ConfigMap {name}-0"]["data"]["health.conf"]
        assert f'"{name}"' in health


def test_pinging_needs_a_copy_of_ping_and_the_group_s_right(objects: dict[str, Object]) -> None:
    pod = pod_of(objects, "Deployment telegraf-0")
    assert pod["securityContext"]["sysctls"] == [
        {"name": "net.ipv4.ping_group_range", "value": "999 999"}
    ]
    (init,) = pod["initContainers"]
    program = Path(init["command"][-1])
    assert init["command"] == ["cp", "/bin/ping", str(program)]
    one = pod["containers"][0]
    assert variables(one)["PATH"].split(":")[0] == str(program.parent)
    for mounts in (init["volumeMounts"], one["volumeMounts"]):
        assert str(program.parent) in {mount["mountPath"] for mount in mounts}


def test_a_telegraf_that_pings_nothing_has_none_of_that() -> None:
    pod = pod_of(workloads(stack(switches(1, icmp=False))), "Deployment telegraf-0")
    assert "initContainers" not in pod
    assert "sysctls" not in pod["securityContext"]
    assert [volume["name"] for volume in pod["volumes"]] == ["config"]
    assert "PATH" not in variables(pod["containers"][0])


def test_a_tenant_without_devices_has_no_telegraf() -> None:
    found = workloads(stack())
    assert not any("telegraf-" in key for key in found)
    assert "StatefulSet influxdb" in found


def annotation(shards: list[Shard]) -> list[str]:
    found = workloads(stack(switches(1), shards=shards))
    return [
        one["spec"]["template"]["metadata"]["annotations"]["tigctl.dev/config"]
        for one in found.values()
        if one["kind"] == "Deployment" and "telegraf" in one["metadata"]["name"]
    ]


def test_a_changed_configuration_rolls_its_pod_and_no_other() -> None:
    one = stack(switches(1)).shards[0]
    two = replace(one, name="telegraf-1")
    before = annotation([one, two])
    assert annotation([one, two]) == before
    changed = annotation([replace(one, config=one.config + "\n"), two])
    assert changed[0] != before[0]
    assert changed[1] == before[1]


def test_the_probed_file_is_part_of_the_checksum() -> None:
    def found(**polling: str) -> list[str]:
        given = stack(switches(1), {"polling": polling})
        given = replace(given, shards=stack(switches(1)).shards)
        template = workloads(given)["Deployment telegraf-0"]["spec"]["template"]
        return list(template["metadata"]["annotations"].values())

    assert found(interval="60s") != found(interval="5m")
    assert checksum("ab", "c") != checksum("a", "bc")


def test_services_lead_to_the_named_port(objects: dict[str, Object]) -> None:
    for name, number, key in (
        ("influxdb", 8086, "StatefulSet influxdb"),
        ("grafana", 3000, "Deployment grafana"),
    ):
        (port,) = objects[f"Service {name}"]["spec"]["ports"]
        assert (port["port"], port["targetPort"]) == (number, "http")
        (opened,) = container(objects, key)["ports"]
        assert (opened["name"], opened["containerPort"]) == ("http", number)


def test_tenants_share_no_part() -> None:
    """What a caller changes in one tenant's objects must not show in another's."""
    one, two = workloads(stack(switches(1))), workloads(stack(switches(1)))

    def parts(value: Any) -> Iterator[int]:
        if isinstance(value, dict | list):
            yield id(value)
            for inner in value.values() if isinstance(value, dict) else value:
                yield from parts(inner)

    assert set(parts(list(one.values()))).isdisjoint(parts(list(two.values())))
    within = list(parts(list(one.values())))
    assert len(within) == len(set(within))  # else YAML would have anchors
