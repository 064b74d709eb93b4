"""Entrances over all tenants, pools, and what goes with which volume. By whole workspaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from tigctl.errors import InvalidFiles
from tigctl.spec.workspace import load

CREDENTIALS = "credentials: {default: {version: 2c, community: {env: SNMP_COMMUNITY}}}\n"
CLUSTER = "target: prod\n"


def workspace(root: Path, fleet: str, **tenants: str) -> Path:
    (root / "fleet.yaml").write_text(CREDENTIALS + CLUSTER + fleet)
    for name, text in tenants.items():
        (root / "tenants" / name).mkdir(parents=True)
        (root / "tenants" / name / "tenant.yaml").write_text(text)
    return root


def faults(root: Path) -> str:
    with pytest.raises(InvalidFiles) as error:
        load(root)
    return str(error.value)


PLAIN = "targets: {prod: {type: kubernetes}}\n"
POOL = "targets: {prod: {type: kubernetes, pool: {name: t, addresses: [192.0.2.8/31]}}}\n"


def grafana(text: str) -> str:
    return f"exposure: {{grafana: {{{text}}}}}\n"


def test_a_host_leads_to_one_tenant(tmp_path: Path) -> None:
    root = workspace(
        tmp_path,
        PLAIN,
        acme=grafana("host: noc.example, path: /a"),
        globex=grafana("host: noc.example, path: /a/, type: ingress"),
        initech=grafana("host: noc.example, path: /i"),
    )
    said = faults(root)
    assert (
        "tenants/globex/tenant.yaml: exposure.grafana: noc.example/a/ leads to tenant acme" in said
    )
    assert "initech" not in said


def test_addresses_lie_in_the_pool_and_are_given_once(tmp_path: Path) -> None:
    root = workspace(
        tmp_path,
        POOL,
        acme=grafana("type: loadbalancer, address: 192.0.2.8"),
        globex=grafana("type: loadbalancer, address: 192.0.2.8"),
        initech=grafana("type: loadbalancer, address: 192.0.2.77"),
    )
    said = faults(root)
    assert "192.0.2.77 is not in pool 192.0.2.8/31 of target prod" in said


def test_an_address_given_twice(tmp_path: Path) -> None:
    fixed = grafana("type: loadbalancer, address: 192.0.2.8")
    said = faults(workspace(tmp_path, POOL, acme=fixed, globex=fixed))
    assert "192.0.2.8 leads to tenant acme already" in said


def test_a_pool_has_an_end(tmp_path: Path) -> None:
    own = grafana("type: loadbalancer")
    said = faults(workspace(tmp_path, POOL, acme=own, globex=own, initech=own))
    assert "3 entrances of type loadbalancer want an address, and the pool has 2" in said
    assert "wanted by acme, globex, initech" in said


def test_an_address_of_its_own_carries_no_tls(tmp_path: Path) -> None:
    said = faults(
        workspace(tmp_path, PLAIN, acme=grafana("type: loadbalancer, tls: {issuer: internal}"))
    )
    assert "exposure.grafana.tls: an address of its own carries no TLS" in said


def test_what_a_class_says_is_not_said_twice(tmp_path: Path) -> None:
    root = workspace(
        tmp_path,
        PLAIN + grafana("type: none"),
        acme="storage: {class: fast, replicas: 2}\n",
        globex="storage: {data_locality: strict-local}\n",
    )
    said = faults(root)
    assert "storage.replicas: does not go with storage.class fast" in said
    assert "strict-local needs replicas: 1" in said


def test_few_copies_are_worth_a_word(tmp_path: Path) -> None:
    root = workspace(tmp_path, PLAIN + grafana("type: none"), acme="storage: {replicas: 2}\n")
    assert any("storage.replicas is 2" in warning for warning in load(root).warnings)


@pytest.mark.parametrize("part", ["192.0.2.0/33", "a-b", "192.0.2.9-192.0.2.1", "::1-192.0.2.1"])
def test_a_pool_of_nonsense(tmp_path: Path, part: str) -> None:
    fleet = f"targets: {{prod: {{type: kubernetes, pool: {{addresses: ['{part}']}}}}}}\n"
    assert "is no part of a pool" in faults(workspace(tmp_path, fleet + grafana("type: none")))
