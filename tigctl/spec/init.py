"""The workspace that `tigctl init` writes: small, commented, valid as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tigctl.errors import UsageError
from tigctl.spec import files

_FLEET = """\
# What holds for all tenants. `tigctl schema fleet.yaml` prints the JSON Schema for an editor;
# docs/workspace.md describes every key with its default.

# Where tenants run. `local` (this machine) is built in.
targets:
  local: {type: local}
  # prod: {type: kubernetes, context: prod}

# How to log in to devices, by name. Secrets never stand here: `env` names the environment
# variable that holds them, as in: export SNMP_COMMUNITY=…
credentials:
  default: {version: 2c, community: {env: SNMP_COMMUNITY}}
  # core:
  #   version: 3
  #   user: noc
  #   auth: {protocol: sha256, password: {env: SNMP_AUTH}}
  #   privacy: {protocol: aes, password: {env: SNMP_PRIVACY}}

# Every key that a tenant.yaml may hold can stand here, or at the top level of this file, as the
# default of all tenants; the values below are the built-in ones.
defaults:
  target: local
  polling: {interval: 60s, slow_interval: 6h}
  # retention: {raw: 30d, 5m: 180d, 1h: 2y}
  # outage: 15m

# Service classes: a tenant picks one by `class: gold`.
# classes:
#   gold:
#     polling: {interval: 30s}
"""

_TENANT = """\
# What this customer has otherwise than fleet.yaml says; an empty file is fine.

# Networks that may be swept and polled. With them, a device outside is a fault.
# networks: [10.20.0.0/22]

# polling: {interval: 30s}
"""

_DEVICES = """\
name,address,site,role,parent,credentials,tags
# One device a line; # begins a comment. Needed: name and address. Any of these columns may be
# left out; there are also port, snmp, icmp, tcp and interval (docs/workspace.md).
# core-sw1,10.20.0.1,hq,core,,,
# access-sw7,10.20.1.7,hq,access,core-sw1,,floor=3;rack=b
"""

_GITIGNORE = """\
# State and secrets of the local target; never to be committed.
.tigctl/
"""

FILES: Mapping[str, str] = {
    "fleet.yaml": _FLEET,
    "tenants/acme/tenant.yaml": _TENANT,
    "tenants/acme/devices.csv": _DEVICES,
    ".gitignore": _GITIGNORE,
}


def init(directory: Path) -> tuple[Path, ...]:
    """Writes a workspace into `directory` and returns the files written.

    Nothing is overwritten: where fleet.yaml or a file of the tenant is there already, UsageError
    is raised and nothing is written. A .gitignore that is there stays as it is. Where the system
    refuses in the middle, what was written is taken back and WorldError is raised.
    """
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file", hint="name a folder, new or empty")
    there = [name for name in FILES if (directory / name).exists() and name != ".gitignore"]
    if there:
        raise UsageError(
            f"{directory} holds {' and '.join(there)} already; nothing was written",
            hint="name a new folder, as in: tigctl init noc",
        )
    written: list[Path] = []
    try:
        for name, content in FILES.items():
            path = directory / name
            if not path.exists():
                files.make_folder(path.parent)
                files.replace(path, content)
                written.append(path)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return tuple(written)
