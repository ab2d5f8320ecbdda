"""Checks of checks: what a configuration says of them is understood before anything is deployed."""

from __future__ import annotations

import pytest

from config.errors import ConfigurationError
from config.loader import load
from config.output_schema import OutputChecks
from tests.unit.config import project

CHECKS = "models.churn.output.checks"


def problem(tmp_path, *options: str) -> str:
    with pytest.raises(ConfigurationError) as raised:
        load(project.write(tmp_path), "dev", options=options)
    (found,) = raised.value.problems
    return f"{found.key}: {found.found}; {found.expected}; {found.nearest}"


def test_nothing_is_checked_unless_it_is_said(tmp_path):
    """And a row key is a key."""
    model = load(project.write(tmp_path), "dev").models["churn"]

    assert model.output.checks == OutputChecks()
    assert (model.output.run_columns, model.scoring.duplicate_keys) == (True, "error")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("predictions/churn/", "`predictions/churn/`, where churn lands"),
        (
            "predictions/churn/fraud",
            "`predictions/churn/fraud`, inside `predictions/churn`, where churn lands",
        ),
        ("predictions", "`predictions`, around `predictions/churn`, where churn lands"),
    ],
)
def test_two_models_do_not_land_in_one_folder_nor_inside_one_another(tmp_path, path, found):
    """Each would take the other's windows for its own, or whoever reads the outer one both for one."""
    folder = project.write(tmp_path)
    other = project.MODEL.replace("predictions/churn", path)
    (folder / "config/models/fraud.yaml").write_text(other)

    with pytest.raises(ConfigurationError) as raised:
        load(folder, "dev")

    (problem,) = raised.value.problems
    assert (str(problem.where), problem.found) == ("config/models/fraud.yaml:5", found)


@pytest.mark.parametrize(
    ("read", "lands"),
    [
        ("raw/churn", "raw/churn"),
        ("raw/churn", "raw/churn/predictions"),
        ("raw/{model}", "raw/churn/predictions"),
        ("raw/{window_start:yyyy/MM}", "raw/2026/11/predictions"),
        ("raw/window={window_id}", "raw"),
        ("raw/window={window_id}/*.csv", "raw"),
    ],
)
def test_a_model_does_not_land_where_it_reads(tmp_path, read, lands):
    """A later run would score predictions, and count them as input."""
    said = problem(tmp_path, f"models.churn.scoring.input={read}", f"models.churn.output.path={lands}")

    assert said.startswith(f"models.churn.output.path: `{lands}`; a folder outside `{read}` (scoring.input)")


@pytest.mark.parametrize(
    ("read", "lands"),
    [
        ("raw/churn/*.csv", "raw/churn"),
        ("raw/{window_start:yyyy/MM/dd}", "raw"),
        ("raw/churn", "raw/churn_scored"),
        ("predictions/fraud/window={window_id}", "predictions/churn"),
    ],
)
def test_a_model_may_land_beside_what_it_reads(tmp_path, read, lands):
    """Windows' own folders are no input of these; and another model's predictions may be."""
    options = (f"models.churn.scoring.input={read}", f"models.churn.output.path={lands}")

    assert load(project.write(tmp_path), "dev", options=options).models["churn"].output.path == lands


@pytest.mark.parametrize(
    "template", ["raw/*/a.csv", "raw/**/*.csv", "raw/churn?/{window_id}", "raw/[ab]/*.csv"]
)
def test_wildcards_stand_in_the_last_name_of_an_input_only(tmp_path, template):
    """A folder of that very name is hardly there: every window would be one without input."""
    said = problem(tmp_path, f"models.churn.scoring.input={template}")

    assert "wildcards in its last name only" in said


def test_folders_of_models_may_begin_alike(tmp_path):
    """`predictions/churn_2` is not inside `predictions/churn`."""
    folder = project.write(tmp_path)
    (folder / "config/models/other.yaml").write_text(
        project.MODEL.replace("predictions/churn", "predictions/churn_2")
    )

    assert sorted(load(folder, "dev").models) == ["churn", "other"]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("minimum_row=5", "an unknown key"),
        ("minimum_rows=-1", "greater than or equal to 0"),
        ("minimum_share_of_input_percent=101", "less than or equal to 100"),
        ("columns.prediction={}", "nothing to check"),
        ("columns.prediction={minimum: 2, maximum: 1}", "2 above `maximum` 1"),
        ("columns.prediction={allowed_values: a}", "list"),
        ("schema_change=warn", "'allow' or 'fail'"),
        ("drift={against: yesterday}", "'training' or 'last_window'"),
        ("drift={against: training, bins: 1}", "greater than or equal to 2"),
        ("drift={against: training, maximum_psi: 0}", "greater than 0"),
        ("sql.ok=SELECT 1", "a query that does not read `predictions`"),
        ("sql.Bad-Name=SELECT * FROM predictions", "1 to 40 small letters, digits and _"),
    ],
)
def test_a_check_that_makes_no_sense_is_named(tmp_path, option, said):
    """With its key, what was found and what is expected."""
    found = problem(tmp_path, f"{CHECKS}.{option}")

    assert found.startswith(CHECKS)
    assert said in found


def test_duplicates_of_no_key_are_a_contradiction(tmp_path):
    """Where it is said at all; the default does not disturb a model without a key."""
    found = problem(
        tmp_path, "models.churn.scoring.row_key=null", "models.churn.scoring.duplicate_keys=keep_last"
    )

    assert found.startswith("models.churn.scoring.duplicate_keys: `keep_last`")


def test_a_row_key_cannot_be_called_as_a_column_of_ours(tmp_path):
    """Unless those are switched off."""
    named = "models.churn.scoring.row_key=scored_at"
    off = load(
        project.write(tmp_path / "off"), "dev", options=[named, "models.churn.output.run_columns=false"]
    )

    assert off.models["churn"].scoring.row_key == "scored_at"
    assert "models.churn.scoring.row_key: `scored_at`" in problem(tmp_path / "on", named)
