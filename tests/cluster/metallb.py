"""A stand-in for MetalLB's controller, which is in no registry as a whole: gives out addresses.

As its documentation and its allocator (0.16) say: a Service may name addresses and a pool; an
address has one Service, or several with the same sharing key, different ports and the traffic
policy Cluster; what is given stands in the status, with the pool in an annotation; a refusal is an
event, and the Service stays without. Nothing is announced to any network.
"""

from __future__ import annotations

import ipaddress
import threading
import uuid
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from tests.cluster.api import Api, ApiError, Object

_PREFIX = "metallb.io"
_LOOK_S = 0.1


class Refusal(Exception):
    """Why a Service gets nothing."""


class Controller:
    """Looks after all Services of a cluster while it is entered."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_S):
            try:
                self._look()
            except ApiError:  # somebody changed it meanwhile: look again
                continue

    def _look(self) -> None:
        pools = self._api.list("/apis/metallb.io/v1beta1/ipaddresspools")
        found = [
            one
            for one in self._api.list("/api/v1/services")
            if one["spec"].get("type") == "LoadBalancer"
            and not one["metadata"].get("deletionTimestamp")
        ]
        # Who has an address is dealt with first, and keeps it.
        found.sort(key=lambda one: (not _given(one), one["metadata"]["creationTimestamp"]))
        taken: dict[str, list[Object]] = {}
        for one in found:
            try:
                name, addresses = self._choose(one, pools, taken)
            except Refusal as refusal:
                self._refuse(one, str(refusal))
                continue
            for address in addresses:
                taken.setdefault(address, []).append(one)
            if addresses != _given(one):
                self._give(one, name, addresses)

    def _choose(
        self, service: Object, pools: list[Object], taken: Mapping[str, list[Object]]
    ) -> tuple[str, list[str]]:
        asked = _asked(service) or _given(service)
        wanted = _annotation(service, "address-pool")
        families = service["spec"]["ipFamilies"]
        for pool in pools:
            name, spec = pool["metadata"]["name"], pool["spec"]
            if wanted not in {"", name} or not (wanted or asked or spec.get("autoAssign", True)):
                continue
            inside = list(_addresses(spec["addresses"]))
            if asked:
                if all(one in inside for one in asked):
                    if sorted(map(_family, asked)) != sorted(families):
                        raise Refusal(f"requested {asked} does not match the ipFamily")
                    for one in asked:
                        _check_sharing(one, service, taken.get(one, []))
                    return name, asked
                continue
            free = [
                next((one for one in inside if _family(one) == each and one not in taken), None)
                for each in families
            ]
            if all(free):
                return name, [one for one in free if one]
        raise Refusal(f"{asked} is not allowed in config" if asked else "no available IPs")

    def _give(self, service: Object, pool: str, addresses: list[str]) -> None:
        ingress = [{"ip": one} for one in addresses]
        self._api.patch(
            _path(service) + "/status", {"status": {"loadBalancer": {"ingress": ingress}}}
        )
        note = {f"{_PREFIX}/ip-allocated-from-pool": pool}
        self._api.patch(
            _path(service), {"metadata": {"annotations": note}}, fieldManager="controller"
        )

    def _refuse(self, service: Object, why: str) -> None:
        if _given(service):
            self._api.patch(_path(service) + "/status", {"status": {"loadBalancer": None}})
            note = {f"{_PREFIX}/ip-allocated-from-pool": None}
            self._api.patch(
                _path(service), {"metadata": {"annotations": note}}, fieldManager="controller"
            )
        metadata = service["metadata"]
        events = f"/api/v1/namespaces/{metadata['namespace']}/events"
        known = self._api.list(events, fieldSelector=f"involvedObject.uid={metadata['uid']}")
        message = f'Failed to allocate IP for "{metadata["namespace"]}/{metadata["name"]}": {why}'
        if any(one["message"] == message for one in known):
            return
        self._api.create(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {
                    "name": f"{metadata['name']}.{uuid.uuid4().hex[:12]}",
                    "namespace": metadata["namespace"],
                },
                "involvedObject": {
                    "kind": "Service",
                    **{key: metadata[key] for key in ("namespace", "name", "uid")},
                },
                "type": "Warning",
                "reason": "AllocationFailed",
                "message": message,
            }
        )


def _check_sharing(address: str, service: Object, others: list[Object]) -> None:
    key = _annotation(service, "allow-shared-ip")
    for other in others:
        where = f"{other['metadata']['namespace']}/{other['metadata']['name']}"
        if not key or key != _annotation(other, "allow-shared-ip"):
            raise Refusal(f"can't change sharing key for {address}, address also in use by {where}")
        if _ports(service) & _ports(other):
            raise Refusal(f"port of {address} is already in use by {where}")
        if {one["spec"]["externalTrafficPolicy"] for one in (service, other)} != {"Cluster"}:
            raise Refusal(f"backend key of {address} does not match that of {where}")


def _ports(service: Object) -> set[int]:
    return {one["port"] for one in service["spec"]["ports"]}


def _annotation(service: Object, name: str) -> str:
    return str((service["metadata"].get("annotations") or {}).get(f"{_PREFIX}/{name}", ""))


def _asked(service: Object) -> list[str]:
    return [one for one in _annotation(service, "loadBalancerIPs").split(",") if one]


def _given(service: Object) -> list[str]:
    status: Any = service.get("status") or {}
    return [one["ip"] for one in (status.get("loadBalancer") or {}).get("ingress") or ()]


def _family(address: str) -> str:
    return f"IPv{ipaddress.ip_address(address).version}"


def _addresses(parts: list[str]) -> Iterator[str]:
    for part in parts:
        first, _, last = part.partition("-")
        if last:
            for number in range(
                int(ipaddress.ip_address(first)), int(ipaddress.ip_address(last)) + 1
            ):
                yield str(type(ipaddress.ip_address(first))(number))
        else:
            yield from map(str, ipaddress.ip_network(part))


def _path(service: Object) -> str:
    metadata = service["metadata"]
    return f"/api/v1/namespaces/{metadata['namespace']}/services/{metadata['name']}"
