"""From the options to the workspace and its tenants. Light: `validate` needs no more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from collectors.errors import ProfileError
from tigctl.errors import Fault, InvalidFiles, UsageError
from tigctl.spec import workspace
from tigctl.spec.workspace import Tenant, Workspace

PROFILES = "profiles"


def root() -> Path:
    """The workspace: `--workspace`, else the nearest folder upwards with fleet.yaml."""
    start: Path | None = click.get_current_context().find_root().obj
    if start is not None and not start.is_dir():
        raise UsageError(f"{start}: no such folder", hint="give --workspace a folder that is there")
    return workspace.find((start or Path.cwd()).resolve())


def load(name: str | None = None) -> Workspace:
    """The workspace with this tenant, or with all. Raises InvalidFiles with all faults."""
    return workspace.load(root(), [name] if name else None)


def one(name: str | None) -> Tenant:
    """The named tenant; without a name the only one there is."""
    if name:
        return load(name).tenants[name]
    found = every()
    if len(found) == 1:
        return found[0]
    raise UsageError(
        f"which tenant? There are {len(found)}: {', '.join(one.name for one in found)}",
        hint="name one, or say --all where the command has it",
    )


def every() -> tuple[Tenant, ...]:
    """All tenants. Raises UsageError where there is none yet."""
    found = tuple(load().tenants.values())
    if not found:
        raise UsageError("the workspace has no tenant yet", hint="write tenants/NAME/devices.csv")
    return found


def checked(name: str | None) -> Workspace:
    """Like `load`, and own profiles are checked too, so that all faults come at once."""
    faults: list[Fault] = []
    found = None
    try:
        found = load(name)
    except InvalidFiles as error:
        faults.extend(error.faults)
    faults.extend(profile_faults(profile_folders(name)))
    for tenant in found.tenants.values() if found else ():
        faults.extend(_alert_faults(tenant))
    if found is None or faults:
        raise InvalidFiles(faults)
    return found


def _alert_faults(tenant: Tenant) -> list[Fault]:
    from tigctl.cli.alerting import rules_of, setting_faults  # noqa: PLC0415 - reads all rules

    try:
        return setting_faults(tenant, rules_of(tenant))
    except InvalidFiles as error:
        return list(error.faults)


def profile_folders(name: str | None = None) -> list[Path]:
    """The workspace's own folders of profiles that exist: of one tenant or all, then for all."""
    base = root()
    tenants = [base / "tenants" / name] if name else sorted((base / "tenants").glob("*"))
    folders = [folder / PROFILES for folder in (*tenants, base)]
    return [folder for folder in folders if folder.is_dir()]


def profile_faults(folders: Sequence[Path]) -> list[Fault]:
    """Faults of own profiles. The shipped ones are checked by the project's tests."""
    if not folders:
        return []
    # Loading the shipped profiles takes longer than all the rest of `validate`.
    from collectors.knowledge.load import load_library  # noqa: PLC0415

    faults = []
    for folder in folders:
        shared = folder.parent.parent.parent / PROFILES
        try:
            load_library([folder, shared] if shared in folders else [folder])
        except ProfileError as error:
            faults += [Fault(shown(one.file), one.line, one.message) for one in error.faults]
    return faults


def shown(file: str) -> str:
    """A path relative to where the user stands, where it lies below."""
    path = Path(file)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else file
