"""Covers `tigctl policies`: its three forms of output, what check says and how it ends.

Leaves out which policies there are: tests/unit/kubernetes has that.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.unit.cli.conftest import Run

CLUSTER = """\
targets: {prod: {type: kubernetes}}
target: prod
exposure: {grafana: {host: noc.example}}
credentials: {default: {version: 2c, community: {env: SNMP_COMMUNITY}}}
"""


@pytest.fixture
def cluster(workspace: Path) -> Path:
    """A workspace of two tenants on one cluster."""
    (workspace / "fleet.yaml").write_text(CLUSTER)
    (workspace / "tenants/acme/tenant.yaml").write_text("networks: [10.20.0.0/22]\n")
    (workspace / "tenants/globex").mkdir()
    own_path = "exposure: {grafana: {path: /globex}}\n"
    (workspace / "tenants/globex/tenant.yaml").write_text(own_path)
    (workspace / "tenants/globex/devices.csv").write_text("name,address\nr1,10.30.0.1\n")
    return workspace


def test_show_is_a_table_of_who_talks_to_whom_and_why(cluster: Path, run: Run) -> None:
    said = run("policies", "show", "acme")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].split() == ["FROM", "TO", "PORTS", "WHY"]
    assert any(line.split()[:3] == ["telegraf", "10.20.0.0/22", "UDP/161"] for line in lines)
    assert any(line.split()[:3] == ["telegraf", "10.20.0.0/22", "echo"] for line in lines)
    closing = [number for number, line in enumerate(lines) if line.startswith("every pod")]
    assert closing
    assert all(line.startswith(" ") for line in lines[closing[0] + 1 :])
    assert max(map(len, lines)) <= 100


def test_show_as_json_and_as_the_policies_themselves(cluster: Path, run: Run) -> None:
    lines = json.loads(run("policies", "show", "acme", "-o", "json").out)
    assert {
        "policy": "telegraf-to-influxdb",
        "from": ["telegraf"],
        "to": ["influxdb"],
        "ports": ["TCP/8086"],
        "why": "writing what was polled",
    } in lines
    documents = list(yaml.safe_load_all(run("policies", "show", "acme", "-o", "yaml").out))
    assert {one["kind"] for one in documents} == {"CiliumNetworkPolicy"}
    assert {one["metadata"]["namespace"] for one in documents} == {"tig-acme"}
    assert {one["policy"] for one in lines} == {one["metadata"]["name"] for one in documents}


def test_on_a_local_target_it_says_that_nothing_enforces_them(workspace: Path, run: Run) -> None:
    said = run("policies", "show", "acme")
    assert said.code == 0
    assert "runs on target local, which enforces no policies" in said.err


def test_check_of_all_tenants(cluster: Path, run: Run) -> None:
    said = run("policies", "check")
    assert (said.code, said.err) == (0, "")
    first, second = said.out.splitlines()
    assert first.startswith("acme: open as declared, nothing else: 6 policies, ")
    assert second.startswith("globex: open as declared, nothing else: 6 policies, ")
    assert first.endswith("1 other tenant")


def test_check_notes_shared_devices_and_is_content(cluster: Path, run: Run) -> None:
    (cluster / "tenants/globex/devices.csv").write_text("name,address\nr1,10.20.3.1\n")
    said = run("policies", "check", "acme")
    assert said.code == 0
    assert (
        "note: acme: telegraf may reach 10.20.3.1, which is device r1 of tenant globex" in said.err
    )


def test_check_fails_where_a_declared_rule_leads_to_another_tenant(cluster: Path, run: Run) -> None:
    rule = "isolation: {grafana: {egress: [{namespace: shop, port: 8086, why: reports}]}}\n"
    (cluster / "tenants/acme/tenant.yaml").write_text(rule)
    assert run("policies", "check", "acme").code == 0
    with (cluster / "tenants/globex/tenant.yaml").open("a") as file:
        file.write("namespace: shop\n")
    said = run("policies", "check", "acme")
    assert said.code == 1
    assert "acme: grafana may reach influxdb of globex by TCP/8086: a way to the pods" in said.out


def test_an_unknown_tenant_is_a_fault_of_usage(cluster: Path, run: Run) -> None:
    assert run("policies", "check", "nobody").code == 2
    assert run("policies", "show", "nobody").code == 2
