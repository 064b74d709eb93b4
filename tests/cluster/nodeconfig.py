"""The configurations of a real node's programs: containerd, its network, kubelet, CoreDNS."""

from __future__ import annotations

from pathlib import Path

import tomli_w

from tests.cluster.api import Object


def containerd(state: Path, socket: Path, plugins: Path, pause: str) -> str:
    """containerd.toml: all of it below `state`; `plugins` are those of the network."""
    return tomli_w.dumps(
        {
            "version": 2,
            "root": str(state / "containerd"),
            "state": str(state / "run"),
            "grpc": {"address": str(socket)},
            "plugins": {
                "io.containerd.internal.v1.opt": {"path": str(state / "opt")},
                "io.containerd.grpc.v1.cri": {
                    "sandbox_image": pause,
                    "netns_mounts_under_state_dir": True,
                    # Root of a virtual machine or container may lack CAP_SYS_RESOURCE.
                    "restrict_oom_score_adj": True,
                    "cni": {"bin_dir": str(plugins), "conf_dir": str(state / "cni")},
                },
            },
        }
    )


def network(state: Path, pods: str) -> Object:
    """A wire to each pod, which gets an address of the network `pods`.

    Not a bridge: all traffic is routed then, and services work without the kernel's bridge
    netfilter.
    """
    addresses = {
        "type": "host-local",
        "dataDir": str(state / "addresses"),
        "ranges": [[{"subnet": pods}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    wire = {"type": "ptp", "ipMasq": False, "ipam": addresses}
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [wire]}


def kubelet(
    state: Path,
    *,
    address: str,
    cgroup: str,
    socket: Path,
    authority: Path,
    certificate: Path,
    key: Path,
) -> Object:
    """A KubeletConfiguration; names of services are asked for at `address` too."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": address,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(authority)},
        },
        "authorization": {"mode": "Webhook"},
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup}",
        "clusterDNS": [address],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{socket}",
        "evictionHard": {"memory.available": "100Mi"},
        "failCgroupV1": False,
        "failSwapOn": False,
        "healthzPort": 0,
        # On a disk that is nearly full kubelet removes images that no pod uses at the moment, and
        # nobody could bring these back.
        "imageGCHighThresholdPercent": 100,
        "makeIPTablesUtilChains": False,
        "podLogsDir": str(state / "logs"),
        "readOnlyPort": 0,
        "resolvConf": "",
        "tlsCertFile": str(certificate),
        "tlsPrivateKeyFile": str(key),
    }


def coredns(address: str, kubeconfig: Path) -> str:
    """A Corefile that knows the cluster's own names and no others."""
    return f""".:53 {{
  bind {address}
  errors
  kubernetes cluster.local {{
    kubeconfig {kubeconfig}
  }}
}}
"""
