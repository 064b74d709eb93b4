"""Settings of the stack around the data: sizes, volumes, placement, images.

The local target reads none of these. They are checked all the same, so that a tenant can move to
Kubernetes as it is.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tigctl.spec.fields import (
    HOST,
    Cpu,
    Flag,
    Image,
    Label,
    Section,
    Size,
    SizeOrNone,
    Whole,
    object_name,
    setting,
)

_LABEL_KEY = rf"({HOST}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
_ZONE = "topology.kubernetes.io/zone"


def _node_label(value: str) -> str:
    if not re.fullmatch(_LABEL_KEY, value):
        raise ValueError(f"{value!r} is no node label; write one such as {_ZONE}")
    return value


def _registry(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]*(/[A-Za-z0-9._-]+)*/?", value):
        raise ValueError(f"{value!r} is no prefix; write it as registry.example/mirror")
    return value


class Share(Section):
    """Processor and memory of one component; what is left out follows from `size`."""

    cpu: Cpu | None = None
    """Processor: 500m, 0.5 or 2. In thousandths after reading."""

    memory: Size | None = None
    """Memory: 512Mi, 2Gi. In bytes after reading."""


class Component(Section):
    """Requests and limits of one component, in the words of Kubernetes."""

    requests: Share = setting({})
    """What the component is sure to get; the scheduler counts it."""

    limits: Share = setting({})
    """What it may use at most. A processor limit slows Telegraf down: rather leave it out."""


class Resources(Section):
    """Processor and memory by component, where `size` does not fit."""

    telegraf: Component = setting({})
    """Each Telegraf process."""

    influxdb: Component = setting({})
    """InfluxDB."""

    grafana: Component = setting({})
    """Grafana."""


def _tag(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9_.]*", value):
        raise ValueError(f"{value!r} is no tag; use letters, digits, -, _ and .")
    return value


Tag = Annotated[str, AfterValidator(_tag)]


class Storage(Section):
    """Volumes. They grow but never shrink."""

    class_: Label = setting("", alias="class")
    """Storage class; default: the cluster's default class."""

    replicas: Annotated[Whole, Field(ge=1, le=10)] = 3
    """Copies of each volume that Longhorn keeps on different nodes. 3 survives the loss of one
    node without a pause in redundancy; fewer saves space. This and the next three keys make a
    storage class of their own, so they do not go with `class`; without any of them volumes are
    as their class says."""

    data_locality: Literal["", "disabled", "best-effort", "strict-local"] = ""
    """Whether Longhorn keeps a copy on the node whose pod uses the volume. strict-local reads
    and writes without the network, but only with one copy. Default: as Longhorn is set."""

    node_tags: tuple[Tag, ...] = ()
    """Longhorn's tags of the storage nodes that may hold copies. Default: any node."""

    disk_tags: tuple[Tag, ...] = ()
    """Longhorn's tags of the disks that may hold copies. Default: any disk."""

    influxdb: Size = setting("20Gi")
    """Volume of InfluxDB. Default 20Gi: it can grow, but never shrink, so it begins small."""

    grafana: SizeOrNone = setting("1Gi")
    """Volume for what people make in Grafana by hand; `none`: nothing of that is kept, and
    Grafana is built from files at each start."""


# Keys of `storage` that a storage class of its own follows from.
LONGHORN_KEYS = ("data_locality", "disk_tags", "node_tags", "replicas")


class Placement(Section):
    """How the tenant's pods spread over the cluster."""

    spread_by: Annotated[str, AfterValidator(_node_label)] = _ZONE
    """Node label of the failure domain, such as one for the physical host of virtual nodes; nodes
    without it count by host name."""

    required: Flag = False
    """true: InfluxDB and the Telegrafs rather wait than share a domain, which needs as many
    domains as they are, and one more to move to. Default false, because a cluster of one domain
    would then run nothing. Grafana, which holds no sample, never waits."""


class Images(Section):
    """Container images, pinned: the same plan gives the same programs tomorrow."""

    registry: Annotated[str, AfterValidator(_registry)] = ""
    """Prefix for all images, such as registry.example/mirror; default: as the names say."""

    pull_secret: Annotated[str, AfterValidator(object_name)] = ""
    """Name of the Secret to pull with, which has to be in the tenant's namespace; default: none."""

    telegraf: Image = "telegraf:1.39.3"
    """Telegraf. The version the rendered configurations are tested with."""

    influxdb: Image = "influxdb:2.9.1"
    """InfluxDB 2. The tag `latest` means version 3, which speaks another language."""

    grafana: Image = "grafana/grafana:12.2.0"
    """Grafana."""
