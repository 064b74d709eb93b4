"""From a tenant to its policies: they follow from settings and devices alone, not from a target."""

from __future__ import annotations

from tigctl.cli.output import say
from tigctl.render.kubernetes import objects
from tigctl.render.kubernetes.judgement import Neighbour
from tigctl.render.kubernetes.model import Stack
from tigctl.spec.workspace import Tenant, Workspace


def stack_of(tenant: Tenant) -> Stack:
    """As much of the tenant's stack as policies need: no Telegraf is rendered for them."""
    if tenant.target.type != "kubernetes":
        say(
            f"note: {tenant.name} runs on target {tenant.settings.target}, which enforces no "
            "policies; on Kubernetes it would have these"
        )
    return objects.stack_of(tenant)


def neighbours_of(tenant: Tenant, workspace: Workspace) -> list[Neighbour]:
    """The other tenants of the same target."""
    return [
        Neighbour(other.name, other.settings.namespace, other.devices)
        for other in workspace.tenants.values()
        if other.name != tenant.name and other.settings.target == tenant.settings.target
    ]
