"""Container images made from files of this machine, without a container engine.

An image is one layer in an OCI archive, which `ctr images import` reads. Programs bring the
shared libraries along that they are linked to. Nothing in it names a user: the pod does.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_OCI = "application/vnd.oci.image."
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def write(
    archive: Path, name: str, files: Mapping[str, Path], *, start: Sequence[str] = ()
) -> None:
    """Writes the image `name` (registry/repository:tag) as `archive`.

    `files` are programs by their path in the image; `start` is the image's own entry point. It
    also holds /tmp, /bin, which is /usr/bin, and an /etc/passwd with root and the ids 1 to 1000.
    """
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        layer = Path(folder) / "layer.tar"
        _write_layer(layer, files)
        with layer.open("rb") as written:
            digest = f"sha256:{hashlib.file_digest(written, 'sha256').hexdigest()}"
        size = layer.stat().st_size
        reference = {"mediaType": _OCI + "layer.v1.tar", "digest": digest, "size": size}
        config = _blob(
            {
                "architecture": _ARCHITECTURES[platform.machine()],
                "os": "linux",
                "config": {
                    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"],
                    "Entrypoint": list(start),
                },
                "rootfs": {"type": "layers", "diff_ids": [digest]},
            },
            "config.v1+json",
        )
        manifest = _blob(
            {
                "schemaVersion": 2,
                "mediaType": _OCI + "manifest.v1+json",
                "config": config[0],
                "layers": [reference],
            },
            "manifest.v1+json",
        )
        named = manifest[0] | {"annotations": {"io.containerd.image.name": name}}
        with tarfile.open(archive, "w") as whole:
            _add(whole, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
            index = {"schemaVersion": 2, "manifests": [named]}
            _add(whole, "index.json", json.dumps(index).encode())
            for blob, content in (config, manifest):
                _add(whole, _blob_path(blob["digest"]), content)
            whole.add(layer, _blob_path(digest))


def libraries(program: Path) -> Mapping[str, Path]:
    """The shared libraries of a program by the path it looks for them; none if it is static."""
    with program.open("rb") as file:
        if file.read(4) != b"\x7fELF":
            return {}
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    paths = re.findall(r"(?:=> |^\s*)(/\S+) \(0x", listed.stdout, re.MULTILINE)
    return {path: Path(path).resolve() for path in paths}


def interpreter(home: str, root: Path, *modules: str) -> Mapping[str, Path]:
    """This Python as files of an image below `home`, with what these need of its library.

    `root` is where those lie that are not of the library; they do not come along.
    """
    base = Path(sys.base_prefix)
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": str(base)}))
    listed = subprocess.run(
        [_PYTHON, "-IS", "-c", _LOADED, root, *modules],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = [Path(line) for line in listed.stdout.splitlines()]
    # Modules may load others when they are used first: whole packages, and what is beside them.
    folders = {file.parent for file in loaded if file.is_relative_to(library)} | {library}
    files = {*loaded, *(file for folder in folders for file in folder.glob("*.py"))}
    found = {
        f"{home}/lib/{library.name}/{file.relative_to(library)}": file
        for file in files
        if file.is_relative_to(library)
    }
    return found | {f"{home}/bin/python3": _PYTHON}


_PYTHON = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
_LOADED = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
for module in sys.modules.values():
    if file := getattr(module, "__file__", None):
        print(file)
"""


def _write_layer(layer: Path, files: Mapping[str, Path]) -> None:
    everything = {
        path: source
        for program, own in files.items()
        for path, source in (*libraries(own).items(), (program, own.resolve()))
    }
    people = "root:x:0:0::/root:/bin/sh\n" + "".join(
        f"user{number}:x:{number}:{number}::/tmp:/bin/sh\n" for number in range(1, 1001)
    )
    with tarfile.open(layer, "w") as tar:
        temporary = tarfile.TarInfo("tmp")
        temporary.type, temporary.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(temporary)
        merged = tarfile.TarInfo("bin")
        merged.type, merged.linkname = tarfile.SYMTYPE, "usr/bin"
        tar.addfile(merged)
        _add(tar, "etc/passwd", people.encode())
        for path, source in sorted(everything.items()):
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.mode, entry.size = 0o755, source.stat().st_size
            with source.open("rb") as content:
                tar.addfile(entry, content)


def _blob(content: object, kind: str) -> tuple[dict[str, Any], bytes]:
    data = json.dumps(content).encode()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return {"mediaType": _OCI + kind, "digest": digest, "size": len(data)}, data


def _blob_path(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _add(tar: tarfile.TarFile, path: str, content: bytes) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), 0o644
    tar.addfile(entry, io.BytesIO(content))
