"""The kinds that the tenants' objects are of: does the cluster know them, and in which version."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tigctl.backends.kubernetes.errors import Refused
from tigctl.backends.kubernetes.kinds import KINDS
from tigctl.targets.finding import Finding, failed, ok, warning
from tigctl.targets.kubernetes.doctor.look import Look


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be installed in a cluster: its name, the kinds it brings, how to get it."""

    name: str
    kinds: tuple[str, ...]
    remedy: str


CILIUM = Part(
    "Cilium",
    ("CiliumNetworkPolicy",),
    "install Cilium 1.16 or later, the network plugin that enforces the tenants' policies",
)
GATEWAY = Part(
    "Gateway API",
    ("HTTPRoute", "Gateway", "GatewayClass"),
    "install Gateway API's standard channel and a controller for it (Cilium has one), or set"
    " exposure.grafana.type to ingress or loadbalancer",
)
LISTENERS = Part(
    "Gateway API listeners",
    ("ListenerSet",),
    "update Gateway API to 1.5 or later, which an entrance with a certificate of its own needs;"
    " or end TLS at the Gateway: leave exposure.grafana.tls out",
)
CERTIFICATES = Part(
    "cert-manager",
    ("Certificate", "ClusterIssuer"),
    "install cert-manager, or name a Secret with the certificate: exposure.grafana.tls.secret",
)
METALLB = Part(
    "MetalLB",
    ("IPAddressPool", "L2Advertisement", "BGPAdvertisement", "BGPPeer"),
    "install MetalLB 0.13 or later, or set exposure.grafana.type to gateway or ingress",
)
LONGHORN = Part(
    "Longhorn",
    ("LonghornNode", "Setting"),
    "install Longhorn, or name a storage class of the cluster: storage.class",
)


def parts(look: Look) -> Iterator[Part]:
    """What the tenants' settings need beside Kubernetes itself. Longhorn is storage's business."""
    yield CILIUM
    gateways = list(look.entrances("gateway"))
    if gateways:
        yield GATEWAY
    if any(one.tls.issuer or one.tls.secret for _, _, one in gateways):
        yield LISTENERS
    others = [*gateways, *look.entrances("ingress"), *look.entrances("loadbalancer")]
    if any(one.tls.issuer for _, _, one in others):
        yield CERTIFICATES
    if any(look.entrances("loadbalancer")):
        yield METALLB


def definitions(look: Look) -> Iterator[Finding]:
    """Each part with the versions of its kinds that are served."""
    for part in parts(look):
        yield known(look, part)


def known(look: Look, part: Part) -> Finding:
    """Whether the cluster knows the kinds of a part."""
    group = KINDS[part.kinds[0]].group
    served = look.served(group)
    if not served:
        return failed(part.name, f"the cluster knows nothing of {group}", part.remedy)
    missing = [
        f"{name} in {KINDS[name].version}" for name in part.kinds if not look.cluster.knows(name)
    ]
    if missing:
        text = f"the cluster does not know {', '.join(missing)}; of {group} it serves"
        return failed(part.name, f"{text} {', '.join(served)}", part.remedy)
    return ok(part.name, f"{', '.join(part.kinds)}; {group} serves {', '.join(served)}")


def metrics(look: Look) -> Iterator[Finding]:
    """What pods really use: nothing of tigctl needs it, people who look for a reason do."""
    remedy = "install metrics-server; kubectl top and sizing by use need it"
    try:
        there = bool(look.served(KINDS["NodeMetrics"].group)) and look.cluster.knows("NodeMetrics")
    except Refused as error:
        yield warning("metrics", f"its server does not answer: {error.message}", remedy)
        return
    if there:
        yield ok("metrics", "kubectl top works")
    else:
        yield warning("metrics", "nobody measures what pods and nodes use", remedy)
