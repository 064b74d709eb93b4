"""The tenant's namespace, its quota and limits, its service accounts."""

from __future__ import annotations

from tigctl.render.kubernetes import reference, sizing
from tigctl.render.kubernetes.model import Object, Stack
from tigctl.render.kubernetes.sizing import MEBIBYTE, Needs, Sizes

# For what runs now and then: a backup, a rehearsed restore, a certificate's solver.
_JOBS = Needs(cpu=500, memory=1024 * MEBIBYTE, memory_limit=2048 * MEBIBYTE)
_JOB_PODS = 10


def namespace(stack: Stack) -> list[Object]:
    """Namespace, ResourceQuota, LimitRange, ServiceAccounts; in the order they are needed."""
    objects = reference.load("namespace")
    space, quota, limits, *accounts = objects
    space["metadata"]["name"] = stack.namespace
    space["metadata"]["labels"].update(stack.labels())
    for one in (quota, limits):
        one["metadata"] = stack.metadata(one["metadata"]["name"])
    for one in accounts:
        name = one["metadata"]["name"]
        one["metadata"] = stack.metadata(name, name)
    quota["spec"]["hard"] = _hard(stack, sizing.sizes(stack))
    return objects


def _hard(stack: Stack, sizes: Sizes) -> dict[str, str]:
    """The stack, what moves once more, and jobs; the volumes twice, for a restore beside them.

    A pod of a Deployment that moves from a lost node counts beside its successor until its time
    to end is over. InfluxDB's does not: its successor waits for it.
    """
    moving = (*sizes.telegraf, sizes.grafana)
    sum_ = sizing.total((*sizes.all(), *moving, _JOBS))
    storage = stack.settings.storage
    claims = [claim for claim in (storage.influxdb, storage.grafana) if claim]
    return {
        "pods": str(len(sizes.all()) + len(moving) + _JOB_PODS),
        "requests.cpu": sizing.cpu(sum_.cpu),
        "requests.memory": sizing.size(sum_.memory),
        "limits.memory": sizing.size(sum_.memory_limit),
        "requests.storage": sizing.size(2 * sum(claims)),
        "persistentvolumeclaims": str(2 * len(claims)),
        "services.loadbalancers": "2",
    }
