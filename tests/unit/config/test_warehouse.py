"""A warehouse table that cannot be is refused where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from config.errors import InvalidConfigurationError
from config.loader import load
from tests.unit.config import project

if TYPE_CHECKING:
    from pathlib import Path

    from config.errors import Problem

DATABASE = "warehouse: {server: reporting.database.windows.net, database: reporting}\n"


def model(table: str = "dbo.scores", columns: str = "{prediction: float}", more: str = "") -> str:
    lines = ["  warehouse:", f"    table: {table}", f"    columns: {columns}"]
    return project.MODEL + "\n".join(lines) + f"\n{more}"


def problems(folder: Path) -> list[Problem]:
    with pytest.raises(InvalidConfigurationError) as raised:
        load(folder, "dev")
    return raised.value.problems


def written(folder: Path, text: str, base: str = project.BASE + DATABASE) -> Path:
    return project.write(folder, base=base, model=text)


@pytest.mark.parametrize(
    "kind",
    ["bigint", "float", "nvarchar(max)", "nvarchar(4000)", "varchar(8000)", "datetime2(7)", "decimal(38, 4)"],
)
def test_a_column_has_a_type_of_sql(tmp_path, kind):
    settings = load(written(tmp_path, model(columns=f"{{p: '{kind}', 'a b]': bit}}")), "dev")

    warehouse = settings.models["churn"].output.warehouse
    assert warehouse is not None
    assert warehouse.columns == {"p": kind, "a b]": "bit"}


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("nvarchar(4001)", "nvarchar(max)"),
        ("varchar(0)", "varchar(max)"),
        ("decimal(4, 5)", None),
        ("decimal(39, 0)", None),
        ("datetime", "datetime2(7)"),
        ("flaot", "float"),
        ("float NULL); DROP TABLE x; --", None),
    ],
)
def test_another_type_is_refused_at_its_column(tmp_path, kind, meant):
    [problem] = problems(written(tmp_path, model(columns=f"{{prediction: '{kind}'}}")))

    assert problem.key == "models.churn.output.warehouse.columns.prediction"
    assert (str(problem.where), problem.nearest) == ("config/models/churn.yaml:8", meant)


@pytest.mark.parametrize("table", ["scores", "a.b.c", "dbo.", "dbo.a b", "'dbo.x]; DROP TABLE y'", "dbo.1"])
def test_a_table_has_a_schema_and_a_plain_name(tmp_path, table):
    [problem] = problems(written(tmp_path, model(table)))

    assert problem.key == "models.churn.output.warehouse.table"


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("{}", "no column"),
        ("{Window_Start: date}", "which stands in the table in any case"),
        ("{scored_at: date}", "which stands in the table in any case"),
        ("{run_group: bigint}", "which stands in the table in any case"),
        ("{p: float, P: float}", "stands here twice"),
        ('{"a\\tb": float}', "the name `a\tb`"),
        (f"{{{'x' * 129}: float}}", "the name `xxx"),
    ],
)
def test_a_column_that_cannot_be_is_refused(tmp_path, columns, found):
    [problem] = problems(written(tmp_path, model(columns=columns)))

    assert found in problem.found


@pytest.mark.parametrize("other", ["dbo.scores", "DBO.Scores", "dbo.scores_staging"])
def test_two_models_do_not_share_a_table(tmp_path, other):
    """Nor one's table and what stands beside the other's: a swap deletes whatever is in its window."""
    folder = written(tmp_path, model())
    (folder / "config/models/late.yaml").write_text(
        model(other).replace("predictions/churn", "predictions/late")
    )

    [problem] = problems(folder)

    assert (problem.key, str(problem.where)) == (
        "models.late.output.warehouse.table",
        "config/models/late.yaml:7",
    )
    assert "the model churn's too" in problem.found


def test_a_table_needs_the_environments_database(tmp_path):
    [problem] = problems(written(tmp_path, model(), base=project.BASE))

    assert str(problem.where) == "config/models/churn.yaml:6"
    assert (problem.found, "this environment's file" in problem.expected) == (
        "the table `dbo.scores`, but no database",
        True,
    )


def test_an_environment_may_do_without_the_table(tmp_path):
    off = project.DEV + "models: {churn: {output: {warehouse: null}}}\n"
    folder = project.write(tmp_path, dev=off, model=model())

    assert load(folder, "dev").models["churn"].output.warehouse is None


def test_rows_that_do_not_say_their_run_are_not_copied(tmp_path):
    """By `scored_at` the swap tells attempts apart."""
    [problem] = problems(written(tmp_path, model(more="  run_columns: false\n")))

    assert problem.found == "`warehouse` beside `run_columns: false`"


def test_a_window_in_parts_is_not_copied(tmp_path):
    """Data Factory reads no summary of parts."""
    found = problems(written(tmp_path, model(more="  maximum_file_megabytes: 100\n")))

    assert "`warehouse` beside `maximum_file_megabytes`" in [problem.found for problem in found]


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("{server: tcp:x.database.windows.net, database: d}", "warehouse.server"),
        ("{server: ../x, database: d}", "warehouse.server"),
        ("{server: x, database: a/b}", "warehouse.database"),
        ("{server: x, database: d, password: p}", "warehouse.password"),
    ],
)
def test_a_database_is_named_and_no_secret_is_taken(tmp_path, place: Any, key: str):
    [problem] = problems(written(tmp_path, model(), base=f"{project.BASE}warehouse: {place}\n"))

    assert problem.key == key
