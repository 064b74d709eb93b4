"""`tigctl profiles`: what is known about kinds of devices."""

from __future__ import annotations

import re
from pathlib import Path

import click

from collectors.knowledge.check import remarks
from collectors.knowledge.foreign import is_foreign, judge
from collectors.knowledge.load import load_library
from collectors.knowledge.model import Library, Profile
from tigctl.cli import foreign, output, place, tables
from tigctl.errors import InvalidFiles, UsageError
from tigctl.targets.model import Json

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")


@click.group()
def command() -> None:
    """List, show and check what is known about kinds of devices.

    A profile is one YAML file that says which objects of a device mean CPU, memory,
    temperature and so on. Own ones in tenants/TENANT/profiles/ and profiles/ come before the
    shipped ones. docs/profiles.md describes the format.
    """


@command.command("list")
@click.option("--tenant", help="With the own profiles of this tenant.")
@click.option(
    "-o", "--output", "form", type=click.Choice(["table", "json"]), default="table",
    show_default=True, help="Form of the data on standard output.",
)  # fmt: skip
def list_(tenant: str | None, form: str) -> None:
    """List all profiles.

    \b
    Example:
      tigctl profiles list
    """
    profiles = sorted(_library(tenant).profiles, key=lambda one: (not one.own, one.name))
    if form == "json":
        output.as_json([_described(one) for one in profiles])
        return
    columns = (
        tables.Column("PROFILE"),
        tables.Column("KIND"),
        tables.Column("GIVES", fold=True),
        tables.Column("sysObjectID", fold=True),
    )
    rows = [
        (one.name, _kind(one), ", ".join(_gives(one)), output.listed(one.object_ids, 3))
        for one in profiles
    ]
    tables.show(tables.table(columns, rows))


@command.command()
@click.argument("name")
@click.option("--tenant", help="With the own profiles of this tenant.")
def show(name: str, tenant: str | None) -> None:
    """Show one profile: whom it fits, what it reads and what comes of it.

    \b
    Example:
      tigctl profiles show ups-mib
    """
    try:
        profile = _library(tenant)[name]
    except KeyError:
        raise UsageError(
            f"no profile named {name}", hint="tigctl profiles list shows all names"
        ) from None
    output.data(f"{profile.name} ({_kind(profile)}, {profile.file})")
    if profile.description:
        output.data(f"  {profile.description.strip()}")
    for object_id in profile.object_ids:
        output.data(f"  sysObjectID {object_id}")
    if profile.descr_pattern:
        output.data(f"  and sysDescr matches {profile.descr_pattern}")
    for metric in profile.metrics:
        output.data(f"  {metric.name}{' (values)' if metric.scalar else ' (table)'}")
        for symbol in metric.symbols:
            slow = "  slowly" if symbol.slow else ""
            row = f"  of row {symbol.row}" if symbol.row else ""
            output.data(f"    {symbol.oid:<36} {symbol.mib}::{symbol.name}{row}{slow}")
        for one in metric.outputs:
            fields = ", ".join(f"{key} = {value.text}" for key, value in one.fields.items())
            state = f"state of {one.state.symbol}" if one.state else ""
            output.data(f"    → {one.measurement}: {fields or state}")


@command.command()
@click.argument(
    "folders", nargs=-1, metavar="[DIR]...", type=click.Path(path_type=Path, file_okay=False)
)
@click.option(
    "-o", "--output", "form", type=click.Choice(["table", "json"]), default="table",
    show_default=True, help="Form of the report on foreign profiles.",
)  # fmt: skip
def check(folders: tuple[Path, ...], form: str) -> None:
    """Check own profiles and report every fault at once.

    Without DIR: the workspace's profiles/ and those of all its tenants. What is no fault but
    odd (never fits, reads in vain, mistakes a unit) is remarked on and fails nothing.

    A DIR in which nothing says `tigctl` holds profiles of others, of the same open schema. For
    each file it is reported what tigctl could use of it: what it reads already, what it would
    take as it is, what needs an output, and what not, with the reasons.

    \b
    Examples:
      tigctl profiles check
      tigctl profiles check profiles
      tigctl profiles check ~/their-profiles -o json
    """
    if absent := [str(folder) for folder in folders if not folder.is_dir()]:
        raise UsageError(f"no such folder: {', '.join(absent)}", hint="name folders of profiles")
    others = [folder for folder in folders if is_foreign(folder)]
    if others:
        library = _library(None)
        judged = [one for folder in others for one in judge(folder, library)]
        if form == "json":
            output.as_json(foreign.as_json(judged))
        else:
            foreign.show(judged)
    elif form == "json":
        raise UsageError("-o json is for folders of foreign profiles", hint="leave it out")
    if others and len(others) == len(folders):
        return
    chosen = [one for one in folders if one not in others] if folders else place.profile_folders()
    if faults := place.profile_faults(chosen):
        raise InvalidFiles(faults)
    odd = remarks(load_library(chosen), own=True)
    for remark in odd:
        output.say(f"note: {remark}")
    own = sum(len(list(folder.glob("*.y*ml"))) for folder in chosen)
    noted = f", {output.count(len(odd), 'remark')}" if odd else ""
    output.data(f"{output.count(own, 'own profile')}: no faults{noted}")


@command.command()
@click.argument("device")
@click.option("--tenant", help="Whose device it is, where there is more than one tenant.")
@click.option("--name", help="Name of the profile; otherwise after the vendor.")
@click.option(
    "--requests",
    type=click.FloatRange(0.1, 1000),
    default=20,
    show_default=True,
    help="Requests per second, at most.",
)
@click.option(
    "--objects", type=click.IntRange(100, 1_000_000), default=20_000, show_default=True,
    help="The walk ends after so many objects.",
)  # fmt: skip
def learn(device: str, tenant: str | None, name: str | None, requests: float, objects: int) -> None:
    """Walk a device that nobody knows and write a first profile for it.

    The device is asked slowly (--requests) for what it tells below 1.3.6.1.4.1, its own
    enterprise first. What names, units and values say for themselves becomes a mapping with
    the reason beside it; what only the vendor's MIB explains is listed at the file's end. The
    file is made in profiles/; nothing is overwritten.

    \b
    Examples:
      tigctl profiles learn core-rt1
      tigctl profiles learn core-rt1 --tenant acme --name acme-router --requests 5
    """
    from collectors.learning.walk import Pace  # noqa: PLC0415 - the other commands need no SNMP
    from tigctl.cli import learning  # noqa: PLC0415 - the same

    if name and not _NAME.fullmatch(name):
        raise UsageError(f"--name {name}: letters, digits and hyphens", hint="e.g. acme-router")
    one = place.one(tenant)
    found = learning.find(one, device)
    library = load_library(one.profile_folders)
    with output.when_interrupted("Interrupted. Nothing was written."):
        pace = Pace(requests=requests, objects=objects)
        facts, seen = learning.ask(one, found, library, pace)
        lines = learning.write(place.root() / place.PROFILES, name or "", facts, seen, library)
    for line in lines:
        output.data(line)
    output.say(
        f"Next: compare it with the vendor's MIB, then tigctl profiles check, tigctl probe"
        f" {one.name} --device {device}"
    )


def _library(tenant: str | None) -> Library:
    """Shipped profiles; with the workspace's own where there is a workspace."""
    if tenant:
        return load_library(place.one(tenant).profile_folders)
    try:
        root = place.root()
    except UsageError:
        return load_library()
    own = root / place.PROFILES
    return load_library([own] if own.is_dir() else [])


def _kind(profile: Profile) -> str:
    return "own" if profile.own else "capability" if profile.capability else "device"


def _gives(profile: Profile) -> list[str]:
    measurements = [one.measurement for metric in profile.metrics for one in metric.outputs]
    return list(dict.fromkeys(measurements))


def _described(profile: Profile) -> dict[str, Json]:
    return {
        "name": profile.name,
        "kind": _kind(profile),
        "file": profile.file,
        "object_ids": list(profile.object_ids),
        "measurements": list(_gives(profile)),
        "description": profile.description,
    }
