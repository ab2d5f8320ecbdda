"""What watches the factory, by the commands that deploy it: made, compared, mended, taken back, gone.

The tests run in the order in which they stand and share what the first ones deployed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from adf.monitor.kinds import TYPES, azure_name
from deployment.resources import RESOURCE_KINDS
from tests.functional.test_deployment import FACTORY, Project
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GROUP = FACTORY.partition("/providers")[0]
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-scoring"
NAME = "adf-batch-scoring-local"
ALERT = f"{NAME}-failed-pipelines"
WATCHED = (
    "--set",
    f"monitoring={{workspace_id: {WORKSPACE}, receivers: {{emails: {{on-call: on-call@example.org}}}}}}",
    "--set",
    "schedules=on",
)


class Watched(Project):
    def alert(self, method: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """The alert rule, as somebody reads or edits it in the portal."""
        of = TYPES["metric_alert"]
        path = f"{GROUP}/providers/{of.name}/{ALERT}?api-version={of.api_version}"
        return dict(self.request(method, "control", path, json=body).json())


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    made = Watched(tmp_path_factory.mktemp("watched") / "azure", three_free_ports())
    yield made
    made.stop()


@pytest.fixture(scope="module")
def first(project: Watched) -> dict[str, Any]:
    return project.document("deploy", *WATCHED)


def changes(document: dict[str, Any]) -> list[str]:
    return [f"{each['action']} {each['kind']} {each['name']}" for each in document["changes"]]


def test_it_is_deployed_with_the_factory_and_a_second_plan_is_empty(project: Watched, first: dict[str, Any]):
    """The local Azure has checked the required fields of every resource type, and knows them by now."""
    kinds = [each["kind"] for each in first["changes"]]
    again = project.document("plan", *WATCHED)

    assert set(RESOURCE_KINDS) <= set(kinds)
    assert kinds.index("action_group") < kinds.index("metric_alert")
    assert again["changes"] == []
    assert again["summary"]["unchanged"] == len(kinds)


@pytest.mark.usefixtures("first")
def test_an_alert_edited_in_the_portal_is_drift_and_is_mended_on_demand(project: Watched):
    live = project.alert("GET")
    live["properties"]["severity"] = 4
    project.alert("PUT", live)

    (change,) = project.document("plan", *WATCHED)["changes"]
    refused = project.document("deploy", *WATCHED, code=1)
    mended = project.document("deploy", *WATCHED, "--force")

    assert (change["action"], change["name"]) == ("drift", ALERT)
    assert [(each["path"], each["before"], each["after"]) for each in change["by_hand"]] == [
        ("properties.severity", 1, 4)
    ]
    assert refused["error"]["code"] == "drift"
    assert changes(mended) == [f"drift metric_alert {ALERT}"]
    assert project.alert("GET")["properties"]["severity"] == 1


def test_a_threshold_is_one_change_and_a_release_takes_it_back(project: Watched, first: dict[str, Any]):
    """With the key that decides it; tags that somebody else put there stay."""
    live = project.alert("GET")
    project.alert("PUT", {**live, "tags": {**live["tags"], "cost-centre": "7"}})
    more = (*WATCHED, "--set", "monitoring.failed_pipelines.threshold=3")

    (planned,) = project.document("plan", *more)["changes"]
    project.document("deploy", *more)
    changed = project.alert("GET")
    back = project.document("deploy", "--release", str(first["release"]), *WATCHED)

    threshold = next(each for each in planned["diff"] if each["path"].endswith("threshold"))
    assert (threshold["before"], threshold["after"]) == (0, 3)
    assert threshold["key"] == "monitoring.failed_pipelines.threshold"
    assert changed["tags"]["cost-centre"] == "7"
    assert changes(back) == [f"change metric_alert {ALERT}"]
    assert project.alert("GET")["properties"]["criteria"]["allOf"][0]["threshold"] == 0


@pytest.mark.usefixtures("first")
def test_what_watches_is_rendered_as_a_template_of_its_own(project: Watched, tmp_path: Path):
    """The same bodies; an alert rule comes after the group that it tells."""
    project.document("render", "--out", str(tmp_path / "out"), *WATCHED)
    template = json.loads((tmp_path / "out/ARMTemplateForMonitoring.json").read_bytes())
    found = {each["type"]: each for each in template["resources"]}
    live = project.alert("GET")["properties"]

    assert set(found) == {each.name for each in TYPES.values()}
    (rule,) = (each for each in template["resources"] if each["name"] == ALERT)
    assert rule["properties"].items() <= live.items()
    assert rule["dependsOn"] == [f"[resourceId('Microsoft.Insights/actionGroups', '{NAME}')]"]
    book = found["Microsoft.Insights/workbooks"]
    assert book["name"] == azure_name("workbook", NAME)
    assert json.loads(book["properties"]["serializedData"])["version"] == "Notebook/1.0"
    assert found["Microsoft.Insights/diagnosticSettings"]["scope"].endswith(f"factories/{NAME}")


@pytest.mark.usefixtures("first")
def test_alerts_that_are_off_are_pruned_and_the_rest_goes_with_the_factorys(project: Watched):
    off = (*WATCHED, "--set", "monitoring.alerts=off")
    kept = project.document("plan", *off)
    pruned = project.document("deploy", *off, "--prune", "--yes")
    destroyed = project.document("destroy", *off, "--yes")
    of = TYPES["workbook"]
    books = project.request(
        "GET", "control", f"{GROUP}/providers/{of.name}?api-version={of.api_version}"
    ).json()["value"]

    assert {each["kind"] for each in kept["unwanted"]} == {"action_group", "metric_alert", "log_alert"}
    assert {each["action"] for each in pruned["changes"]} == {"delete"}
    assert {"delete workbook " + NAME, "delete dashboard " + NAME} <= set(changes(destroyed))
    assert books == []


def test_an_alert_without_a_receiver_is_an_error_before_anything_is_asked(project: Watched):
    said = f"monitoring={{workspace_id: {WORKSPACE}}}"
    error = project.document("plan", "--offline", "--set", said, code=64)["error"]

    assert "alerts without a receiver" in error["message"]
