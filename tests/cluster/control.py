"""The command lines and the ports of the control plane's own programs; nothing is started here."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.keys import Keys

SERVICES = "10.96.0.0/16"  # addresses that exist inside the cluster only; nothing is sent to them
SERVICES_IPV6 = "fd00:10:96::/112"  # its second family
SERVICE = "10.96.0.1"  # the first of them is the API server's own


@dataclass(frozen=True, slots=True)
class Places:
    """Where one control plane lives: its address and ports, its folder, its programs."""

    address: str
    ports: Mapping[str, int]
    state: Path
    programs: Mapping[str, Path]

    @property
    def url(self) -> str:
        return f"https://{self.address}:{self.ports['kube-apiserver']}"

    @property
    def keys(self) -> Keys:
        return Keys(self.state / "keys")

    def kubeconfig(self, name: str) -> Path:
        return self.state / f"{name}.kubeconfig"


def etcd(places: Places) -> list[str | Path]:
    """Without fsync: what a crash of the machine would lose is made anew in seconds."""
    clients = f"http://{places.address}:{places.ports['etcd']}"
    peers = f"http://{places.address}:{places.ports['etcd-peers']}"
    return [
        places.programs["etcd"],
        "--name=main",
        f"--data-dir={places.state / 'etcd'}",
        "--unsafe-no-fsync",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=main={peers}",
        "--log-level=warn",
    ]


def apiserver(places: Places) -> list[str | Path]:
    """With the admission that is on by default, Pod Security among it, and NodeRestriction."""
    keys = places.keys
    return [
        places.programs["kube-apiserver"],
        f"--etcd-servers=http://{places.address}:{places.ports['etcd']}",
        f"--bind-address={places.address}",
        f"--secure-port={places.ports['kube-apiserver']}",
        f"--advertise-address={places.address}",
        # Loopback is no address that an Endpoints object may hold.
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={keys.certificate('apiserver')}",
        f"--tls-private-key-file={keys.key('apiserver')}",
        f"--client-ca-file={keys.authority}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--service-cluster-ip-range={SERVICES},{SERVICES_IPV6}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={keys.directory / 'accounts.pub'}",
        f"--service-account-signing-key-file={keys.key('accounts')}",
        f"--kubelet-client-certificate={keys.certificate('kubelet-client')}",
        f"--kubelet-client-key={keys.key('kubelet-client')}",
        "--kubelet-preferred-address-types=InternalIP",
        # Seconds of one shutdown that nobody needs.
        "--shutdown-delay-duration=0s",
    ]


def controller_manager(places: Places) -> list[str | Path]:
    """All controllers, as fast as they may be: nobody else works on this machine's server."""
    keys = places.keys
    return [
        places.programs["kube-controller-manager"],
        *_component(places, "kube-controller-manager"),
        "--use-service-account-credentials",
        f"--service-account-private-key-file={keys.key('accounts')}",
        f"--root-ca-file={keys.authority}",
        f"--cluster-signing-cert-file={keys.authority}",
        f"--cluster-signing-key-file={keys.key('authority')}",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
        # A pod that comes in the same moment as its quota may go uncounted until then.
        "--resource-quota-sync-period=10s",
    ]


def scheduler(places: Places) -> list[str | Path]:
    """The default scheduler."""
    return [places.programs["kube-scheduler"], *_component(places, "kube-scheduler")]


def _component(places: Places, name: str) -> list[str]:
    kubeconfig = places.kubeconfig(name)
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--bind-address={places.address}",
        f"--secure-port={places.ports[name]}",
        f"--cert-dir={places.state / name}",
        "--leader-elect=false",
    ]


def free_ports(names: Sequence[str]) -> tuple[str, Mapping[str, int]]:
    """A loopback address of our own and a free port there for each name.

    The address is drawn from 127.64.0.0/10, so that two control planes that start at the same
    time do not meet, and no client's own port comes in between.
    """
    draw = random.SystemRandom()
    address = f"127.{draw.randint(64, 127)}.{draw.randint(0, 255)}.{draw.randint(1, 254)}"
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server((address, 0))) for _ in names]
        return address, dict(zip(names, (one.getsockname()[1] for one in sockets), strict=True))
