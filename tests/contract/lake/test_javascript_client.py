"""npm's @azure/storage-file-datalake against the local lake: written by nobody of this project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import npm
from tests.conftest import STORAGE

if TYPE_CHECKING:
    from tests.conftest import LocalAzure


def test_the_javascript_client_writes_reads_and_leases(sandbox: LocalAzure) -> None:
    """Files in parts and whole, ranges, conditions, names beyond ASCII, listings, leases, deletions."""
    environment = {
        "ACCOUNT": sandbox.account("javascriptlake"),
        "TOKEN": sandbox.token(STORAGE),
        "NODE_EXTRA_CA_CERTS": sandbox.bundle,
    }

    seen = npm.run("lake.mjs", environment=environment)

    assert seen == {
        "text": "hello lake",
        "properties": [10, {"window": "one"}, False],
        "large": True,
        "range": "5678901234",
        "exists": [409, "PathAlreadyExists"],
        "changed": [412, "ConditionNotMet"],
        "metadata": {"a": "b"},
        "recursive": ["in put", "in put/ä", "in put/ä/a b.txt", "large.bin"],
        "level": ["in put", "large.bin"],
        "missing": [404, "BlobNotFound"],
        "leased": [412, "LeaseIdMissing"],
        "deleted": False,
    }
