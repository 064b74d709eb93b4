"""How `tigctl capacity` shows a cluster: tables for a person, a document for a program."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tigctl.cli import output, rooms, tables
from tigctl.cli.output import count
from tigctl.cli.tables import Column
from tigctl.targets.kubernetes.amounts import CPU, MEMORY, PODS, size
from tigctl.targets.kubernetes.fitting import MOST
from tigctl.targets.kubernetes.overview import DiskRoom, NodeRoom, Overview, SizeRoom
from tigctl.targets.model import Json

_SAID = {CPU: "CPU", "volumes": "volume space"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One cluster by the name of its target, and the node label of its failure domains.

    `needs` are a tenant's figures as in a plan, None where nobody asked for one.
    """

    target: str
    domain_label: str
    found: Overview
    tenant: str = ""
    needs: Mapping[str, Json] | None = None


def document(shown: Shown) -> dict[str, Json]:
    """The form of `capacity -o json`; CPU in processors, memory and volumes in bytes."""
    found = shown.found
    made: dict[str, Json] = {
        "target": shown.target,
        "domain_label": shown.domain_label,
        "nodes": [_node(one) for one in found.nodes],
        "volumes": None if found.disks is None else [_disk(one) for one in found.disks],
        "sizes": [_size(one) for one in found.sizes],
        "worst_loss": None,
    }
    if found.loss:
        loss = found.loss
        made["worst_loss"] = {
            "domain": loss.domain,
            "nodes": loss.nodes,
            "pods_without_room": loss.homeless,
        }
    if shown.needs is not None:
        made["tenant"] = {"name": shown.tenant, **shown.needs}
    return made


def _node(one: NodeRoom) -> Json:
    return {
        "name": one.name,
        "domain": one.domain,
        "takes_pods": not one.closed,
        "reason": one.closed,
        "cpu": one.allocatable[CPU] / 1000,
        "cpu_requested": one.requested[CPU] / 1000,
        "cpu_left": one.left(CPU) / 1000,
        "memory_bytes": one.allocatable[MEMORY],
        "memory_requested_bytes": one.requested[MEMORY],
        "memory_left_bytes": one.left(MEMORY),
        "pods": one.allocatable[PODS],
        "pods_there": one.requested[PODS],
        "pods_left": one.left(PODS),
    }


def _disk(one: DiskRoom) -> Json:
    return {
        "node": one.node,
        "takes_volumes": not one.closed,
        "reason": one.closed,
        "bytes": one.gives,
        "given_bytes": one.given,
        "left_bytes": one.left,
        "largest_left_bytes": one.largest,
    }


def _size(one: SizeRoom) -> Json:
    return {
        "size": one.size,
        "pods": one.pods,
        "cpu": one.cpu,
        "memory_bytes": one.memory,
        "volume_bytes": one.volume_bytes,
        "more_fit": one.fit,
        "more_fit_after_loss": one.after_loss,
        "runs_out": list(one.short),
    }


def show(shown: Shown) -> None:
    """Prints tables and a few words to standard output."""
    found = shown.found
    output.data(f"{shown.target}: {count(len(found.nodes), 'node')}; what pods request, not use")
    output.data("")
    _nodes(found)
    output.data("")
    if found.disks is None:
        output.data("Volume space is not known: no Longhorn here that this user may look at.")
    else:
        _volumes(found.disks)
    output.data("")
    _sizes(found)
    output.data("")
    for words in _words(shown):
        output.data("\n".join(textwrap.wrap(words, output.WIDTH)))
    if shown.needs is not None:
        output.data("")
        for line in _tenant(shown.tenant, shown.needs):
            output.data(line)


def _nodes(found: Overview) -> None:
    columns = (
        Column("NODE", fold=True, least=12, most=30),
        Column("DOMAIN", fold=True, least=8, most=16),
        Column("CPU", right=True),
        Column("LEFT", right=True),
        Column("MEMORY", right=True),
        Column("LEFT", right=True),
        Column("PODS", right=True),
        Column("TAKES PODS", fold=True, least=10),
    )
    rows = [
        (
            one.name,
            one.domain,
            f"{_cpu(one.requested[CPU])} of {_cpu(one.allocatable[CPU])}",
            _cpu(one.left(CPU)),
            f"{size(one.requested[MEMORY], up=True)} of {size(one.allocatable[MEMORY])}",
            size(one.left(MEMORY)),
            f"{one.requested[PODS]}/{one.allocatable[PODS]}",
            f"no: {one.closed}" if one.closed else "yes",
        )
        for one in found.nodes
    ]
    tables.show(tables.table(columns, rows))


def _volumes(disks: Sequence[DiskRoom]) -> None:
    columns = (
        Column("LONGHORN NODE", fold=True, most=30),
        Column("VOLUMES", right=True),
        Column("LEFT", right=True),
        Column("LARGEST DISK LEFT", right=True),
        Column("TAKES VOLUMES", fold=True),
    )
    rows = [
        (
            one.node,
            f"{size(one.given, up=True)} of {size(one.gives)}",
            size(one.left),
            size(one.largest),
            f"no: {one.closed}" if one.closed else "yes",
        )
        for one in disks
    ]
    tables.show(tables.table(columns, rows))


def _sizes(found: Overview) -> None:
    columns = (
        Column("SIZE", most=28),
        Column("PODS", right=True),
        Column("CPU", right=True),
        Column("MEMORY", right=True),
        Column("VOLUMES", right=True),
        Column("MORE FIT", right=True),
        Column("AFTER A LOSS", right=True),
        Column("RUNS OUT", fold=True),
    )
    rows = [
        (
            one.size,
            str(one.pods),
            f"{one.cpu:,.2f}",
            size(one.memory, up=True),
            size(one.volume_bytes, up=True) if one.volume_bytes else "–",
            _number(one.fit),
            "–" if one.after_loss is None else _number(one.after_loss),
            ", ".join(_SAID.get(name, name) for name in one.short) or "–",
        )
        for one in found.sizes
    ]
    tables.show(tables.table(columns, rows))


def _words(shown: Shown) -> Iterator[str]:
    loss = shown.found.loss
    if loss is None:
        yield f"All nodes are one failure domain by {shown.domain_label}: losing it loses all."
    elif loss.homeless:
        yield (
            f"If {loss.domain} is lost ({count(loss.nodes, 'node')}),"
            f" {count(loss.homeless, 'pod')} of those running now would find no room elsewhere."
        )
    else:
        yield (
            "AFTER A LOSS: so many that all still find room when any one failure domain"
            f" ({shown.domain_label}) is lost."
        )


def _tenant(name: str, needs: Mapping[str, Json]) -> Iterator[str]:
    if needs["fits"] and not needs["nodes"]:
        yield f"{name} asks for no more than it has."
    else:
        yield f"{name}, as its files are now:"
        yield from rooms.needed(needs)


def _cpu(thousandths: int) -> str:
    return f"{thousandths / 1000:,.2f}".rstrip("0").rstrip(".")


def _number(found: int) -> str:
    return f"{found:,} or more" if found >= MOST else f"{found:,}"
