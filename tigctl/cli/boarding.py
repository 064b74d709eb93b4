"""A tenant's boards, with the files they come from."""

from __future__ import annotations

from pathlib import Path

from tigctl.render import boards
from tigctl.render.bundle import Board
from tigctl.render.grafana import FOLDER_UID
from tigctl.spec.workspace import Tenant


def boards_of(tenant: Tenant | None) -> tuple[Board, ...]:
    """The tenant's own boards, the workspace's, the shipped ones; earlier ones win.

    Without a tenant: the shipped ones.
    """
    if tenant is None:
        return boards.load((), Path(), folder=FOLDER_UID)
    own = [folder / "dashboards" for folder in (tenant.directory, tenant.root)]
    return boards.load(own, tenant.root, folder=FOLDER_UID)
