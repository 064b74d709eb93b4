"""Who tigctl is to a cluster in tests: a user with what `tigctl rbac` prints, and no more.

The administrator of the plane carries the roles out, as the one who runs a real cluster would.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.cluster.api import Api, ApiError, Object
from tests.cluster.plane import Plane
from tigctl.targets.kubernetes import rights
from tigctl.targets.kubernetes.rights import Subject

NAME = "engineer"


def kubeconfig(plane: Plane) -> Path:
    """Of the one who may work on all tenants; made when it is asked for first."""
    file = plane.places.kubeconfig(f"user-{NAME}")
    if not file.exists():
        file = plane.user(NAME)
        restore(plane)
    return file


def restore(plane: Plane) -> None:
    """Gives the rights anew, after something else had the name of the roles."""
    grant(plane, rights.of_all(Subject("User", NAME)))
    _wait(plane, NAME, "/api/v1/namespaces")


def of_tenant(plane: Plane, tenant: str, namespace: str) -> Path:
    """Of one who may work on this tenant only; its namespace has to be there."""
    name = f"{NAME}-of-{tenant}"
    grant(plane, rights.of_tenant(tenant, namespace, Subject("User", name)))
    file = plane.user(name)
    _wait(plane, name, f"/api/v1/namespaces/{namespace}/configmaps")
    return file


def api(plane: Plane, name: str = NAME) -> Api:
    """The tests' own client as this user, who has a kubeconfig already."""
    keys = plane.places.keys
    return Api(
        plane.url,
        authority=plane.authority,
        certificate=keys.certificate(f"user-{name}"),
        key=keys.key(f"user-{name}"),
    )


def grant(plane: Plane, roles: Sequence[Object]) -> None:
    """Carries out roles and their bindings."""
    for one in roles:
        plane.api.apply(one)


def _wait(plane: Plane, name: str, path: str) -> None:
    """Until the API server has heard of the roles: it learns of them a moment later."""
    client = api(plane, name)

    def allowed() -> bool:
        try:
            client.get(path, limit="1")
        except ApiError as error:
            if error.status == 403:
                return False
            raise
        return True

    plane.wait(allowed, f"rights of {name}")
    client.close()
