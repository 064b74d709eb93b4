"""`tigctl verify`: data from every device is in its bucket, every panel is answered."""

from __future__ import annotations

import click

from tigctl.cli import output as out
from tigctl.cli import place, tables
from tigctl.cli.boarding import boards_of
from tigctl.cli.options import output_option, tenant_argument
from tigctl.cli.stack import stack
from tigctl.plan.verify import verify

UNHEALTHY = 3


@click.command()
@tenant_argument()
@output_option()
def command(tenant: str, output: str) -> int:
    """Prove that every device's data is in its bucket and every panel is answered.

    Looks for each measurement that each device should give and is not older than it may be.
    Devices that did not answer the last probe are named, not counted; so is what is not there
    and what a profile tells under a condition only (a sensor that is not plugged in). Then asks
    every query of every panel; one about what no device tells has nothing to show and is fine.
    Exit code 3 where something is missing.

    \b
    Example:
      tigctl verify acme
    """
    one = place.one(tenant)
    found = stack(one)
    result = verify(found.bundle, found.target, boards_of(one))
    code = 0 if result.complete else UNHEALTHY
    if output == "json":
        out.as_json(result.to_json())
        return code
    if result.missing:
        columns = [tables.Column(word) for word in ("DEVICE", "MEASUREMENT", "REASON")]
        rows = [(one.device, one.measurement, one.reason) for one in result.missing]
        tables.show(tables.table(columns, rows))
    looked = f"{out.count(result.devices, 'device')}, {out.count(result.checked, 'measurement')}"
    out.data(f"{tenant}: {looked} looked for, {len(result.missing)} missing")
    for answer in result.unanswered:
        out.data(f"{answer.board}: panel {answer.panel!r}: {answer.wrong}")
    unanswered = len(result.unanswered)
    panels = out.count(len(result.panels), "panel")
    out.data(f"{tenant}: {panels} of boards asked, {unanswered} without an answer")
    if conditional := [f"{one.device} {one.measurement}" for one in result.conditional]:
        told = out.listed(conditional, 6)
        out.data(f"Told under a condition only, and not now, so not counted: {told}")
    if result.silent:
        out.data(f"Silent when probed, so not counted: {out.listed(result.silent)}")
    if result.missing:
        out.say(f"Next: tigctl status {tenant}; tigctl explain {tenant} DEVICE says what is polled")
    return code
