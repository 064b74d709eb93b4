"""Tenants made by hand, and one check of the doctor on a real control plane."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.cluster import engineer
from tests.cluster.api import Object, place
from tests.cluster.plane import Plane
from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.spec.model import TargetSettings, TenantSettings
from tigctl.spec.stack import Images
from tigctl.spec.workspace import Tenant
from tigctl.targets.finding import Finding, State
from tigctl.targets.kubernetes.doctor.examine import CHECKS
from tigctl.targets.kubernetes.doctor.look import Look

OK, WARNING, FAILED = State.OK, State.WARNING, State.FAILED


def tenant(
    name: str = "acme",
    *,
    target: dict[str, Any] | None = None,
    images: dict[str, Any] | None = None,
    **settings: Any,
) -> Tenant:
    """A tenant of a cluster with these settings, in namespace tig-NAME."""
    return Tenant(
        name,
        Path("/nowhere/tenants") / name,
        TenantSettings.model_validate({"namespace": f"tig-{name}", **settings}),
        TargetSettings.model_validate({"type": "kubernetes", **(target or {})}),
        (),
        {},
        Images.model_validate(images or {}),
    )


class Clinic:
    """The doctor's checks, one by one, as the user with the least rights."""

    def __init__(self, plane: Plane, cluster: Cluster | None = None) -> None:
        self.plane = plane
        self.cluster = cluster or Cluster(kubeconfig=str(engineer.kubeconfig(plane)))

    def anew(self) -> Cluster:
        """Asks without what was heard before: a cluster forgets no kind that it knew once."""
        self.cluster = Cluster(kubeconfig=str(engineer.kubeconfig(self.plane)))
        return self.cluster

    def ask(self, check: str, *tenants: Tenant) -> list[Finding]:
        """What a check finds for these tenants (acme without settings, if none is given)."""
        return list(CHECKS[check](Look(self.cluster, tenants or (tenant(),))))

    def states(self, check: str, *tenants: Tenant) -> list[State]:
        return [one.state for one in self.ask(check, *tenants)]

    def only(self, check: str, *tenants: Tenant) -> Finding:
        """The one finding of a check; what is not fine has a remedy."""
        (found,) = self.ask(check, *tenants)
        assert bool(found.remedy) == (found.state is not State.OK)
        return found

    @contextlib.contextmanager
    def changed(self, path: str, change: Object) -> Iterator[None]:
        """An object is different meanwhile: a merge patch whose keys are put back afterwards."""
        before = self.plane.api.get(path)
        self.plane.api.patch(path, change)
        try:
            yield
        finally:
            self.plane.api.patch(path, _former(change, before))

    @contextlib.contextmanager
    def made(self, wanted: Object) -> Iterator[Object]:
        """An object is there meanwhile."""
        made = self.plane.api.create(wanted)
        try:
            yield made
        finally:
            self.plane.api.delete(place(made))


def _former(change: Object, before: Object) -> Object:
    """The patch that undoes another one."""
    undo: Object = {}
    for key, value in change.items():
        was = before.get(key) if isinstance(before, dict) else None
        undo[key] = _former(value, was) if isinstance(value, dict) and was is not None else was
    return undo
