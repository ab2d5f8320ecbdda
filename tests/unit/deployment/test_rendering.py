"""What Azure knows goes into the files; what nobody knows is said."""

from __future__ import annotations

import json

from adf.entities import EndpointId, EndpointVersion
from deployment.rendering import document, left_open, parts, render
from deployment.report import Line, Table
from deployment.resources import NOTHING, Observed
from tests.unit.deployment.fakes import Definition, Live, Published, desired, open_start, pipeline, tumbling

ID = "score_churn_properties_typeProperties_mlPipelineEndpointId"
VERSION = "score_churn_properties_typeProperties_version"
START = "tr_daily_properties_typeProperties_startTime"
SCORE = {"mlPipelineEndpointId": EndpointId("score_churn"), "version": EndpointVersion("score_churn")}
WANTED = desired(
    pipeline("score_churn", {"name": "score", "typeProperties": SCORE}),
    tumbling(start=open_start()),
    ml_pipelines=(Definition("score_churn", "f1"),),
)


def published(fingerprint: str = "f1") -> dict[str, Published]:
    return {"score_churn": Published("score_churn", "id-1", "3", fingerprint)}


def live_trigger(start: str = "2026-11-24T00:00:00Z", **more: object) -> Live:
    body = tumbling(start=start).properties
    return Live("trigger", "tr_daily", {**body, "runtimeState": "Started", **more}, "e1")


def rendered(observed: Observed = NOTHING, *, offline: bool = False):
    return render(WANTED, observed, {}, commit="abc", offline=offline)


def values(observed: Observed) -> dict[str, str | None]:
    parameters = dict(rendered(observed).parameters)
    assert parameters.pop("factoryName") == "adf-shop"
    return parameters


def test_what_is_deployed_tells_ids_versions_and_starts():
    """Then nothing is left to be filled in, in either shape."""
    made = rendered(Observed(True, (live_trigger(),), published()))

    assert dict(made.parameters) == {
        "factoryName": "adf-shop",
        ID: "id-1",
        VERSION: "3",
        START: "2026-11-24T00:00:00Z",
    }
    assert made.open_parameters == []
    assert not [path for path, content in made.files.items() if b'"<' in content]


def test_of_what_is_not_deployed_nothing_is_known():
    """The parameters file leaves it out, so that Resource Manager asks."""
    made = rendered()
    given = json.loads(made.files["ARMTemplateParametersForFactory.json"])["parameters"]

    assert made.open_parameters == [ID, VERSION, START]
    assert list(given) == ["factoryName"]


def test_the_version_of_yesterdays_code_is_not_the_one_that_is_wanted():
    """What would be published now has a version that nobody knows."""
    assert values(Observed(True, (), published("f0"))) == {ID: "id-1", VERSION: None, START: None}


def test_a_start_off_the_grid_is_not_kept():
    """The trigger would be made anew, and begin with another window."""
    off = live_trigger("2026-11-24T06:00:00Z")

    assert values(Observed(True, (off,), published()))[START] is None


def test_the_start_of_a_trigger_of_others_is_none_of_ours():
    theirs = live_trigger(annotations=["managed-by:somebody"])

    assert values(Observed(True, (theirs,), published()))[START] is None


def test_the_commit_is_in_the_manifest_and_in_the_template():
    """Not in a body: the next plan would find it changed."""
    made = rendered()
    template = json.loads(made.files["ARMTemplateForFactory.json"])

    assert made.facts()["git_commit"] == template["metadata"]["gitCommit"] == "abc"
    assert [path for path, content in made.files.items() if b"abc" in content] == [
        "ARMTemplateForFactory.json"
    ]


def test_the_result_in_json_has_the_keys_that_scripts_rely_on():
    """A parameter without a value is null."""
    said = document(rendered(offline=True), "out")

    assert (said["env"], said["out"], said["offline"]) == ("dev", "out", True)
    assert said["files"] == sorted(said["files"])
    assert {"rendered.json", "pipeline/score_churn.json"} <= set(said["files"])
    assert said["parameters"] == {"factoryName": "adf-shop", ID: None, VERSION: None, START: None}


def test_the_result_in_text_counts_files_and_names_what_is_left():
    made = rendered(offline=True)
    shown = list(parts(made, "out"))
    (table,) = (part for part in shown if isinstance(part, Table))
    lines = [part.text for part in shown if isinstance(part, Line)]

    assert ["pipeline/", "1"] in table.rows
    assert [f"  {ID}", f"  {VERSION}", f"  {START}", "Rendered 8 files."] == lines[-4:]
    assert left_open(made) == "3 values are to be filled in: offline nobody is asked for them"


def test_a_result_with_nothing_left_says_nothing_of_it():
    shown = list(parts(rendered(Observed(True, (live_trigger(),), published())), "out"))

    assert [part.text for part in shown if isinstance(part, Line)][2:] == ["Rendered 8 files."]


def test_what_goes_beside_the_factory_is_written_as_it_is():
    """The SQL of warehouse tables is no parameter's business."""
    made = render(WANTED, NOTHING, {"warehouse/dbo.t.sql": b"SELECT 1"}, commit="abc", offline=True)

    assert made.files["warehouse/dbo.t.sql"] == b"SELECT 1"
    assert dict(made.parameters) == dict(rendered(offline=True).parameters)
