"""A certificate authority of one folder, and the certificate of 127.0.0.1.

Two certificates rather than one self-signed: rustls refuses a CA as a server (`CaUsedAsEndEntity`).
The authority may vouch for loopback only (name constraints), so its key, should it leak, opens nothing else.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import ssl
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CA_DAYS = 3650
_LEAF_DAYS = 397  # the longest that every client accepts
_RENEW_DAYS = 30
_LOOPBACK = ipaddress.ip_address("127.0.0.1")
_CERTIFICATE = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class TlsFiles:
    """`ca` is this folder's authority alone, `bundle` adds it to certifi's (for clients that go elsewhere
    too); `authorities` is a folder of the same, as OpenSSL looks one up when it meets it.
    """

    ca: Path
    bundle: Path
    authorities: Path
    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        return context

    def client_context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))


def ensure(folder: Path, now: datetime) -> TlsFiles:
    """What is there is used again; what expires within 30 days is made anew."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = TlsFiles(
        folder / "ca.pem",
        folder / "bundle.pem",
        folder / "authorities",
        folder / "certificate.pem",
        folder / "certificate.key",
    )
    ca_key = folder / "ca.key"
    if not _usable(files.ca, ca_key, now):
        _make_authority(files.ca, ca_key, now)
    if not (_usable(files.certificate, files.key, now) and _issued_by(files.ca, files.certificate)):
        _make_leaf(files, ca_key, now)
    trusted = Path(certifi.where()).read_bytes() + b"\n" + files.ca.read_bytes()
    if not (files.authorities.is_dir() and files.bundle.exists() and files.bundle.read_bytes() == trusted):
        _write_authorities(files.authorities, trusted)
    _write(files.bundle, trusted)
    return files


def _write_authorities(folder: Path, trusted: bytes) -> None:
    """A file each, named after the hash of its subject: a client that trusts a folder opens the one it needs,
    one that trusts a bundle reads all of it for each of its connections, which takes longer than the rest.
    """
    from OpenSSL import crypto

    draft = folder.with_name(f".{folder.name}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    of_subject: Counter[int] = Counter()
    for pem in _CERTIFICATE.findall(trusted):
        subject = crypto.load_certificate(crypto.FILETYPE_PEM, pem).subject_name_hash()
        (draft / f"{subject:08x}.{of_subject[subject]}").write_bytes(pem)
        of_subject[subject] += 1
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def _usable(certificate: Path, key: Path, now: datetime) -> bool:
    """Both files are there, belong together and are good for another while."""
    if not (certificate.exists() and key.exists()):
        return False
    try:
        parsed = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = _load_key(key)
    except (ValueError, TypeError):  # cut short by a crash of an older version, or edited
        return False
    return private.public_key() == parsed.public_key() and (
        parsed.not_valid_after_utc - now > timedelta(days=_RENEW_DAYS)
    )


def _issued_by(authority: Path, certificate: Path) -> bool:
    """Not so where a crash came between the renewal of the one and of the other."""
    issuer, leaf = (x509.load_pem_x509_certificate(file.read_bytes()) for file in (authority, certificate))
    try:
        leaf.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError):
        return False
    return True


def _make_authority(certificate: Path, key_file: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("adf-batch-scoring local Azure, certificate authority")
    public = key.public_key()
    built = (
        _builder(name, name, public, now, _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(_only_loopback(), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_file, key)
    _write(certificate, built.public_bytes(serialization.Encoding.PEM))


def _make_leaf(files: TlsFiles, ca_key_file: Path, now: datetime) -> None:
    authority = x509.load_pem_x509_certificate(files.ca.read_bytes())
    ca_key = _load_key(ca_key_file)
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.IPAddress(_LOOPBACK), x509.DNSName("localhost")])
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    built = (
        _builder(_name("127.0.0.1"), authority.subject, key.public_key(), now, _LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer_key, critical=False)
        .add_extension(names, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    _write_key(files.key, key)
    _write(files.certificate, built.public_bytes(serialization.Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    """Valid from yesterday: a clock set back a little must not lock anybody out."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _only_loopback() -> x509.NameConstraints:
    return x509.NameConstraints(
        permitted_subtrees=[
            x509.IPAddress(ipaddress.ip_network("127.0.0.1/32")),
            x509.DNSName("localhost"),
        ],
        excluded_subtrees=None,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _load_key(file: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(file)
    return key


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    _write(
        file,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others."""
    if file.exists() and file.read_bytes() == content:
        return
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
    draft.replace(file)
