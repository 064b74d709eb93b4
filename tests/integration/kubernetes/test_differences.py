"""What a plan shows of a list and of a file that changed, in files and by hand, on a real API
server, whose defaults stand on both sides.

How lists and texts are matched, case by case: tests/unit/targets/test_showing.py.
"""

from __future__ import annotations

import pytest

from tests.integration.kubernetes.tenants import Object, Stage, bundle, objects
from tigctl.targets.model import FieldChange

pytestmark = pytest.mark.real


def reaching(stage: Stage, *networks: str, config: str = "[agent]\n") -> tuple[Object, ...]:
    """The usual objects, with a policy that opens these networks to SNMP."""
    found = objects(stage.tenant, config=config)
    for one in found:
        if one["kind"] == "CiliumNetworkPolicy":
            ports = [{"ports": [{"port": "161", "protocol": "UDP"}]}]
            one["spec"]["egress"] = [{}, {"toCIDR": list(networks), "toPorts": ports}]
    return found


def test_one_network_more_is_one_difference(acme: Stage) -> None:
    networks = [f"10.9.{number}.0/24" for number in range(9)]
    policy, path = "CiliumNetworkPolicy default-deny", "spec.egress[1].toCIDR"
    acme.apply(bundle(acme.tenant, reaching(acme, *networks)), wait=0)
    more = bundle(acme.tenant, reaching(acme, "10.8.0.0/24", *networks))
    assert acme.plan(more, objects_only=True)[policy].fields == (
        FieldChange(f"{path}[0]", None, "10.8.0.0/24"),
    )

    # Somebody takes one away by hand.
    where = acme.path("ciliumnetworkpolicies", "default-deny", "/apis/cilium.io/v2")
    live = acme.plane.api.get(where)
    del live["spec"]["egress"][1]["toCIDR"][4]
    acme.plane.api.request("PUT", where, live, fieldManager="kubectl-edit")
    change = acme.plan(bundle(acme.tenant, reaching(acme, *networks)), objects_only=True)[policy]
    assert change.fields == (FieldChange(f"{path}[4]", None, "10.9.4.0/24"),)
    assert change.manager.startswith("kubectl-edit")


def test_of_a_file_the_lines_that_changed_are_told(acme: Stage) -> None:
    config = "".join(f"# device {number}\n[[inputs.snmp]]\n" for number in range(20))
    acme.apply(bundle(acme.tenant, reaching(acme, config=config)), wait=0)
    (field,) = acme.plan(
        bundle(acme.tenant, reaching(acme, config=config.replace("device 7", "device 70"))),
        objects_only=True,
    )["ConfigMap telegraf-0"].fields
    assert field.path == "data[telegraf.conf]"
    assert field.lines == ("@@ line 15", "-# device 7", "+# device 70")
    assert str(field.live).startswith("550 characters, sha256 ")

    # What somebody wrote into it by hand may be a secret.
    edited = {"data": {"telegraf.conf": f'{config}community = "s3cret"\n'}}
    acme.plane.api.patch(acme.path("configmaps", "telegraf-0"), edited, fieldManager="kubectl-edit")
    wanted = bundle(acme.tenant, reaching(acme, config=config))
    (field,) = acme.plan(wanted, objects_only=True)["ConfigMap telegraf-0"].fields
    assert field.lines == ("@@ line 41", "-community = <secret>")
