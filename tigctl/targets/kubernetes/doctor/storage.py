"""The storage classes that tenants' volumes are of."""

from __future__ import annotations

from collections.abc import Iterator

from tigctl.backends.kubernetes.cluster import Object
from tigctl.spec.stack import LONGHORN_KEYS, Storage
from tigctl.spec.workspace import Tenant
from tigctl.targets.finding import Finding, failed, ok, warning
from tigctl.targets.kubernetes import longhorn
from tigctl.targets.kubernetes.doctor.look import Look, is_default
from tigctl.targets.kubernetes.fitting import named

_CHECK = "storage class"


def own(storage: Storage) -> bool:
    """Whether a tenant's settings make a class of Longhorn of their own."""
    return not storage.class_ and bool(storage.model_fields_set & set(LONGHORN_KEYS))


def classes(look: Look) -> Iterator[Finding]:
    """Each class that tenants name, and the default one where they name none."""
    groups = look.grouped(lambda one: (one.settings.storage.class_, own(one.settings.storage)))
    for (name, makes), tenants in groups.items():
        if makes:
            continue  # its class comes with the tenant; Longhorn is looked at by itself
        if name:
            yield _named(look, name, tenants)
        else:
            yield _default(look, tenants)


def _named(look: Look, name: str, tenants: list[Tenant]) -> Finding:
    found = next((one for one in look.objects("StorageClass") if _name(one) == name), None)
    if found is None:
        there = named(_name(one) for one in look.objects("StorageClass")) or "none"
        return failed(
            _CHECK,
            f"{name} is not there{look.whose(tenants)}; there are: {there}",
            "write one of these as storage.class, or let an administrator make it",
        )
    return _growing(look, found, tenants)


def _default(look: Look, tenants: list[Tenant]) -> Finding:
    found = [one for one in look.objects("StorageClass") if is_default(one)]
    if not found:
        return failed(
            _CHECK,
            f"the cluster has no default class, and none is named{look.whose(tenants)}",
            "write storage.class in fleet.yaml, or make a class the default: kubectl annotate"
            " storageclass NAME storageclass.kubernetes.io/is-default-class=true",
        )
    if len(found) > 1:
        return warning(
            _CHECK,
            f"{named(map(_name, found))} are all the default; the newest one is taken",
            "leave one of them the default, or write storage.class in fleet.yaml",
        )
    return _growing(look, found[0], tenants)


def _growing(look: Look, found: Object, tenants: list[Tenant]) -> Finding:
    kind = f"{_name(found)}{' (the default)' if is_default(found) else ''}"
    text = f"{kind} by {found['provisioner']}{look.whose(tenants)}"
    if not found.get("allowVolumeExpansion"):
        return warning(
            _CHECK,
            f"{text}: its volumes cannot grow",
            f"kubectl patch storageclass {_name(found)} -p '{{\"allowVolumeExpansion\":true}}',"
            " where its driver can do that",
        )
    return ok(_CHECK, f"{text}; its volumes can grow")


def on_longhorn(look: Look) -> Iterator[tuple[Tenant, Object]]:
    """Tenants whose volumes Longhorn makes, with the parameters of their class."""
    for tenant in look.tenants:
        storage = tenant.settings.storage
        if own(storage):
            yield (
                tenant,
                {
                    "numberOfReplicas": str(storage.replicas),
                    "nodeSelector": ",".join(storage.node_tags),
                    "diskSelector": ",".join(storage.disk_tags),
                },
            )
            continue
        for one in look.objects("StorageClass"):
            wanted = _name(one) == storage.class_ if storage.class_ else is_default(one)
            if wanted and one.get("provisioner") == longhorn.DRIVER:
                yield tenant, one.get("parameters") or {}
                break


def _name(found: Object) -> str:
    return str(found["metadata"]["name"])
