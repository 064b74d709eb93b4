"""Taking a tenant's files away from this machine, and what stays of them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from tigctl.targets.local.layout import Layout
from tigctl.targets.model import Json


def remove(layout: Layout, *, volumes: bool) -> str:
    """Removes configurations, and the data with `volumes`; says what went."""
    gone = [layout.run, layout.telegraf]
    if volumes:
        gone += [layout.influxdb, layout.secrets, layout.logs]
    for folder in gone:
        if folder.exists():
            shutil.rmtree(folder)
    if volumes:
        layout.state.unlink(missing_ok=True)
    return "configurations and data" if volumes else "configurations"


def left(layout: Layout) -> Mapping[str, Json]:
    """The data that is there still: `data` (folder), `bytes`, `secrets` (folder); or nothing."""
    data = layout.influxdb
    if not data.exists() or not any(data.iterdir()):
        return {}
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    return {"data": str(data), "bytes": size, "secrets": str(layout.secrets)}
