"""A tenant's namespace and its three workloads, from manifests/ with what the tenant sets.

namespace   Namespace, quota, limits, service accounts
influxdb    StatefulSet, Service, disruption budget
telegraf    ConfigMaps and a Deployment per shard
grafana     Deployment, Service, disruption budget
"""

from __future__ import annotations

from tigctl.render.kubernetes.grafana import grafana
from tigctl.render.kubernetes.influxdb import influxdb
from tigctl.render.kubernetes.namespace import namespace
from tigctl.render.kubernetes.telegraf import telegraf

__all__ = ["grafana", "influxdb", "namespace", "telegraf"]
