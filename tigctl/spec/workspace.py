"""The workspace: find it, load it, report everything that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from collectors.device import Device
from collectors.login import Login
from tigctl.errors import UsageError
from tigctl.spec import document, files, inventory, layers
from tigctl.spec.check import check_devices, check_settings, limits
from tigctl.spec.document import Document
from tigctl.spec.entrances import Claimant, check_entrances, reserved
from tigctl.spec.faults import Faults, suggest
from tigctl.spec.inventory import Inventory
from tigctl.spec.layers import FleetFile, Layer
from tigctl.spec.misplaced import check_names
from tigctl.spec.model import Fleet, TargetSettings, TenantSettings
from tigctl.spec.neighbours import check_neighbours, warnings
from tigctl.spec.stack import Images
from tigctl.spec.text import MEBIBYTE, read_text

FLEET_FILE = "fleet.yaml"
TENANTS = "tenants"
LOCK_FILE = "devices.lock.json"
LARGEST_YAML = 4 * MEBIBYTE

# `tig-NAME` has to be a DNS label of up to 63 characters.
TENANT_PATTERN = r"[a-z0-9]([-a-z0-9]{0,57}[a-z0-9])?"


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer, complete and valid.

    `logins` are by name, in the order in which they are tried. `profile_folders` are those that
    exist, the tenant's own first. `reserved` are addresses that other tenants of its target fix.
    """

    name: str
    directory: Path
    settings: TenantSettings
    target: TargetSettings
    devices: tuple[Device, ...]
    logins: Mapping[str, Login]
    images: Images = field(default_factory=Images)
    profile_folders: tuple[Path, ...] = ()
    reserved: frozenset[str] = frozenset()

    @property
    def root(self) -> Path:
        """The workspace."""
        return self.directory.parent.parent

    @property
    def lock_path(self) -> Path:
        """Where the lock lies, whether there is one or not."""
        return self.directory / LOCK_FILE

    def logins_for(self, device: Device) -> tuple[Login, ...]:
        """The logins to try, in order: the device's own, else `default`, else all.

        Empty where the device is not asked by SNMP.
        """
        if not device.snmp:
            return ()
        name = device.credentials or "default"
        if name in self.logins:
            return (self.logins[name],)
        return tuple(self.logins.values())


@dataclass(frozen=True, slots=True)
class Workspace:
    """A valid workspace; `warnings` are for a person, complete sentences."""

    root: Path
    fleet: Fleet
    tenants: Mapping[str, Tenant]
    warnings: tuple[str, ...] = ()


def find(start: Path) -> Path:
    """The nearest folder with a fleet.yaml, from `start` upwards. Raises UsageError."""
    here = start.absolute()
    for folder in (here, *here.parents):
        if (folder / FLEET_FILE).exists():
            return folder
        if (folder / "fleet.yml").exists():
            raise UsageError(
                f"{folder} holds fleet.yml, which is not read", hint=f"rename it to {FLEET_FILE}"
            )
    raise UsageError(
        f"no workspace here: neither {here} nor a folder above it holds {FLEET_FILE}",
        hint="make one with `tigctl init`, or go to the folder of yours",
    )


def load(root: Path, tenants: Sequence[str] | None = None) -> Workspace:
    """The workspace, with the named tenants only where `tenants` is given.

    Raises InvalidFiles with all faults of fleet.yaml and of the tenants loaded, and UsageError
    where there is no workspace or no tenant of that name.
    """
    if not (root / FLEET_FILE).exists():
        find(root)  # raises, or there is one above
        raise UsageError(f"{root} is no workspace: it holds no {FLEET_FILE}")
    faults = Faults()
    every = _folders(root, faults)
    names = every if tenants is None else _chosen(tenants, every)
    fleet = layers.read_fleet(_yaml(root / FLEET_FILE, root, faults), faults)
    complete: dict[str, Tenant] = {}
    claimants: dict[str, Claimant] = {}
    for name in names:
        found = _tenant(root, name, fleet, faults)
        if found:
            complete[name], claimants[name] = found
    if any(one.target.type == "kubernetes" for one in claimants.values()):
        claimants |= _neighbours(root, every, claimants, fleet)
    claimants = dict(sorted(claimants.items()))
    check_neighbours(claimants, faults, complete)
    check_entrances(claimants, fleet.place, faults, complete)
    faults.raise_all()
    if fleet.model is None:
        raise AssertionError("a fleet without a model has faults, and these were raised")
    return Workspace(root, fleet.model, _reserving(complete, claimants), warnings(complete))


def _reserving(
    tenants: Mapping[str, Tenant], claimants: Mapping[str, Claimant]
) -> dict[str, Tenant]:
    """The tenants, each with what the others of its target have reserved."""
    fixed = reserved(claimants)
    found = {}
    for name, one in tenants.items():
        others = fixed.get(one.settings.target, {})
        taken = frozenset().union(*(own for other, own in others.items() if other != name))
        found[name] = replace(one, reserved=taken) if taken else one
    return found


def _folders(root: Path, faults: Faults) -> tuple[str, ...]:
    """Names of all tenants, sorted; misnamed ones are faults."""
    folder = root / TENANTS
    check_names(root, root, faults)
    if not folder.exists():
        return ()
    if not folder.is_dir():
        faults.add(TENANTS, 0, "is a file, a folder is expected; it holds a folder for each tenant")
        return ()
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise files.refused("list", folder, error) from error
    names: list[str] = []
    for entry in entries:
        if entry.name.startswith("."):
            continue
        shown = f"{TENANTS}/{entry.name}"
        if not entry.is_dir():
            if entry.suffix in {".yaml", ".yml", ".csv"}:
                faults.add(
                    shown, 0, f"is not read; a tenant is a folder: {TENANTS}/NAME/tenant.yaml"
                )
        elif not re.fullmatch(TENANT_PATTERN, entry.name):
            faults.add(
                shown,
                0,
                "is no name for a tenant (its namespace is tig-NAME); use lower-case letters, "
                "digits and -, up to 59, a letter or digit at both ends",
            )
        else:
            names.append(entry.name)
    return tuple(names)


def _chosen(wanted: Sequence[str], found: Sequence[str]) -> tuple[str, ...]:
    for name in wanted:
        if name not in found:
            hint = suggest(name, found, what="tenants")
            if not found:
                hint = f"make the folder {TENANTS}/{name}"
            raise UsageError(f"no tenant {name!r} in this workspace", hint=hint)
    return tuple(dict.fromkeys(wanted))


def _yaml(path: Path, root: Path, faults: Faults) -> Document:
    """A YAML file; one that is missing, empty or broken gives an empty document."""
    shown = path.relative_to(root).as_posix()
    empty = Document(shown, None)
    if not path.exists() and not path.is_symlink():
        return empty
    text = read_text(path, shown, faults, limit=LARGEST_YAML)
    return empty if text is None else document.parse(text, shown, faults) or empty


@dataclass(frozen=True, slots=True)
class _Read:
    """A tenant's settings with the layers they come from; None where faults leave none."""

    settings: TenantSettings | None
    target: TargetSettings | None
    stack: tuple[Layer, ...]
    broken: frozenset[str]

    def place(self, path: document.Path) -> tuple[str, int]:
        """File and line that set a key."""
        return layers.place(self.stack, path)


def _settings(root: Path, name: str, fleet: FleetFile, faults: Faults) -> _Read:
    file = root / TENANTS / name / "tenant.yaml"
    own = layers.read_tenant(_yaml(file, root, faults), faults)
    picked = _class_layers(own, fleet, faults)
    stack = (*fleet.layers, *(picked or ()), own)
    broken = frozenset[str]().union(*(layer.broken for layer in stack))
    if picked is None:  # with an unknown class, any key may be another
        return _Read(None, None, stack, broken)
    settings = layers.merged(name, stack)
    target = _target(settings, fleet, stack, broken, faults)
    return _Read(settings, target, stack, broken)


def _neighbours(
    root: Path, names: Sequence[str], loaded: Collection[str], fleet: FleetFile
) -> dict[str, Claimant]:
    """The settings of tenants that are not loaded, as far as they are sound.

    What they take of a target, nobody else can have; their faults are theirs.
    """
    found = {}
    for name in names:
        faults = Faults()
        read = None if name in loaded else _settings(root, name, fleet, faults)
        if read and read.settings and read.target and not faults.found:
            found[name] = Claimant(read.settings, read.target, read.place)
    return found


def _tenant(
    root: Path, name: str, fleet: FleetFile, faults: Faults
) -> tuple[Tenant, Claimant] | None:
    directory = root / TENANTS / name
    before = len(faults)
    check_names(directory, root, faults)
    read = _settings(root, name, fleet, faults)
    settings, target = read.settings, read.target
    if settings is not None:
        check_settings(settings, target, read.broken, read.place, faults)
    devices = _devices(directory, root, faults)
    names = layers.credential_names(read.stack)
    check_devices(devices, limits(settings, names, read.broken), faults)
    if settings is None or target is None or len(faults) != before:
        return None
    folders = (directory / "profiles", root / "profiles")
    tenant = Tenant(
        name,
        directory,
        settings,
        target,
        devices.devices,
        {key: value.login(key) for key, value in settings.credentials.items()},
        fleet.model.images if fleet.model else Images(),
        tuple(folder for folder in folders if folder.is_dir()),
    )
    return tenant, Claimant(settings, target, read.place)


def _class_layers(own: Layer, fleet: FleetFile, faults: Faults) -> tuple[Layer, ...] | None:
    """The layer of the class that is picked, none without a class, None where it is unknown."""
    for layer in (own, *reversed(fleet.layers)):
        picked = layer.sound.get("class", "")
        if not picked:
            continue
        if picked in fleet.classes:
            return (fleet.classes[picked],)
        file, line = layers.place((layer,), ("class",))
        faults.add(
            file,
            line,
            f"class: {picked!r} is not in classes of {FLEET_FILE}; "
            f"{suggest(picked, fleet.classes, what='there')}",
        )
        return None
    return ()


def _target(
    settings: TenantSettings,
    fleet: FleetFile,
    stack: Sequence[Layer],
    broken: Collection[str],
    faults: Faults,
) -> TargetSettings | None:
    """The target that is named; None where there is none of that name or it has faults."""
    name = settings.target
    if name not in fleet.targets and "target" not in broken:
        file, line = layers.place(stack, ("target",))
        faults.add(
            file,
            line,
            f"target: {name!r} is not in targets of {FLEET_FILE}; "
            f"{suggest(name, fleet.targets, what='there')}",
        )
    return fleet.model.target_named(name) if fleet.model else None


def _devices(directory: Path, root: Path, faults: Faults) -> Inventory:
    csv, yaml = directory / "devices.csv", directory / "devices.yaml"
    shown = yaml.relative_to(root).as_posix()
    has_csv, has_yaml = (path.exists() or path.is_symlink() for path in (csv, yaml))
    if has_csv and has_yaml:
        faults.add(shown, 0, "stands beside devices.csv; keep one of the two")
    read = inventory.from_yaml if has_yaml and not has_csv else inventory.from_csv
    path = yaml if has_yaml and not has_csv else csv
    shown = path.relative_to(root).as_posix()
    if not (has_csv or has_yaml):
        return Inventory(shown)
    text = read_text(path, shown, faults, limit=inventory.LARGEST_FILE)
    return Inventory(shown) if text is None else read(text, shown, faults)
