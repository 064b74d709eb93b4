"""Whether an address that was just claimed is another tenant's, who was quicker.

Two people may apply two tenants at the same moment, from two machines: neither sees the other's
Service yet, and both are promised the same free address. The claims stand in the Services then,
so whoever looks afterwards sees both, and both come to the same verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.errors import Forbidden
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.errors import TargetError
from tigctl.render.kubernetes.exposure import ADDRESSES, SHARING
from tigctl.targets.kubernetes import waiting
from tigctl.targets.kubernetes.addresses import Owner
from tigctl.targets.kubernetes.pools import split


@dataclass(frozen=True, slots=True)
class Claim:
    """What a Service asks for and has; `since` is when it was made, as the server writes it."""

    owner: Owner
    since: str
    asked: frozenset[str]
    has: frozenset[str]
    sharing: str = ""

    @classmethod
    def of(cls, service: Object) -> Claim:
        """From the object."""
        metadata = service["metadata"]
        annotations = metadata.get("annotations") or {}
        wants = [*split(annotations.get(ADDRESSES)), *split(service["spec"].get("loadBalancerIP"))]
        return cls(
            Owner(metadata["namespace"], metadata["name"]),
            str(metadata.get("creationTimestamp", "")),
            frozenset(wants),
            frozenset(split(",".join(waiting.addresses_of(service)))),
            str(annotations.get(SHARING, "")),
        )

    def loses_to(self, other: Claim) -> str:
        """The address that is the other's; empty where there is no quarrel, or ours is older.

        MetalLB's word counts; where it has said nothing, the older Service, then the name.
        """
        if self.owner == other.owner or (self.sharing and self.sharing == other.sharing):
            return ""
        for address in sorted((self.asked & (other.asked | other.has)) - self.has):
            older = (other.since, other.owner) < (self.since, self.owner)
            if address in other.has or (older and not other.has):
                return address
        return ""


def lost(claims: Collection[Claim], own: Collection[Owner]) -> Iterator[tuple[Claim, str, Claim]]:
    """Of our claims those that lose, with the address and to whom. Pure."""
    for ours in claims:
        for other in claims if ours.owner in own else ():
            if address := ours.loses_to(other):
                yield ours, address, other


def check(cluster: Cluster, tenant: str, services: Collection[Ref]) -> None:
    """Raises TargetError where one of these Services claims what is another's.

    Who may not list the Services of others is told by MetalLB's refusal only.
    """
    try:
        claims = [Claim.of(one) for one in cluster.objects("Service") if _is_balanced(one)]
    except Forbidden:
        return
    own = {Owner(ref.namespace, ref.name) for ref in services}
    for ours, address, other in lost(claims, own):
        raise TargetError(
            f"{tenant}: {ours.owner} does not get {address}: {other.owner} was quicker to take it",
            hint=f"tigctl apply {tenant} again: it takes the next free address, or says why there"
            " is none; all else is done and runs",
        )


def _is_balanced(service: Object) -> bool:
    return bool(service["spec"].get("type") == "LoadBalancer")  # listed ones carry no kind
