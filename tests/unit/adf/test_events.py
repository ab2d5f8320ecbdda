"""Storage events and the triggers they fire."""

import pytest

from adf.events import BlobEvent, BlobTrigger, IllegalBlobTrigger

CREATED = "Microsoft.Storage.BlobCreated"


def trigger(**type_properties: object) -> BlobTrigger:
    return BlobTrigger.from_json(
        {"events": [CREATED], "blobPathBeginsWith": "/c/blobs/in/"} | type_properties
    )


@pytest.mark.parametrize(
    ("path", "fires"),
    [
        ("in/a.csv", True),
        ("in/deep/a.csv", True),
        ("In/a.csv", False),
        ("in", False),
        ("out/in/a.csv", False),
    ],
)
def test_begins_with_is_a_plain_prefix(path: str, fires: object):
    """Of /container/blobs/path; case counts."""
    assert fires is trigger().fires(BlobEvent(CREATED, "c", path, 1))


def test_both_patterns_must_hold():
    """And a star is a star."""
    asked = trigger(blobPathEndsWith=".csv")

    assert asked.fires(BlobEvent(CREATED, "c", "in/a.csv"))
    assert not asked.fires(BlobEvent(CREATED, "c", "in/a.parquet"))
    assert not trigger(blobPathEndsWith="*.csv").fires(BlobEvent(CREATED, "c", "in/a.csv"))


def test_empty_blobs_are_ignored_unless_asked_for():
    """Only those that are known to be empty."""
    empty = BlobEvent(CREATED, "c", "in/a.csv", 0)

    assert not trigger().fires(empty)
    assert trigger(ignoreEmptyBlobs=False).fires(empty)
    assert trigger().fires(BlobEvent(CREATED, "c", "in/a.csv"))


def test_only_the_events_asked_for_fire():
    """A deletion is none where creations are asked for."""
    assert not trigger().fires(BlobEvent("Microsoft.Storage.BlobDeleted", "c", "in/a.csv", 1))


def test_the_trigger_body_names_folder_and_file():
    """The folder starts with the container and ends without a slash."""
    assert {"folderPath": "c", "fileName": "a"} == BlobEvent(CREATED, "c", "a").trigger_body()
    assert {"folderPath": "c/x/y", "fileName": "a"} == BlobEvent(CREATED, "c", "x/y/a").trigger_body()


@pytest.mark.parametrize(
    "type_properties",
    [
        {"events": [CREATED]},
        {"events": [], "blobPathEndsWith": "a"},
        {"events": ["BlobCreated"], "blobPathEndsWith": "a"},
        {"events": [CREATED], "blobPathBeginsWith": "", "blobPathEndsWith": ""},
        {"events": [CREATED], "blobPathBeginsWith": 1},
        {"events": [CREATED], "blobPathEndsWith": "a", "ignoreEmptyBlobs": "yes"},
        {},
    ],
)
def test_a_trigger_that_data_factory_would_refuse_is_refused(type_properties: dict[str, object]):
    """One of the two patterns, known events."""
    with pytest.raises(IllegalBlobTrigger):
        BlobTrigger.from_json(type_properties)
