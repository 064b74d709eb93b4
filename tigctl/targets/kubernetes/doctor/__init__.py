"""What a cluster has to have for the tenants that are to run on it; nothing is changed.

examine.py      all checks on one cluster, several at once
look.py         what the checks ask the cluster, each of it once; the tenants by what they need
server.py       version of the API server and of the nodes, clock, the way through a proxy
definitions.py  the kinds that tenants' objects are of, with the versions served; metrics
permissions.py  the rights of rights.py
nodes.py        failure domains; Cilium's agents
storage.py      storage classes; volumes.py nodes and settings of Longhorn
entrances.py    Gateway, ingress class, issuers; addresses.py MetalLB's pools
namespaces.py   each tenant's namespace: Pod Security, Secrets of others, policies enforced

A check is a function of a `Look` that yields findings, each with its remedy. It asks only for
what the tenants' settings need. A check that may not look says so as a warning.
"""
