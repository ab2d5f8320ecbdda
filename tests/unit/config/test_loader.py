"""What the loader makes of files, variables and options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import findings, json_schema
from config.errors import ConfigurationError, Problem, UnknownEnvironmentError
from config.loader import environments, load
from config.schema import CalendarSchedule, TumblingSchedule
from tests.unit.config import project


def problems(folder: Path, *options: str, env: str = "dev") -> list[Problem]:
    with pytest.raises(ConfigurationError) as raised:
        load(folder, env, options=options)
    return raised.value.problems


def only(folder: Path, *options: str) -> Problem:
    (problem,) = problems(folder, *options)
    return problem


def test_the_environment_wins_over_base_variables_over_both_and_options_over_all(tmp_path):
    """base < environment < ADFBATCH__SECTION__KEY < --set."""
    folder = project.write(tmp_path, dev=project.DEV + "lake: {account: shopdev}\n")

    assert load(folder, "dev").lake.account == "shopdev"
    variables = {"ADFBATCH__LAKE__ACCOUNT": "fromvariable", "HOME": "/root"}
    assert load(folder, "dev", variables=variables).lake.account == "fromvariable"
    settings = load(folder, "dev", variables=variables, options=["lake.account=fromoption"])
    assert settings.lake.account == "fromoption"
    assert settings.lake.file_system == "data"


def test_an_environment_may_override_parts_of_a_model(tmp_path):
    """`models: {churn: {...}}` is merged into the model's own file."""
    folder = project.write(tmp_path, dev=project.DEV + "models: {churn: {scoring: {node_count: 4}}}\n")

    scoring = load(folder, "dev").models["churn"].scoring

    assert scoring.node_count == 4
    assert scoring.input.startswith("raw/churn/")


def test_paths_come_out_absolute_from_the_project_folder(tmp_path):
    """The working folder does not matter: --project-dir works from anywhere."""
    settings = load(project.write(tmp_path), "dev")

    assert settings.models["churn"].source == tmp_path / "models/churn"
    assert settings.sandbox.state == tmp_path / ".sandbox"


def test_null_takes_away_what_a_weaker_layer_said(tmp_path):
    """A schedule can be removed in one environment."""
    schedule = "schedules: {score: {daily: {type: calendar, frequency: Day, start: 2026-11-01T06:00:00}}}\n"
    folder = project.write(
        tmp_path,
        model=project.MODEL + schedule,
        dev=project.DEV + "models: {churn: {schedules: {score: {daily: null}}}}\n",
    )

    assert load(folder, "dev").models["churn"].schedules.score == {}


def test_a_schedule_of_another_type_replaces_the_whole_schedule(tmp_path):
    """Keys of a calendar schedule do not leak into a tumbling one."""
    daily = "{type: calendar, frequency: Day, start: 2026-11-01T06:00:00, hours: [6]}"
    tumbling = "{type: tumbling, frequency: Hour, interval: 24, start: 2026-11-01T00:00:00Z}"
    folder = project.write(
        tmp_path,
        model=project.MODEL + f"schedules: {{score: {{daily: {daily}}}}}\n",
        dev=project.DEV + f"models: {{churn: {{schedules: {{score: {{daily: {tumbling}}}}}}}}}\n",
    )

    assert isinstance(load(folder, "dev").models["churn"].schedules.score["daily"], TumblingSchedule)


def test_an_unquoted_timestamp_stays_the_text_that_was_written(tmp_path):
    """YAML would make a date of it; Data Factory wants the text."""
    daily = "{type: calendar, frequency: Day, start: 2026-11-01T06:00:00}"
    folder = project.write(tmp_path, model=project.MODEL + f"schedules: {{score: {{daily: {daily}}}}}\n")

    schedule = load(folder, "dev").models["churn"].schedules.score["daily"]

    assert isinstance(schedule, CalendarSchedule)
    assert schedule.start == "2026-11-01T06:00:00"


def test_a_number_where_text_is_wanted_is_taken_as_it_was_written(tmp_path):
    """`model_version: 3` means the version 3; hyperparameters keep their types."""
    training = (
        "training: {data: raw/churn.csv, hyperparameters: {depth: 3, rate: 0.10, loss: no, deep: true}}\n"
    )
    model = project.MODEL.replace("scoring:\n", "scoring:\n  model_version: 3\n") + training
    loaded = load(project.write(tmp_path, model=model), "dev").models["churn"]

    assert loaded.scoring.model_version == "3"
    assert loaded.training is not None
    assert loaded.training.hyperparameters == {"depth": 3, "rate": 0.1, "loss": "no", "deep": True}


def test_a_models_file_that_nobody_would_read_is_a_problem(tmp_path):
    """The ending is .yaml."""
    folder = project.write(tmp_path)
    (folder / "config/models/fraud.yml").write_text(project.MODEL)

    found = only(folder)

    assert (found.where.source, found.nearest) == ("config/models/fraud.yml", "fraud.yaml")


@pytest.mark.parametrize("place", ["config/models/shop.yaml", "config/dev.yaml"])
@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_what_is_no_file_is_a_problem_with_its_name(tmp_path, place, make):
    """A folder, a link to nowhere, a file of somebody else's."""
    folder = project.write(tmp_path)
    (folder / place).unlink(missing_ok=True)
    make(folder / place)

    assert (place, "a file with YAML text") in [
        (each.where.source, each.expected) for each in problems(folder)
    ]


def test_what_an_editor_leaves_beside_a_file_is_no_model(tmp_path):
    """Emacs locks a file that is being edited with a link to nowhere; macOS adds ._ files."""
    folder = project.write(tmp_path)
    (folder / "config/models/.#churn.yaml").symlink_to("somebody@host.1234")
    (folder / "config/models/._churn.yaml").write_bytes(b"\x00\x05\x16\x07")
    (folder / "config/.#dev.yaml").symlink_to("somebody@host.1234")

    assert list(load(folder, "dev").models) == ["churn"]
    assert environments(folder) == ["dev"]


def test_all_problems_are_reported_at_once(tmp_path):
    """One wrong key does not hide a wrong type, a missing folder or a bad name elsewhere."""
    folder = project.write(
        tmp_path,
        base=project.BASE.replace("account: shop", "account: Shop_1"),
        dev=project.DEV + "schedules: sometimes\nlakes: {}\n",
        model=project.MODEL.replace("models/churn", "models/chrun") + "window: {every: 3 days}\n",
    )

    found = {(str(each.where), each.key) for each in problems(folder)}

    assert found == {
        ("config/base.yaml:5", "lake.account"),
        ("config/dev.yaml:4", "schedules"),
        ("config/dev.yaml:5", "lakes"),
        ("config/models/churn.yaml:1", "models.churn.source"),
        ("config/models/churn.yaml:6", "models.churn.window.every"),
    }


@pytest.mark.parametrize(
    ("where", "text", "key", "line", "nearest"),
    [
        ("dev", "data_factry: {name: x}\n", "data_factry", 4, "data_factory"),
        ("dev", "lake: {acount: x}\n", "lake.acount", 4, "account"),
        ("dev", "models: {chrun: {}}\n", "models.chrun", 4, "churn"),
        ("model", "window: {evry: day}\n", "models.churn.window.evry", 6, "every"),
        ("model", "output_: {}\n", "models.churn.output_", 6, "output"),
    ],
)
def test_an_unknown_key_names_its_line_and_the_nearest_valid_one(tmp_path, where, text, key, line, nearest):
    """The error is a repair instruction."""
    texts = {"dev": project.DEV, "model": project.MODEL}
    texts[where] += text

    problem = only(project.write(tmp_path, **texts))

    assert (problem.key, problem.where.line, problem.nearest) == (key, line, nearest)


def test_an_unknown_key_inside_a_schedule_is_found_through_the_union(tmp_path):
    """Members of a union are no keys: the path has none of pydantic's words."""
    daily = "{type: calendar, frequency: Day, start: 2026-11-01T06:00:00, hour: [6]}"
    folder = project.write(tmp_path, model=project.MODEL + f"schedules: {{score: {{daily: {daily}}}}}\n")

    problem = only(folder)

    assert problem.key == "models.churn.schedules.score.daily.hour"
    assert problem.nearest == "hours"


DAILY = "type: tumbling, frequency: Hour, interval: 24"
TWO_STARTS = f"{{{DAILY}, start: 2027-01-01T00:00:00Z, backfill_from: 2026-01-01T00:00:00Z}}"


@pytest.mark.parametrize(
    ("schedule", "key", "expected"),
    [
        ("{type: calendar, frequency: Dai, start: 2026-11-01T06:00:00}", "frequency", "Day"),
        ("{type: calender, frequency: Day, start: 2026-11-01T06:00:00}", "", "calendar"),
        ("{frequency: Day, start: 2026-11-01T06:00:00}", "", None),
        ("{type: calendar, frequency: Day, start: 2026-11-01}", "start", None),
        ("{type: calendar, frequency: Day, start: 2026-13-01T06:00:00}", "start", None),
        (
            "{type: calendar, frequency: Day, start: 2026-11-01T06:00:00, week_days: [Monday]}",
            "week_days",
            None,
        ),
        (
            "{type: calendar, frequency: Week, start: 2026-11-01T06:00:00, week_days: [Moonday]}",
            "week_days",
            "Monday",
        ),
        (
            "{type: calendar, frequency: Month, start: 2026-11-01T06:00:00, month_days: [0]}",
            "month_days",
            None,
        ),
        ("{type: tumbling, frequency: Hour, interval: 24, start: 2026-11-01T00:00:00}", "start", None),
        ("{type: tumbling, frequency: Hour, interval: 24, backfill_from: never}", "backfill_from", None),
        (TWO_STARTS, "backfill_from", None),
        ("{type: tumbling, frequency: Minute, interval: 1, start: 2026-11-01T00:00:00Z}", "interval", None),
        ("{type: tumbling, frequency: Hour, interval: one, start: 2026-11-01T00:00:00Z}", "interval", None),
    ],
)
def test_a_wrong_schedule_is_blamed_on_its_key(tmp_path, schedule, key, expected):
    """Each of Data Factory's rules about schedules has its own sentence."""
    folder = project.write(tmp_path, model=project.MODEL + f"schedules:\n  score:\n    daily: {schedule}\n")

    problem = only(folder)

    assert problem.key == f"models.churn.schedules.score.daily{'.' if key else ''}{key}"
    assert problem.where.line == 8
    assert problem.nearest == expected


def test_an_iana_time_zone_is_answered_with_the_windows_name_that_is_meant(tmp_path):
    """Data Factory knows Windows names only."""
    folder = project.write(tmp_path, model=project.MODEL + "window: {time_zone: Europe/Berlin}\n")

    problem = only(folder)

    assert problem.found == "the IANA time zone `Europe/Berlin`"
    assert problem.nearest == "W. Europe Standard Time"


@pytest.mark.parametrize(
    ("template", "nearest"),
    [
        ("raw/{window_strt:yyyy}", "window_start"),
        ("raw/{window_start:yyyy/QQ}", None),
        ("raw/{window_start:}", None),
        ("raw/{model:yyyy}", None),
        ("raw/{window_start:yyyy", None),
        ("/raw/x", None),
        ("@concat(raw)", None),
        ("raw/../secret", None),
    ],
)
def test_a_path_template_may_only_say_what_stage_understands(tmp_path, template, nearest):
    """Fields are model, window_id, window_start and window_end; tokens are yyyy MM dd HH mm."""
    folder = project.write(
        tmp_path, model=project.MODEL.replace("raw/churn/{window_start:yyyy/MM/dd}/*.csv", f"'{template}'")
    )

    problem = problems(folder)[0]

    assert problem.key == "models.churn.scoring.input"
    assert problem.nearest == nearest


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ("data_factory.name=adf--shop", "data_factory.name"),
        ("data_factory.name=ab", "data_factory.name"),
        ("azure.resource_group=rg.", "azure.resource_group"),
        ("azure.subscription_id=mine", "azure.subscription_id"),
        ("lake.account=my-account", "lake.account"),
        ("lake.file_system=a--b", "lake.file_system"),
        ("data_factory.linked_service_lake=ls-lake", "data_factory.linked_service_lake"),
        ("machine_learning.workspace=m", "machine_learning.workspace"),
        ("project=UPPER", "project"),
    ],
)
def test_a_name_that_azure_would_refuse_is_refused_here(tmp_path, option, key):
    """Azure would say so after minutes, and less clearly."""
    problem = only(project.write(tmp_path), option)

    assert problem.key == key
    assert str(problem.where) == f"--set {option}"


def test_a_missing_script_is_named_with_the_file_that_was_probably_meant(tmp_path):
    """The source folder must hold the score script, the conda file and the training scripts."""
    folder = project.write(tmp_path, model=project.MODEL + "score_script: scores.py\n")

    problem = only(folder)

    assert (problem.key, problem.nearest) == ("models.churn.score_script", "score.py")


def test_a_missing_environment_names_those_that_exist(tmp_path):
    """base.yaml is no environment."""
    folder = project.write(tmp_path)

    with pytest.raises(UnknownEnvironmentError, match="expected one of dev"):
        load(folder, "prod")
    assert environments(folder) == ["dev"]


def test_a_model_is_called_like_its_file(tmp_path):
    """Otherwise an environment's override would not find it."""
    problem = only(project.write(tmp_path, model="name: other\n" + project.MODEL))

    assert (problem.key, problem.where.line) == ("models.churn.name", 1)


@pytest.mark.parametrize("last", [(), ("models.churn.scoring.node_count=2", "models.churn.training.data=x")])
def test_a_null_takes_away_whatever_else_is_set_beside_it(tmp_path, last):
    """Options of one map are one layer, in which a null stays until it meets what it takes away."""
    model = project.MODEL + "schedules: {train: {monthly: {type: calendar}}}\n"
    options = ["models.churn.output.format=csv", "models.churn.schedules=null", *last]

    churn = load(project.write(tmp_path, model=model), "dev", options=options).models["churn"]

    assert (churn.output.format, churn.schedules.train) == ("csv", {})


def test_what_replaces_a_map_is_blamed_for_what_it_lacks(tmp_path):
    """The file's lines speak of a schedule that does not count any more."""
    daily = "{type: tumbling, frequency: Hour, interval: 24, start: 2026-11-01T00:00:00Z}"
    model = project.MODEL + f"schedules: {{score: {{daily: {daily}}}}}\n"
    option = "models.churn.schedules.score.daily={type: calendar, frequency: Dya}"

    found = problems(project.write(tmp_path, model=model), option)

    assert {(str(each.where), each.key.rpartition(".")[2]) for each in found} == {
        (f"--set {option}", "frequency"),
        (f"--set {option}", "start"),
    }


def test_an_option_of_two_lines_is_not_half_taken(tmp_path):
    """What stands on the second would be lost."""
    assert only(project.write(tmp_path), "lake.account=shop\nproject: other").expected == "a YAML value"


def test_a_list_in_the_place_of_one_value_is_one_problem(tmp_path):
    """Not one for each kind of value that it is not."""
    option = "models.churn.training={data: x, hyperparameters: {depth: [1, 2]}}"

    problem = only(project.write(tmp_path), option)

    assert problem.key == "models.churn.training.hyperparameters.depth"
    assert (problem.found, problem.expected) == ("a list", "a text, a number, true or false")


@pytest.mark.parametrize("option", ["lake.account", "=x", "lake..account=x", ".=x"])
def test_an_option_that_is_no_assignment_is_refused(tmp_path, option):
    """--set wants SECTION.KEY=VALUE."""
    assert only(project.write(tmp_path), option).expected == "SECTION.KEY=VALUE"


@pytest.mark.parametrize(
    "option", ["lake=x", "models=3", "models.churn=x", "models.churn.scoring=[1]", "lake.account=[x"]
)
def test_an_option_of_the_wrong_shape_is_a_problem_not_a_crash(tmp_path, option):
    """Whatever --set says ends in a sentence that names it."""
    assert any(str(each.where) == f"--set {option}" for each in problems(project.write(tmp_path), option))


@pytest.mark.parametrize("model", ["\tsource: x\n", "- a\n", "source: [\n"])
def test_a_file_that_cannot_be_read_is_one_problem(tmp_path, model):
    """What it fails to say is a consequence, and not told."""
    problem = only(project.write(tmp_path, model=model))

    assert (problem.key, problem.where.source) == ("", "config/models/churn.yaml")
    assert not problem.found.startswith("found")


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("models.churn.scoring.model_version=newest", "`approved`, `latest` or the number of a version"),
        ("project=My Shop", "2 to 40 small letters, digits and dashes, no dash first"),
    ],
)
def test_what_a_pattern_wants_is_said_in_words(tmp_path, option, words):
    """A regular expression is no repair instruction."""
    assert only(project.write(tmp_path), option).expected == words


def test_every_pattern_of_the_schema_has_its_words():
    """A new one is noticed here."""
    sources = [Path(str(module.__file__)).read_text() for module in json_schema.MODULES]
    patterns = {each for source in sources for each in re.findall(r'pattern=r"(.+?)"', source)}

    assert patterns == set(findings.PATTERNS)
