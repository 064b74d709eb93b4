"""Whether this user may do what tigctl does: the table of rights.py, right by right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tigctl.backends.kubernetes.cluster import Cluster
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.spec.workspace import Tenant
from tigctl.targets.finding import Finding, failed, ok, warning
from tigctl.targets.kubernetes import rights
from tigctl.targets.kubernetes.doctor.look import Look
from tigctl.targets.kubernetes.fitting import named
from tigctl.targets.kubernetes.rights import Right

_CHECK = "rights"


def permissions(look: Look) -> Iterator[Finding]:
    """What this user may not do in the cluster and in each tenant's namespace."""
    user = look.cluster.user()
    who = f"{user} may" if user else "this user may"
    give = f" --user {user}" if user and not user.startswith("system:") else ""
    wide = list(_wide(look))
    needed = [(right, verb) for right, verb in wide if not right.optional]
    looks = [(right, verb) for right, verb in wide if right.optional]
    # Tenants that lack the same are told of together.
    lacking: dict[str, list[Tenant]] = {}
    for tenant in look.tenants:
        own = list(_narrow(look.cluster, tenant))
        looks += [(right, verb) for right, verb in own if right.optional]
        if missing := _said([*needed, *((one, verb) for one, verb in own if not one.optional)]):
            lacking.setdefault(missing, []).append(tenant)
    for missing, tenants in lacking.items():
        spaces = named(one.settings.namespace for one in tenants)
        alone = f" {tenants[0].name}" if len(look.tenants) == 1 else ""
        yield failed(
            _CHECK,
            f"{who} not {missing} (asked for {spaces})",
            f"let an administrator carry out: tigctl rbac{alone}{give} | kubectl apply -f -",
        )
    if looks:
        yield warning(
            _CHECK,
            f"{who} not {_said(looks)}; what needs it is not looked at",
            f"let an administrator carry out: tigctl rbac{give} | kubectl apply -f -",
        )
    if not lacking and not looks:
        yield ok(_CHECK, f"{who} do all that tigctl does (tigctl rbac --explain)")


def _wide(look: Look) -> Iterator[tuple[Right, str]]:
    """What is missing of the rights on objects of the cluster and of all namespaces."""
    for right in rights.IN_CLUSTER:
        for verb in right.verbs:
            if not right.own and not look.cluster.allows(verb, right.kind):
                yield right, verb
    if len(look.tenants) > 1:
        for right in rights.FOR_ALL:
            for verb in right.verbs:
                if not look.cluster.allows(verb, right.kind):
                    yield right, verb


def _narrow(cluster: Cluster, tenant: Tenant) -> Iterator[tuple[Right, str]]:
    """What is missing of the rights on a tenant's namespace and in it."""
    namespace = tenant.settings.namespace
    for right in rights.IN_CLUSTER:
        for verb in right.verbs:
            if right.own and not cluster.allows(verb, right.kind, name=namespace):
                yield right, verb
    rules = cluster.rules(namespace)
    for right in rights.IN_NAMESPACE:
        for verb in right.verbs:
            # The list of rules may lack what others than RBAC allow, so that is asked for.
            if not _covered(rules, right, verb) and not cluster.allows(
                verb, right.kind, namespace, right.subresource
            ):
                yield right, verb
    create = next(one for one in rights.FOR_ALL if "create" in one.verbs)
    there = cluster.allows("get", "Namespace", name=namespace) and cluster.get(
        Ref("Namespace", "", namespace), metadata_only=True
    )
    if not there and not cluster.allows("create", "Namespace", name=namespace):
        yield create, "create"


def _covered(rules: Iterable[Mapping[str, Any]], right: Right, verb: str) -> bool:
    """Whether a rule gives a verb on all objects of a kind."""
    return any(
        _any(rule.get("verbs"), verb)
        and _any(rule.get("apiGroups"), right.group)
        and _any(rule.get("resources"), right.resource)
        and not rule.get("resourceNames")
        for rule in rules
    )


def _any(found: Sequence[str] | None, wanted: str) -> bool:
    return bool(found) and ("*" in (found or ()) or wanted in (found or ()))


def _said(missing: Iterable[tuple[Right, str]]) -> str:
    """`create deployments.apps, list and get secrets`."""
    verbs: dict[str, list[str]] = {}
    for right, verb in missing:
        name = f"{right.resource}.{right.group}" if right.group else right.resource
        found = verbs.setdefault(name, [])
        if verb not in found:
            found.append(verb)
    return named(f"{'/'.join(found)} {name}" for name, found in verbs.items())
