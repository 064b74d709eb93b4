"""`tigctl verify`: data from every device is in its bucket."""

from __future__ import annotations

import click

from tigctl.cli import output as out
from tigctl.cli import place, tables
from tigctl.cli.options import output_option, tenant_argument
from tigctl.cli.stack import stack
from tigctl.plan.verify import verify

UNHEALTHY = 3


@click.command()
@tenant_argument()
@output_option()
def command(tenant: str, output: str) -> int:
    """Prove that data from every device is in its bucket.

    Looks for each measurement that each device should give and is not older than it may be.
    Devices that did not answer the last probe are named, not counted. Exit code 3 where
    something is missing.

    \b
    Example:
      tigctl verify acme
    """
    found = stack(place.one(tenant))
    result = verify(found.bundle, found.target)
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
    if result.silent:
        out.data(f"Silent when probed, so not counted: {out.listed(result.silent)}")
    if result.missing:
        out.say(f"Next: tigctl status {tenant}; tigctl explain {tenant} DEVICE says what is polled")
    return code
