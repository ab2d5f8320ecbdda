"""Tokens, keys and signatures of one secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt
import pytest

from sandbox.errors import Unauthorized
from sandbox.identity import MANAGEMENT_AUDIENCES, STORAGE_AUDIENCES, TENANT, Identity

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def identity(tmp_path: Path) -> Identity:
    return Identity(tmp_path / "secret")


@pytest.mark.parametrize("audience", ["https://management.azure.com", "https://management.core.windows.net/"])
def test_a_token_is_good_for_its_audience_with_or_without_the_slash(
    identity: Identity, audience: str
) -> None:
    claims = identity.verify(identity.issue(audience, subject="me"), MANAGEMENT_AUDIENCES)

    assert (claims["aud"], claims["sub"], claims["tid"]) == (audience, "me", TENANT)


def test_a_token_for_another_service_is_refused(identity: Identity) -> None:
    with pytest.raises(Unauthorized, match="not for this service"):
        identity.verify(identity.issue(STORAGE_AUDIENCES[0]), MANAGEMENT_AUDIENCES)


def test_an_expired_token_is_refused(identity: Identity) -> None:
    with pytest.raises(Unauthorized, match="expired"):
        identity.verify(identity.issue(MANAGEMENT_AUDIENCES[0], lifetime_seconds=-1), MANAGEMENT_AUDIENCES)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_forged_token_is_refused(identity: Identity, algorithm: str) -> None:
    """Neither without a signature nor with another secret's."""
    claims = {"aud": MANAGEMENT_AUDIENCES[0], "exp": 4_000_000_000, "iss": "x"}
    key = "" if algorithm == "none" else "another secret that is long enough to sign with"

    with pytest.raises(Unauthorized):
        identity.verify(jwt.encode(claims, key, algorithm=algorithm), MANAGEMENT_AUDIENCES)


def test_processes_with_the_same_file_trust_each_other(tmp_path: Path) -> None:
    first, second = Identity(tmp_path / "secret"), Identity(tmp_path / "secret")

    assert second.verify(first.issue("https://storage.azure.com"), STORAGE_AUDIENCES)
    assert first.storage_key("a") == second.storage_key("a") != first.storage_key("b")
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_an_empty_secret_is_made_anew(tmp_path: Path) -> None:
    """What a power cut leaves: anybody could sign with it."""
    (tmp_path / "secret").touch()

    Identity(tmp_path / "secret")

    assert len((tmp_path / "secret").read_bytes()) == 64


def test_a_signature_is_good_for_its_text_only(identity: Identity, tmp_path: Path) -> None:
    signature = identity.sign("GET /a")

    assert identity.signed("GET /a", signature)
    assert not identity.signed("GET /b", signature)
    assert not Identity(tmp_path / "another").signed("GET /a", signature)
