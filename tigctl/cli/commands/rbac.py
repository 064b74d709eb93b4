"""`tigctl rbac`: the least rights that tigctl needs on a cluster."""

from __future__ import annotations

import click

from tigctl.cli import output, place, tables
from tigctl.cli.options import tenant_argument
from tigctl.errors import UsageError
from tigctl.render.kubernetes.text import dump
from tigctl.targets.kubernetes import rights
from tigctl.targets.kubernetes.rights import Right, Subject

_HEAD = """\
# The least rights that suffice for every command of tigctl on {what}.
# Why each of them: tigctl rbac --explain. Carry out as an administrator: kubectl apply -f -"""
_FIRST = """\
# Namespace {namespace} has to be there: an administrator makes it (kubectl create namespace
# {namespace}), and the tenant's first apply takes it over: tigctl apply {tenant} --adopt"""


@click.command()
@tenant_argument(required=False)
@click.option("--user", metavar="NAME", help="Give the rights to this user.")
@click.option("--group", metavar="NAME", help="Give the rights to this group.")
@click.option(
    "--serviceaccount", metavar="NAMESPACE:NAME", help="Give the rights to this service account."
)
@click.option("--explain", is_flag=True, help="Say of each right what it is for, as a table.")
def command(
    tenant: str | None,
    user: str | None,
    group: str | None,
    serviceaccount: str | None,
    *,
    explain: bool,
) -> None:
    """Print the least rights tigctl needs on a cluster.

    YAML of roles, to be applied by an administrator; with --user, --group or --serviceaccount
    their bindings too. Without TENANT: rights for all tenants, in every namespace, because
    namespaces of tenants come and go and rights know no patterns. With TENANT: rights for its
    namespace alone, beside what has to be read of the cluster. Asks nobody and changes nothing.

    \b
    Examples:
      tigctl rbac --group noc-engineers > tigctl-rbac.yaml
      tigctl rbac acme --user jo
      tigctl rbac --explain
    """
    if explain:
        _explain()
        return
    subject = _subject(user, group, serviceaccount)
    if tenant:
        namespace = place.one(tenant).settings.namespace
        documents = rights.of_tenant(tenant, namespace, subject)
        head = f"{_HEAD.format(what=f'tenant {tenant}')}\n"
        head += _FIRST.format(namespace=namespace, tenant=tenant)
    else:
        documents = rights.of_all(subject)
        head = _HEAD.format(what="all tenants")
    output.data(f"{head}\n{dump(documents)}".rstrip("\n"))
    if subject is None:
        output.say("note: nobody has these rights yet; say who: --user, --group, --serviceaccount")


def _subject(user: str | None, group: str | None, account: str | None) -> Subject | None:
    if sum(map(bool, (user, group, account))) > 1:
        raise UsageError("--user, --group and --serviceaccount exclude each other; give one")
    if account:
        namespace, found, name = account.partition(":")
        if not (namespace and found and name):
            raise UsageError(
                f"--serviceaccount {account!r} is no service account", hint="write NAMESPACE:NAME"
            )
        return Subject("ServiceAccount", name, namespace)
    if user or group:
        return Subject("User" if user else "Group", str(user or group))
    return None


def _explain() -> None:
    columns = (
        tables.Column("RESOURCE"),
        tables.Column("VERBS", fold=True, most=20),
        tables.Column("WHERE"),
        tables.Column("WHY", fold=True),
    )
    every = (*rights.IN_NAMESPACE, *rights.IN_CLUSTER, *rights.FOR_ALL)
    tables.show(tables.table(columns, [_row(one) for one in every]))


def _row(right: Right) -> tuple[str, str, str, str]:
    where = "cluster" if right.everywhere else "namespace"
    name = f"{right.resource}.{right.group}" if right.group else right.resource
    return name, ", ".join(right.verbs), where, right.why
