"""A tenant's boards, with the files they come from."""

from __future__ import annotations

from pathlib import Path

from tigctl.cli import place
from tigctl.errors import UsageError
from tigctl.render import boards
from tigctl.render.bundle import Board
from tigctl.render.grafana import FOLDER_UID
from tigctl.spec.workspace import Tenant


def boards_of(tenant: Tenant | None) -> tuple[Board, ...]:
    """The tenant's own boards, the workspace's, the shipped ones; earlier ones win.

    Without a tenant: the workspace's, where there is one, and the shipped ones.
    """
    if tenant is None:
        try:
            root = place.root()
        except UsageError:
            return boards.load((), Path(), folder=FOLDER_UID)
        return boards.load([root / "dashboards"], root, folder=FOLDER_UID)
    own = [folder / "dashboards" for folder in (tenant.directory, tenant.root)]
    return boards.load(own, tenant.root, folder=FOLDER_UID)
