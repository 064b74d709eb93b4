"""A tenant's alert rules, and what of its settings does not fit them."""

from __future__ import annotations

from collections.abc import Mapping

from tigctl.errors import Fault
from tigctl.render.alerts import load, settings
from tigctl.render.alerts.load import Loaded
from tigctl.spec.workspace import Tenant


def rules_of(tenant: Tenant) -> Mapping[str, Loaded]:
    """The tenant's own rules, the workspace's, the shipped ones; earlier ones win."""
    own = [folder / "dashboards" for folder in (tenant.directory, tenant.root)]
    return load.load(own, tenant.root)


def setting_faults(tenant: Tenant, rules: Mapping[str, Loaded]) -> list[Fault]:
    """What of a tenant's settings names a rule, a limit or a contact that is not there."""
    # The key may stand in either, or in a class.
    file = f"tenants/{tenant.name}/tenant.yaml or fleet.yaml"
    return [Fault(file, 0, one) for one in settings.faults(tenant.settings.alerts, rules)]
