"""Each tenant's namespace: Pod Security, what others keep in it, policies, the way to its pods."""

from __future__ import annotations

from collections.abc import Iterator

from tigctl.backends.influxdb import Influx
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.spec.workspace import Tenant
from tigctl.targets.finding import Finding, failed, ok
from tigctl.targets.kubernetes.doctor.look import Look, labels
from tigctl.targets.kubernetes.fitting import named
from tigctl.targets.kubernetes.reach import Reach

_SECURITY, _SECRETS, _POLICIES = "Pod Security", "secrets of others", "policies"
_ENFORCE = "pod-security.kubernetes.io/enforce"
_RESTRICTED = "restricted"


def security(look: Look) -> Iterator[Finding]:
    """Whether the namespaces that are there still refuse pods that could do harm."""
    fine = 0
    for tenant in look.tenants:
        namespace = tenant.settings.namespace
        found = look.cluster.get(Ref("Namespace", "", namespace), metadata_only=True)
        if found is None:
            continue
        level = labels(found).get(_ENFORCE)
        version = labels(found).get(f"{_ENFORCE}-version", "latest")
        if level != _RESTRICTED or version != "latest":
            said = f"enforces {level or 'nothing'}" + (f" of {version}" if level else "")
            yield failed(
                _SECURITY,
                f"{namespace} {said}, not {_RESTRICTED}",
                f"tigctl apply {tenant.name} sets it back; tigctl plan {tenant.name} says who"
                " changed it",
            )
        else:
            fine += 1
    if fine:
        namespaces = "namespace enforces" if fine == 1 else "namespaces enforce"
        yield ok(_SECURITY, f"{fine} {namespaces} {_RESTRICTED}")


def secrets(look: Look) -> Iterator[Finding]:
    """Secrets that settings name and that somebody else keeps in the tenants' namespaces."""
    for tenant in look.tenants:
        for name, setting, kind in _named(tenant):
            space = tenant.settings.namespace
            found = look.cluster.get(Ref("Secret", space, name))
            if found is None:
                yield failed(
                    _SECRETS,
                    f"{name} is not in {space} ({setting})",
                    f"make it there (kubectl create namespace {space}, where there is none: tigctl"
                    f" apply {tenant.name} --adopt takes it over)",
                )
            elif found.get("type") != kind:
                yield failed(
                    _SECRETS,
                    f"{name} in {space} is of type {found.get('type')}, not {kind} ({setting})",
                    "make it again with that type",
                )
            else:
                yield ok(_SECRETS, f"{name} is in {space} ({setting})")


def _named(tenant: Tenant) -> Iterator[tuple[str, str, str]]:
    """Name, setting and type of each Secret."""
    if secret := tenant.images.pull_secret:
        yield secret, "images.pull_secret", "kubernetes.io/dockerconfigjson"
    exposure = tenant.settings.exposure
    for component, entrance in (("grafana", exposure.grafana), ("influxdb", exposure.influxdb)):
        if entrance.type != "none" and entrance.tls.secret:
            yield entrance.tls.secret, f"exposure.{component}.tls.secret", "kubernetes.io/tls"


def enforced(look: Look) -> Iterator[Finding]:
    """Whether Cilium knows the tenants' pods; of those it does not know it enforces nothing."""
    bare: list[str] = []
    seen = 0
    for tenant in look.tenants:
        space = tenant.settings.namespace
        pods = [
            one["metadata"]["name"]
            for one in look.cluster.objects("Pod", space)
            if (one.get("status") or {}).get("phase") == "Running"
        ]
        if not pods:
            continue
        known = {one["metadata"]["name"] for one in look.cluster.objects("CiliumEndpoint", space)}
        seen += len(pods)
        bare += [f"{space}/{name}" for name in pods if name not in known]
    if bare:
        yield failed(
            _POLICIES,
            f"Cilium knows nothing of {named(bare)}: nobody enforces policies on them",
            "pods that are older than Cilium's agent on their node have to be made again:"
            " kubectl -n NAMESPACE delete pod NAME",
        )
    elif seen:
        yield ok(_POLICIES, f"Cilium knows all {seen} pods of the tenants")


def way(look: Look) -> Iterator[Finding]:
    """Whether a port of a pod can be reached: a proxy in between may not let that through."""
    for tenant in look.tenants:
        reach = Reach(look.cluster, tenant.name, tenant.settings.namespace)
        try:
            url = reach.url("influxdb")
            if url is None:
                continue
            with Influx(url, tenant.name, "", timeout=10) as influx:
                if influx.healthy():
                    yield ok("way to pods", f"InfluxDB of {tenant.name} answers by port-forward")
                else:
                    yield failed(
                        "way to pods",
                        f"InfluxDB of {tenant.name} is ready and does not answer by port-forward",
                        "the API server, a proxy before it or the right to pods/portforward is in"
                        " the way: kubectl -n"
                        f" {tenant.settings.namespace} port-forward influxdb-0 8086",
                    )
            return
        finally:
            reach.close()
