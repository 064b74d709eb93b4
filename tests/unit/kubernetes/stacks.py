"""Whole stacks for tests of workloads: invented switches, their Telegrafs, and any settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from collectors.facts import Facts
from collectors.login import Login
from collectors.telegraf.budget import budget
from collectors.telegraf.model import Poll, Settings, Shard
from collectors.telegraf.shard import render
from tests.unit.telegraf.devices import SYSTEM, V2C, facts, interfaces, poll
from tigctl.render.bundle import DeviceSummary
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.workloads import grafana, influxdb, namespace, telegraf
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.stack import Images

# What manifests/ is written for, as far as settings say it; the rest are defaults.
REFERENCE: dict[str, Any] = {
    "exposure": {"grafana": {"host": "acme.example", "tls": {"issuer": "public"}}}
}


def switches(
    count: int, *, ports: int = 48, login: Login = V2C, known: Facts | None = None, **device: Any
) -> list[Poll]:
    """So many switches, each asked for its ports and pinged."""
    return [
        poll(
            f"switch-{number:04}",
            *(SYSTEM, interfaces()),
            rows=ports,
            known=known or facts(),
            login=login,
            **{"address": f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", **device},
        )
        for number in range(count)
    ]


def stack(
    polls: Sequence[Poll] = (),
    settings: dict[str, Any] | None = None,
    *,
    name: str = "acme",
    images: dict[str, Any] | None = None,
    shards: Sequence[Shard] | None = None,
) -> Stack:
    """A tenant that polls these devices; `shards` in place of those that follow from them."""
    wanted = TenantSettings.model_validate(settings or {})
    how = Settings(
        name,
        interval=wanted.polling.interval,
        slow_interval=wanted.polling.slow_interval,
        jitter=wanted.polling.jitter,
        ping_method="exec",
        outage=wanted.outage,
    )
    return Stack(
        tenant=name,
        namespace=wanted.namespace or f"tig-{name}",
        settings=wanted,
        target=TargetSettings.model_validate({"type": "kubernetes"}),
        images=Images.model_validate(images or {}),
        devices=[one.device for one in polls],
        summaries=[summary(one, how) for one in polls],
        shards=render(polls, how) if shards is None else shards,
    )


def reference_stack() -> Stack:
    """The tenant that manifests/ shows."""
    return stack([poll("core-sw1", login=None, address="192.0.2.1", snmp=False)], REFERENCE)


def split(given: Stack, count: int) -> Stack:
    """The same tenant with its first Telegraf so many times."""
    one = given.shards[0]
    return replace(
        given, shards=[replace(one, name=f"telegraf-{number}") for number in range(count)]
    )


def summary(one: Poll, how: Settings) -> DeviceSummary:
    """What the bundle says of a device, as far as sizes follow from it."""
    device = one.device
    return DeviceSummary(
        name=device.name,
        address=device.address,
        profile="",
        site="",
        role="",
        snmp=device.snmp,
        icmp=device.icmp,
        probed=True,
        expects=(),
        budget=budget(one, how),
    )


def workloads(given: Stack) -> dict[str, Object]:
    """All objects of a stack by `Kind name`, in order."""
    made = [*namespace(given), *influxdb(given), *telegraf(given), *grafana(given)]
    found = {f"{one['kind']} {one['metadata']['name']}": one for one in made}
    assert len(found) == len(made)
    return found


def pod_of(objects: dict[str, Object], key: str) -> Object:
    """The pod's specification in a workload."""
    spec: Object = objects[key]["spec"]["template"]["spec"]
    return spec


def variables(container: Object) -> dict[str, Any]:
    """A container's environment: values, and `secret/key` where a Secret holds them."""
    found = {}
    for entry in container["env"]:
        held = entry.get("valueFrom", {}).get("secretKeyRef")
        found[entry["name"]] = f"{held['name']}/{held['key']}" if held else entry["value"]
    assert len(found) == len(container["env"])
    return found


def container(objects: dict[str, Object], key: str) -> Object:
    """The first container of a workload."""
    found: Object = pod_of(objects, key)["containers"][0]
    return found
