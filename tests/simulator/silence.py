"""Makes addresses of this machine dead: all of 127.0.0.0/8 answers ping, so packets are dropped.

Needs root and nft. The rules of a state folder stand in a table of their own, which `lift`
deletes again.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

_TESTS = ipaddress.ip_network("198.18.0.0/15")  # RFC 2544: for tests, routed by nobody


def table(owner: Path) -> str:
    """The name of the table that belongs to a state folder."""
    return f"tigctl_devices_{crc32(str(owner.resolve()).encode()):08x}"


def impose(owner: Path, addresses: Sequence[str]) -> str | None:
    """Drops whatever is sent to these addresses; returns why it could not, else None.

    `owner` is the state folder that the rules belong to. Raises ValueError for an address that
    is neither loopback nor of the network for tests: nothing else is ours to block.
    """
    for address in map(ipaddress.ip_address, addresses):
        if not address.is_loopback and address not in _TESTS:
            raise ValueError(f"{address} is neither a loopback address nor of {_TESTS}")
    if os.geteuid() != 0:
        return "not root"
    if shutil.which("nft") is None:
        return "no nft (Debian package nftables)"
    name = table(owner)
    rules = "\n".join(f"ip daddr {address} drop" for address in addresses)
    # Emptied and filled in one transaction, so that running it again gives the same.
    script = f"""
        table inet {name} {{}}
        delete table inet {name}
        table inet {name} {{
          chain dead {{
            type filter hook input priority 0; policy accept;
            {rules}
          }}
        }}
    """
    done = _nft(script)
    return None if done.returncode == 0 else f"nft: {done.stderr.strip().splitlines()[0]}"


def lift(owner: Path) -> None:
    """Deletes the owner's table; does nothing where there is none or no right to."""
    if os.geteuid() == 0 and shutil.which("nft"):
        _nft(f"table inet {table(owner)} {{}}\ndelete table inet {table(owner)}\n")


def _nft(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["nft", "-f", "-"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
