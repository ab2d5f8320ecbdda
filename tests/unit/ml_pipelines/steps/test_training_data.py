"""Checks of the data that a model is trained with, and their description for the next one."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from ml_pipelines.steps import training_data, training_table
from ml_pipelines.steps.errors import TrainingDataUnreadable
from ml_pipelines.steps.training_data import Champion, Found
from ml_pipelines.steps.training_table import Description


def table(**columns):
    usual = {"id": [f"p{number}" for number in range(200)], "age": list(range(200)), "sex": ["f", "m"] * 100}
    return pa.table(usual | columns)


def champion(known=None):
    return Champion("3", training_table.description_of(table() if known is None else known))


def found(checks, given=None, known=None, **more):
    results = training_data.check(checks, table() if given is None else given, known, **more).results
    return {each.check: f"{each.outcome}: {each.found}" for each in results}


def test_a_description_is_read_as_it_was_written():
    """It travels with the registered model."""
    described = training_table.description_of(table())

    assert Description.from_json(described.to_json()) == described
    assert (described.rows, dict(described.columns)["age"]) == (200, "int64")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": "x", "columns": {}, "profiles": []}'])
def test_a_description_that_cannot_be_read_is_none(text):
    """Then nothing is compared, and that is said."""
    assert Description.from_json(text) is None


def test_what_was_found_is_read_as_it_was_written():
    made = training_data.check({"drift": {}, "minimum_rows": 3}, table(), champion())

    assert Found.from_json(made.to_json()) == made


def test_rows_and_columns_are_held_against_their_bounds():
    checks = {
        "minimum_rows": 1000,
        "columns": {"age": {"minimum": 0, "maximum": 120}, "sex": {"allowed_values": ["f", "m"]}, "bmi": {}},
    }

    assert found(checks) == {
        "minimum_rows": "failed: 200 rows",
        "columns.age.minimum": "passed: 0",
        "columns.age.maximum": "failed: 199 (79 of 200 rows are beyond)",
        "columns.sex.allowed_values": "passed: only these",
        "columns.bmi": "failed: no such column; there are id, age, sex",
    }


def test_other_columns_and_types_are_named():
    given = table(age=[float(number) for number in range(200)]).rename_columns(["id", "age", "gender"])

    said = found({"schema_change": "fail"}, given, champion())["schema_change"]

    assert "no column sex" in said
    assert "a new column gender: string" in said
    assert "age: double, which was int64" in said


def test_the_same_data_have_not_drifted():
    drift = found({"drift": {}}, known=champion())["drift"]

    assert re.fullmatch(r"passed: at most 0\.000 of \w+, since version 3", drift)


def test_a_column_that_has_drifted_is_named_with_its_distance():
    given = table(age=[number + 150 for number in range(200)])

    drift = found({"drift": {"maximum_psi": 0.2}}, given, champion())["drift"]

    assert re.fullmatch(r"failed: 1 of 2 columns: \d\.\d+ of age, since version 3", drift)


def test_a_column_of_another_type_has_drifted():
    assert "failed: 1 of 2" in found({"drift": {}}, table(age=[["x"]] * 200), champion())["drift"]
    assert "failed: 1 of 2" in found({"drift": {}}, table(age=["x"] * 200), champion())["drift"]


def test_keys_are_neither_compared_nor_described():
    """New rows have new keys; and what names a patient has no place in a registered model."""
    checks = {"drift": {"ignore_columns": ["age"]}}
    ignored = training_data.ignored_columns(checks, "number")
    given = table(number=list(range(200)))
    later = table(number=list(range(500, 700)), age=list(range(500, 700)), id=[f"q{n}" for n in range(200)])

    described = training_table.description_of(given, ignored)
    drift = found(checks, later, Champion("3", described), ignored=ignored)

    assert [each.column for each in described.profiles] == ["sex"]
    assert list(described.columns) == ["id", "age", "sex", "number"]
    assert drift == {"drift": "passed: at most 0.000 of sex, since version 3"}


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "no version in use to compare with"),
        (Champion("3", None), "version 3 does not say what it was trained with"),
    ],
)
def test_where_there_is_nothing_to_compare_with_that_is_said(known, said):
    """The first model, and one that was registered by hand, are no reason to refuse the next."""
    assert found({"drift": {}, "schema_change": "fail"}, known=known) == {
        "schema_change": f"skipped: {said}",
        "drift": f"skipped: {said}",
    }


def test_a_table_of_several_files_is_one(tmp_path):
    """Whole numbers here and broken ones there are numbers; hidden files are none."""
    csv.write_csv(pa.table({"id": [1], "x": [1]}), tmp_path / "a.csv")
    parquet.write_table(pa.table({"id": [2], "x": [1.5]}), tmp_path / "b.parquet")
    (tmp_path / "_notes.csv").write_text("no,table\n")
    (tmp_path / "c.txt").write_text("not meant")

    read = training_table.read_table(tmp_path, "*")

    assert read.to_pydict() == {"id": [1, 2], "x": [1.0, 1.5]}


def test_columns_without_a_value_lists_and_dictionaries_are_described(tmp_path):
    """Lists cannot be put into bins; they are columns all the same."""
    columns = {"empty": pa.nulls(2), "many": [[1], [2]], "kind": pa.array(["a", "a"]).dictionary_encode()}
    parquet.write_table(pa.table(columns), tmp_path / "t.parquet")

    described = training_table.description_of(training_table.read_table(tmp_path, "*"))

    assert list(described.columns) == ["empty", "many", "kind"]
    assert [each.column for each in described.profiles] == ["empty", "kind"]


@pytest.mark.parametrize(
    ("files", "pattern", "said"),
    [
        ({"a.txt": b"x"}, "*", "no such .csv or .parquet file; prepare.py left a.txt"),
        ({"a.csv": b"x\n1\n", "b.csv": b"y\n1\n"}, "*", "b.csv has other columns than a.csv"),
        ({"a.csv": b"x\n1\n", "b.csv": b"x\nz\n"}, "*", "Unable to merge"),
        ({"a.csv": b"x,y\n1\n"}, "a.csv", "Expected 2 columns"),
        ({"a.parquet": b"none"}, "*", "a.parquet"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, files, pattern, said):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    with pytest.raises(TrainingDataUnreadable, match=r"`training\.checks\.files`") as raised:
        training_table.read_table(tmp_path, pattern)

    assert said in str(raised.value)
