"""Longhorn: its nodes, and the settings that decide what happens when one is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tigctl.spec.workspace import Tenant
from tigctl.targets.finding import Finding, failed, ok, warning
from tigctl.targets.kubernetes import longhorn
from tigctl.targets.kubernetes.doctor import definitions
from tigctl.targets.kubernetes.doctor.look import Look
from tigctl.targets.kubernetes.doctor.storage import on_longhorn
from tigctl.targets.kubernetes.fitting import named
from tigctl.targets.kubernetes.longhorn import Space

_NODES, _POLICY, _PROMISED = "Longhorn's nodes", "Longhorn's node loss", "Longhorn's disks"
_DELETES = "node-down-pod-deletion-policy"
_BOTH = "delete-both-statefulset-and-deployment-pod"
_OVER = "storage-over-provisioning-percentage"


def volumes(look: Look) -> Iterator[Finding]:
    """Whether Longhorn can make and keep the volumes of the tenants that use it."""
    tenants = list(on_longhorn(look))
    if not tenants:
        return
    part = definitions.known(look, definitions.LONGHORN)
    yield part
    if part.remedy:
        return
    settings = {
        one["metadata"]["name"]: str(one.get("value", "")) for one in look.objects("Setting")
    }
    space = longhorn.space(look.objects("LonghornNode"), settings)
    yield from _nodes(look, space)
    default = longhorn.number(settings, "default-replica-count", longhorn.REPLICAS)
    groups: dict[tuple[str, ...], list[Tenant]] = {}
    for tenant, parameters in tenants:
        keys = ("numberOfReplicas", "nodeSelector", "diskSelector")
        groups.setdefault(tuple(parameters.get(key, "") for key in keys), []).append(tenant)
    for (copies, node_tags, disk_tags), some in groups.items():
        wanted = int(copies) if copies.isdigit() and int(copies) else default
        yield _copies(look, space, wanted, f"{node_tags} {disk_tags}".strip(), some)
    yield from _settings(settings)


def _nodes(look: Look, space: Space) -> Iterator[Finding]:
    if not look.objects("LonghornNode"):
        remedy = "see its manager: kubectl -n longhorn-system get pods"
        yield failed(_NODES, "Longhorn knows no node", remedy)
        return
    takes = {one.node for one in space.disks if not one.closed}
    names = [one["metadata"]["name"] for one in look.objects("LonghornNode")]
    if out := [name for name in names if name not in takes]:
        reasons = {one.node: f" ({one.closed})" for one in space.disks if one.closed}
        said = named(name + reasons.get(name, " (no disk)") for name in out)
        text = f"take no copies of volumes: {said}"
        remedy = "kubectl -n longhorn-system describe nodes.longhorn.io NAME"
        yield (warning if takes else failed)(_NODES, text, remedy)
    else:
        yield ok(_NODES, f"all {len(names)} take copies of volumes")


def _copies(look: Look, space: Space, wanted: int, tags: str, tenants: list[Tenant]) -> Finding:
    """Whether there are as many nodes as copies; those with the tags, where any are asked for."""
    asked = frozenset(filter(None, tags.replace(",", " ").split()))
    fitting = {
        one.node for one in space.disks if not one.closed and asked <= one.node_tags | one.tags
    }
    whose, tagged = look.whose(tenants), f" with the tags {tags}" if tags else ""
    if not fitting:
        return failed(
            "Longhorn's copies",
            f"no disk that takes copies{tagged}{whose}",
            "tag nodes or disks in Longhorn, or change storage.node_tags and storage.disk_tags"
            if tags
            else "see Longhorn's nodes",
        )
    if len(fitting) < wanted:
        return warning(
            "Longhorn's copies",
            f"{wanted} of each volume are wanted and {len(fitting)} nodes{tagged} take one"
            f"{whose}: volumes stay degraded",
            f"add storage nodes, or set storage.replicas to {len(fitting)}",
        )
    text = f"{wanted} of each volume, on {len(fitting)} nodes{tagged}{whose}"
    if wanted == 1:
        return warning(
            "Longhorn's copies", f"{text}: its node's loss is theirs", "set storage.replicas to 3"
        )
    return ok("Longhorn's copies", text)


def _settings(settings: Mapping[str, str]) -> Iterator[Finding]:
    policy = settings.get(_DELETES, "do-nothing")
    if policy == _BOTH:
        yield ok(_POLICY, f"{_DELETES} is {policy}: pods leave a lost node")
    else:
        yield warning(
            _POLICY,
            f"{_DELETES} is {policy}: InfluxDB's pod stays on a lost node until somebody acts",
            f"kubectl -n longhorn-system patch settings.longhorn.io {_DELETES} --type merge -p"
            f' \'{{"value":"{_BOTH}"}}\'',
        )
    over = longhorn.number(settings, _OVER, longhorn.OVER_PROVISIONING)
    if over > longhorn.OVER_PROVISIONING:
        yield warning(
            _PROMISED,
            f"may be promised {over} % of what they have: a full one stops its volumes",
            f"set {_OVER} to {longhorn.OVER_PROVISIONING} in Longhorn, or watch the disks",
        )
    else:
        yield ok(_PROMISED, f"are promised at most {over} % of what they have")
