"""A real Kubernetes control plane on loopback, for development and for tests.

programs.py  where the programs are that scripts/tools builds
keys.py      the authority, certificates and kubeconfigs of one control plane
api.py       a small client of the API server; ours, so that no test stands on tigctl's adapter
control.py   the command lines of etcd, kube-apiserver, kube-controller-manager, kube-scheduler
kwok.py      simulated nodes and volumes: command lines and configuration; data in kwok/
plane.py     start, stop, ask: the class `Plane` that tests and the command line use
proxy.py     a door to the API server at which single calls fail
engineer.py  the user with the least rights, whom tigctl is in tests
__main__.py  scripts/cluster

And a real node that joins it, for what happens inside containers (scripts/node):

node.py      start, stop; nodeconfig.py its configurations, cgroups.py where its containers run
image.py     images from programs of this machine; images.py those of the stack
shell.py     scripts/node shell

Real are the API server with its admission and its schemas, the controllers and the scheduler.
Simulated are the nodes: their pods become Ready at once and run no container. objects/ holds
what a cluster has before its first tenant: a storage class, a gateway, an address pool.
"""

from __future__ import annotations


class ClusterError(Exception):
    """The control plane cannot be started or reached; the message says why and what to do."""
