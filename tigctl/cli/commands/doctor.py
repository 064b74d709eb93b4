"""`tigctl doctor`: what the targets need, with remedies."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from tigctl.cli import output, place
from tigctl.cli.options import output_option, tenant_argument
from tigctl.cli.output import as_json
from tigctl.cli.stack import cluster_of
from tigctl.errors import UsageError
from tigctl.spec.workspace import Tenant, Workspace
from tigctl.targets.finding import Finding, State, failed
from tigctl.targets.local import doctor as local

if TYPE_CHECKING:
    from tigctl.backends.kubernetes.cluster import Cluster

_MARK, _LEAST = 8, 40


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was looked: this machine, or a target on which these tenants run."""

    name: str
    tenants: Sequence[Tenant]
    findings: Sequence[Finding]


@click.command()
@tenant_argument(required=False)
@output_option()
def command(tenant: str | None, output: str) -> int:
    """Check what the target needs, with remedies.

    On this machine: programs, the right to ping, room on the disk, and the environment variables
    that credentials name. On a cluster, asked once for all tenants on it: its version, kinds and
    rights, and whatever the tenants' settings use of storage, entrances, addresses, nodes and
    policies. Changes nothing. Exit code 1 where something is missing or wrong; warnings leave it
    at 0.

    \b
    Examples:
      tigctl doctor
      tigctl doctor acme -o json
    """
    places = list(_places(place.load(tenant)))
    if output == "json":
        as_json([_as_json(one) for one in places])
    else:
        _show(places)
    found = [one for some in places for one in some.findings]
    return 1 if any(one.state is State.FAILED for one in found) else 0


def _places(found: Workspace) -> Iterator[Place]:
    tenants = list(found.tenants.values())
    inside = [one for one in tenants if one.target.type == "local"]
    own = list(local.here(found.root)) if inside or not tenants else []
    yield Place("this machine", inside, [*own, *local.everywhere(tenants)])
    outside: dict[Cluster, list[Tenant]] = {}
    for tenant in tenants:
        if tenant in inside:
            continue
        try:
            outside.setdefault(cluster_of(tenant), []).append(tenant)
        except UsageError as error:
            wrong = failed("kubeconfig", error.message, error.hint or "see fleet.yaml")
            yield Place(f"target {tenant.settings.target}", [tenant], [wrong])
    for cluster, some in outside.items():
        # The client is heavy, and the local target does without.
        from tigctl.targets.kubernetes.doctor.examine import examine  # noqa: PLC0415

        name = ", ".join(dict.fromkeys(one.settings.target for one in some))
        yield Place(f"target {name}", some, examine(cluster, some))


def _show(places: Sequence[Place]) -> None:
    width = max(len(one.check) for some in places for one in some.findings) + 2
    for number, some in enumerate(places):
        if number:
            output.data("")
        who = f": {output.listed([one.name for one in some.tenants])}" if some.tenants else ""
        output.data(f"{some.name}{who}")
        for one in some.findings:
            for line in _lines(one, width):
                output.data(line)
    counted = [one.state for some in places for one in some.findings]
    wrong, warned = counted.count(State.FAILED), counted.count(State.WARNING)
    output.say(
        f"{output.count(len(counted), 'check')}: {wrong} failed, {output.count(warned, 'warning')}."
    )


def _lines(one: Finding, width: int) -> Iterator[str]:
    room = max(_LEAST, output.WIDTH - 2 - _MARK - width)
    texts = [one.text, *([f"next: {one.remedy}"] if one.remedy else [])]
    head = f"  {one.state:<{_MARK}}{one.check:<{width}}"
    for text in texts:
        for part in textwrap.wrap(output.printable(text), room, break_on_hyphens=False) or [""]:
            yield f"{head}{part}".rstrip()
            head = " " * len(head)


def _as_json(some: Place) -> dict[str, object]:
    return {
        "place": some.name,
        "tenants": [one.name for one in some.tenants],
        "findings": [
            {"check": one.check, "state": one.state, "text": one.text, "remedy": one.remedy}
            for one in some.findings
        ],
    }
