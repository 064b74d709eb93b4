"""What keeps a workload or an entrance from working.

Which kinds there are, how long each is waited for, and what to do then. How they are found is the
business of `waiting` and its helpers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tigctl.backends.kubernetes import quota

# Reasons that do not go away by themselves, and after how many seconds they count: a registry
# may answer late, a node may just be starting, another pod may just be leaving.
FATAL_AFTER_S: Mapping[str, float] = {
    "InvalidImageName": 0,
    "CreateContainerConfigError": 15,
    "CreateContainerError": 5,
    "RunContainerError": 5,
    "ErrImageNeverPull": 5,
    "ErrImagePull": 15,
    "ImagePullBackOff": 15,
    "CrashLoopBackOff": 0,
    "FailedCreate": 3,
    "QuotaExceeded": 20,
    "Unschedulable": 20,
    "VolumePending": 60,
    "NodeLost": 90,
    "AddressRefused": 10,
    "AddressPending": 60,
    "CertificateRefused": 5,
    "SecretMissing": 10,
}
REMEDIES: Mapping[str, str] = {
    "InvalidImageName": "write the image's name right (images in fleet.yaml)",
    "ErrImagePull": "see that the image is in the registry and images.pull_secret is right",
    "ImagePullBackOff": "see that the image is in the registry and images.pull_secret is right",
    "Unschedulable": "make room (tigctl capacity), uncordon a node, or choose a smaller size",
    "VolumePending": "see whether disks have room (tigctl capacity) and the storage class works"
    " (tigctl doctor)",
    "NodeLost": "docs/operations.md, 'A node is lost', says what to do",
    "FailedCreate": "change what the API server refuses",
    "QuotaExceeded": quota.HINT,
    "AddressRefused": "change what MetalLB refuses (tigctl doctor shows its pools)",
    "AddressPending": "see whether MetalLB's controller runs, and its pools: tigctl doctor",
    "CertificateRefused": "change what the issuer refuses (tigctl doctor shows the issuer)",
    "CertificatePending": "see whether cert-manager runs, and its issuer: tigctl doctor",
    "SecretMissing": "make that Secret, or name an issuer (exposure.grafana.tls)",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something does not run: a word of Kubernetes or of ours, and the reason for a person."""

    kind: str
    said: str
