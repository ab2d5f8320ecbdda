"""score and publish, in one process over a lake in memory."""

from __future__ import annotations

import io
import json
import os

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from ml_pipelines.steps import errors
from ml_pipelines.steps.publish import publish
from ml_pipelines.steps.score_entry import Worker, share_processors
from tests.unit.ml_pipelines.fakes import FakeLake, item
from tests.unit.ml_pipelines.scored import LANDED, MANIFEST, TWICE, landed, receipt, score


def test_a_window_lands_with_its_key_first_and_its_results_behind(tmp_path):
    """The landed file holds one row an input row, in the input's order."""
    lake = FakeLake({"in/a.csv": b"x,id\n1,k1\n2,k2\n", "in/b.csv": b"x,id\n3,k3\n"})

    publish(score(tmp_path, lake, TWICE), lake)

    assert landed(lake).to_dict("list") == {"id": ["k1", "k2", "k3"], "prediction": [2, 4, 6]}


def test_a_committed_window_has_a_receipt_and_a_manifest_and_no_staging(tmp_path):
    """After the commit the receipt says so, the manifest describes the file, and nothing is left behind."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2\n"})

    publish(score(tmp_path, lake, TWICE), lake)

    found = receipt(lake)
    assert (found.status, found.rows_in, found.rows_scored, found.path) == ("committed", 2, 2, LANDED)
    assert json.loads(lake.stored[MANIFEST].content)["model_version"] == "3"
    assert not [path for path in lake.stored if path.startswith("_staging")]


def test_a_landed_file_is_one_that_data_factory_reads_and_its_receipt_orders_it(tmp_path):
    """Its documentation has snappy and not zstd; a table tells landings by the attempt's start."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n"})
    plan = score(tmp_path, lake, TWICE, output_format="parquet")

    file = parquet.ParquetFile(io.BytesIO(lake.stored[publish(plan, lake).path].content))

    assert file.metadata.row_group(0).column(0).compression == "SNAPPY"
    assert receipt(lake).attempt_started == plan.started


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("def run(b):\n    raise KeyError('age')\n", "score.py run() raised KeyError: 'age'"),
        ("def run(b):\n    return [1]\n", "was given 2 rows and returned 1 results"),
        ("def run(b):\n    return [1, 2, 3]\n", "was given 2 rows and returned 3 results"),
        ("def run(b):\n    pass\n", "run() returned None"),
        ("def run(b):\n    return 'ab'\n", "run() returned a str"),
        ("def init():\n    1 / 0\ndef run(b):\n    pass\n", "init() raised ZeroDivisionError"),
        ("def run(b):\n    raise SystemExit(3)\n", "raised SystemExit: 3"),
        ("x = 1\n", "score.py cannot be used: it defines no run(mini_batch)"),
        (
            "import lightgbmm\n",
            "score.py, when imported, raised ModuleNotFoundError: No module named 'lightgbmm'",
        ),
        ("def run(b)\n", "score.py, when imported, raised SyntaxError: expected ':' (score.py, line 1)"),
    ],
)
def test_what_is_wrong_with_a_script_is_in_the_receipt(tmp_path, script, said):
    """The receipt names the model, the window, the file and the cause."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2\n"})

    with pytest.raises(errors.StepError):
        score(tmp_path, lake, script)

    assert receipt(lake).status == "failed"
    assert said in receipt(lake).error


def test_a_secret_of_the_compute_is_not_in_the_receipt(tmp_path, monkeypatch):
    """A user's exception may print its environment; the receipt is for everybody."""
    monkeypatch.setenv("IDENTITY_HEADER", "s3cret")
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n"})

    with pytest.raises(errors.ScoringFailed):
        score(tmp_path, lake, "import os\ndef run(b):\n    raise OSError(os.environ['IDENTITY_HEADER'])\n")

    assert receipt(lake).error.endswith("raised OSError: ***")


def test_an_error_of_run_names_model_window_file_and_cause(tmp_path):
    """One sentence says all that whoever is on call needs."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n"})

    with pytest.raises(errors.ScoringFailed) as caught:
        score(tmp_path, lake, "def run(b):\n    return b['age']\n")

    assert str(caught.value) == (
        "churn, window 2026-11-22T00-00-00Z, a.csv: score.py run() raised KeyError: 'age'"
    )


def test_a_file_without_the_row_key_is_named(tmp_path):
    """A header that lacks the row key is an error about that file."""
    lake = FakeLake({"in/a.csv": b"x\n1\n"})

    with pytest.raises(errors.ColumnMissing, match=r"'a\.csv' has no column 'id'"):
        score(tmp_path, lake, TWICE)


def test_input_that_changed_fails_the_window(tmp_path):
    """A work item names an etag; other bytes under the same path are another input."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n"})
    work = item(lake)
    lake.upload("in/a.csv", b"id,x\n1,2\n")
    (tmp_path / "score.py").write_text(TWICE)

    with pytest.raises(errors.InputChanged, match=r"in/a\.csv"):
        Worker(tmp_path, lambda *_: lake, lambda _n, _v, target: (target / "m").write_text("")).score(work)


def test_a_missing_part_is_never_a_smaller_result(tmp_path):
    """publish expects the part of every work item."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n"})
    plan = score(tmp_path, lake, TWICE)
    lake.delete_folder(plan.staging)
    lake.upload(f"{plan.staging}/parts/other", b"")

    with pytest.raises(errors.PartsMissing):
        publish(plan, lake)

    assert LANDED not in lake.stored


def test_a_bad_row_fails_the_window_unless_some_are_allowed(tmp_path):
    """With `max_quarantined_percent: 0` the first bad row is named and nothing lands."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2,2\n3,3\n"})

    with pytest.raises(
        errors.TooManyQuarantined, match=r"a\.csv, row 2 \(line 3\): 3 values under 2 columns"
    ):
        publish(score(tmp_path, lake, TWICE), lake)

    assert LANDED not in lake.stored


def test_allowed_bad_rows_are_set_aside_and_counted(tmp_path):
    """rows_in = rows_scored + rows_quarantined, and the bad rows can be read."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2,2\n3,oops\n4,4\n5,5\n"})

    publish(score(tmp_path, lake, TWICE, max_quarantined_percent=50.0), lake)

    found = receipt(lake)
    assert (found.rows_in, found.rows_scored, found.rows_quarantined) == (5, 3, 2)
    assert landed(lake)["id"].tolist() == [1, 4, 5]
    rows = landed(lake, "quarantine/churn/window=2026-11-22T00-00-00Z/rows.csv")
    assert rows["row"].tolist() == [2, 3]


def test_without_a_row_key_rows_are_named_by_file_and_number(tmp_path):
    """Where the input has no key, its file and row are the key."""
    lake = FakeLake({"in/a.csv": b"x\n1\n2\n", "in/b.csv": b"x\n3\n"})

    publish(score(tmp_path, lake, TWICE, row_key=None), lake)

    assert landed(lake).to_dict("list") == {
        "file": ["a.csv", "a.csv", "b.csv"],
        "row": [1, 2, 1],
        "prediction": [2, 4, 6],
    }


def test_a_tutorials_script_works_unchanged(tmp_path):
    """One observation a file, local paths in, a list of texts out."""
    lake = FakeLake({f"in/{n}.csv": f"{n},2,3".encode() for n in range(3)})
    script = """
import os
import numpy as np
def init():
    global model
    model = 10
def run(mini_batch):
    result = []
    for path in mini_batch:
        first = int(np.genfromtxt(path, delimiter=",")[0])
        result.append("{}: {}".format(os.path.basename(path), model * first))
    return result
"""

    publish(score(tmp_path, lake, script, passes="files", returns="files", row_key=None), lake)

    assert landed(lake).to_dict("list") == {
        "file": ["0.csv", "1.csv", "2.csv"],
        "prediction": ["0.csv: 0", "1.csv: 10", "2.csv: 20"],
    }


def test_an_empty_file_among_others_has_no_rows(tmp_path):
    """A file of no bytes, or of a header only, adds nothing and fails nothing."""
    lake = FakeLake({"in/a.csv": b"", "in/b.csv": b"id,x\n", "in/c.csv": b"id,x\n1,1\n"})

    publish(score(tmp_path, lake, TWICE), lake)

    assert landed(lake)["prediction"].tolist() == [2]


def test_a_window_of_headers_only_is_an_empty_window(tmp_path):
    """Files without a row are no input, unless the model says that is right."""
    lake = FakeLake({"in/b.csv": b"id,x\n"})

    with pytest.raises(errors.InputMissing, match="file without a row"):
        publish(score(tmp_path, lake, TWICE), lake)


def test_an_empty_window_may_land_empty(tmp_path):
    """`empty_window: land_empty` lands a file with the columns and no rows."""
    lake = FakeLake({"in/b.csv": b"id,x\n"})

    publish(score(tmp_path, lake, TWICE, empty_window="land_empty"), lake)

    assert landed(lake).columns.tolist() == ["id", "prediction"]
    assert receipt(lake).status == "committed"


def test_parts_that_disagree_about_numbers_land_as_numbers(tmp_path):
    """Whole numbers in one block and fractions in another are one column of fractions."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n", "in/b.csv": b"x,id\n0.5,2\n"})

    publish(score(tmp_path, lake, TWICE), lake)

    assert landed(lake)["prediction"].tolist() == [2.0, 1.0]


def test_a_window_has_more_categories_than_a_part_of_it(tmp_path):
    """pandas numbers a mini-batch's with eight bits: with those of a window, a file that nobody can read."""
    bodies = {n: "".join(f"{n}{i},a\n" for i in range(100, 200)) for n in "12"}
    lake = FakeLake({f"in/{n}.csv": f"id,x\n{body}".encode() for n, body in bodies.items()})
    script = "def run(b):\n    return b['id'].astype(str).astype('category')\n"
    plan = score(tmp_path, lake, script, files_per_work_item=1, output_format="parquet")

    rows = parquet.read_table(io.BytesIO(lake.stored[publish(plan, lake).path].content))

    assert rows.column("prediction").to_pylist() == [str(key) for key in rows.column("id").to_pylist()]
    assert rows.num_rows == 200


def test_half_precision_lands_as_single(tmp_path):
    """What a network on a GPU returns: neither checks nor most readers know it in 16 bits. Keys too."""
    buffer = io.BytesIO()
    parquet.write_table(pa.table({"id": np.array([1.5, 2.5], "float16")}), buffer)
    lake = FakeLake({"in/a.parquet": buffer.getvalue()})
    script = "import numpy as np\ndef run(b):\n    return np.array([0.25, 0.5], dtype='float16')\n"
    checks = {"columns": {"prediction": {"minimum": 0, "maximum": 0.5}}}

    publish(score(tmp_path, lake, script, checks=checks), lake)

    assert landed(lake).to_dict("list") == {"id": [1.5, 2.5], "prediction": [0.25, 0.5]}


BIG = "def run(b):\n    x = b['x']\n    return x if (x % 1).any() else x.astype('int64') + 2**53\n"
LISTS = "import pandas as pd\ndef run(b):\n    return pd.DataFrame({'both': [[x, x] for x in b['x']]})\n"


@pytest.mark.parametrize(
    ("script", "format", "said"),
    [
        (
            BIG,
            "parquet",
            "'prediction' is int64 for a.csv and double for other rows of the window: Integer value",
        ),
        (LISTS, "csv", "the results' column 'both' is list<"),
    ],
)
@pytest.mark.parametrize("files", [1, 9], ids=["two parts", "one part"])
def test_results_that_cannot_land_are_named_by_column(tmp_path, script, format, said, files):  # noqa: A002
    """In the receipt: column, type, file, and what to do; nothing lands."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,3\n", "in/b.csv": b"x,id\n0.5,9\n"})

    with pytest.raises((errors.TypesDisagree, errors.NotForCsv)):
        publish(score(tmp_path, lake, script, output_format=format, files_per_work_item=files), lake)

    assert said in receipt(lake).error
    assert "Have run() return" in receipt(lake).error
    assert not [path for path in lake.stored if path.startswith("out")]


def test_a_key_of_zero_is_one_key_whatever_its_sign(tmp_path):
    """0.0 and -0.0 are equal, and so are duplicates."""
    lake = FakeLake({"in/a.parquet": parquet_of(id=[0.0, 1.5, -0.0], x=[1, 2, 3])})

    with pytest.raises(errors.DuplicateKeys):
        publish(score(tmp_path, lake, input_format="parquet"), lake)


def parquet_of(**columns: list[object]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


def test_a_key_with_leading_zeros_stays_as_it_is(tmp_path):
    """`0012` is a name, not the number 12."""
    lake = FakeLake({"in/a.csv": b"id,x\n0012,1\n3,2\n"})

    publish(score(tmp_path, lake, TWICE), lake)

    assert lake.stored[LANDED].content.splitlines()[1].replace(b'"', b"") == b"0012,2"


def test_a_frames_own_columns_are_kept_and_its_key_is_checked(tmp_path):
    """A DataFrame keeps its columns; another order of keys than the input's is an error, never a shift."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n2,2\n"})
    keep = "def run(b):\n    return b.assign(risk=b['x'] / 2)[['risk', 'id']]\n"
    shuffle = "def run(b):\n    return b.iloc[::-1]\n"

    publish(score(tmp_path, lake, keep), lake)

    assert landed(lake).columns.tolist() == ["id", "risk"]
    with pytest.raises(errors.WrongResult, match="another 'id' column"):
        score(tmp_path, lake, shuffle, attempt="attempt-2")


@pytest.mark.parametrize("quarantined", [0.0, 50.0])
def test_a_series_of_sorted_rows_is_no_shift_of_keys(tmp_path, quarantined):
    """Its length is right and its order is not: what its index says of that is not overheard."""
    lake = FakeLake({"in/a.csv": b"id,x\nk1,3\nk2,1\nk3,2\n"})
    ranked = "def run(b):\n    return b['x'].sort_values()\n"

    with pytest.raises(errors.WrongResult, match="its rows in another order than they were given"):
        score(tmp_path, lake, ranked, max_quarantined_percent=quarantined)

    assert receipt(lake).status == "failed"


def test_a_frame_that_run_has_changed_is_still_compared_with_what_it_was_given(tmp_path):
    """The index is taken down before run() can set another."""
    lake = FakeLake({"in/a.csv": b"id,x\nk1,3\nk2,1\n"})
    turned = "def run(b):\n    b.index = [1, 0]\n    return b['x']\n"

    with pytest.raises(errors.WrongResult, match="its rows in another order than they were given"):
        score(tmp_path, lake, turned)


def test_an_error_of_azure_ml_is_told_with_its_message(tmp_path):
    """Its first line is only the type, once more."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n"})
    text = "AmlError:\n\tMessage: no model"
    script = f"class AmlError(Exception): pass\ndef run(b): raise AmlError({text!r})\n"

    with pytest.raises(errors.ScoringFailed, match="raised AmlError: Message: no model"):
        score(tmp_path, lake, script)


@pytest.mark.parametrize(
    ("said", "script"),
    [
        ("ValueError: \\\\ud800", "def run(b):\n    raise ValueError(chr(0xD800))\n"),
        (
            "Mute: \\(it has no text: ZeroDivisionError\\)",
            "class Mute(Exception):\n    def __str__(self):\n        1 / 0\ndef run(b):\n    raise Mute\n",
        ),
    ],
)
def test_an_exception_whose_text_cannot_be_written_is_told_all_the_same(tmp_path, said, script):
    """Its own text must not be the next error, which would hide it."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n"})

    with pytest.raises(errors.ScoringFailed, match=said):
        score(tmp_path, lake, script)

    assert receipt(lake).status == "failed"


def test_bytes_that_are_no_text_are_not_for_csv(tmp_path):
    """Those that are land as such; these are told with their column."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n"})
    publish(score(tmp_path, lake, "def run(b):\n    return [b'low']\n"), lake)
    assert landed(lake)["prediction"].tolist() == ["low"]

    with pytest.raises(errors.NotForCsv, match="column 'prediction' is binary, for which CSV has no form"):
        publish(score(tmp_path, lake, "def run(b):\n    return [bytes([255])]\n", attempt="attempt-2"), lake)

    assert landed(lake)["prediction"].tolist() == ["low"]


def test_a_second_try_of_a_mini_batch_replaces_its_part(tmp_path):
    """Two tries leave one part and the same rows."""
    lake = FakeLake({"in/a.csv": b"id,x\n1,1\n"})
    score(tmp_path, lake, TWICE)

    plan = score(tmp_path, lake, TWICE)

    assert len([path for path in lake.stored if "/parts/" in path]) == 1
    publish(plan, lake)
    assert len(landed(lake)) == 1


@pytest.mark.parametrize(
    ("processes", "given", "threads"), [(1, {}, None), (10_000, {}, "1"), (2, {"OMP_NUM_THREADS": "7"}, "7")]
)
def test_the_processes_of_a_node_share_its_processors(processes, given, threads):
    """A model's own threads times the processes is not more than there are; a user's word counts."""
    variables = dict(given)

    share_processors(processes, variables)

    assert variables["OMP_NUM_THREADS"] == (threads or str(os.cpu_count()))
