"""From a tenant to its target and its bundle: lock, profiles, render, written once."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.facts import Found
from collectors.knowledge.load import load_library
from collectors.knowledge.model import Library
from tigctl.cli import place
from tigctl.cli.alerting import rules_of
from tigctl.cli.boarding import boards_of
from tigctl.errors import InvalidFiles, UsageError
from tigctl.render.bundle import Bundle
from tigctl.render.kubernetes.exposure import entrances
from tigctl.render.kubernetes.namespace import namespace
from tigctl.render.kubernetes.objects import stack_of
from tigctl.render.tenant import render
from tigctl.spec import lock
from tigctl.spec.model import TargetSettings
from tigctl.spec.workspace import Tenant
from tigctl.targets.interface import Target
from tigctl.targets.kubernetes.options import Options

if TYPE_CHECKING:
    from tigctl.backends.kubernetes.cluster import Cluster
    from tigctl.targets.kubernetes.inventory import Inventory
    from tigctl.targets.kubernetes.snapshot import Snapshot

    Known = tuple[Snapshot, Inventory]


@dataclass(frozen=True, slots=True)
class Stack:
    """One tenant with all that follows from its files, and the target it goes to."""

    tenant: Tenant
    library: Library
    lock: Mapping[str, Found]
    target: Target
    bundle: Bundle


def target_of(tenant: Tenant, options: Options | None = None, known: Known | None = None) -> Target:
    """The target of a tenant; asks nobody yet. Most `options` mean something on a cluster only.

    `known`: what `looked` found for this tenant.
    """
    # Both are heavy, and no call needs the two.
    if tenant.target.type == "local":
        from tigctl.targets.local.target import LocalTarget  # noqa: PLC0415

        new_tokens = options.new_tokens if options else False
        return LocalTarget(tenant.root, tenant.name, new_tokens=new_tokens)
    from tigctl.targets.kubernetes.pools import Ground  # noqa: PLC0415
    from tigctl.targets.kubernetes.target import KubernetesTarget  # noqa: PLC0415

    return KubernetesTarget(
        cluster_of(tenant),
        tenant.name,
        tenant.settings.namespace,
        options,
        grafana_path=tenant.settings.exposure.grafana.path,
        ground=Ground(tenant.target.pool.addresses, tenant.reserved),
        known=known,
    )


def looked(tenants: Sequence[Tenant]) -> dict[str, Known]:
    """What is there of all tenants on clusters, by name: a few lists instead of some for each."""
    from tigctl.targets.kubernetes import snapshot  # noqa: PLC0415 - as above
    from tigctl.targets.kubernetes.inventory import Inventory  # noqa: PLC0415

    found: dict[str, Known] = {}
    of_cluster: dict[str, list[Tenant]] = {}
    for one in tenants:
        if one.target.type == "kubernetes":
            of_cluster.setdefault(one.settings.target, []).append(one)
    for there in of_cluster.values():
        cluster = cluster_of(there[0])
        spaces = snapshot.take_all(cluster, [one.settings.namespace for one in there])
        inventories = Inventory.load_all(cluster)
        for one in there:
            space = one.settings.namespace
            found[one.name] = spaces[space], inventories.get(space, Inventory())
    return found


def expect(tenants: Sequence[Tenant]) -> None:
    """Tells clusters who will ask them for addresses: by name, whoever comes first."""
    from tigctl.targets.kubernetes import pools  # noqa: PLC0415 - as above

    for one in tenants:
        exposure = one.settings.exposure
        kinds = {exposure.grafana.type, exposure.influxdb.type}
        if one.target.type == "kubernetes" and "loadbalancer" in kinds:
            ground = pools.Ground(one.target.pool.addresses, one.reserved)
            made = (*namespace(stack_of(one)), *entrances(stack_of(one)))
            pools.book(cluster_of(one)).expect(pools.wishes(made, ground, {}))


# Many tenants are worked on at once, and what they share is made once.
_CLUSTERS: dict[tuple[str, str], Cluster] = {}
_LIBRARIES: dict[tuple[Path, ...], Library] = {}
_LOCK = threading.Lock()


def cluster_of(tenant: Tenant) -> Cluster:
    """The cluster of a tenant; tenants that share one share its connections."""
    return cluster_at(tenant.root, tenant.target)


def cluster_at(root: Path, target: TargetSettings) -> Cluster:
    """The cluster that a target of a workspace names; the same one for each call."""
    from tigctl.backends.kubernetes.cluster import Cluster  # noqa: PLC0415 - as above

    kubeconfig = target.kubeconfig
    path = str(root / Path(kubeconfig).expanduser()) if kubeconfig else ""
    with _LOCK:
        key = target.context, path
        if key not in _CLUSTERS:
            _CLUSTERS[key] = Cluster(*key)
        return _CLUSTERS[key]


def _library(folders: tuple[Path, ...]) -> Library:
    """Tenants without profiles of their own share what is known about devices."""
    with _LOCK:
        if folders not in _LIBRARIES:
            _LIBRARIES[folders] = load_library(folders)
        return _LIBRARIES[folders]


def left_target(name: str) -> Target:
    """The target of a tenant to clean up, also where its files are broken or gone."""
    from tigctl.targets.local.target import LocalTarget  # noqa: PLC0415 - as above

    left = LocalTarget(place.root(), name)
    try:
        return target_of(place.one(name))
    except (InvalidFiles, UsageError):
        if left.layout.home.is_dir():
            return left
        raise


def stack(tenant: Tenant, options: Options | None = None, known: Known | None = None) -> Stack:
    """Renders a tenant's bundle for its target. Reads files; asks no device and no server."""
    target = target_of(tenant, options, known)
    library = _library(tenant.profile_folders)
    entries = lock.read(tenant.lock_path)
    method = target.ping_method(tenant.settings.ping.method)
    # Boards and rules are of no use to a plan that does not ask Grafana, and a fifth of its work.
    has_grafana = tenant.target.type == "kubernetes" and not (options and options.objects_only)
    bundle = render(
        tenant,
        entries,
        library,
        ping_method=method,
        boards=boards_of(tenant) if has_grafana else (),
        rules=rules_of(tenant) if has_grafana else {},
    )
    return Stack(tenant, library, entries, target, bundle)
