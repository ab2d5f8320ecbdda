"""A certificate authority for loopback, and nothing else."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from OpenSSL.crypto import FILETYPE_PEM, load_certificate

from sandbox import tls

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def load(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(file.read_bytes())


def test_the_server_is_not_its_own_authority(tmp_path: Path) -> None:
    """A CA that serves is refused by rustls; the leaf names 127.0.0.1 and localhost."""
    files = tls.ensure(tmp_path, NOW)
    leaf, authority = load(files.certificate), load(files.ca)

    leaf.verify_directly_issued_by(authority)
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1")]
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]


def test_the_authority_may_vouch_for_loopback_only(tmp_path: Path) -> None:
    authority = load(tls.ensure(tmp_path, NOW).ca)
    limits = authority.extensions.get_extension_for_class(x509.NameConstraints)

    assert limits.critical
    assert {str(name.value) for name in limits.value.permitted_subtrees or ()} == {
        "127.0.0.1/32",
        "localhost",
    }


def test_certificates_are_used_again_and_renewed_in_time(tmp_path: Path) -> None:
    """The authority stays while the leaf is renewed: clients that trust the folder go on."""
    first = tls.ensure(tmp_path, NOW)
    leaf, authority = first.certificate.read_bytes(), first.ca.read_bytes()
    tls.ensure(tmp_path, NOW + timedelta(days=300))
    assert first.certificate.read_bytes() == leaf

    tls.ensure(tmp_path, NOW + timedelta(days=380))

    assert first.certificate.read_bytes() != leaf
    assert first.ca.read_bytes() == authority


def test_a_renewed_authority_signs_a_new_leaf(tmp_path: Path) -> None:
    first = tls.ensure(tmp_path, NOW)
    authority = first.ca.read_bytes()

    tls.ensure(tmp_path, NOW + timedelta(days=3640))

    assert first.ca.read_bytes() != authority
    load(first.certificate).verify_directly_issued_by(load(first.ca))
    assert first.ca.read_bytes() in first.bundle.read_bytes()


def test_damaged_files_are_made_anew(tmp_path: Path) -> None:
    files = tls.ensure(tmp_path, NOW)
    files.certificate.write_bytes(files.certificate.read_bytes()[:100])
    files.key.write_bytes(b"")

    tls.ensure(tmp_path, NOW)

    load(files.certificate).verify_directly_issued_by(load(files.ca))
    assert files.server_context() is not None


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    tls.ensure(tmp_path, NOW)

    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0


def test_whom_the_bundle_trusts_the_folder_of_authorities_does(tmp_path: Path) -> None:
    """Under the name by which OpenSSL looks for it; also once it is renewed, or a start was cut off."""
    files = tls.ensure(tmp_path, NOW)
    tls.ensure(tmp_path, NOW + timedelta(days=3640))
    (tmp_path / ".authorities").mkdir()
    files.authorities.rename(tmp_path / "gone")
    tls.ensure(tmp_path, NOW + timedelta(days=3640))
    named = {file.name: file.read_bytes() for file in files.authorities.iterdir()}

    assert sorted(named.values()) == sorted(certificates(files.bundle.read_bytes()))
    for name, each in named.items():
        assert name.startswith(f"{load_certificate(FILETYPE_PEM, each).subject_name_hash():08x}.")


def certificates(bundle: bytes) -> list[bytes]:
    end = b"-----END CERTIFICATE-----"
    return [b"-----BEGIN" + each.split(b"-----BEGIN", 1)[1] + end for each in bundle.split(end)[:-1]]


def test_a_client_that_trusts_the_folder_trusts_the_server(tmp_path: Path) -> None:
    """And reads no other file of it than the authority's."""
    files = tls.ensure(tmp_path, datetime.now(UTC))
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(capath=str(files.authorities))

    shake_hands(client, files.server_context())

    assert [x509.load_der_x509_certificate(each) for each in client.get_ca_certs(binary_form=True)] == [
        load(files.ca)
    ]


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> None:
    """In memory; raises SSLCertVerificationError where the client does not trust the server."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in list(ends):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            ends.remove(end)
