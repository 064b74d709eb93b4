"""InfluxDB: its StatefulSet, Service and PodDisruptionBudget."""

from __future__ import annotations

from tigctl.render.kubernetes import placement, pod, reference, sizing
from tigctl.render.kubernetes.model import Object, Stack

NAME = "influxdb"
URL = "http://influxdb:8086"

# Shares of the memory limit: of one query, of all queries together, of each bucket's cache of
# points that are not in a file yet.
_QUERY_SHARE = 8
_QUERIES_SHARE = 4
_CACHE_SHARE = 4
# InfluxDB wants the sum of all queries to be at least 4 (how many run at once) times 1 MiB.
_QUERIES_LEAST = 4 * sizing.MEBIBYTE


def influxdb(stack: Stack) -> list[Object]:
    """The objects of InfluxDB; its volume claim is rendered elsewhere."""
    stateful_set, service, budget = objects = reference.load(NAME)
    needs = sizing.sizes(stack).influxdb
    pod.owned(stack, NAME, *objects)
    spec, container = pod.template(stack, stateful_set, NAME, needs)
    spec["affinity"] = placement.keepers(stack)
    most = needs.memory_limit
    pod.set_variables(
        container,
        INFLUXD_QUERY_MEMORY_BYTES=str(max(most // _QUERY_SHARE, sizing.MEBIBYTE)),
        INFLUXD_QUERY_MAX_MEMORY_BYTES=str(max(most // _QUERIES_SHARE, _QUERIES_LEAST)),
        INFLUXD_STORAGE_CACHE_MAX_MEMORY_SIZE=str(most // _CACHE_SHARE),
        GOMEMLIMIT=pod.go_limit(needs, sizing.INFLUXDB_GO_SHARE),
    )
    service["spec"]["selector"] = stack.selector(NAME)
    budget["spec"]["selector"]["matchLabels"] = stack.selector(NAME)
    return objects
