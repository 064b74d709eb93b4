"""Where pods may and should run: apart from one another, over failure domains.

A failure domain is what fails as a whole: the nodes with the same value of `placement.spread_by`.
A node without that label is one of its own, by host name: a rule about a label says nothing of
nodes that lack it, so each rule is there twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from tigctl.render.kubernetes.model import NAME_LABEL, TENANT_LABEL, Object, Stack

HOST_NAME = "kubernetes.io/hostname"

# The two that must not be lost together: who stores samples, and who keeps what cannot be stored.
_KEEPERS = ("influxdb", "telegraf")


def keepers(stack: Stack) -> Object:
    """Affinity of InfluxDB and Telegraf: apart from each other, strictly where the tenant asks."""
    if not stack.settings.placement.required:
        return _preferred(stack, _KEEPERS)
    return {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": key, "labelSelector": _selector(stack, _KEEPERS)}
                for key, _ in _keys(stack)
            ]
        }
    }


def others(stack: Stack) -> Object:
    """Affinity of Grafana: it holds no sample, so it prefers and never waits."""
    return _preferred(stack, ())


def spread(stack: Stack, component: str) -> list[Object]:
    """Evenly over the nodes, where a component has several pods.

    By host name only: a soft constraint by a label puts nodes that lack it behind all others, as
    the scheduler showed, where the affinity above takes them for domains of their own.
    """
    return [
        {
            "maxSkew": 1,
            "topologyKey": HOST_NAME,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": stack.selector(component)},
        }
    ]


def _preferred(stack: Stack, names: Sequence[str]) -> Object:
    return {
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": weight,
                    "podAffinityTerm": {
                        "topologyKey": key,
                        "labelSelector": _selector(stack, names),
                    },
                }
                for key, weight in _keys(stack)
            ]
        }
    }


def _selector(stack: Stack, names: Sequence[str]) -> Object:
    """The tenant's pods of these components; without names, all of them.

    A new one for each rule: what two share would be written as an anchor in YAML.
    """
    selector: Object = {"matchLabels": {TENANT_LABEL: stack.tenant}}
    if names:
        expression = {"key": NAME_LABEL, "operator": "In", "values": list(names)}
        selector["matchExpressions"] = [expression]
    return selector


def _keys(stack: Stack) -> list[tuple[str, int]]:
    """Node labels with their weights, the failure domain first."""
    key = stack.settings.placement.spread_by
    return [(key, 100)] if key == HOST_NAME else [(key, 100), (HOST_NAME, 50)]
