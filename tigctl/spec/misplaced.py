"""Files that look like files of the workspace but are not read: a silent loss otherwise."""

from __future__ import annotations

from pathlib import Path

from tigctl.spec.faults import Faults

# What is read in the workspace's own folder and in a tenant's, and what people write instead.
_TWINS = {
    "fleet.yml": "fleet.yaml",
    "tenant.yml": "tenant.yaml",
    "tenants.yaml": "tenant.yaml",
    "tenants.yml": "tenant.yaml",
    "device.csv": "devices.csv",
    "device.yaml": "devices.yaml",
    "device.yml": "devices.yaml",
    "devices.yml": "devices.yaml",
    "devices.txt": "devices.csv",
    "devices.tsv": "devices.csv",
    "devices.json": "devices.yaml",
}
_READ = ("fleet.yaml", "tenant.yaml", "devices.csv", "devices.yaml")
_SPREADSHEETS = ("devices.xlsx", "devices.xls", "devices.ods")


def check_names(folder: Path, root: Path, faults: Faults) -> None:
    """Reports misnamed files in the workspace's folder or a tenant's."""
    own = ("fleet.yaml",) if folder == root else _READ[1:]
    try:
        names = {entry.name for entry in folder.iterdir()}
    except OSError:
        return  # whoever reads the files of this folder reports it
    for name in sorted(names):
        lower = name.lower()
        wanted = _TWINS.get(lower, lower if lower in _READ and name != lower else "")
        shown = (folder / name).relative_to(root).as_posix()
        if wanted in own:
            # Where the right file is there too, the other one may be a copy somebody keeps.
            if wanted not in names:
                faults.add(shown, 0, f"is not read; rename it to {wanted}")
        elif folder != root and lower in _SPREADSHEETS and "devices.csv" not in names:
            faults.add(shown, 0, "is not read; save it as 'CSV UTF-8' under the name devices.csv")
