"""Ways to what runs in a tenant's pods: ports of this machine, opened when they are needed."""

from __future__ import annotations

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.forward import Forward
from tigctl.targets.kubernetes import conditions, names

PORTS = {"influxdb": 8086, "grafana": 3000}


class Reach:
    """Forwards of one tenant, one per component, kept until closed or the pod is another one."""

    def __init__(self, cluster: Cluster, tenant: str, namespace: str) -> None:
        self._cluster = cluster
        self._labels = {names.TENANT: tenant}
        self._namespace = namespace
        self._open: dict[str, tuple[str, Forward]] = {}

    def url(self, component: str) -> str | None:
        """The address by which a component answers here; None where no pod of it is ready.

        Raises Refused or Unreachable where the API server opens no way to its pod.
        """
        pod = self._pod(component)
        known = self._open.get(component)
        if pod is None:
            return None
        uid = str(pod["metadata"]["uid"])
        if known and known[0] == uid:
            return known[1].url
        if known:
            known[1].close()
            del self._open[component]
        opened = self.forward(component, pod)
        try:
            opened.check()
        except BaseException:
            opened.close()
            raise
        self._open[component] = uid, opened
        return opened.url

    def forward(self, component: str, pod: Object | None = None, *, port: int = 0) -> Forward:
        """A forward to a component; the caller closes it. Raises LookupError without a pod."""
        pod = pod or self._pod(component)
        if pod is None:
            raise LookupError(component)
        return Forward(
            self._cluster,
            self._namespace,
            pod["metadata"]["name"],
            PORTS[component],
            port=port,
            encrypted=_speaks_tls(pod),
        )

    def close(self) -> None:
        """Closes all of them."""
        while self._open:
            self._open.popitem()[1][1].close()

    def _pod(self, component: str) -> Object | None:
        """The newest pod of a component that is ready."""
        labels = {**self._labels, names.COMPONENT: component}
        ready = [
            pod
            for pod in self._cluster.objects("Pod", self._namespace, labels=labels)
            if not pod["metadata"].get("deletionTimestamp") and conditions.holds(pod, "Ready")
        ]
        return max(ready, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), default=None)


def _speaks_tls(pod: Object) -> bool:
    """Whether the kubelet asks it by https: what runs counts, not what is wanted by now."""
    probes = (one.get("readinessProbe") or {} for one in pod["spec"]["containers"])
    return any((probe.get("httpGet") or {}).get("scheme") == "HTTPS" for probe in probes)
