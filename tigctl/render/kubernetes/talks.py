"""Policies as a person reads them: who may talk to whom, by which ports, and why.

Read from the documents themselves, so that what is shown is what a cluster would enforce.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tigctl.render.kubernetes.model import NAME_LABEL, TENANT_LABEL, Object
from tigctl.render.kubernetes.policies import NAMESPACE_LABEL

EVERY_POD = "every pod"
NOBODY = "nobody"

# Cilium's entities in words; `ingress` is its own gateway and ingress controller.
_ENTITIES = {
    "ingress": "Cilium's gateway",
    "world": "anyone outside the cluster",
    "host": "the pod's own node",
    "remote-node": "other nodes",
}
_ECHO = {("IPv4", 8): "echo", ("IPv6", 128): "echo (IPv6)"}


@dataclass(frozen=True, slots=True)
class Talk:
    """One line: `sources` may connect to `destinations` by `ports`.

    `policy` names the document, `why` is its description. Ports read `TCP/8086` or `echo`.
    """

    policy: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[str, ...]
    why: str


def talks(policies: Iterable[Object]) -> tuple[Talk, ...]:
    """All lines, in the order of the policies; a conversation with both ends is one line."""
    found: dict[Talk, None] = {}
    for policy in policies:
        name = policy["metadata"]["name"]
        for spec in policy.get("specs") or [policy["spec"]]:
            found.update(dict.fromkeys(_lines(name, spec)))
    return tuple(found)


def _lines(policy: str, spec: Object) -> Iterator[Talk]:
    own, why = _pods(spec["endpointSelector"]), spec.get("description", "")
    if spec.get("ingress") == [{}] and spec.get("egress") == [{}]:
        yield Talk(policy, own, (NOBODY,), (), why)
        return
    for rule in spec.get("ingress", ()):
        yield Talk(policy, _peers(rule, "from"), own, _ports(rule), why)
    for rule in spec.get("egress", ()):
        yield Talk(policy, own, _peers(rule, "to"), _ports(rule), why)


def _peers(rule: Object, way: str) -> tuple[str, ...]:
    peers = [name for one in rule.get(f"{way}Endpoints", ()) for name in _pods(one)]
    peers += [_ENTITIES[one] for one in rule.get(f"{way}Entities", ())]
    for one in rule.get(f"{way}CIDRSet", ()):
        # The only CIDR with holes that is rendered is the internet, in its two families.
        peers.append("internet" if "except" in one else one["cidr"])
    return tuple(dict.fromkeys(peers))


def _pods(selector: Object) -> tuple[str, ...]:
    """`grafana`, `telegraf`; or `app=relay of mail`; or `every pod`."""
    labels: Mapping[str, str] = selector.get("matchLabels", {})
    listed = [one for one in selector.get("matchExpressions", ()) if one["key"] == NAME_LABEL]
    names = [name for one in listed for name in one["values"]]
    names += [labels[NAME_LABEL]] if NAME_LABEL in labels else []
    left = {TENANT_LABEL, NAME_LABEL, NAMESPACE_LABEL}
    if others := [f"{key}={value}" for key, value in labels.items() if key not in left]:
        names.append(", ".join(others))
    where = f" of {labels[NAMESPACE_LABEL]}" if NAMESPACE_LABEL in labels else ""
    return tuple(f"{name}{where}" for name in names or [EVERY_POD])


def _ports(rule: Object) -> tuple[str, ...]:
    ports = [
        f"{one['protocol']}/{one['port']}"
        for some in rule.get("toPorts", ())
        for one in some["ports"]
    ]
    for some in rule.get("icmps", ()):
        ports += [_ECHO[one["family"], one["type"]] for one in some["fields"]]
    return tuple(ports)
