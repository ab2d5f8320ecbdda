"""A file of the lake, read by ranges through Microsoft's client."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from deployment.errors import LakeError
from deployment.lake import Lake

if TYPE_CHECKING:
    from tests.conftest import LocalAzure

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def lake(sandbox: LocalAzure, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.bundle)
    made = Lake(sandbox.account("readers"), "data", sandbox.credential)
    if not made.exists():
        made.create_file_system()
    made.write("folder/file", CONTENT)
    return made


def test_any_part_of_a_file_is_its_part(lake):
    """From the front, from the end, beyond the end."""
    with lake.open("folder/file") as file:
        found = [file.read(3), file.seek(-5, io.SEEK_END), file.read(9), file.read(9)]
        found += [file.seek(100), file.seek(10, io.SEEK_CUR), file.tell(), file.read(2)]

    size = len(CONTENT)
    assert found == [CONTENT[:3], size - 5, CONTENT[-5:], b"", 100, 110, 110, CONTENT[110:112]]


def test_a_file_that_is_replaced_while_it_is_read_is_no_mixture(lake):
    """The rest of it is an error."""
    with lake.open("folder/file") as file:
        file.read(3)
        lake.replace("folder/file", b"another")
        with pytest.raises(LakeError, match="file"):
            file.read(3)


def test_a_file_that_is_not_there(lake):
    """Is the lake's error."""
    with pytest.raises(LakeError, match="nothing"):
        lake.open("nothing")
