"""A Grafana that speaks TLS itself, because nothing before its load balancer does."""

from __future__ import annotations

from tigctl.render.kubernetes.exposure import certificate_of
from tigctl.render.kubernetes.model import Object
from tigctl.spec.exposure import Entrance

_FOLDER = "/etc/grafana-certificate"
_FILES = ("tls.crt", "tls.key")
# For the group too, which Kubernetes makes that of the pod (fsGroup), and for nobody else.
_MODE = 0o440
# A renewed certificate is in the folder some minutes after cert-manager has it, and is good for
# weeks then. Grafana looks at two small files for that.
_WATCH = "10m"
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def is_needed(entrance: Entrance) -> bool:
    """Whether TLS ends in Grafana."""
    return entrance.type == "loadbalancer" and entrance.tls.own


def encrypt(entrance: Entrance, container: Object, spec: Object, service: Object) -> None:
    """Gives Grafana its certificate; its port and probes are those of https then."""
    container["env"] += [
        {"name": "GF_SERVER_PROTOCOL", "value": "https"},
        {"name": "GF_SERVER_CERT_FILE", "value": f"{_FOLDER}/{_FILES[0]}"},
        {"name": "GF_SERVER_CERT_KEY", "value": f"{_FOLDER}/{_FILES[1]}"},
        {"name": "GF_SERVER_CERTS_WATCH_INTERVAL", "value": _WATCH},
    ]
    (port,) = container["ports"]
    (way,) = service["spec"]["ports"]
    port["name"] = way["name"] = way["targetPort"] = "https"
    for probe in _PROBES:
        # The kubelet asks by the pod's address and takes any certificate.
        container[probe]["httpGet"] |= {"port": "https", "scheme": "HTTPS"}
    # The folder, not its files one by one (subPath): those would stay what they were.
    mount = {"name": "certificate", "mountPath": _FOLDER, "readOnly": True}
    container["volumeMounts"].append(mount)
    spec["volumes"].append(
        {
            "name": "certificate",
            "secret": {
                "secretName": certificate_of("grafana", entrance),
                "defaultMode": _MODE,
                "items": [{"key": name, "path": name} for name in _FILES],
            },
        }
    )
