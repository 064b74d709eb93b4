"""The pieces of the development cluster that start nothing: paths, keys, images, refusals.

Left out: the control plane (tests/integration/kubernetes) and the node (tests/node) themselves.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path

import pytest
from cryptography import x509

from tests.cluster import ClusterError, image
from tests.cluster import node as real_node
from tests.cluster.api import place, plural
from tests.cluster.keys import Keys
from tests.cluster.plane import Plane


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("Pod", "pods"),
        ("Ingress", "ingresses"),
        ("StorageClass", "storageclasses"),
        ("CiliumNetworkPolicy", "ciliumnetworkpolicies"),
        ("Gateway", "gateways"),
        ("Endpoints", "endpoints"),
    ],
)
def test_the_resource_of_a_kind(kind: str, resource: str) -> None:
    assert plural(kind) == resource


def test_the_path_of_an_object() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "b"}}
    assert place(pod) == "/api/v1/namespaces/b/pods/a"
    group = {"apiVersion": "cilium.io/v2", "kind": "CiliumCIDRGroup", "metadata": {"name": "c"}}
    assert place(group) == "/apis/cilium.io/v2/ciliumcidrgroups/c"


def test_keys_are_signed_by_the_authority_and_kept_from_others(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys")
    keys.create()
    keys.sign("api", "server", group="those", hosts=["127.1.2.3", "localhost"])
    keys.kubeconfig("api", "https://127.1.2.3:1", tmp_path / "config")

    authority, signed = (
        x509.load_pem_x509_certificate(file.read_bytes())
        for file in (keys.authority, keys.certificate("api"))
    )
    signed.verify_directly_issued_by(authority)
    names = signed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    for secret in (keys.key("authority"), keys.key("api"), tmp_path / "config"):
        assert secret.stat().st_mode & 0o777 == 0o600


def test_an_image_holds_its_files_below_digests_that_fit(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n")
    image.write(tmp_path / "image.tar", "localhost/any:1", {"/bin/any": program}, start=["any"])

    with tarfile.open(tmp_path / "image.tar") as archive:

        def blob(digest: str) -> bytes:
            content = archive.extractfile("blobs/" + digest.replace(":", "/"))
            assert content is not None
            data = content.read()
            assert f"sha256:{hashlib.sha256(data).hexdigest()}" == digest
            return data

        index = archive.extractfile("index.json")
        assert index is not None
        (entry,) = json.load(index)["manifests"]
        assert entry["annotations"] == {"io.containerd.image.name": "localhost/any:1"}
        manifest = json.loads(blob(entry["digest"]))
        config = json.loads(blob(manifest["config"]["digest"]))
        assert config["config"]["Entrypoint"] == ["any"]
        assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
        (tmp_path / "layer.tar").write_bytes(blob(manifest["layers"][0]["digest"]))
    with tarfile.open(tmp_path / "layer.tar") as layer:
        assert layer.getmember("bin/any").mode == 0o755
        assert layer.getmember("tmp").mode == 0o1777


def test_a_program_brings_its_libraries(tmp_path: Path) -> None:
    found = image.libraries(Path("/bin/sh").resolve())
    assert any("libc" in path for path in found)
    assert all(source.is_file() for source in found.values())


def test_a_real_node_does_not_start_in_the_network_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane = Plane(tmp_path / "state", nodes=0)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(real_node, "_leads_out", lambda: True)
    with pytest.raises(ClusterError, match="run it by scripts/node"):
        real_node.Node(plane, tmp_path / "volumes").start()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(ClusterError, match="it needs root"):
        real_node.Node(plane, tmp_path / "volumes").start()
    assert not (tmp_path / "state").exists()
    assert not (tmp_path / "volumes").exists()


def test_a_cluster_that_was_never_started_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="no control plane was started"):
        _ = Plane(tmp_path / "state").url
