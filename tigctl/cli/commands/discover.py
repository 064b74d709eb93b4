"""`tigctl discover`: finds devices in a tenant's networks; prints or merges inventory rows."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from collectors.device import SNMP_PORT
from collectors.discovery.compare import Asked, Finding, State, compare
from collectors.discovery.model import MOST_RATE, Kept, Options, Swept
from collectors.discovery.sweep import sweep
from collectors.discovery.targets import Targets
from collectors.login import Login
from collectors.snmp.credentials import prepare
from tigctl.cli import discovering, output, place, tables
from tigctl.cli.discovering import Wish
from tigctl.cli.options import tenant_argument
from tigctl.cli.output import count
from tigctl.cli.progress import Sweeping
from tigctl.errors import UsageError
from tigctl.spec import files, interrupted, lock, merge
from tigctl.spec.workspace import Tenant


@click.command()
@tenant_argument()
@click.argument("networks", nargs=-1, metavar="[CIDR]...")
@click.option(
    "--credentials",
    metavar="NAME",
    multiple=True,
    help="Log in with these, in this order.  [default: all of the tenant, in their order]",
)
@click.option(
    "--rate",
    type=click.IntRange(1, MOST_RATE),
    metavar="N",
    help="Packets a second, of pings and of SNMP each.  [default: discovery.rate, 1000]",
)
@click.option(
    "--exclude",
    "excluded",
    metavar="CIDR",
    multiple=True,
    help="Leave these out, besides discovery.exclude; may be given several times.",
)
@click.option(
    "--from",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Networks and addresses from a file, one a line.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=SNMP_PORT,
    show_default=True,
    help="UDP port that agents are looked for on.",
)
@click.option("--write", is_flag=True, help="Merge what was found into devices.csv.")
@click.option("--snmp-only", is_flag=True, help="Leave out new ones without an SNMP agent.")
@click.option("--afresh", is_flag=True, help="Begin anew where a sweep was interrupted.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["csv", "table", "json"]),
    help="csv: rows of new devices; table, json: all findings.  [default: csv, with --write none]",
)
def command(
    tenant: str,
    networks: tuple[str, ...],
    *,
    credentials: tuple[str, ...],
    rate: int | None,
    excluded: tuple[str, ...],
    file: Path | None,
    port: int,
    form: str | None,
    write: bool,
    snmp_only: bool,
    afresh: bool,
) -> int:
    """Find devices in the tenant's networks.

    Every address is pinged and asked by SNMP.

    CIDR is a network, an address or FIRST-LAST within `networks` of tenant.yaml; without it
    all of these are swept. A device is named by its sysName where that is fit for a name and
    its own, else by its address. What is new, gone, changed or answers at another address is
    said on standard error.

    With --write new devices go to the end of devices.csv, and one that moved gets its new
    address there; everything else in the file stays as it is. An interrupted sweep goes on
    where it was when the same command is run again.

    \b
    Examples:
      tigctl discover acme
      tigctl discover acme 10.20.0.0/22 --credentials core --credentials default --write
      tigctl discover acme 2001:db8::1-2001:db8::ff --exclude 2001:db8::53 -o table
    """
    one = place.one(tenant)
    if file:
        networks = (*networks, *discovering.listed(file))
    wish = Wish(networks, excluded, credentials, port)
    targets = discovering.targets(one, wish)
    logins = discovering.logins(one, credentials)
    if write:
        _check_writable(one)
    options = Options(rate=rate or one.settings.discovery.rate)
    swept = _swept(one, targets, logins, options, afresh=afresh)
    if swept.unpinged:
        output.say(f"note: not pinged: {swept.unpinged}")
    former = lock.read(one.lock_path)
    known = discovering.known(former, one)
    asked = Asked(targets, {login.name for login in logins}, pinged=not swept.unpinged)
    findings = compare(swept.seen, one.devices, known, asked)
    if snmp_only:
        findings = discovering.with_agents(findings)
    for line in (*discovering.summary(findings), *discovering.suggested(one, former)):
        output.say(line)
    if form or not write:
        _print(one, findings, form or "csv")
    if write:
        _merge(one, findings)
    return 0


def _swept(
    tenant: Tenant, targets: Targets, logins: Sequence[Login], options: Options, *, afresh: bool
) -> Swept:
    keys = [prepare(login, os.environ) for login in logins]
    state = interrupted.path(tenant.root, tenant.name)
    key = interrupted.key(
        targets.ranges, targets.places, (targets.port,), [login.name for login in logins]
    )
    kept = None if afresh else interrupted.read(state, key)
    if kept:
        output.say("Goes on where this sweep was interrupted; --afresh begins anew.")

    def keep(now: Kept) -> None:
        interrupted.write(state, key, now)

    word = f"Interrupted. The same command again goes on from there; {_INVENTORY} is as it was."
    with output.when_interrupted(word), Sweeping(len(targets), options.rate) as progress:
        swept = sweep(targets, keys, options, observe=progress, keep=keep, kept=kept)
        progress.end()
    interrupted.forget(state)
    return swept


_INVENTORY = "devices.csv"


def _check_writable(tenant: Tenant) -> None:
    if (tenant.directory / "devices.yaml").exists():
        raise UsageError(
            f"{tenant.name} lists its devices in devices.yaml, which only a person writes",
            hint="leave out --write and put the rows in, or keep the devices in devices.csv",
        )


def _print(tenant: Tenant, findings: Sequence[Finding], form: str) -> None:
    if form == "json":
        output.as_json({"tenant": tenant.name, "found": list(map(discovering.as_json, findings))})
    elif form == "table":
        columns = [
            tables.Column("STATE"),
            tables.Column("NAME", most=28),
            tables.Column("ADDRESS"),
            tables.Column("PING"),
            tables.Column("SNMP"),
            tables.Column("WHAT", fold=True),
        ]
        tables.show(tables.table(columns, [discovering.cells(one) for one in findings]))
    else:
        rows = discovering.rows(findings)
        names = [name for name in ("port", "credentials", "snmp") if any(row[name] for row in rows)]
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(("name", "address", *names))
        writer.writerows([row[name] for name in ("name", "address", *names)] for row in rows)
        sys.stdout.flush()


def _merge(tenant: Tenant, findings: Sequence[Finding]) -> None:
    """Into the file as it is now: a person may have changed it while the sweep went on."""
    path = tenant.directory / _INVENTORY
    before = path.read_bytes().decode() if path.exists() else ""
    fresh = place.load(tenant.name).tenants[tenant.name]
    taken = {device.name.lower() for device in fresh.devices}
    places = {(device.address, device.port) for device in fresh.devices}
    rows = [
        row
        for row in discovering.rows(findings)
        if row["name"].lower() not in taken
        and (row["address"], int(row["port"] or SNMP_PORT)) not in places
    ]
    moved = {
        name: address
        for name, address in discovering.moved(findings).items()
        if not any(address == there for there, _ in places)
    }
    text = merge.merged(before, rows, moved)
    if text == before:
        output.say(f"{_INVENTORY} has them all already.")
        return
    files.replace(path, text)
    said = [f"{count(len(rows), 'device')} added"] if rows else []
    said += [f"{count(len(moved), 'address', 'addresses')} changed"] if moved else []
    output.say(f"{path.relative_to(tenant.root)}: {', '.join(said)}.")
    if any(finding.state is State.NEW for finding in findings):
        output.say(f"Next: tigctl probe {tenant.name}")
