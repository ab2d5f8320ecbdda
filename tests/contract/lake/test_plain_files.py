"""The local lake is a folder that one may open and fill with anything: what that does to the service's view
of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def files(sandbox: Any) -> Iterator[Any]:
    with sandbox.lake_client("plainfiles", retry_total=0) as client:
        yield client.create_file_system("data")


@pytest.fixture
def folder(sandbox: Any, files: Any) -> Path:
    assert files
    return Path(sandbox.state) / "lake/plainfiles/data"


def test_what_was_uploaded_is_a_plain_file(files: Any, folder: Path) -> None:
    files.get_file_client("d/rows.csv").upload_data(b"a,b\n1,2\n", overwrite=True)

    assert pd.read_csv(folder / "d/rows.csv").to_dict("records") == [{"a": 1, "b": 2}]


def test_a_file_dropped_by_hand_is_adopted(files: Any, folder: Path) -> None:
    """It is listed, read, and has an etag that holds until somebody changes it."""
    (folder / "by hand.csv").write_bytes(b"1")
    client = files.get_file_client("by hand.csv")
    seen = client.get_file_properties().etag

    assert "by hand.csv" in {path.name for path in files.get_paths()}
    assert client.download_file(etag=seen, match_condition=MatchConditions.IfNotModified).readall() == b"1"
    (folder / "by hand.csv").write_bytes(b"12")
    with pytest.raises(HttpResponseError, match="ConditionNotMet"):
        client.download_file(etag=seen, match_condition=MatchConditions.IfNotModified)


def test_metadata_of_twins_stay_apart(files: Any, folder: Path) -> None:
    """Two hand-made files of one size and one time: what is said of one is not said of the other."""
    for name in ("twin-a", "twin-b"):
        (folder / name).write_bytes(b"x")
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))
    files.get_file_client("twin-a").set_metadata({"k": "a"})

    assert files.get_file_client("twin-a").get_file_properties().metadata == {"k": "a"}
    assert files.get_file_client("twin-b").get_file_properties().metadata == {}


def test_an_edited_file_loses_what_was_said_of_its_old_content(files: Any, folder: Path) -> None:
    """A digest in the metadata must not survive the bytes it was made of."""
    client = files.get_file_client("edited")
    client.upload_data(b"1", overwrite=True, metadata={"sha256": "of 1"})
    before = client.get_file_properties().etag
    (folder / "edited").write_bytes(b"2")

    assert client.get_file_properties().metadata == {}
    assert client.get_file_properties().etag != before


def test_names_that_cannot_be_asked_for_are_not_listed(files: Any, folder: Path) -> None:
    (folder / "back\\slash").write_bytes(b"x")
    (folder / os.fsdecode(b"not-utf8-\xff")).write_bytes(b"x")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe")

    listed = {path.name for path in files.get_paths()}
    assert not {"pipe", "loop", "back\\slash"} & listed
    assert not any(name.startswith("not-utf8") for name in listed)


def test_a_folder_made_by_hand_is_a_file_system(sandbox: Any, files: Any, folder: Path) -> None:
    (folder.parent / "handmade").mkdir()
    (folder.parent / "handmade" / "a.csv").write_text("x")
    assert files

    with sandbox.lake_client("plainfiles") as client:
        assert "handmade" in {found.name for found in client.list_file_systems()}
        assert [path.name for path in client.get_file_system_client("handmade").get_paths()] == ["a.csv"]
