"""The certificates of one control plane: an authority, and what it signs.

Files in a folder: NAME.crt and NAME.key (PEM, the key 0600). Elliptic curves, because a key of
theirs is made in no time. Everything is valid for a year from yesterday, so that a clock that
is a little off does no harm.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Keys:
    """An authority of its own and the certificates it signs, in `directory`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def authority(self) -> Path:
        return self.certificate("authority")

    def certificate(self, name: str) -> Path:
        return self.directory / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.directory / f"{name}.key"

    def create(self) -> None:
        """Makes the authority."""
        self.directory.mkdir(parents=True)
        key = self._new_key("authority")
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tigctl-cluster")])
        usage = _usage(key_cert_sign=True, crl_sign=True)
        certificate = (
            _builder(subject, subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(key, hashes.SHA256())
        )
        self._write(self.authority, certificate)

    def sign(
        self,
        name: str,
        user: str,
        *,
        group: str = "",
        hosts: Sequence[str] = (),
    ) -> None:
        """A certificate for `user` (common name) of `group` (organization), fit for clients.

        With `hosts`, names and addresses, it is fit for a server too.
        """
        key = self._new_key(name)
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
        if group:
            attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
        issuer = x509.load_pem_x509_certificate(self.authority.read_bytes())
        uses = [ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = _builder(x509.Name(attributes), issuer.subject, key.public_key())
        if hosts:
            uses.append(ExtendedKeyUsageOID.SERVER_AUTH)
            names = x509.SubjectAlternativeName([_host(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(_usage(digital_signature=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        self._write(self.certificate(name), builder.sign(self._authority_key(), hashes.SHA256()))

    def pair(self, name: str) -> None:
        """A bare pair of keys, for signing the tokens of service accounts: NAME.key, NAME.pub."""
        public = self._new_key(name).public_key()
        (self.directory / f"{name}.pub").write_bytes(
            public.public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    def kubeconfig(self, name: str, url: str, file: Path, *, context: str = "development") -> None:
        """A kubeconfig with the certificate `name` inside, readable by its owner only."""
        user = {
            "client-certificate-data": _text(self.certificate(name)),
            "client-key-data": _text(self.key(name)),
        }
        cluster = {"server": url, "certificate-authority-data": _text(self.authority)}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": context, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": context, "context": {"cluster": context, "user": name}}],
        }
        _write_secret(file, json.dumps(content, indent=1).encode())  # JSON is YAML too

    def _authority_key(self) -> ec.EllipticCurvePrivateKey:
        key = serialization.load_pem_private_key(self.key("authority").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key

    def _new_key(self, name: str) -> ec.EllipticCurvePrivateKey:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            # The form `EC PRIVATE KEY`, which every program of Kubernetes reads.
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        _write_secret(self.key(name), pem)
        return key

    @staticmethod
    def _write(file: Path, certificate: x509.Certificate) -> None:
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    begins = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=366))
    )


def _usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _text(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def _write_secret(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as target:
        target.write(content)
