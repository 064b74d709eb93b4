"""The objects a bundle wants in the cluster, completed by what only the cluster knows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tigctl.backends.kubernetes.cluster import Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.render.bundle import Bundle
from tigctl.targets.environment import device_variables
from tigctl.targets.kubernetes import names
from tigctl.targets.kubernetes.options import Options
from tigctl.targets.kubernetes.snapshot import Snapshot

# Whose pods read which Secrets: a variable taken from a Secret stays as it was when the
# container started, so a new version has to roll them.
_READ = {
    "telegraf": (names.WRITER_SECRET, names.DEVICES_SECRET),
    "grafana": (names.GRAFANA_SECRET,),
}


def wanted_objects(
    found: Sequence[Object], there: Snapshot, namespace: str, options: Options
) -> list[Object]:
    """A bundle's objects, those left out that the options leave alone.

    Workloads carry the versions of the Secrets their pods read.
    """
    left_out = {
        kind
        for kind, made in (
            (names.VOLUME, options.volumes),
            ("StorageClass", options.volumes),  # nobody needs it but the volumes
            (names.POLICY, options.policies),
        )
        if not made
    }
    return [
        _with_secrets(one, there, namespace)
        for one in found
        if one["kind"] not in left_out and not _stays(one, there, options)
    ]


def _stays(wanted: Object, there: Snapshot, options: Options) -> bool:
    """Whether it is a volume that is there and is not to be touched."""
    return wanted["kind"] == names.VOLUME and not options.resize and Ref.of(wanted) in there.objects


def reads_secrets(wanted: Object) -> bool:
    """Whether it is a workload whose pods read Secrets that tigctl makes."""
    component = (wanted["metadata"].get("labels") or {}).get(names.COMPONENT, "")
    return wanted["kind"] in {"Deployment", "StatefulSet"} and component in _READ


def _with_secrets(wanted: Object, there: Snapshot, namespace: str) -> Object:
    if not reads_secrets(wanted):
        return wanted
    spec = wanted["spec"]
    read = _READ[wanted["metadata"]["labels"][names.COMPONENT]]
    if names.READER_SECRET in _variables_of(spec["template"]["spec"]):
        read = (*read, names.READER_SECRET)  # a Grafana that is built from files
    versions = [
        str(there.objects.get(Ref("Secret", namespace, name), {}).get("resourceVersion", ""))
        for name in read
    ]
    if not any(versions):
        return wanted
    metadata = spec["template"]["metadata"]
    annotations = {**(metadata.get("annotations") or {}), names.RESTARTED: "-".join(versions)}
    template = {**spec["template"], "metadata": {**metadata, "annotations": annotations}}
    return {**wanted, "spec": {**spec, "template": template}}


def _variables_of(pod: Object) -> set[str]:
    """The Secrets that give a pod's containers environment variables."""
    return {
        variable["valueFrom"]["secretKeyRef"]["name"]
        for container in pod["containers"]
        for variable in container.get("env") or ()
        if "secretKeyRef" in variable.get("valueFrom", {})
    }


def device_values(bundle: Bundle, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that hold secrets of devices, with their values; "" for one that is unset."""
    found = dict.fromkeys(name for shard in bundle.telegraf for name in device_variables(shard))
    return {name: environ.get(name, "") for name in sorted(found)}
