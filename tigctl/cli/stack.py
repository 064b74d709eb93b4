"""From a tenant to its target and its bundle: lock, profiles, render, written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectors.facts import Found
from collectors.knowledge.load import load_library
from collectors.knowledge.model import Library
from tigctl.cli import place
from tigctl.cli.output import listed, say
from tigctl.errors import InvalidFiles, UsageError
from tigctl.render.bundle import Bundle
from tigctl.render.tenant import render
from tigctl.spec import lock
from tigctl.spec.workspace import Tenant
from tigctl.targets.local.target import LocalTarget


@dataclass(frozen=True, slots=True)
class Stack:
    """One tenant with all that follows from its files, and the target it goes to."""

    tenant: Tenant
    library: Library
    lock: Mapping[str, Found]
    target: LocalTarget
    bundle: Bundle


def target_of(tenant: Tenant) -> LocalTarget:
    """The target of a tenant. Raises UsageError for a type this version does not carry out."""
    if tenant.target.type != "local":
        raise UsageError(
            f"tenant '{tenant.name}': a target of type {tenant.target.type} cannot be carried out"
            " by this version of tigctl",
            hint="set target: local in tenant.yaml or fleet.yaml",
        )
    return LocalTarget(place.root(), tenant.name)


def carried_out(tenants: Sequence[Tenant]) -> list[Tenant]:
    """Those of all tenants whose target this version carries out; says who is left out."""
    local = [one for one in tenants if one.target.type == "local"]
    if left := [one.name for one in tenants if one.target.type != "local"]:
        say(f"Left out, for this version carries out local targets only: {listed(left)}")
    return local


def left_target(name: str) -> LocalTarget:
    """The target of a tenant to clean up, also where its files are broken or gone."""
    left = LocalTarget(place.root(), name)
    try:
        return target_of(place.one(name))
    except (InvalidFiles, UsageError):
        if left.layout.home.is_dir():
            return left
        raise


def stack(tenant: Tenant) -> Stack:
    """Renders a tenant's bundle for its target. Reads files; asks no device and no server."""
    target = target_of(tenant)
    library = load_library(tenant.profile_folders)
    entries = lock.read(tenant.lock_path)
    method = target.ping_method(tenant.settings.ping.method)
    bundle = render(tenant, entries, library, ping_method=method)
    return Stack(tenant, library, entries, target, bundle)
