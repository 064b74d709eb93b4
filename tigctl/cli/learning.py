"""`tigctl profiles learn`: a first profile of a device, written where nothing stands yet."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from collectors.device import Device
from collectors.facts import Facts
from collectors.knowledge.load import load_library
from collectors.knowledge.match import match
from collectors.knowledge.model import Library
from collectors.learning.learn import learn, roots
from collectors.learning.model import Origin, Proposal, Walk
from collectors.learning.skeleton import skeleton
from collectors.learning.walk import Pace, walk
from collectors.probe.model import Ask, Options
from collectors.probe.run import probe
from collectors.snmp.credentials import prepare
from tigctl.cli import output
from tigctl.cli.progress import Line
from tigctl.errors import UsageError, WorldError
from tigctl.spec.workspace import Tenant

_WIDTH = 16


def find(tenant: Tenant, name: str) -> Device:
    """The tenant's device of that name. Raises UsageError where there is none to ask."""
    for device in tenant.devices:
        if device.name == name and device.snmp:
            return device
        if device.name == name:
            raise UsageError(f"{name} has snmp: no", hint="only what answers SNMP can be learnt")
    raise UsageError(
        f"{tenant.name} has no device named {name}",
        hint="give a name as it stands in the inventory",
    )


def ask(tenant: Tenant, device: Device, library: Library, pace: Pace) -> tuple[Facts, Walk]:
    """Probes the device, then walks it. Raises WorldError where it does not answer."""
    logins = tenant.logins_for(device)
    with Line() as line:
        line.show(f"asking {device.name} who it is")
        found = probe([Ask(device, logins)], library, os.environ, Options(), lambda *_: None)[
            device.name
        ]
        if not found.facts or found.silence:
            said = found.silence.text if found.silence else "no answer"
            raise WorldError(
                f"{device.name} cannot be walked: {said}",
                hint=f"tigctl explain {tenant.name} {device.name} says what is known of it",
            )
        login = next(one for one in logins if one.name == found.facts.credentials)
        keys = prepare(login, os.environ)
        seen = walk(
            device,
            keys,
            roots(found.facts),
            pace,
            lambda number: line.show(f"walking {device.name}: {number:,} objects"),
        )
    return found.facts, seen


def write(folder: Path, name: str, facts: Facts, seen: Walk, library: Library) -> list[str]:
    """Writes the profile into the folder; what was proposed, as lines for a person.

    Raises UsageError where there is a profile of that name already.
    """
    origin, proposal = learn(facts, match(library, facts), library, seen)
    name = name or _slug(origin.vendor or f"sysobjectid-{facts.sys_object_id}")
    path = folder / f"{name}.yaml"
    if any(one.name == name for one in library.profiles) or path.exists():
        raise UsageError(
            f"there is a profile {name} already, and nothing is overwritten",
            hint="choose another name: --name NAME",
        )
    text = skeleton(origin, proposal)
    with tempfile.TemporaryDirectory() as scratch:
        # What is written has been read: a skeleton that does not load would be of no use.
        Path(scratch, path.name).write_text(text, encoding="utf-8")
        load_library([Path(scratch), folder])
    folder.mkdir(exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return list(_report(path, origin, proposal, seen))


def _report(path: Path, origin: Origin, proposal: Proposal, seen: Walk) -> Iterator[str]:
    objects = output.count(len(seen.objects), "object")
    yield f"{path.name}: from {objects} in {output.count(seen.requests, 'request')}"
    if origin.extends:
        yield from output.beside(
            "extends", f"{origin.extends}, which knew it until now", width=_WIDTH
        )
    for fact in proposal.facts:
        yield from output.beside(fact.name, fact.reason, width=_WIDTH)
    for metric in proposal.metrics:
        for one in metric.outputs:
            kind = one.tags.get("class", "state" if one.state else one.to)
            yield from output.beside(kind, f"{metric.name}: {one.reason}", width=_WIDTH)
    if not (proposal.facts or proposal.metrics):
        yield from output.beside(
            "", "nothing that can be guessed beyond what is polled", width=_WIDTH
        )
    if proposal.open:
        said = f"{output.count(len(proposal.open), 'object')} that only the MIB explains,"
        yield from output.beside("left open", f"{said} at the file's end", width=_WIDTH)
    for remark in seen.remarks:
        yield from output.beside("not seen", remark, width=_WIDTH)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] + "-learnt"
