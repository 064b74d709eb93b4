"""Settings of isolation: who else may talk to a tenant's pods, where the cluster's parts are.

What every stack needs (collector and Grafana to InfluxDB, collector to the devices, entrance to
Grafana) follows from the other settings and stands nowhere here. Rules are data, not policies: a
peer is a network or pods, never a host name, because rules by name (toFQDNs) hang on the DNS
proxy of each node and open whatever the name says today.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from tigctl.spec.fields import (
    LABEL_PATTERN,
    Label,
    Network,
    Section,
    Whole,
    network,
    setting,
)

INTERNET = "internet"

# What is not the internet: a rule to it must not reach a customer's network, another tenant's
# device or a cloud's metadata service. RFC 1918, RFC 6598, RFC 3927, RFC 1122 and, for IPv6,
# RFC 4193, RFC 4291.
NOT_INTERNET = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "fe80::/10",
)

# Namespaces of tenants, unless they are given another one: no rule leads from one to the other.
_TENANTS = "tig-"

_KEY = r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_VALUE = r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"


def _peer(value: object) -> str:
    """A CIDR or an address as CIDR, or `internet`; empty where pods are meant."""
    if value in {"", INTERNET}:
        return str(value)
    if isinstance(value, str) and re.search(r"[G-Zg-z]", value):
        raise ValueError(
            f"{value!r} is no network; write the addresses behind a name (a CIDR such as "
            f"192.0.2.0/24), or {INTERNET}"
        )
    if value in {"0.0.0.0/0", "::/0"}:
        raise ValueError(
            f"{value!r} is everything, customers' networks included; write {INTERNET}, which "
            "leaves private networks out"
        )
    return network(value)


def _namespace(value: str) -> str:
    if value and not re.fullmatch(LABEL_PATTERN, value):
        raise ValueError(f"{value!r} is no namespace; use lower-case letters, digits and -")
    if value.startswith(_TENANTS):
        raise ValueError(
            f"{value!r} is a tenant's; no rule leads from one tenant to another. Leave namespace "
            "out where this tenant's own is meant"
        )
    return value


def _labels(value: Mapping[str, str]) -> Mapping[str, str]:
    for key, text in value.items():
        if not re.fullmatch(_KEY, key) or not re.fullmatch(_VALUE, text):
            raise ValueError(f"'{key}: {text}' is no label; write one such as app: relay")
    return value


Peer = Annotated[
    str,
    BeforeValidator(_peer),
    WithJsonSchema({"type": "string", "examples": ["192.0.2.25", "198.51.100.0/24", INTERNET]}),
]
PeerNamespace = Annotated[str, AfterValidator(_namespace), WithJsonSchema({"type": "string"})]
PodLabels = Annotated[Mapping[str, str], AfterValidator(_labels)]
Port = Annotated[Whole, Field(ge=1, le=65_535)]
Reason = Annotated[Label, Field(min_length=1)]


class Pods(Section):
    """Pods of the cluster: of a namespace, by labels, or both."""

    namespace: PeerNamespace = ""
    """Namespace of the peer's pods. Default: the tenant's own."""

    pods: PodLabels = setting({})
    """Labels that the peer's pods carry. Default: all pods of `namespace`."""


class Destination(Pods):
    """Something a component may connect to: a network, or pods."""

    to: Peer = ""
    """A CIDR, an address, or internet (everything but private networks); instead of `namespace`
    and `pods`."""

    port: Port
    """Port that is connected to; of pods their own, not that of a Service."""

    protocol: Literal["tcp", "udp"] = "tcp"
    """tcp or udp. Default tcp."""

    why: Reason
    """What it is for, in a few words; it stands in the policy and in `tigctl policies show`."""

    @model_validator(mode="after")
    def _one_peer(self) -> Destination:
        _check_peer("to", self.to, self)
        return self


class Source(Pods):
    """Something that may connect to a component: a network, or pods."""

    from_: Peer = setting("", alias="from")
    """A CIDR, an address, or internet (everything but private networks); instead of `namespace`
    and `pods`."""

    port: Port
    """Port of the component that is connected to, such as 3000 of Grafana."""

    protocol: Literal["tcp", "udp"] = "tcp"
    """tcp or udp. Default tcp."""

    why: Reason
    """What it is for, in a few words; it stands in the policy and in `tigctl policies show`."""

    @model_validator(mode="after")
    def _one_peer(self) -> Source:
        _check_peer("from", self.from_, self)
        return self


def _check_peer(key: str, address: str, pods: Pods) -> None:
    named = bool(pods.namespace or pods.pods)
    if named == bool(address):
        said = "both" if named else "neither"
        raise ValueError(f"has {said} of {key} and namespace/pods; write one of the two")


class JobsIsolation(Section):
    """What jobs may do; nobody connects to them."""

    egress: tuple[Destination, ...] = ()
    """Where it may connect to: a mail server, a webhook, a log-in, a backup store. Default:
    nothing beyond the stack itself."""


class ComponentIsolation(JobsIsolation):
    """What a component may do beyond what every stack needs."""

    ingress: tuple[Source, ...] = ()
    """Who else may connect to it. Default: nobody beyond the stack itself."""


class EntranceIsolation(ComponentIsolation):
    """The same, of a component that can have an entrance."""

    clients: tuple[Peer, ...] = ()
    """Networks that may use its entrance of type loadbalancer. Default: anyone outside of the
    cluster, as with a gateway, which keeps its own door."""

    @model_validator(mode="after")
    def _no_empty(self) -> EntranceIsolation:
        if "" in self.clients:
            raise ValueError("clients holds an empty text; write a CIDR such as 192.0.2.0/24")
        return self


class TelegrafIsolation(ComponentIsolation):
    """The same, of the collector; its devices are those of the inventory."""

    nodes: tuple[Network, ...] = ()
    """CIDRs of the cluster's own nodes, where some of them are devices: no policy by address
    reaches a node. Opens the ports of these devices, and ping, on every node. Default: none."""


class Isolation(Section):
    """Who may talk to the tenant's pods beyond what every stack needs."""

    telegraf: TelegrafIsolation = setting({})
    """The collector."""

    influxdb: EntranceIsolation = setting({})
    """InfluxDB. By default it connects to nothing at all."""

    grafana: EntranceIsolation = setting({})
    """Grafana: for alerts by mail or webhook, and for logging in elsewhere."""

    jobs: JobsIsolation = setting({})
    """Jobs of the tenant, such as backups (pods labelled `app.kubernetes.io/name: jobs`). With
    an egress of their own they may reach InfluxDB too; without, they reach nothing."""


class Controller(Section):
    """What connects to a tenant's pods for the clients of a gateway or an ingress."""

    type: Literal["cilium", "pods", "nodes"] = "cilium"
    """cilium: Cilium's own (its entity ingress); pods: another controller's pods; nodes: a
    controller in the network of its node (hostNetwork). Default cilium."""

    namespace: PeerNamespace = ""
    """pods: the controller's namespace."""

    pods: PodLabels = setting({})
    """pods: labels of the controller's pods. Default: all pods of `namespace`."""

    @model_validator(mode="after")
    def _fits_type(self) -> Controller:
        if self.type == "pods" and not self.namespace:
            raise ValueError("type pods needs the controller's namespace")
        if self.type != "pods" and (self.namespace or self.pods):
            raise ValueError("namespace and pods belong to type pods; write that, or delete them")
        return self


class Resolver(Section):
    """What answers DNS to the cluster's pods."""

    type: Literal["pods", "nodes"] = "pods"
    """pods: such as CoreDNS; nodes: a cache in the network of each node (NodeLocal DNSCache
    without local redirect). Default pods."""

    namespace: PeerNamespace = "kube-system"
    """pods: the resolver's namespace. Default kube-system."""

    pods: PodLabels = setting({"k8s-app": "kube-dns"})
    """pods: labels of the resolver's pods. Default k8s-app: kube-dns, which CoreDNS has too."""


class ClusterIsolation(Section):
    """Where the parts of the cluster are that tenants' pods talk to."""

    gateway: Controller = setting({})
    """What an entrance of type gateway comes from."""

    ingress: Controller = setting({})
    """What an entrance of type ingress comes from."""

    dns: Resolver = setting({})
    """What answers DNS."""
