"""stage: the window, the version, the input, decided once."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import pytest

from adf import windows
from ml_pipelines.steps import errors, stage
from ml_pipelines.steps.landing import Receipt
from ml_pipelines.steps.models import ModelVersion, choose
from ml_pipelines.steps.parameters import Arguments, argument
from ml_pipelines.steps.work import Piece, cut
from tests.unit.ml_pipelines.fakes import FakeLake, record

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
USUAL = {
    "window_start": "-",
    "window_end": "-",
    "fire_time": "-",
    "event_path": "-",
    "input_path": "-",
    "output_path": "-",
    "adf_run_id": "adf-1",
    "adf_group_id": "group-1",
    "model_version": "approved",
    "lake_url": "https://lake",
    "file_system": "data",
    "model": "churn",
    "registered_model": "churn",
    "window_every": "day",
    "window_zone": "UTC",
    "window_offset_minutes": "0",
    "configured_input_path": "in/{window_start:yyyy/MM/dd}",
    "configured_output_path": "out",
    "configured_model_version": "approved",
    "input_format": "csv",
    "row_key": "id",
    "duplicate_keys": "error",
    "passes": "tables",
    "returns": "rows",
    "score_script": "score.py",
    "files_per_work_item": "2",
    "bytes_per_work_item": "1024",
    "workers": "2",
    "newlines_in_values": "true",
    "max_quarantined_percent": "0",
    "empty_window": "fail",
    "format": "csv",
    "run_columns": "true",
    "checks": "-",
    "maximum_file_megabytes": "1024",
    "code": "code-1",
    "git_commit": "abc",
}
VERSIONS = [ModelVersion("churn", 1, {"approved": "true", "sha256": "s1"}), ModelVersion("churn", 2, {})]
DAY = "in/2026/11/22"


@pytest.fixture(autouse=True)
def _shipped_windows(monkeypatch):
    """On the compute adf/windows.py lies beside the steps."""
    monkeypatch.setitem(sys.modules, "ml_pipelines.steps.windows", windows)


def arguments(**changes: str) -> Arguments:
    return Arguments([each for name, value in (USUAL | changes).items() for each in (argument(name), value)])


def run(lake: FakeLake, versions=VERSIONS, **changes: str):
    return stage.stage(arguments(**changes), lake, lambda _name: versions, NOW)


def receipt(lake: FakeLake) -> Receipt:
    return Receipt.from_json(lake.stored["_landing/churn/_runs/group-1.json"].content)


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({}, "2026-11-22T00:00:00Z"),
        ({"fire_time": "2026-11-20T06:00:00.0000000Z"}, "2026-11-19T00:00:00Z"),
        ({"window_start": "2026-11-20T00:00:00Z"}, "2026-11-20T00:00:00Z"),
        ({"window_start": "2026-11-20T00:00:00.0000000Z", "window_end": "2026-11-21T00:00:00Z"},
         "2026-11-20T00:00:00Z"),
        ({"window_zone": "Europe/Berlin"}, "2026-11-21T23:00:00Z"),
        ({"event_path": "data/in/2026/11/20/_SUCCESS"}, "2026-11-20T00:00:00Z"),
        ({"event_path": "data/in/2026/10/25/sub/a.csv", "window_zone": "Europe/Berlin"},
         "2026-10-24T22:00:00Z"),
        ({"event_path": "data/in/2026/11/20/_SUCCESS", "window_start": "2026-11-19T00:00:00Z"},
         "2026-11-19T00:00:00Z"),
        ({"event_path": "data/x/20.csv", "input_path": "x/{window_start:dd}.csv",
          "configured_input_path": "no", "window_start": "2026-11-20T00:00:00Z"}, "2026-11-20T00:00:00Z"),
    ],
)  # fmt: skip
def test_which_window(changes, start):
    """The one given; else that of the file whose event fired, its path read in the grid's zone; else the last
    complete one at the fire time; else the last complete one now.
    """
    assert stage.resolve_window(arguments(**changes), NOW).start_text == start


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"window_start": "2026-11-20T01:00:00Z"}, "no window of the grid"),
        ({"window_start": "2026-11-20T00:00:00Z", "window_end": "2026-11-22T00:00:00Z"}, "window-end"),
        ({"window_start": "yesterday"}, "is not an instant"),
        ({"event_path": "data/in/2026/11/_SUCCESS"}, "it does not match"),
        ({"event_path": "data/in/2026/11/22x/_SUCCESS"}, "it does not match"),
        ({"event_path": "data/in/2026/11/31/_SUCCESS"}, "says no window: day"),
        ({"event_path": "data/in/2026/11/22/_SUCCESS", "window_every": "week"}, "no window of the grid"),
        ({"event_path": "other/in/2026/11/22/_SUCCESS"}, "not in the file system 'data'"),
        ({"event_path": "data/in/x", "configured_input_path": "in"}, "the template has no field"),
        (
            {"event_path": "data/in/2026", "configured_input_path": "in/{window_start:yyyy}"},
            "year and the month",
        ),
    ],
)
def test_a_window_that_is_none_of_the_grid_fails_the_run(changes, said):
    """And the receipt says why."""
    lake = FakeLake({f"{DAY}/a.csv": b"id\n1\n"})

    with pytest.raises((errors.StepError, ValueError)):
        run(lake, **changes)

    assert (receipt(lake).status, said in receipt(lake).error) == ("failed", True)


def test_the_plan_fixes_version_input_and_destination():
    """What later steps rely on is decided here, once."""
    lake = FakeLake({f"{DAY}/b.csv": b"id\n1\n", f"{DAY}/a.csv": b"id\n2\n", f"{DAY}/sub/c.csv": b"id\n3\n"})

    plan, items = run(lake)

    assert (plan.model_version, plan.model_sha256, plan.destination_etag) == ("1", "s1", "")
    assert [[piece.name for piece in item.pieces] for item in items] == [["a.csv", "b.csv"], ["sub/c.csv"]]
    assert plan.destination == "out/window=2026-11-22T00-00-00Z/predictions.csv"


def test_the_receipt_says_started_before_anything_is_scored():
    """The factory and whoever is on call find the run by its group."""
    lake = FakeLake({f"{DAY}/a.csv": b"id\n1\n"})

    plan, _ = run(lake)

    assert receipt(lake) == Receipt(
        status="started",
        group_id="group-1",
        adf_run_id="adf-1",
        ml_run_id="-",
        model="churn",
        model_version="1",
        window_id="2026-11-22T00-00-00Z",
        window_start="2026-11-22T00:00:00Z",
        window_end="2026-11-23T00:00:00Z",
        staging=plan.staging,
    )


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, "no such path"),
        ({f"{DAY}/_SUCCESS": b"x"}, "no file"),
        ({f"{DAY}/a.csv": b""}, "1 file without a byte"),
    ],
)
def test_an_empty_window_is_a_failure_by_default(files, found):
    """No folder, no file, or nothing in them: stage says so, with model, window and path."""
    lake = FakeLake(files)

    with pytest.raises(errors.InputMissing, match=f"churn, window 2026-11-22T00-00-00Z: {found} at '{DAY}'"):
        run(lake)

    assert receipt(lake).status == "failed"


def test_an_empty_window_that_may_be_has_one_item_without_input():
    """A ParallelRunStep without a file would fail."""
    plan, items = run(FakeLake(), empty_window="land_empty")

    assert [(item.pieces, plan.items) for item in items] == [((), 1)]


def test_a_file_of_another_format_is_not_passed_over():
    """Silently leaving out a file would lose its rows."""
    lake = FakeLake({f"{DAY}/a.csv": b"id\n1\n", f"{DAY}/notes.txt": b"x"})

    with pytest.raises(errors.InputUnexpected, match=r"notes\.txt"):
        run(lake)


def test_a_pattern_says_which_files_are_input():
    """`*.csv` takes the folder's own files of that name and no others."""
    lake = FakeLake({f"{DAY}/a.csv": b"id\n1\n", f"{DAY}/notes.txt": b"x", f"{DAY}/sub/b.csv": b"id\n"})

    plan, _ = run(lake, input_path="in/{window_start:yyyy/MM/dd}/*.csv")

    assert plan.files == 1


def test_a_single_file_may_be_the_input():
    """The template may name a file."""
    lake = FakeLake({"in/2026-11-22.csv": b"id\n1\n"})

    plan, items = run(lake, input_path="in/{window_start:yyyy-MM-dd}.csv")

    assert (plan.files, items[0].pieces[0].name) == (1, "2026-11-22.csv")


def test_a_big_csv_is_cut_in_ranges_only_without_newlines_in_values():
    """Otherwise one cannot tell where a row starts."""
    lake = FakeLake({f"{DAY}/a.csv": b"id\n" + b"1234567\n" * 300})

    _, whole = run(lake)
    _, ranges = run(lake, newlines_in_values="false")

    assert [len(whole), len(ranges)] == [1, 3]
    assert sum(item.pieces[0].length for item in ranges) == 2403


@pytest.mark.parametrize(("wanted", "version"), [("approved", 1), ("latest", 2), ("2", 2)])
def test_which_version(wanted, version):
    """The newest approved one, the newest, or that number."""
    assert choose("churn", wanted, VERSIONS).version == version


@pytest.mark.parametrize(
    ("wanted", "versions", "said"),
    [
        ("approved", VERSIONS[1:], "no approved version in this workspace; registered: version 2"),
        ("7", VERSIONS, "no version 7"),
        ("latest", [], "nothing is registered under that name"),
    ],
)
def test_a_version_that_is_not_there(wanted, versions, said):
    """The error names the model, what was wanted and what there is; the receipt too."""
    lake = FakeLake({f"{DAY}/a.csv": b"id\n1\n"})

    with pytest.raises(errors.ModelNotRegistered, match=said):
        run(lake, versions, model_version=wanted)

    assert said in receipt(lake).error


REFUSED = [*VERSIONS, ModelVersion("churn", 3, {"gate": "refused", "approved": "false", "gate_reason": "r2"})]


@pytest.mark.parametrize(("wanted", "version"), [("approved", 1), ("latest", 2)])
def test_a_version_that_its_gate_refused_is_passed_over(wanted, version):
    """It is the newest, and no window is scored with it."""
    assert choose("churn", wanted, REFUSED).version == version


def test_a_refused_version_is_not_scored_with_by_its_number_either():
    """The receipt says why it was refused, and what overrules that."""
    lake = FakeLake({f"{DAY}/a.csv": b"id\n1\n"})

    with pytest.raises(errors.ModelRefused):
        run(lake, REFUSED, model_version="3")

    assert receipt(lake).error == (
        "the model 'churn' version 3 was refused by its gate: r2. "
        "Name another, or overrule that by its tag `approved: true` in Azure ML"
    )


def test_whoever_approves_a_refused_version_by_hand_overrules_its_gate():
    approved = ModelVersion("churn", 3, {"gate": "refused", "approved": "true"})

    assert [choose("churn", each, [*VERSIONS, approved]).version for each in ("approved", "latest", "3")] == [
        3,
        3,
        3,
    ]


def test_work_that_was_done_already_is_not_done_again():
    """What is landed came from these inputs, this model and this code, and its manifest is there."""
    lake = FakeLake({f"{DAY}/a.csv": b"id\n1\n"})
    plan, _ = run(lake)
    lake.upload(plan.destination, b"", record(digest=plan.digest).to_metadata())

    again, _ = run(lake)
    lake.upload("_landing/churn/2026-11-22T00-00-00Z.json", b'{"attempt": "attempt-1"}')
    third, items = run(lake)

    assert (again.unchanged, third.unchanged) == (False, True)
    assert items[0].pieces == ()


@pytest.mark.parametrize("damaged", [b'{"atte', b"[]", b"{}", b"\xff"])
def test_a_window_whose_manifest_is_damaged_is_run_again(damaged):
    """Which writes the manifest: nothing else would."""
    lake = FakeLake({f"{DAY}/a.csv": b"id\n1\n"})
    plan, _ = run(lake)
    lake.upload(plan.destination, b"", record(digest=plan.digest).to_metadata())
    lake.upload("_landing/churn/2026-11-22T00-00-00Z.json", damaged)

    again, _ = run(lake)

    assert not again.unchanged


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "code-2"},
        {"row_key": "-"},
        {"format": "parquet"},
        {"model_version": "latest"},
        {"maximum_file_megabytes": "64"},
    ],
)
def test_what_a_landed_window_depends_on_is_in_its_digest(changes):
    """Other code, another model, another handling: another digest."""
    lake = FakeLake({f"{DAY}/a.csv": b"id\n1\n"})

    assert run(lake)[0].digest != run(lake, **changes)[0].digest


@pytest.mark.parametrize(
    ("megabytes", "workers", "expected"),
    [
        (1, 2, [1]),
        (90, 2, [22, 16, 12, 9, 7, 7, 7, 7]),
        (400, 2, [57, 57, 57, 57, 42, 32, 24, 18, 13, 10, 7, 7, 7, 7]),
        (90, 8, [7] * 12),
    ],
)
def test_work_items_become_smaller_so_that_workers_end_together(megabytes, workers, expected):
    """Half of a share of what is left: none too small to be worth a part, nor larger than configured."""
    whole = [Piece("in/a.csv", "a.csv", "e", megabytes << 20, 0, megabytes << 20)]

    found = list(
        cut(whole, files_per_work_item=9, bytes_per_work_item=64 << 20, workers=workers, split={"csv"})
    )

    assert [piece.length >> 20 for (piece,) in found] == expected
    assert sum(piece.length for (piece,) in found) == megabytes << 20


def test_a_group_id_that_is_no_file_name_is_refused():
    """It becomes a path in the lake."""
    with pytest.raises(errors.BadArgument, match="adf-group-id"):
        run(FakeLake(), adf_group_id="../../x")
