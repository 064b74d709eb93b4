"""The planner of addresses: unique, of the right pool, stable. Leaves out: looking at a cluster."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tigctl.errors import TargetError
from tigctl.targets.kubernetes.addresses import Held, Owner, Pool, Wish, choose

POOL = Pool("tenants", ("192.0.2.8/30", "192.0.2.20-192.0.2.22"))
ALL = [f"192.0.2.{number}" for number in (8, 9, 10, 11, 20, 21, 22)]
ACME, GLOBEX = (Owner(f"tig-{name}", "grafana-entrance") for name in ("acme", "globex"))
STRANGER = Owner("kube-system", "traefik")
WISH = Wish(ACME, pool="tenants")


def held(**owners: Owner) -> Held:
    return Held({f"192.0.2.{name[1:]}": owner for name, owner in owners.items()})


def made_for(**allocation: Any) -> Pool:
    return Pool("own", ("198.51.100.0/30",), made_for=allocation)


def test_the_lowest_free_one() -> None:
    assert choose(WISH, [POOL], Held()) == ("192.0.2.8",)
    assert choose(WISH, [POOL], held(_8=STRANGER, _9=GLOBEX)) == ("192.0.2.10",)
    assert choose(replace(WISH, reserved=frozenset({"192.0.2.8"})), [POOL], Held()) == (
        "192.0.2.9",
    )


def test_who_has_one_keeps_it() -> None:
    former = replace(WISH, former=("192.0.2.21",))
    assert choose(former, [POOL], Held()) == ("192.0.2.21",)
    assert choose(former, [POOL], held(_21=ACME)) == ("192.0.2.21",)
    assert choose(former, [POOL], held(_21=GLOBEX)) == ("192.0.2.8",), "it is lost"
    outside = replace(WISH, former=("192.0.2.99",))
    assert choose(outside, [POOL], held(_99=ACME)) == ("192.0.2.8",), "the pool has changed"
    both = replace(WISH, versions=(4, 6), former=("192.0.2.21",))
    pool = replace(POOL, parts=(*POOL.parts, "2001:db8::/64"))
    assert choose(both, [pool], Held()) == ("192.0.2.8", "2001:db8::"), "another family joins"


def test_a_fixed_one_is_checked() -> None:
    fixed = replace(WISH, fixed=("192.0.2.20",))
    assert choose(fixed, [POOL], held(_20=ACME)) == ("192.0.2.20",)
    with pytest.raises(TargetError, match=r"cannot have 192\.0\.2\.20: kube-system/traefik has it"):
        choose(fixed, [POOL], held(_20=STRANGER))
    with pytest.raises(TargetError, match=r"192\.0\.2\.12: it is not in pool tenants"):
        choose(replace(WISH, fixed=("192.0.2.12",)), [POOL], Held())


def test_a_shared_one_has_many_owners() -> None:
    fixed = replace(WISH, fixed=("192.0.2.20",), shared=True)
    common = Held({"192.0.2.20": GLOBEX}, frozenset({"192.0.2.20"}))
    assert choose(fixed, [POOL], common) == ("192.0.2.20",)
    with pytest.raises(TargetError, match="tig-globex/grafana-entrance has it"):
        choose(fixed, [POOL], Held(common.owners))
    with pytest.raises(TargetError, match="has it"):
        choose(replace(fixed, shared=False), [POOL], common)


def test_a_used_up_pool_names_at_most_ten() -> None:
    pool = Pool("tenants", ("192.0.2.0/28",))
    owners = {f"192.0.2.{number}": Owner(f"tig-{number:02}", "grafana") for number in range(16)}
    with pytest.raises(TargetError) as error:
        choose(WISH, [pool], Held(owners))
    said = error.value.message
    assert "pool tenants (192.0.2.0/28) has 16 IPv4, all taken: 192.0.2.0 tig-00/grafana" in said
    assert said.endswith("192.0.2.9 tig-09/grafana and 6 more")


def test_of_a_pool_only_what_the_workspace_names() -> None:
    some = replace(WISH, parts=("192.0.2.10/31", "198.51.100.0/24"))
    assert choose(some, [POOL], Held()) == ("192.0.2.10",)
    with pytest.raises(TargetError, match="has 2 IPv4"):
        choose(some, [POOL], held(_10=STRANGER, _11=STRANGER))


def test_addresses_that_old_networks_cannot_take() -> None:
    pool = Pool("tenants", ("192.0.2.255-192.0.3.1",), no_buggy=True)
    assert choose(WISH, [pool], Held()) == ("192.0.3.1",)
    assert choose(WISH, [replace(pool, no_buggy=False)], Held()) == ("192.0.2.255",)


def test_both_addresses_are_of_one_pool() -> None:
    one = Pool("a", ("192.0.2.8/31",))
    both = Pool("b", ("198.51.100.0/31", "2001:db8::/127"))
    wish = Wish(ACME, versions=(4, 6))
    assert choose(wish, [one, both], Held()) == ("198.51.100.0", "2001:db8::")
    with pytest.raises(TargetError, match=r"pool a \(192\.0\.2\.8/31\) has no IPv6 address"):
        choose(wish, [one], Held())


@pytest.mark.parametrize(
    ("other", "address"),
    [
        (made_for(namespaces=["tig-acme"]), "198.51.100.0"),
        (made_for(namespaces=["tig-globex"]), "192.0.2.8"),
        (made_for(namespaceSelectors=[{"matchLabels": {"tier": "gold"}}]), "198.51.100.0"),
        (made_for(namespaceSelectors=[{"matchLabels": {"tier": "tin"}}]), "192.0.2.8"),
        (made_for(serviceSelectors=[{"matchLabels": {"app": "grafana"}}]), "198.51.100.0"),
        (made_for(serviceSelectors=[{"matchLabels": {"app": "else"}}]), "192.0.2.8"),
        (made_for(priority=1), "192.0.2.8"),
        (replace(made_for(namespaces=["tig-acme"]), by_itself=False), "192.0.2.8"),
        (Pool("a", ("198.51.100.0/30",)), "198.51.100.0"),
        (Pool("a", ("198.51.100.0/30",), by_itself=False), "192.0.2.8"),
    ],
    ids=str,
)
def test_the_pool_that_metallb_would_take(other: Pool, address: str) -> None:
    wish = Wish(ACME, labels={"app": "grafana"}, namespace_labels={"tier": "gold"})
    assert choose(wish, [POOL, other], Held()) == (address,)


def test_of_two_pools_made_for_it_the_one_before() -> None:
    pools = [
        replace(made_for(namespaces=["tig-acme"], priority=priority), name=name, parts=(part,))
        for name, priority, part in (
            ("a", 0, "198.51.100.0/32"),
            ("b", 20, "198.51.100.1/32"),
            ("c", 10, "198.51.100.2/32"),
        )
    ]
    assert choose(Wish(ACME), pools, Held()) == ("198.51.100.2",)


def test_no_pool_for_it() -> None:
    with pytest.raises(TargetError, match="MetalLB has no pool elsewhere, but tenants"):
        choose(Wish(ACME, pool="elsewhere"), [POOL], Held())
    for pool in (replace(POOL, by_itself=False), made_for(namespaces=["tig-globex"])):
        with pytest.raises(TargetError, match="no pool of MetalLB gives one to it by itself"):
            choose(Wish(ACME), [pool], Held())


OWNERS = [Owner(f"tig-{name}", "grafana-entrance") for name in "abcdefg"]


@given(st.permutations(OWNERS), st.dictionaries(st.sampled_from(OWNERS), st.sampled_from(ALL)))
def test_nobody_gets_what_another_has(order: list[Owner], former: dict[Owner, str]) -> None:
    given_out: dict[str, Owner] = {}
    for owner in order:
        had = (former[owner],) if owner in former else ()
        (address,) = choose(Wish(owner, former=had), [POOL], Held(given_out))
        assert address not in given_out
        given_out[address] = owner
    assert sorted(given_out) == sorted(ALL)
