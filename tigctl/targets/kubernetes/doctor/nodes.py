"""The nodes: what fails as a whole, and whether Cilium's agent runs on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tigctl.backends.kubernetes.cluster import Object
from tigctl.render.kubernetes.placement import HOST_NAME
from tigctl.spec.workspace import Tenant
from tigctl.targets.finding import Finding, failed, ok, warning
from tigctl.targets.kubernetes import conditions
from tigctl.targets.kubernetes.doctor.look import Look, labels, shut
from tigctl.targets.kubernetes.fitting import named

_DOMAINS = "failure domains"
_CILIUM = "Cilium's agents"
# The reason by which Cilium's operator says that a node has its network.
_UP = "CiliumIsUp"
_NOT_UP = "node.cilium.io/agent-not-ready"


def failure_domains(look: Look) -> Iterator[Finding]:
    """Over how many failure domains tenants can be spread."""
    closed = {one["metadata"]["name"]: why for one in look.objects("Node") if (why := shut(one))}
    out = [f"{name} {why}" for name, why in closed.items() if why != "control plane"]
    if not look.workers():
        text = f"no node takes pods: {named(out)}" if out else "there is no node for tenants' pods"
        yield failed(_DOMAINS, text, "add a node, or uncordon one: kubectl get nodes")
        return
    if out:
        yield warning("nodes", f"take no pods now: {named(out)}", "kubectl describe node NAME")
    groups = look.grouped(
        lambda one: (one.settings.placement.spread_by, one.settings.placement.required)
    )
    for (key, required), tenants in groups.items():
        yield _domains(look, key, required, tenants)


def _domains(look: Look, key: str, required: bool, tenants: list[Tenant]) -> Finding:
    nodes = look.workers()
    domains = Counter(_domain(node, key) for node in nodes)
    bare = [one["metadata"]["name"] for one in nodes if key not in labels(one)]
    whose = look.whose(tenants)
    counted = f"{len(nodes)} node{'s' if len(nodes) != 1 else ''}"
    label = f"kubectl label node NAME {key}=DOMAIN, a value for each room, rack or physical host"
    if len(domains) == 1:
        what = f"{counted}, all in one domain by {key}" if len(nodes) > 1 else "one node only"
        if required:
            return failed(
                _DOMAINS,
                f"{what}, and placement.required lets pods wait for another{whose}",
                f"add nodes elsewhere; {label}" if len(nodes) == 1 else label,
            )
        return warning(
            _DOMAINS,
            f"{what}: it fails as a whole{whose}",
            "add a node in another place" if len(nodes) == 1 else label,
        )
    if required and len(domains) == 2:
        return warning(
            _DOMAINS,
            f"two by {key}, and placement.required leaves none to move to{whose}",
            "add a third domain, or leave placement.required out",
        )
    if bare and len(bare) < len(nodes):
        return warning(_DOMAINS, f"{named(bare)} have no label {key}; each counts alone", label)
    by = f"by host name, for no node has {key}" if bare else f"by {key}"
    if bare and key != HOST_NAME:
        # Virtual nodes of one physical host would count as several.
        by += "; set it where nodes share a room or a host"
    return ok(_DOMAINS, f"{counted} in {len(domains)} domains {by}{whose}")


def _domain(node: Object, key: str) -> str:
    own = labels(node)
    return own.get(key) or f"node {own.get(HOST_NAME, node['metadata']['name'])}"


def cilium(look: Look) -> Iterator[Finding]:
    """Whether Cilium's agent runs on every node; without it nobody enforces a policy."""
    nodes = look.workers()
    without = [one["metadata"]["name"] for one in nodes if not _is_up(one)]
    remedy = (
        "see the agents: kubectl -n kube-system get pods -l k8s-app=cilium -o wide; where another"
        " plugin makes the network, policies of Cilium are objects that nobody reads"
    )
    if nodes and len(without) == len(nodes):
        reasons = (conditions.of(one, "NetworkUnavailable").get("reason", "") for one in nodes)
        others = set(reasons) - {""}
        said = f"; their network is made by: {', '.join(sorted(others))}" if others else ""
        yield failed(_CILIUM, f"no node says that Cilium's agent runs{said}", remedy)
    elif without:
        yield failed(_CILIUM, f"not on {named(without)}", remedy)
    elif nodes:
        yield ok(_CILIUM, f"on all {len(nodes)} nodes")


def _is_up(node: Object) -> bool:
    taints = (node.get("spec") or {}).get("taints") or ()
    network = conditions.of(node, "NetworkUnavailable")
    up = network.get("reason") == _UP and network.get("status") == "False"
    return up and not any(one["key"] == _NOT_UP for one in taints)
