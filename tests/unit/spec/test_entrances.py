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


def faults(root: Path, *tenants: str) -> str:
    with pytest.raises(InvalidFiles) as error:
        load(root, tenants or None)
    return str(error.value)


PLAIN = "targets: {prod: {type: kubernetes}}\n"
POOL = "targets: {prod: {type: kubernetes, pool: {name: t, addresses: [192.0.2.8/31]}}}\n"


def grafana(text: str) -> str:
    return f"exposure: {{grafana: {{{text}}}}}\n"


def both(grafana: str, influxdb: str) -> str:
    return f"exposure:\n  grafana: {{{grafana}}}\n  influxdb: {{{influxdb}}}\n"


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
        "tenants/globex/tenant.yaml:1: exposure.grafana.host: noc.example/a/ leads to tenant acme"
        " (tenants/acme/tenant.yaml:1, target prod) already; give it another host or path" in said
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
    assert "192.0.2.8 leads to tenant acme (tenants/acme/tenant.yaml:1, target prod)" in said


def test_a_pool_has_an_end(tmp_path: Path) -> None:
    own = grafana("type: loadbalancer")
    said = faults(workspace(tmp_path, POOL, acme=own, globex=own, initech=own))
    assert "3 entrances of type loadbalancer want an address, and the pool has 2" in said
    assert "fleet.yaml:3: targets.prod.pool" in said
    assert "wanted by acme (any), globex (any), initech (any)" in said


def test_a_certificate_of_an_address_is_for_a_host_or_that_address(tmp_path: Path) -> None:
    own = "type: loadbalancer, tls: {issuer: internal}"
    root = workspace(
        tmp_path,
        PLAIN,
        acme=grafana(own),
        globex=grafana(f"{own}, host: globex.example"),
        initech=grafana(f"{own}, address: 192.0.2.8"),
        other=grafana("type: loadbalancer, tls: {secret: wildcard}"),
    )
    said = faults(root)
    assert "tenants/acme/tenant.yaml: exposure.grafana.host: is missing; a certificate" in said
    assert "globex" not in said
    assert "initech" not in said
    assert "other" not in said


def test_influxdb_s_own_address_carries_no_tls(tmp_path: Path) -> None:
    own = "type: loadbalancer, host: a.example, tls: {issuer: internal}"
    said = faults(workspace(tmp_path, PLAIN, acme=both("type: none", own)))
    assert "exposure.influxdb.tls: InfluxDB's own address carries no TLS" in said


def test_two_of_one_address_are_told_apart_by_the_ports_they_have(tmp_path: Path) -> None:
    """One with a certificate has 443 of its own, so 443 is taken and 80 is not."""
    shared = "type: loadbalancer, address: 192.0.2.8, shared: true"
    root = workspace(
        tmp_path,
        PLAIN,
        acme=grafana(f"{shared}, tls: {{secret: wildcard}}"),
        globex=grafana(shared),
        initech=grafana(f"{shared}, port: 443"),
    )
    said = faults(root)
    assert "initech" in said
    assert "give it another port than 443" in said
    assert "globex" not in said


@pytest.mark.parametrize("two", ["issuer: a, secret: b", "issuer: a, outside: true"])
def test_a_certificate_comes_from_one_place(tmp_path: Path, two: str) -> None:
    said = faults(workspace(tmp_path, PLAIN, acme=grafana(f"host: noc.example, tls: {{{two}}}")))
    assert "exposure.grafana.tls: issuer, secret and outside exclude each other" in said


def test_tenants_share_a_host_where_tls_ends_at_the_gateway(tmp_path: Path) -> None:
    fleet = PLAIN + grafana("host: noc.example, path: '/{tenant}', tls: {outside: true}")
    assert len(load(workspace(tmp_path, fleet, acme="", globex="", initech="")).tenants) == 3


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


def test_components_of_one_tenant_have_a_path_each(tmp_path: Path) -> None:
    host = "type: gateway, host: noc.example"
    said = faults(workspace(tmp_path, PLAIN, acme=both(host, host)))
    assert said == (
        "tenants/acme/tenant.yaml:3: exposure.influxdb.host: noc.example/ leads to"
        " exposure.grafana.host (tenants/acme/tenant.yaml:2, target prod) already; give it another"
        " host or path"
    )


def test_tenants_of_different_targets_do_not_meet(tmp_path: Path) -> None:
    fleet = "targets: {prod: {type: kubernetes}, lab: {type: kubernetes}, here: {type: local}}\n"
    taken = both("host: noc.example, type: gateway", "type: loadbalancer, address: 192.0.2.8")
    root = workspace(
        tmp_path,
        fleet,
        acme=taken,
        globex="target: lab\n" + taken,
        initech="target: here\n" + taken,
    )
    assert len(load(root).tenants) == 3


def test_a_host_set_for_all_is_a_fault_of_each(tmp_path: Path) -> None:
    root = workspace(tmp_path, PLAIN + grafana("host: noc.example"), acme="", globex="", initech="")
    assert faults(root).splitlines() == [
        f"fleet.yaml:4: exposure.grafana.host (tenant {name}): noc.example/ leads to tenant acme"
        " (fleet.yaml:4, target prod) already; give it another host or path; with {tenant} in it,"
        " one line serves all tenants"
        for name in ("globex", "initech")
    ]


@pytest.mark.parametrize(
    ("line", "host", "path"),
    [
        ("host: '{tenant}.noc.example'", "globex.noc.example", "/"),
        ("host: noc.example, path: '/c/{tenant}/'", "noc.example", "/c/globex/"),
        ("host: '{tenant}-noc.example', path: '/{tenant}'", "globex-noc.example", "/globex"),
    ],
)
def test_one_line_gives_each_tenant_its_own(
    tmp_path: Path, line: str, host: str, path: str
) -> None:
    root = workspace(tmp_path, PLAIN + grafana(line), acme="", globex="", initech="")
    entrance = load(root).tenants["globex"].settings.exposure.grafana
    assert (entrance.host, entrance.path) == (host, path)
    assert entrance.type == "gateway"


def test_a_tenants_own_line_can_meet_that_of_all(tmp_path: Path) -> None:
    fleet = PLAIN + grafana("host: '{tenant}.noc.example'")
    said = faults(workspace(tmp_path, fleet, acme="", globex=grafana("host: acme.noc.example")))
    assert said == (
        "tenants/globex/tenant.yaml:1: exposure.grafana.host: acme.noc.example/ leads to tenant"
        " acme (fleet.yaml:4, target prod) already; give it another host or path"
    )


def test_a_name_that_makes_a_host_too_long(tmp_path: Path) -> None:
    name = "a" * 59
    fleet = PLAIN + grafana("host: 'net-of-{tenant}.example'")
    said = faults(workspace(tmp_path, fleet, **{name: "", "b": ""}))
    assert f"exposure.grafana.host: 'net-of-{name}" in said
    assert "at most 63 characters" in said
    assert len(said.splitlines()) == 1


def test_an_unknown_placeholder(tmp_path: Path) -> None:
    fleet = PLAIN + grafana("host: '{name}.noc.example', path: '/{customer}'")
    said = faults(workspace(tmp_path, fleet, acme=""))
    assert "exposure.grafana.host: {name} is unknown; only {tenant} is filled in" in said
    assert "exposure.grafana.path: {customer} is unknown" in said


@pytest.mark.parametrize("tls", ["issuer: internal", "secret: wildcard"])
def test_a_gateway_takes_one_certificate_for_a_host(tmp_path: Path, tls: str) -> None:
    root = workspace(
        tmp_path,
        PLAIN,
        acme=grafana("host: noc.example, path: /a"),
        globex=grafana(f"host: noc.example, path: /g, tls: {{{tls}}}"),
        initech=grafana(f"host: initech.example, tls: {{{tls}}}"),
    )
    said = faults(root)
    assert said == (
        "tenants/acme/tenant.yaml:1: exposure.grafana.host: noc.example is that of tenant globex"
        " (tenants/globex/tenant.yaml:1, target prod) too, and a Gateway takes one certificate for"
        " a host; give each a host, or leave tls out at all of them and to the Gateway"
    )


def test_an_ingress_takes_a_host_with_tls_twice(tmp_path: Path) -> None:
    shared = "type: ingress, host: noc.example, tls: {secret: wildcard}"
    root = workspace(
        tmp_path, PLAIN, acme=grafana(f"{shared}, path: /a"), globex=grafana(f"{shared}, path: /g")
    )
    assert len(load(root).tenants) == 2


@pytest.mark.parametrize("name", ["acme", "globex"])
def test_loading_one_tenant_looks_at_its_neighbours(tmp_path: Path, name: str) -> None:
    other = "globex" if name == "acme" else "acme"
    root = workspace(
        tmp_path,
        PLAIN,
        acme="namespace: noc\n" + grafana("host: noc.example"),
        globex="namespace: noc\n" + grafana("host: noc.example"),
        initech=grafana("host: initech.example"),
    )
    first, second = faults(root, name).splitlines()
    assert first.startswith(f"tenants/{name}/tenant.yaml:1: namespace: 'noc' is that of tenant")
    assert f"{other} too (tenants/{other}/tenant.yaml:1" in first
    assert second.startswith(f"tenants/{name}/tenant.yaml:2: exposure.grafana.host: noc.example/")
    assert f"tenant {other} (tenants/{other}/tenant.yaml:2, target prod)" in second
    assert load(root, ["initech"]).tenants.keys() == {"initech"}


def test_faults_of_neighbours_stay_theirs(tmp_path: Path) -> None:
    root = workspace(
        tmp_path,
        PLAIN,
        acme=grafana("host: noc.example"),
        globex=grafana("host: noc.example") + "nonsense: 1\n",
        initech="target: nowhere\n",
    )
    assert load(root, ["acme"]).tenants.keys() == {"acme"}


def test_a_used_up_pool_is_a_fault_of_who_asks_of_it(tmp_path: Path) -> None:
    own = grafana("type: loadbalancer")
    root = workspace(
        tmp_path, POOL, acme=own, globex=own, initech=own, other=grafana("host: noc.example")
    )
    assert "the pool has 2" in faults(root, "initech")
    assert load(root, ["other"]).tenants.keys() == {"other"}


def test_a_pool_counts_each_address_once_and_fixed_ones_too(tmp_path: Path) -> None:
    pool = "[192.0.2.8/31, 192.0.2.9-192.0.2.9]"
    fleet = f"targets: {{prod: {{type: kubernetes, pool: {{addresses: {pool}}}}}}}\n"
    two = both("type: loadbalancer, address: 192.0.2.9", "type: loadbalancer")
    said = faults(workspace(tmp_path, fleet, acme=two, globex=grafana("type: loadbalancer")))
    assert "3 entrances" in said
    assert "the pool has 2 (192.0.2.8/31, 192.0.2.9-192.0.2.9)" in said
    assert "wanted by acme (192.0.2.9, any), globex (any)" in said


def test_many_who_want_an_address_are_counted(tmp_path: Path) -> None:
    own = dict.fromkeys((f"t{number:02}" for number in range(13)), grafana("type: loadbalancer"))
    said = faults(workspace(tmp_path, POOL, **own))
    assert "t09 (any) and 3 more tenants;" in said
    assert "t10" not in said


DUAL = (
    "targets: {prod: {type: kubernetes, pool: {families: [IPv4, IPv6],"
    " addresses: [192.0.2.8/31, '2001:db8::/64']}}}\n"
)


def test_each_family_of_a_pool_has_an_end(tmp_path: Path) -> None:
    own = grafana("type: loadbalancer")
    said = faults(workspace(tmp_path, DUAL, acme=own, globex=own, initech=own))
    assert "3 entrances of type loadbalancer want an IPv4 address, and the pool has 2" in said
    assert len(said.splitlines()) == 1


def test_an_address_of_each_family_is_claimed(tmp_path: Path) -> None:
    pair = grafana("type: loadbalancer, address: '192.0.2.8, 2001:db8::8'")
    other = grafana("type: loadbalancer, address: '2001:db8::8'")
    said = faults(workspace(tmp_path, DUAL, acme=pair, globex=other))
    assert "2001:db8::8 leads to tenant acme" in said


@pytest.mark.parametrize("address", ["192.0.2.8,192.0.2.9", "192.0.2.8,", "noc.example"])
def test_an_address_that_is_none(tmp_path: Path, address: str) -> None:
    said = faults(
        workspace(tmp_path, POOL, acme=grafana(f"type: loadbalancer, address: '{address}'"))
    )
    assert "exposure.grafana.address" in said
    assert "is not an IP address" in said or "more than one address" in said


def test_what_others_have_fixed_is_reserved(tmp_path: Path) -> None:
    fixed = grafana("type: loadbalancer, address: 192.0.2.8")
    root = workspace(tmp_path, POOL, acme=grafana("type: loadbalancer"), globex=fixed)
    assert load(root, ["acme"]).tenants["acme"].reserved == {"192.0.2.8"}
    assert load(root).tenants["globex"].reserved == frozenset()


def test_an_ipv6_address_is_no_ipv4_address_of_the_same_number(tmp_path: Path) -> None:
    root = workspace(tmp_path, POOL, acme=grafana("type: loadbalancer, address: '::c000:208'"))
    assert "is not in pool 192.0.2.8/31 of target prod" in faults(root)


@pytest.mark.parametrize("kind", ["gateway", "ingress", "none"])
def test_an_address_belongs_to_a_load_balancer(tmp_path: Path, kind: str) -> None:
    text = grafana(f"type: {kind}, host: noc.example, address: 192.0.2.8")
    said = faults(workspace(tmp_path, PLAIN, acme=text))
    assert f"exposure.grafana.address: does not go with type {kind}; delete it, or write" in said


@pytest.mark.parametrize("kind", ["ingress", "loadbalancer"])
def test_influxdb_has_a_path_only_at_a_gateway(tmp_path: Path, kind: str) -> None:
    def text(kind: str, name: str) -> str:
        host = "" if kind == "loadbalancer" else f"host: {name}.example, "
        return both("type: none", f"{host}path: /data, type: {kind}")

    root = workspace(tmp_path, PLAIN, acme=text(kind, "acme"), globex=text("gateway", "globex"))
    said = faults(root, "acme")
    assert f"exposure.influxdb.path: InfluxDB answers at / only, and type {kind}" in said
    assert load(root, ["globex"]).tenants


SHARED = "type: loadbalancer, address: 192.0.2.8, shared: true"


def test_components_and_tenants_share_an_address_by_ports(tmp_path: Path) -> None:
    root = workspace(
        tmp_path,
        POOL,
        acme=both(SHARED, SHARED),
        globex=both(f"{SHARED}, port: 3001", "type: none"),
        initech=grafana("type: loadbalancer, address: 192.0.2.9"),
    )
    assert len(load(root).tenants) == 3


def test_a_shared_address_has_each_port_once(tmp_path: Path) -> None:
    root = workspace(
        tmp_path, POOL, acme=both(SHARED, SHARED), globex=grafana(f"{SHARED}, port: 8086")
    )
    said = faults(root)
    assert said == (
        "tenants/globex/tenant.yaml:1: exposure.grafana.address: 192.0.2.8 leads to tenant acme"
        " (tenants/acme/tenant.yaml:3, target prod) already; give it another port than 8086"
    )


@pytest.mark.parametrize("where", ["acme", "globex"])
def test_an_address_is_shared_only_where_all_say_so(tmp_path: Path, where: str) -> None:
    own = grafana("type: loadbalancer, address: 192.0.2.8, port: 3001")
    texts = {"acme": grafana(SHARED), "globex": grafana(SHARED), where: own}
    said = faults(workspace(tmp_path, POOL, **texts))
    assert "already; give it another address, or write shared: true at both" in said


def test_an_address_of_both_components_without_sharing(tmp_path: Path) -> None:
    fixed = "type: loadbalancer, address: 192.0.2.8"
    said = faults(workspace(tmp_path, POOL, acme=both(fixed, fixed)))
    assert "exposure.influxdb.address: 192.0.2.8 leads to exposure.grafana.address" in said
    assert len(said.splitlines()) == 1


def test_what_is_shared_is_named(tmp_path: Path) -> None:
    said = faults(workspace(tmp_path, POOL, acme=grafana("type: loadbalancer, shared: true")))
    assert "exposure.grafana.shared: needs an address; write the one that is shared" in said


@pytest.mark.parametrize("key", ["port: 81", "shared: true"])
def test_ports_belong_to_a_load_balancer(tmp_path: Path, key: str) -> None:
    said = faults(workspace(tmp_path, PLAIN, acme=grafana(f"host: noc.example, {key}")))
    assert "does not go with type gateway; delete it, or write type: loadbalancer" in said


def test_small_volumes_are_worth_a_word_on_a_cluster(tmp_path: Path) -> None:
    fleet = "targets: {prod: {type: kubernetes}}\n" + grafana("type: none")
    root = workspace(
        tmp_path,
        fleet,
        acme="storage: {influxdb: 2047Mi, grafana: 255Mi}\n",
        globex="storage: {influxdb: 2Gi, grafana: none}\n",
        initech="target: local\nstorage: {influxdb: 1Mi, replicas: 1}\n",
    )
    found = load(root).warnings
    assert len(found) == 2
    assert found[0].startswith("acme: storage.influxdb is 2047Mi; below 2Gi")
    assert found[1].startswith("acme: storage.grafana is 255Mi; below 256Mi")
