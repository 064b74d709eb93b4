"""Secrets that a pod mounts and that are not there.

It starts only when cert-manager, or whoever keeps them, has made them. The kubelet says so in
events alone, which come late and go.
"""

from __future__ import annotations

from tigctl.backends.kubernetes.cluster import Cluster, Object
from tigctl.backends.kubernetes.kinds import Ref
from tigctl.targets.kubernetes import conditions
from tigctl.targets.kubernetes.trouble import Trouble


def missing(cluster: Cluster, namespace: str, pod: Object) -> Trouble | None:
    """Why the first Secret that a pod's spec mounts is not there; None where all are."""
    for volume in pod.get("volumes") or ():
        name = (volume.get("secret") or {}).get("secretName", "")
        if name and cluster.get(Ref("Secret", namespace, name), metadata_only=True) is None:
            return _why(cluster, namespace, str(name))
    return None


def _why(cluster: Cluster, namespace: str, secret: str) -> Trouble:
    makers = cluster.objects("Certificate", namespace)
    maker = next((one for one in makers if one["spec"].get("secretName") == secret), None)
    if maker is None:
        return Trouble(
            "SecretMissing", f"Secret {secret} is not there, and no Certificate makes it"
        )
    issuing, ready = conditions.of(maker, "Issuing"), conditions.of(maker, "Ready")
    said = issuing.get("message") or ready.get("message") or "cert-manager has not looked at it"
    refused = issuing.get("reason") == "Failed"
    return Trouble(
        "CertificateRefused" if refused else "CertificatePending",
        f"Secret {secret} is not there: Certificate {maker['metadata']['name']}: {said}",
    )
