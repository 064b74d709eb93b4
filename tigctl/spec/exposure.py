"""Settings of entrances: how people reach a tenant from outside of its cluster, and by what."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field

from tigctl.spec.fields import HOST, Flag, Label, Section, Whole, object_name, setting
from tigctl.spec.ranges import pool_range

# Of load balancers, by component: the web's own, and InfluxDB's own.
_PUBLIC_PORTS = {"grafana": 80, "influxdb": 8086}
_ENCRYPTED_PORT = 443

# Stands for the tenant's name in hosts and paths, so that one line of fleet.yaml serves all.
TENANT = "{tenant}"


def check_host(value: str) -> str:
    """The host name, empty or with {tenant} in it too. Raises ValueError for any other text."""
    if value and not re.fullmatch(HOST, _named(value)):
        raise ValueError(f"{value!r} is no host name; write it in lower case, without a scheme")
    return value


def _path(value: str) -> str:
    if not re.fullmatch(r"/([A-Za-z0-9._~-]+/?)*", _named(value)):
        raise ValueError(f"{value!r} is no path; write / or something like /grafana")
    return value


def _named(value: str) -> str:
    """The text with some tenant's name in it."""
    named = value.replace(TENANT, "t")
    if found := re.search(r"\{[^{}]*\}", named):
        raise ValueError(f"{found[0]} is unknown; only {TENANT} is filled in")
    return named


def _address(value: str) -> str:
    found = []
    for part in value.split(",") if value else ():
        try:
            found.append(ipaddress.ip_address(part.strip()))
        except ValueError:
            raise ValueError(f"{part.strip()!r} is not an IP address") from None
    if len(found) > len({one.version for one in found}):
        raise ValueError(f"{value!r} is more than one address of IPv4 and one of IPv6")
    return ",".join(str(one) for one in sorted(found, key=lambda one: one.version))


class Tls(Section):
    """Where the certificate of an entrance comes from; none of these keys: no TLS."""

    issuer: Label = ""
    """ClusterIssuer of cert-manager that makes the certificate."""

    secret: Label = ""
    """Secret of type kubernetes.io/tls in the tenant's namespace that somebody else keeps."""

    outside: Flag = False
    """true: TLS ends before the tenant, with somebody else's certificate: at the Gateway's own
    listener, at the ingress controller's default certificate, at a proxy before it all. Grafana
    then writes links with https, and its cookie goes by https only. Default false."""

    @property
    def own(self) -> bool:
        """Whether the entrance has a certificate of its own."""
        return bool(self.issuer or self.secret)

    @property
    def used(self) -> bool:
        """Whether people come by https."""
        return self.own or self.outside


class Entrance(Section):
    """How people reach one component from outside of the cluster."""

    type: Literal["gateway", "ingress", "loadbalancer", "none"] = "none"
    """gateway (HTTPRoute), ingress, loadbalancer (an address of its own) or none."""

    host: Annotated[str, AfterValidator(check_host)] = ""
    """Host name; needed by gateway and ingress. {tenant} in it is the tenant's name, so that one
    line of fleet.yaml serves all tenants."""

    path: Annotated[str, AfterValidator(_path)] = "/"
    """Path under the host, so that several tenants can share one: /{tenant} gives each its own
    by its name. InfluxDB can have one at a gateway only, which takes it away from requests: its
    API works so, its pages do not."""

    address: Annotated[str, AfterValidator(_address)] = ""
    """Address of a loadbalancer, or one of IPv4 and one of IPv6 with a comma between. Default:
    the lowest free one of the pool, which `plan` shows and the tenant then keeps."""

    port: Annotated[Whole, Field(ge=1, le=65_535)] | None = None
    """Port of a loadbalancer that people connect to. Default 80 for Grafana, 443 where it has a
    certificate of its own; 8086 for InfluxDB."""

    shared: Flag = False
    """true: the `address` of a loadbalancer may be that of other entrances too, of any tenant,
    where all of them say so and each has its own port. The price: pods see a node's address in
    place of the client's. Default false."""

    tls: Tls = setting({})
    """Certificate."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The fixed addresses, IPv4 first."""
        return tuple(self.address.split(",")) if self.address else ()

    @property
    def families(self) -> tuple[str, ...]:
        """The families of the fixed addresses, as Kubernetes names them."""
        return tuple("IPv6" if ":" in one else "IPv4" for one in self.addresses)


def public_port(component: str, entrance: Entrance) -> int:
    """The port of a load balancer that people connect to."""
    if entrance.port:
        return entrance.port
    return _ENCRYPTED_PORT if entrance.tls.own else _PUBLIC_PORTS[component]


class GrafanaEntrance(Entrance):
    """How people reach Grafana."""

    type: Literal["gateway", "ingress", "loadbalancer", "none"] = "gateway"
    """gateway (HTTPRoute), ingress, loadbalancer (an address of its own) or none. Default:
    gateway, because Gateway API is what Kubernetes goes on with."""


class Exposure(Section):
    """Entrances of the tenant."""

    grafana: GrafanaEntrance = setting({})
    """Grafana's entrance."""

    influxdb: Entrance = setting({})
    """InfluxDB's entrance. Default none: Grafana and tigctl reach it inside."""

    def of(self, tenant: str) -> Self:
        """The entrances with the tenant's name filled in."""
        return self.model_copy(
            update={
                component: getattr(self, component).model_copy(update=filled)
                for component in ("grafana", "influxdb")
                if (filled := _filled(getattr(self, component), tenant))
            }
        )


def _filled(entrance: Entrance, tenant: str) -> dict[str, str]:
    written = {"host": entrance.host, "path": entrance.path}
    return {key: text.replace(TENANT, tenant) for key, text in written.items() if TENANT in text}


def _pool_part(value: str) -> str:
    try:
        pool_range(value)
    except ValueError:
        raise ValueError(
            f"{value!r} is no part of a pool; write 192.0.2.0/28 or 192.0.2.10-192.0.2.20"
        ) from None
    return value


PoolPart = Annotated[str, AfterValidator(_pool_part)]


class GatewayReference(Section):
    """The Gateway that entrances of type gateway are attached to."""

    name: Annotated[str, AfterValidator(object_name)] = "public"
    """Its name. Default public; `tigctl doctor` says when there is none of this name."""

    namespace: Annotated[str, AfterValidator(object_name)] = "gateways"
    """Its namespace, which has to allow routes from the tenants'. Default gateways."""

    section: Annotated[str, AfterValidator(object_name)] = ""
    """Its listener. Default: any that fits the host name."""


class Pool(Section):
    """Addresses that entrances of type loadbalancer take, given out by MetalLB."""

    name: Annotated[str, AfterValidator(object_name)] = ""
    """MetalLB's IPAddressPool. Default: any pool that gives out addresses by itself."""

    addresses: tuple[PoolPart, ...] = ()
    """What is in it: CIDRs and ranges. With it, `validate` says when the pool is used up and
    when a fixed address lies outside of it; only these are given out, should the IPAddressPool
    have more. Default: as the IPAddressPool says."""

    families: tuple[Literal["IPv4", "IPv6"], ...] = ()
    """What an entrance gets an address of: IPv4, IPv6 or both (the cluster has to be dual-stack
    for that). Default: the one of `addresses`; without these, or with both in them, the cluster's
    first one."""

    @property
    def of_families(self) -> tuple[str, ...]:
        """What entrances get an address of; empty for the cluster's first family."""
        if self.families:
            return tuple(dict.fromkeys(self.families))
        own = {"IPv6" if ":" in part else "IPv4" for part in self.addresses}
        return tuple(own) if len(own) == 1 else ()
