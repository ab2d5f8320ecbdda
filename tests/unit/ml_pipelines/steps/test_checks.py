"""What must hold before a window is published, and what becomes of one of which it does not."""

from __future__ import annotations

import io
import json
import sys
from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from ml_pipelines.steps import errors
from ml_pipelines.steps.check_results import from_text
from ml_pipelines.steps.drift import profile_of, psi
from ml_pipelines.steps.publish import publish
from tests.unit.ml_pipelines.fakes import FakeLake
from tests.unit.ml_pipelines.scored import LANDED, MANIFEST, landed, receipt, score

SAME = "def run(rows):\n    return rows[['score']]\n"
EARLIER = "_landing/churn/2026-11-{}T00-00-00Z.json"


def lake_of(*scores: object) -> FakeLake:
    rows = "".join(f"k{number},{score}\n" for number, score in enumerate(scores))
    return FakeLake({"in/a.csv": f"id,score\n{rows}".encode()})


def published(folder, lake, checks, script=SAME, **changes):
    return publish(score(folder, lake, script, checks=checks, **changes), lake)


def column(**wanted):
    return {"columns": {"score": wanted}}


HOLDS = [
    ((1, 2), {"minimum_rows": 2}),
    ((1, 2), {"minimum_share_of_input_percent": 100}),
    ((1, 2), column(minimum=1, maximum=2)),
    ((0.5, 2), column(minimum=0.5, maximum=2)),
    ((1, ""), column(maximum_nulls_percent=50)),
    ((1, ""), column(minimum=0)),
    ((1, "NaN"), column(maximum=1)),
    (("", ""), column(minimum=0)),
    ((0, 1), column(allowed_values=[0, 1])),
    ((0.0, 1.0), column(allowed_values=[0, 1])),
    (("a", ""), column(allowed_values=["a", "b"])),
    (("true", "false"), column(allowed_values=[True, False])),
]
BREAKS = [
    ((1, 2), {"minimum_rows": 3}, "`minimum_rows` found 2 rows; allowed: at least 3"),
    (
        (1, 2),
        column(minimum=1.5),
        "`columns.score.minimum` found 1 (1 of 2 rows are beyond); allowed: at least 1.5",
    ),
    (
        (1, 2),
        column(maximum=1),
        "`columns.score.maximum` found 2 (1 of 2 rows are beyond); allowed: at most 1",
    ),
    ((1, "inf"), column(maximum=1e9), "found inf (1 of 2 rows are beyond); allowed: at most 1000000000"),
    ((1, 12_345_678), column(maximum=1), "found 12345678 (1 of"),
    (("a", "b"), column(minimum=0), "`columns.score.minimum` found values that are no numbers"),
    ((1, ""), column(maximum_nulls_percent=49), "found 50 % (1 of 2 rows); allowed: at most 49 %"),
    ((1, "NaN"), column(maximum_nulls_percent=0), "found 50 % (1 of 2 rows); allowed: at most 0 %"),
    (
        ("a", "c"),
        column(allowed_values=["a"]),
        "found 'c' (1 of 2 rows are another value); allowed: one of 'a'",
    ),
    ((0, 2), column(allowed_values=[0, 1]), "found 2 (1 of 2 rows are another value); allowed: one of 0, 1"),
    ((0.5, 1), column(allowed_values=[0, 1]), "found 0.5"),
    ((1, 2), column(allowed_values=["a"]), "found '1' (2 of 2 rows"),
    (
        (1,),
        {"columns": {"risk": {"minimum": 0}}},
        "`columns.risk.minimum` found no such column; there are id, sc",
    ),
]


@pytest.mark.parametrize(("scores", "checks"), HOLDS)
def test_a_window_that_passes_its_checks_lands(tmp_path, scores, checks):
    """A missing value breaks no bound, a bound itself is good enough."""
    found = published(tmp_path, lake_of(*scores), checks)

    assert found.status == "committed"
    assert [result.outcome for result in from_text(found.checks)] in (["passed"], ["passed"] * 2)


@pytest.mark.parametrize(("scores", "checks", "said"), BREAKS)
def test_a_window_that_fails_a_check_says_what_was_found_and_what_is_allowed(tmp_path, scores, checks, said):
    """In the receipt, and so in the factory's run."""
    lake = lake_of(*scores)

    with pytest.raises(errors.ChecksFailed) as caught:
        published(tmp_path, lake, checks)

    assert said in str(caught.value)
    assert said in receipt(lake).error


def test_rows_in_quarantine_count_against_the_share_of_the_input(tmp_path):
    """The share is of all rows that came in."""
    lake = FakeLake({"in/a.csv": b"id,score\n1,1\n2,2\n3,3,3\n4,4\n"})

    with pytest.raises(errors.ChecksFailed, match=r"found 75 % \(3 of 4 rows\); allowed: at least 80 %"):
        published(tmp_path, lake, {"minimum_share_of_input_percent": 80}, max_quarantined_percent=50.0)


def test_all_that_fails_is_said_at_once_and_what_passed_is_in_the_receipt(tmp_path):
    """Whoever mends one thing is not told the next only then."""
    lake = lake_of(1, 2)

    with pytest.raises(errors.ChecksFailed):
        published(tmp_path, lake, {"minimum_rows": 1} | column(minimum=2, maximum=1))

    found = receipt(lake)
    assert [result.outcome for result in from_text(found.checks)] == ["passed", "failed", "failed"]
    assert "columns.score.minimum" in found.error
    assert "columns.score.maximum" in found.error
    assert (found.status, found.rows_in, found.rows_scored, found.path) == ("failed", 2, 2, "")


def test_the_file_that_failed_stays_and_nothing_changes_for_readers(tmp_path):
    """It lies where the receipt and the error say, as a whole; the old window is untouched."""
    lake = lake_of(1, 2)
    published(tmp_path, lake, {})
    before = lake.stored[LANDED].content, lake.stored[MANIFEST].content
    lake.upload("in/a.csv", b"id,score\nk0,1\nk1,9\n")

    with pytest.raises(errors.ChecksFailed) as caught:
        published(tmp_path, lake, column(maximum=5), attempt="a2", digest="d2")

    staged = receipt(lake).staged
    assert staged == "_staging/churn/2026-11-22T00-00-00Z/a2/predictions.csv"
    assert staged in str(caught.value)
    assert landed(lake, staged)["score"].tolist() == [1, 9]
    assert (lake.stored[LANDED].content, lake.stored[MANIFEST].content) == before


def test_a_rerun_with_mended_checks_lands(tmp_path):
    """A failed check leaves nothing in the way of the next attempt."""
    lake = lake_of(1, 9)
    with pytest.raises(errors.ChecksFailed):
        published(tmp_path, lake, column(maximum=5))

    found = published(tmp_path, lake, column(maximum=9), attempt="a2", ml_run_id="ml-2")

    assert (found.status, found.staged) == ("committed", "")
    assert landed(lake)["score"].tolist() == [1, 9]


def test_the_manifest_says_what_the_checks_found(tmp_path):
    """Of the window that landed, whoever landed it."""
    lake = lake_of(1, 2)

    published(tmp_path, lake, column(maximum=5))

    found = json.loads(lake.stored[MANIFEST].content)
    assert found["checks"] == [
        {"check": "columns.score.maximum", "outcome": "passed", "found": "2", "allowed": "at most 5"}
    ]
    assert found["columns"] == {"id": "string", "score": "int64"}


def test_the_results_fit_a_files_metadata_however_many_and_whatever_they_are_called(tmp_path):
    """The lake takes 8 KB of ASCII; those left out are counted."""
    names = [f"größe_der_spalte_{number}" for number in range(20)]
    header, row = ",".join(["id", *names]), ",".join(["k"] + ["1"] * 20)
    lake = FakeLake({"in/a.csv": f"{header}\n{row}\n".encode()})
    wanted = {"minimum": 0, "maximum": 5, "maximum_nulls_percent": 0, "allowed_values": [1] * 50}

    published(tmp_path, lake, {"columns": dict.fromkeys(names, wanted)}, "def run(rows):\n    return rows\n")

    metadata = lake.stored[LANDED].metadata
    assert sum(len(name) + len(value) for name, value in metadata.items()) < 5000
    assert all(value.isascii() for value in metadata.values())
    assert json.loads(lake.stored[MANIFEST].content)["checks"][-1]["found"].endswith(" more checks")


def test_no_check_is_no_look_back_and_no_result(tmp_path):
    """A model without checks pays nothing for them."""
    lake = lake_of(1)
    lake.names = None

    assert published(tmp_path, lake, {}).checks == ""


def test_a_window_without_rows_says_which_checks_were_skipped(tmp_path):
    """Those that look at rows; how many there must be is a check of its own."""
    checks = {
        "minimum_rows": 0,
        "columns": {"prediction": {"minimum": 0}, "other": {"maximum": 1}},
        "schema_change": "fail",
        "drift": {"against": "last_window"},
        "sql": {"none": "SELECT * FROM predictions"},
    }
    found = published(tmp_path, FakeLake({"in/a.csv": b"id,score\n"}), checks, empty_window="land_empty")

    assert {each.check: each.outcome for each in from_text(found.checks)} == {
        "minimum_rows": "passed",
        "columns.prediction.minimum": "skipped",
        "columns.other.maximum": "skipped",
        "schema_change": "skipped",
        "drift": "skipped",
        "sql.none": "skipped",
    }


# ------------------------------------------------------------------------------------------- schema


def test_the_first_window_has_nothing_to_be_compared_with(tmp_path):
    """It is skipped, and says so."""
    found = published(tmp_path, lake_of(1), {"schema_change": "fail"})

    assert [result.outcome for result in from_text(found.checks)] == ["skipped"]


@pytest.mark.parametrize(
    ("earlier", "said"),
    [
        ({"id": "string", "score": "int64"}, None),
        ({"id": "int64", "score": "int64"}, "id: string, which was int64"),
        ({"id": "string"}, "a new column score: int64"),
        ({"id": "string", "score": "int64", "risk": "double"}, "no column risk"),
        ({"score": "int64", "id": "string"}, "another order of columns"),
    ],
)
def test_columns_and_types_are_those_of_the_last_window(tmp_path, earlier, said):
    """Of the newest earlier one with rows; not of a later one, and not of the receipts beside."""
    lake = lake_of(1)
    for day, rows, columns in ((19, 1, {"x": "int64"}), (20, 5, earlier), (21, 0, {}), (23, 1, {})):
        described = {"window_id": f"2026-11-{day}T00-00-00Z", "rows_scored": rows, "columns": columns}
        lake.upload(EARLIER.format(day), json.dumps(described).encode())

    if said is None:
        assert published(tmp_path, lake, {"schema_change": "fail"}).status == "committed"
        return
    with pytest.raises(errors.ChecksFailed) as caught:
        published(tmp_path, lake, {"schema_change": "fail"})
    assert f"`schema_change` found {said}" in str(caught.value)
    assert "window 2026-11-20T00-00-00Z" in str(caught.value)


@pytest.mark.parametrize("damaged", [b'{"window_id": "2026-11-2', b"[]", b"\xff"])
def test_a_damaged_manifest_is_looked_past(tmp_path, damaged):
    """To the window before; a rerun of its own writes it again."""
    lake = lake_of(1)
    described = {"window_id": "2026-11-20T00-00-00Z", "rows_scored": 5, "columns": {"id": "string"}}
    lake.upload(EARLIER.format(20), json.dumps(described).encode())
    lake.upload(EARLIER.format(21), damaged)

    with pytest.raises(errors.ChecksFailed, match="window 2026-11-20T00-00-00Z"):
        published(tmp_path, lake, {"schema_change": "fail"})


# ------------------------------------------------------------------------------------------- drift


def drift(against: str, **more: object) -> dict[str, object]:
    return {"drift": {"column": "score", "against": against, **more}}


def normal(mean: float, rows: int = 2000) -> list[float]:
    return np.random.default_rng(3).normal(mean, 1, rows).round(6).tolist()


def training_profile(values: list[object]) -> str:
    import pyarrow as pa

    return profile_of("score", pa.array(values)).to_json()


@pytest.mark.parametrize(("mean", "lands"), [(0, True), (0.1, True), (1, False)])
def test_a_score_may_drift_from_its_training_only_so_far(tmp_path, mean, lands):
    """By the population stability index, which a shift by a standard deviation exceeds by far."""
    lake, checks = lake_of(*normal(mean)), drift("training")
    known = training_profile(normal(0))

    if lands:
        published(tmp_path, lake, checks, training_profile=known)
        return
    with pytest.raises(
        errors.ChecksFailed, match=r"`drift` found PSI \S+ of score against the training of model"
    ):
        published(tmp_path, lake, checks, training_profile=known)


@pytest.mark.parametrize("bins", [2, 10])
@pytest.mark.parametrize("constant", [0.0, 1.0, -0.123456789012, 1e300])
@pytest.mark.parametrize("factor", [0.5, 1, 2])
def test_a_constant_score_has_drifted_when_it_is_another_constant(constant, factor, bins):
    """Whether it is lower or higher, by any number of bins."""
    import pyarrow as pa

    known, now = profile_of("score", pa.array([constant] * 50)), constant * factor + (factor - 1)

    assert (psi(known, pa.array([now] * 50), bins) > 1) == (factor != 1 and now != constant)


def test_a_score_may_drift_from_the_last_window_only_so_far(tmp_path):
    """What a window says of its score is what the next is compared with."""
    lake = lake_of(*normal(0))
    earlier = {"window_id": "2026-11-21T00-00-00Z"}
    published(tmp_path, lake, drift("last_window"), **earlier)

    assert published(tmp_path, lake, drift("last_window")).status == "committed"
    lake.upload("in/a.csv", b"id,score\n" + b"".join(b"k%d,%f\n" % (n, 2 + n / 500) for n in range(1000)))
    with pytest.raises(errors.ChecksFailed, match="against window 2026-11-21T00-00-00Z; allowed: at most 0"):
        published(tmp_path, lake, drift("last_window"), attempt="a2", digest="d2")


def test_labels_drift_too(tmp_path):
    """Texts are binned by value."""
    lake = lake_of(*["yes"] * 90, *["no"] * 10)

    with pytest.raises(errors.ChecksFailed, match="`drift` found PSI"):
        published(
            tmp_path, lake, drift("training"), training_profile=training_profile(["yes"] * 50 + ["no"] * 50)
        )


@pytest.mark.parametrize(
    ("against", "without_reference", "lands"),
    [
        ("training", None, False),
        ("training", "skip", True),
        ("last_window", None, True),
        ("last_window", "fail", False),
    ],
)
def test_where_there_is_nothing_to_compare_with(tmp_path, against, without_reference, lands):
    """A model that says nothing of its training fails, a first window does not; or as configured."""
    lake, checks = lake_of(1, 2), drift(against, without_reference=without_reference)

    if lands:
        (result,) = from_text(published(tmp_path, lake, checks).checks)
        assert (result.outcome, result.found.startswith("nothing to compare with")) == ("skipped", True)
        return
    with pytest.raises(errors.ChecksFailed, match="nothing to compare with"):
        published(tmp_path, lake, checks)


def test_a_score_that_is_not_there_is_no_stable_score(tmp_path):
    """A misspelt column never passes."""
    with pytest.raises(errors.ChecksFailed, match="`drift` found no column 'score'"):
        published(
            tmp_path, lake_of(1), drift("training"), "def run(r):\n    return [1]\n", training_profile="{}"
        )


# ------------------------------------------------------------------------------------------- SQL


def test_sql_without_duckdb_says_how_to_install_it(tmp_path, monkeypatch):
    """Nothing lands: a check that cannot be made is not passed."""
    monkeypatch.setitem(sys.modules, "duckdb", None)
    lake = lake_of(1)

    with pytest.raises(
        errors.CheckImpossible, match="add `- duckdb` to the pip part of the model's ml_environ"
    ):
        published(tmp_path, lake, {"sql": {"none": "SELECT * FROM predictions"}})

    assert LANDED not in lake.stored
    assert receipt(lake).status == "failed"


duckdb = pytest.mark.skipif(find_spec("duckdb") is None, reason="duckdb is an optional extra")


@duckdb
def test_rows_that_a_query_returns_must_not_be(tmp_path):
    """Their number and the first of them are told."""
    query = "SELECT id, score FROM predictions WHERE score > 2  -- too high\n;"
    lake = lake_of(1, 2, 3, 4)

    with pytest.raises(
        errors.ChecksFailed, match="found 2 rows, as id k2, score 3; id k3, score 4; allowed: no row"
    ):
        published(tmp_path, lake, {"sql": {"high": query}})


@duckdb
def test_several_queries_each_see_all_rows(tmp_path):
    """The view is opened anew for each."""
    twice = "SELECT 1 FROM predictions HAVING count(*) <> 3 OR max(score) <> 3"

    found = published(tmp_path, lake_of(1, 2, 3), {"sql": {"a": twice, "b": twice}})

    assert [result.outcome for result in from_text(found.checks)] == ["passed", "passed"]


@duckdb
def test_a_query_that_reads_the_rows_twice_is_told_how_to_read_them_once(tmp_path):
    """And what it is told works."""
    above = "SELECT * FROM predictions WHERE score > 2 * (SELECT avg(score) FROM predictions)"
    once = above.replace("predictions", "p").join(["WITH p AS MATERIALIZED (SELECT * FROM predictions) ", ""])

    with pytest.raises(errors.CheckImpossible, match="WITH p AS MATERIALIZED"):
        published(tmp_path, lake_of(1, 2), {"sql": {"far": above}})

    assert published(tmp_path, lake_of(1, 2), {"sql": {"far": once}}).status == "committed"
    with pytest.raises(errors.ChecksFailed, match=r"`sql\.far` found 1 rows"):
        published(tmp_path, lake_of(1, 1, 9), {"sql": {"far": once}}, attempt="a2", digest="d2")


@duckdb
@pytest.mark.parametrize(
    "query",
    [
        "SELECT nothing FROM predictions",
        "DROP VIEW predictions",
        "SELECT * FROM predictions, read_csv('/etc/passwd')",
        "SELECT 1 FROM predictions); COPY (SELECT 1) TO '/tmp/stolen'; SELECT (1",
    ],
)
def test_a_query_that_duckdb_refuses_is_named(tmp_path, query):
    """It can neither read a file nor be more than one query."""
    with pytest.raises(errors.CheckImpossible, match=r"`sql\.odd` cannot be checked: DuckDB refuses it"):
        published(tmp_path, lake_of(1), {"sql": {"odd": query}})


@duckdb
def test_all_kinds_of_columns_can_be_queried(tmp_path):
    """Instants with a time zone and nested values too."""
    script = (
        "import pandas as pd\n"
        "def run(rows):\n"
        "    at = pd.Timestamp('2026-11-22', tz='UTC')\n"
        "    return pd.DataFrame({'at': [at] * len(rows), 'lists': [[1, 2]] * len(rows)})\n"
    )

    with pytest.raises(errors.ChecksFailed, match=r"found 1 rows, as id k0, at 2026-11-22"):
        published(
            tmp_path,
            lake_of(1),
            {"sql": {"all": "SELECT * FROM predictions"}},
            script,
            output_format="parquet",
        )


@pytest.mark.parametrize("value", ["[1, 2]", "{'a': 1}"])
@pytest.mark.parametrize(
    ("checks", "named"),
    [
        ({"columns": {"score": {"allowed_values": ["a"]}}}, "`columns.score.allowed_values`"),
        ({"drift": {"against": "last_window", "column": "score"}}, "`drift`"),
    ],
)
def test_values_without_a_text_cannot_be_compared(tmp_path, value, checks, named):
    """The check and the column are named, and not a function of a library."""
    lake = lake_of(1)
    script = f"def run(rows):\n    return [{{'score': {value}}} for _ in range(len(rows))]\n"

    with pytest.raises(errors.CheckImpossible, match=rf"{named} cannot be checked: the column 'score' is"):
        publish(score(tmp_path, lake, script, output_format="parquet", checks=checks), lake)


# ------------------------------------------------------------------------------------------- run columns


def test_each_row_says_its_window_its_model_and_when(tmp_path):
    """Typed in Parquet: instants in UTC, a whole number; texts in CSV."""
    lake = lake_of(1, 2)
    publish(score(tmp_path, lake, SAME, run_columns=True), lake)
    rows = landed(lake)

    publish(score(tmp_path, lake, SAME, run_columns=True, output_format="parquet", attempt="a2"), lake)
    typed = pd.read_parquet(io.BytesIO(lake.stored[LANDED.replace("csv", "parquet")].content))

    assert rows.columns.tolist() == ["id", "score", "window_start", "model_version", "scored_at"]
    assert rows["window_start"].unique().tolist() == ["2026-11-22T00:00:00Z"]
    assert typed.dtypes.astype(str).to_dict() | {"id": ""} == {
        "id": "",
        "score": "int64",
        "window_start": "datetime64[us, UTC]",
        "model_version": "int64",
        "scored_at": "datetime64[us, UTC]",
    }
    assert typed["scored_at"].unique().tolist() == [pd.Timestamp("2026-11-23T06:00:00Z")]


def test_a_column_of_ours_is_not_overwritten(tmp_path):
    """Neither is the user's: he is told."""
    lake = lake_of(1)
    script = "def run(rows):\n    return rows.assign(scored_at=1)\n"

    with pytest.raises(errors.ReservedColumn, match="returned a column 'scored_at'"):
        publish(score(tmp_path, lake, script, run_columns=True), lake)


@pytest.mark.parametrize("name", ["window", "Window"])
def test_a_column_of_the_folders_names_is_refused(tmp_path, name):
    """pandas cannot read it with its neighbours, and DuckDB has the folder's value for the row's."""
    script = f"def run(rows):\n    return rows.assign({name}=1)\n"

    with pytest.raises(errors.ReservedColumn, match=f"returned a column '{name}', .*Rename it"):
        score(tmp_path, lake_of(1), script)
