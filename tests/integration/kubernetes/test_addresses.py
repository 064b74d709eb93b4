"""Addresses for entrances of type loadbalancer, planned and kept, on a real control plane with
MetalLB's definitions: from pools of IPv4, IPv6 and both, next to Services of others, until a pool
is used up. MetalLB's controller is a stand-in (tests/cluster/metallb.py); what its speakers
announce to a network is left out.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import engineer
from tests.cluster.metallb import Controller
from tests.cluster.plane import Plane
from tests.integration.kubernetes import tenants
from tests.integration.kubernetes.tenants import Stage, bundle, objects
from tests.integration.kubernetes.test_journey import FLEET, Desk
from tests.unit.kubernetes.isolated import stack
from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.errors import TargetError
from tigctl.render.bundle import Bundle
from tigctl.render.kubernetes.exposure import entrances
from tigctl.targets.model import Action

pytestmark = pytest.mark.real

_NUMBERS = itertools.count(1)
_PLANNED = "metadata.annotations[metallb.io/loadBalancerIPs]"

Make = Callable[[str], Stage]


@pytest.fixture
def make(plane: Plane, tmp_path: Path) -> Iterator[Make]:
    """Tenants nobody has seen before, each with its InfluxDB."""
    number = next(_NUMBERS)
    with ExitStack() as open_ones:

        def made(name: str) -> Stage:
            directory = tmp_path / name
            directory.mkdir()
            return open_ones.enter_context(
                tenants.stage(plane, f"{name}-address-{number}", directory)
            )

        yield made


@pytest.fixture
def controller(plane: Plane) -> Iterator[None]:
    """Somebody who gives out addresses."""
    with Controller(plane.api):
        yield


def pool(plane: Plane, *parts: str) -> str:
    """A pool that gives out nothing by itself."""
    name = f"judged-{next(_NUMBERS)}"
    plane.api.create(
        {
            "apiVersion": "metallb.io/v1beta1",
            "kind": "IPAddressPool",
            "metadata": {"name": name, "namespace": "metallb-system"},
            "spec": {"addresses": list(parts), "autoAssign": False},
        }
    )
    return name


def wanted(stage: Stage, name: str, *, families: tuple[str, ...] = (), **entrance: Any) -> Bundle:
    """The usual objects with an entrance of its own."""
    given = stack(
        stage.tenant,
        settings={"exposure": {"grafana": {"type": "loadbalancer", **entrance}}},
        target={"pool": {"name": name, "families": families}},
    )
    return bundle(stage.tenant, (*objects(stage.tenant), *entrances(given)))


def planned(stage: Stage, wish: Bundle) -> str:
    """The address that a plan shows for an entrance that is to be made."""
    change = stage.plan(wish)["Service grafana-entrance"]
    assert change.action is Action.CREATE
    return str(next(one.wanted for one in change.fields if one.path == _PLANNED))


def given(stage: Stage) -> list[str]:
    """What the entrance has got."""
    service = stage.plane.api.get(stage.path("services", "grafana-entrance"))
    return [one["ip"] for one in service["status"]["loadBalancer"]["ingress"]]


def fresh(stage: Stage) -> Stage:
    """The same tenant for another process of tigctl: it remembers nothing."""
    return Stage(stage.plane, stage.tenant, stage.port)


def stranger(plane: Plane, namespace: str, pool: str, address: str) -> None:
    """A Service that is no tenant's."""
    plane.api.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": "stranger",
                "namespace": namespace,
                "annotations": {
                    "metallb.io/address-pool": pool,
                    "metallb.io/loadBalancerIPs": address,
                },
            },
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
        }
    )
    path = f"/api/v1/namespaces/{namespace}/services/stranger"
    plane.wait(lambda: plane.api.get(path)["status"]["loadBalancer"].get("ingress"), "address")


@pytest.mark.usefixtures("controller")
def test_a_plan_shows_the_address_that_a_tenant_gets_and_keeps(
    plane: Plane, make: Make, namespace: str
) -> None:
    name = pool(plane, "192.0.3.8/29")
    stranger(plane, namespace, name, "192.0.3.8")
    acme, globex = make("acme"), make("globex")

    assert planned(acme, wanted(acme, name)) == "192.0.3.9"
    acme.apply(wanted(acme, name))
    assert given(acme) == ["192.0.3.9"]
    globex = fresh(globex)
    assert planned(globex, wanted(globex, name)) == "192.0.3.10"
    globex.apply(wanted(globex, name))

    # A lower one that becomes free moves nobody, not even whose Service somebody deleted.
    plane.api.delete(f"/api/v1/namespaces/{namespace}/services/stranger")
    assert fresh(globex).plan(wanted(globex, name)) == {}
    plane.api.delete(globex.path("services", "grafana-entrance"))
    again = fresh(globex)
    assert planned(again, wanted(globex, name)) == "192.0.3.10"
    again.apply(wanted(globex, name))
    assert given(globex) == ["192.0.3.10"]

    # What somebody writes into the Service is drift like any other.
    note = {"metallb.io/loadBalancerIPs": "192.0.3.15"}
    plane.api.patch(
        globex.path("services", "grafana-entrance"), {"metadata": {"annotations": note}}
    )
    plane.wait(lambda: given(globex) == ["192.0.3.15"], "another address")
    again = fresh(globex)
    (field,) = again.plan(wanted(globex, name))["Service grafana-entrance"].fields
    assert (field.path, field.live, field.wanted) == (_PLANNED, "192.0.3.15", "192.0.3.10")
    again.apply(wanted(globex, name))
    plane.wait(lambda: given(globex) == ["192.0.3.10"], "its own address")


@pytest.mark.usefixtures("controller")
def test_a_used_up_pool_names_its_owners_before_anything_is_done(
    plane: Plane, make: Make, namespace: str
) -> None:
    name = pool(plane, "192.0.3.32/31")
    stranger(plane, namespace, name, "192.0.3.32")
    acme, globex = make("acme"), make("globex")
    acme.apply(wanted(acme, name))

    with pytest.raises(TargetError) as error:
        fresh(globex).apply(wanted(globex, name))

    assert error.value.message == (
        f"{globex.namespace}/grafana-entrance gets no address: pool {name} (192.0.3.32/31) has 2"
        f" IPv4, all taken: 192.0.3.32 {namespace}/stranger, 192.0.3.33"
        f" {acme.namespace}/grafana-entrance"
    )
    assert plane.api.find(f"/api/v1/namespaces/{globex.namespace}") is None
    assert fresh(acme).plan(wanted(acme, name)) == {}, "who has one goes on"
    with pytest.raises(TargetError, match=r"cannot have 192\.0\.3\.33: tig-acme"):
        fresh(globex).plan(wanted(globex, name, address="192.0.3.33"))
    with pytest.raises(TargetError, match=r"192\.0\.3\.40: it is not in pool judged-"):
        fresh(globex).plan(wanted(globex, name, address="192.0.3.40"))


@pytest.mark.usefixtures("controller")
@pytest.mark.parametrize(
    ("families", "address"),
    [
        (("IPv4",), "192.0.3.48"),
        (("IPv6",), "2001:db8:3::"),
        (("IPv4", "IPv6"), "192.0.3.48,2001:db8:3::"),
        ((), "192.0.3.48"),
    ],
    ids=["IPv4", "IPv6", "both", "the cluster's first"],
)
def test_pools_of_each_family(
    plane: Plane, make: Make, families: tuple[str, ...], address: str
) -> None:
    name = pool(plane, "192.0.3.48/30", "2001:db8:3::/126")
    acme = make("acme")
    assert planned(acme, wanted(acme, name, families=families)) == address
    acme.apply(wanted(acme, name, families=families))
    assert given(acme) == address.split(",")
    assert fresh(acme).plan(wanted(acme, name, families=families)) == {}
    acme.target().destroy(volumes=True, namespace=True, observe=acme.observe)
    plane.api.delete(f"/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/{name}")


def test_a_pool_without_the_family_says_so(plane: Plane, make: Make) -> None:
    name = pool(plane, "192.0.3.64/30")
    acme = make("acme")
    with pytest.raises(TargetError, match=r"\(192\.0\.3\.64/30\) has no IPv6 address"):
        acme.plan(wanted(acme, name, families=("IPv6",)))
    with pytest.raises(TargetError, match=r"has no pool elsewhere, but .*tenants"):
        acme.plan(wanted(acme, "elsewhere"))


@pytest.mark.usefixtures("controller")
def test_an_address_that_another_was_quicker_to_take(
    plane: Plane, make: Make, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Long enough for MetalLB to take back a refusal that a former apply left as an event.
    seconds = {"AddressRefused": 3, "AddressPending": 60}
    monkeypatch.setattr("tigctl.targets.kubernetes.waiting.FATAL_AFTER_S", seconds)
    name = pool(plane, "192.0.3.72/30")
    acme = make("acme")
    assert planned(acme, wanted(acme, name)) == "192.0.3.72"
    stranger(plane, namespace, name, "192.0.3.72")

    with pytest.raises(TargetError, match=r"192.0.3.72: .* was quicker to take it") as error:
        acme.apply(wanted(acme, name))

    assert f"{namespace}/stranger" in error.value.message
    assert f"tigctl apply {acme.tenant} again" in str(error.value.hint)
    states = {one.name: one for one in acme.target().components()}
    assert states["influxdb"].state == "running"
    assert "in use by" in states["grafana-entrance"].reason
    again = fresh(acme)
    (field,) = again.plan(wanted(acme, name))["Service grafana-entrance"].fields
    assert (field.live, field.wanted) == ("192.0.3.72", "192.0.3.73")
    again.apply(wanted(acme, name))
    assert given(acme) == ["192.0.3.73"]


def test_two_who_are_promised_the_same_address_at_once(plane: Plane, make: Make) -> None:
    """Without anybody who gives out addresses, and without waiting: the second one notices."""
    name = pool(plane, "192.0.3.112/30")
    first, second = make("acme"), fresh(make("globex"))
    second.cluster = Cluster(kubeconfig=str(engineer.kubeconfig(plane)))  # another process
    for one in (first, second):
        assert planned(one, wanted(one, name)) == "192.0.3.112"
    first.apply(wanted(first, name), wait=0)

    with pytest.raises(TargetError, match=r"does not get 192.0.3.112: .* was quicker") as error:
        second.apply(wanted(second, name), wait=0)

    assert f"{first.namespace}/grafana-entrance" in error.value.message
    first.apply(wanted(first, name), wait=0)
    again = fresh(second)
    (field,) = again.plan(wanted(second, name))["Service grafana-entrance"].fields
    assert field.wanted == "192.0.3.113"
    again.apply(wanted(second, name), wait=0)
    assert "Service grafana-entrance" not in fresh(second).plan(wanted(second, name))


def test_without_anybody_who_gives_out_addresses(
    plane: Plane, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tigctl.targets.kubernetes.waiting.FATAL_AFTER_S", {"AddressPending": 0})
    acme = make("acme")
    with pytest.raises(TargetError, match="nobody gave it one") as error:
        acme.apply(wanted(acme, pool(plane, "192.0.3.80/30")))
    assert "see whether MetalLB's controller runs" in str(error.value.hint)


@pytest.mark.usefixtures("controller")
def test_tenants_share_an_address_by_ports(plane: Plane, make: Make) -> None:
    name = pool(plane, "192.0.3.88/30")
    fixed = {"address": "192.0.3.88", "shared": True}
    acme, globex = make("acme"), make("globex")
    acme.apply(wanted(acme, name, **fixed, port=3001))
    globex.apply(wanted(globex, name, **fixed, port=3002))
    assert given(acme) == given(globex) == ["192.0.3.88"]
    initech = fresh(make("initech"))
    assert planned(initech, wanted(initech, name)) == "192.0.3.89"


def test_the_program_deals_addresses_out_by_name(plane: Plane, tmp_path: Path) -> None:
    """What `plan --all` shows, `plan` of one shows too, whoever is asked first."""
    name = pool(plane, "192.0.3.96/29")
    lab = {
        "type": "kubernetes",
        "kubeconfig": str(engineer.kubeconfig(plane)),
        "pool": {"name": name, "addresses": ["192.0.3.98-192.0.3.103"]},
    }
    fleet = {**FLEET, "exposure": {"grafana": {"type": "loadbalancer"}}, "targets": {"lab": lab}}
    (tmp_path / "fleet.yaml").write_text(yaml.safe_dump(fleet))
    desk = Desk(tmp_path, plane)
    for tenant in ("initech-lb", "acme-lb", "globex-lb", "zeta-lb"):
        desk.tenant(tenant)
    settings = {"exposure": {"grafana": {"address": "192.0.3.98"}}}
    (tmp_path / "tenants/globex-lb/tenant.yaml").write_text(yaml.safe_dump(settings))

    found = json.loads(desk.tigctl("plan", "--all", "-o", "json", code=3))

    addresses = {
        one["tenant"]: field["wanted"]
        for one in found
        for change in one["changes"]
        for field in change["fields"]
        if field["path"] == _PLANNED
    }
    assert addresses == {
        "acme-lb": "192.0.3.99",
        "globex-lb": "192.0.3.98",
        "initech-lb": "192.0.3.100",
        "zeta-lb": "192.0.3.101",
    }
    # Alone, a tenant stands first, but never on an address that another one has fixed.
    said = desk.tigctl("plan", "zeta-lb", code=3)
    assert "grafana-entrance gets 192.0.3.99" in said
    changes = json.loads(desk.tigctl("plan", "zeta-lb", "-o", "json", "-v", code=3))["changes"]
    urls = [
        field["wanted"]
        for change in changes
        if change["name"] == "grafana"
        for field in change["fields"]
        if "ROOT_URL" in field["path"]
    ]
    assert "http://192.0.3.99/zeta-lb/" in urls
