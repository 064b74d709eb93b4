"""Simulated nodes and services: command lines and configurations of kwok; data in kwok/.

One process plays one node, so that ending it is losing that node and no other. One more plays
no node but the services around them: volumes and addresses.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.cluster.api import Object
from tests.cluster.control import Places

_DATA = Path(__file__).with_name("kwok")
# Their definitions come with kwok; an object of such a kind, named as its pod, says what
# port-forward, logs and exec of that pod reach.
_KINDS = ("Exec", "Logs", "PortForward")
# The annotation of a pod whose program answers; see behind.py.
ANSWERS = "cluster.tigctl.dev/answers"


def node_name(number: int) -> str:
    return f"worker-{number}"


def node(number: int, places: Places) -> Object:
    """A node as a kubelet registers it: 8 cores, 32 GiB, a failure domain of its own."""
    name = node_name(number)
    capacity = {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "200Gi"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node-role.kubernetes.io/worker": "",
                "topology.kubernetes.io/region": "home",
                "topology.kubernetes.io/zone": f"zone-{number}",
                "type": "simulated",
            },
        },
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": places.address},
                {"type": "Hostname", "address": name},
            ],
            "allocatable": capacity,
            "capacity": capacity,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": places.ports[name]}},
            "nodeInfo": {
                "architecture": "amd64",
                "bootID": "",
                "containerRuntimeVersion": "simulated://0",
                "kernelVersion": "6.1.0",
                "kubeProxyVersion": "",
                "kubeletVersion": "v1.35.4",
                "machineID": "",
                "operatingSystem": "linux",
                "osImage": "simulated",
                "systemUUID": "",
            },
        },
    }


def play_node(number: int, places: Places, *, behind: bool = False) -> list[str | Path]:
    """The process that is the kubelet of one simulated node.

    With `behind` a pod of tigctl's waits until its annotation ANSWERS says that its program runs.
    """
    name = node_name(number)
    endpoint = f"{places.address}:{places.ports[name]}"
    keys = places.keys
    return [
        *_kwok(places, _waiting(places) if behind else _DATA / "nodes.yaml"),
        f"--manage-single-node={name}",
        f"--node-ip={places.address}",
        f"--node-port={places.ports[name]}",
        f"--server-address={endpoint}",
        f"--cidr=10.244.{number}.0/24",  # addresses that pods show; nothing is sent to them
        f"--enable-crds={','.join(_KINDS)}",
        f"--tls-cert-file={keys.certificate('kubelet')}",
        f"--tls-private-key-file={keys.key('kubelet')}",
    ]


def play_services(places: Places, *, folders: Path | None = None) -> list[str | Path]:
    """The process that stands in for Longhorn and MetalLB.

    With `folders` a volume is a folder there that every real node can mount, as it could a
    volume of Longhorn; the folder itself has to be made by somebody else.
    """
    stages = _DATA / "services.yaml"
    if folders:
        stages = _changed(places, "services.yaml", _SOURCE, _folder_source(folders))
    return [*_kwok(places, stages), "--manage-nodes-with-label-selector=no-such=node"]


def definitions(places: Places) -> Path:
    """The folder with the definitions of kwok's own kinds."""
    return places.programs["kwok"].parent / "crds"


# The line of services.yaml that says where a volume is. It is a piece of kwok's own template
# inside the YAML, so it can only be changed as text.
_SOURCE = 'csi: {driver: driver.longhorn.io, volumeHandle: "pvc-{{ .metadata.uid }}", fsType: ext4}'


# The condition of nodes.yaml for a pod to be started, and one more for those of tigctl.
_STARTED = "      - {key: .status.startTime, operator: DoesNotExist}\n"
_ANSWERED = f"""{_STARTED}      - key: >-
          .metadata | select(.labels["app.kubernetes.io/managed-by"] != "tigctl"
          or .annotations["{ANSWERS}"] != null) | .name
        operator: Exists
"""


def _waiting(places: Places) -> Path:
    return _changed(places, "nodes.yaml", _STARTED, _ANSWERED)


def _changed(places: Places, name: str, old: str, new: str) -> Path:
    """A copy of one of our files in which one text is another."""
    text = (_DATA / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    copy = places.state / name
    # Each node's process reads it, and one may be at that while this is for the next.
    fresh = copy.with_suffix(".new")
    fresh.write_text(text.replace(old, new), encoding="utf-8")
    return fresh.replace(copy)


def _folder_source(folders: Path) -> str:
    on_real = {"matchExpressions": [{"key": "type", "operator": "In", "values": ["real"]}]}
    affinity = json.dumps({"required": {"nodeSelectorTerms": [on_real]}})
    path = json.dumps(f"{folders}/pvc-{{{{ .metadata.uid }}}}")
    return f"local: {{path: {path}}}\n            nodeAffinity: {affinity}"


def _kwok(places: Places, stages: Path) -> list[str | Path]:
    return [
        places.programs["kwok"],
        f"--kubeconfig={places.kubeconfig('kwok')}",
        f"--config={_DATA / 'options.yaml'}",
        f"--config={stages}",
    ]
