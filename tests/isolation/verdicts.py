"""Covers the policies of several tenants, judged by Cilium's own engine: they are valid and without
a warning; every flow is allowed or denied as the tenants' files declare, each end by itself; no way
leads from one tenant to another; a sloppy policy is seen.

Run by `make isolation`, which builds the engine; `make test` does not find this file.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.isolation.world import ENTITIES, tenants, world
from tests.unit.kubernetes.isolated import reference_stack
from tigctl.render.kubernetes.judgement import Neighbour, judge
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.policies import policies
from tigctl.render.kubernetes.text import dump

CNP = Path(__file__).parents[2] / "cnp"

Json = dict[str, Any]


def ask(*arguments: str | Path) -> tuple[int, Json]:
    """Calls the oracle; its exit code and its answer."""
    program = os.environ["ORACLE_PROGRAM"]
    command, *others = map(str, arguments)
    done = subprocess.run(
        [program, command, "--json", *others], capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def stacks() -> list[Stack]:
    return tenants()


@pytest.fixture(scope="module")
def folder(stacks: list[Stack], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The policies of all tenants, as files."""
    made = tmp_path_factory.mktemp("policies")
    for one in stacks:
        (made / f"{one.tenant}.yaml").write_text(dump(policies(one)))
    return made


@pytest.fixture(scope="module")
def verdict(stacks: list[Stack], folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """What the engine says of every flow of the world."""
    file = tmp_path_factory.mktemp("world") / "world.json"
    file.write_text(json.dumps(world(stacks)))
    _, found = ask("verdict", "--policies", folder, "--world", file)
    return found


def test_every_document_is_valid_without_a_warning(stacks: list[Stack], folder: Path) -> None:
    code, found = ask("validate", folder)
    assert code == 0
    assert [one for one in found["documents"] if one["status"] != "ok" or one.get("warnings")] == []
    assert len(found["documents"]) == sum(len(policies(one)) for one in stacks)


def test_the_files_of_cnp_are_valid_without_a_warning() -> None:
    code, found = ask("validate", CNP)
    assert code == 0
    assert [one for one in found["documents"] if one.get("warnings")] == []
    assert len(found["documents"]) == len(list(CNP.glob("*.yaml")))


def test_every_flow_is_as_declared_at_both_ends(verdict: Json) -> None:
    wrong = [one for one in verdict["flows"] if not one["pass"]]
    assert wrong[:5] == []
    assert verdict["ok"]
    assert verdict["failed"] == verdict["unchecked"] == 0
    judged = Counter(
        one[side]["verdict"]
        for one in verdict["flows"]
        for side in ("egress", "ingress")
        if side in one
    )
    print(f"{verdict['passed']:,} flows, by end: {dict(judged)}")
    assert judged["allow"] > 500
    assert judged["deny"] > 10_000
    assert judged["unsupported"] == 0


def test_the_engine_and_our_own_judgement_agree(stacks: list[Stack], verdict: Json) -> None:
    assert verdict["ok"]
    for one in stacks:
        others = [Neighbour(each.tenant, each.namespace) for each in stacks if each is not one]
        assert judge(one, policies(one), others).faults == ()


def test_no_way_leads_from_one_tenant_to_another(stacks: list[Stack], verdict: Json) -> None:
    owner = {f"{one.tenant}-": one.tenant for one in stacks}

    def of(name: str) -> str:
        return next((tenant for start, tenant in owner.items() if name.startswith(start)), "")

    crossing = [
        one
        for one in verdict["flows"]
        if of(one["from"]) and of(one["to"]) and of(one["from"]) != of(one["to"])
    ]
    assert len(crossing) > 10_000
    for one in crossing:
        assert one["egress"]["verdict"] == "deny", one
        assert one["ingress"]["verdict"] == "deny", one


def test_a_pod_nobody_thought_of_is_closed_at_its_own_end(
    stacks: list[Stack], verdict: Json
) -> None:
    bare = {f"{one.tenant}-bare" for one in stacks}
    for one in verdict["flows"]:
        if one["from"] in bare:
            assert one["egress"]["verdict"] == "deny", one
        if one["to"] in bare and one["from"] != "host":
            assert one["ingress"]["verdict"] == "deny", one


def test_kubelet_and_probes_get_in_without_a_rule(verdict: Json) -> None:
    local = [one for one in verdict["flows"] if one["from"] == "host"]
    assert local
    assert {one["ingress"]["verdict"] for one in local} == {"allow"}
    assert "host" in ENTITIES


SLOPPY: dict[str, Object] = {
    "no peers": {"ingress": [{"toPorts": [{"ports": [{"port": "8086", "protocol": "TCP"}]}]}]},
    "cluster": {"ingress": [{"fromEntities": ["cluster"]}]},
    "every namespace": {
        "ingress": [
            {
                "fromEndpoints": [
                    {
                        "matchExpressions": [
                            {"key": "k8s:io.kubernetes.pod.namespace", "operator": "Exists"}
                        ]
                    }
                ]
            }
        ]
    },
    "all ICMP": {
        "egress": [
            {
                "toCIDRSet": [{"cidr": "10.20.0.0/22"}],
                "icmps": [{"fields": [{"family": "IPv4", "type": 0}]}],
            }
        ]
    },
}


@pytest.mark.parametrize("name", SLOPPY)
def test_the_oracle_sees_a_sloppy_policy(name: str, tmp_path: Path) -> None:
    acme = reference_stack()
    sloppy = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": acme.metadata("sloppy"),
        "spec": {"endpointSelector": {}, **SLOPPY[name]},
    }
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "all.yaml").write_text(dump([*policies(acme), sloppy]))
    (tmp_path / "world.json").write_text(json.dumps(world([acme])))
    code, found = ask(
        "verdict", "--policies", tmp_path / "policies", "--world", tmp_path / "world.json"
    )
    assert code == 1
    assert found["failed"] > 0
