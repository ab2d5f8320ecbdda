"""What is in the factory, in which order, and whose it is."""

import pytest

from adf.entities import EndpointId, EndpointVersion, placeholders, resolve
from adf.errors import ContractMismatch, MlPipelineNotPublished, TrainingNotConfigured
from adf.factory import build
from tests.unit.adf.builders import PUBLISHED, built, calendar, contracts, model, settings, tumbling

TRAINED = model(training={"data": "raw/patients.csv"})


def test_what_is_referred_to_comes_before_what_refers_to_it():
    """Linked services, datasets, pipelines, triggers."""
    schedules = {"score": {"daily": calendar()}, "train": {"weekly": calendar(frequency="Week")}}
    made = settings(model("iris"), {**TRAINED, "schedules": schedules})

    assert [(entity.kind, entity.name) for entity in build(made, contracts("iris", "diabetes"))] == [
        ("linked_service", "ls_azureml"),
        ("linked_service", "ls_lake"),
        ("dataset", "ds_lake_receipt"),
        ("pipeline", "score_diabetes"),
        ("pipeline", "train_diabetes"),
        ("pipeline", "score_iris"),
        ("trigger", "tr_score_diabetes_daily"),
        ("trigger", "tr_train_diabetes_weekly"),
    ]


def test_every_entity_says_whose_it_is():
    """Manager, project and environment, and the model where it belongs to one."""
    ours = ["managed-by:adf-batch-scoring", "project:demo", "env:dev"]
    entities = built(TRAINED)

    assert all(entity.properties["annotations"][:3] == ours for entity in entities.values())
    assert entities["score_diabetes"].properties["annotations"][3:] == ["model:diabetes"]
    assert entities["ls_lake"].properties["annotations"][3:] == []


def test_the_linked_services_use_the_factorys_identity():
    """No principal, no key, no secret."""
    entities = built()

    assert entities["ls_lake"].properties["typeProperties"] == {
        "url": "https://demolake.dfs.core.windows.net"
    }
    assert entities["ls_azureml"].properties["typeProperties"] == {
        "subscriptionId": "00000000-0000-0000-0000-000000000001",
        "resourceGroupName": "rg-demo",
        "mlWorkspaceName": "mlw-demo",
        "authentication": "MSI",
    }


def test_linked_services_have_the_configured_names():
    """Two projects in one factory share neither linked services nor datasets, if their names differ."""
    names = {
        "name": "adf-demo",
        "linked_service_lake": "ls_b_lake",
        "linked_service_machine_learning": "ls_b_azureml",
    }
    entities = built(data_factory=names)

    assert {"ls_b_lake", "ls_b_azureml", "ds_b_lake_receipt"} <= set(entities)
    lookup = entities["score_diabetes"].properties["activities"][1]["typeProperties"]
    assert lookup["dataset"]["referenceName"] == "ds_b_lake_receipt"


def test_placeholders_are_resolved_from_what_is_published():
    """The endpoint's id and the pinned version, as text; the original stays as it was."""
    body = built()["score_diabetes"].properties
    resolved = resolve(body, PUBLISHED)["activities"][0]["typeProperties"]

    assert (resolved["mlPipelineEndpointId"], resolved["version"]) == ("endpoint-1", "7")
    assert list(placeholders(body)) == [EndpointId("score_diabetes"), EndpointVersion("score_diabetes")]
    assert list(placeholders(resolve(body, PUBLISHED))) == []


def test_an_unpublished_ml_pipeline_is_named():
    """With what is published."""
    with pytest.raises(MlPipelineNotPublished, match=r"score_diabetes is not published.*published: other"):
        resolve(built()["score_diabetes"].properties, {"other": ("id", "1")})


def test_passing_what_is_not_declared_is_an_error():
    """Both directions, by name."""
    declared = contracts("diabetes")
    declared["score_diabetes"]["extra"] = declared["score_diabetes"].pop("fire_time")

    with pytest.raises(ContractMismatch, match="passes undeclared fire_time and does not pass extra"):
        build(settings(), declared)


def test_a_train_schedule_needs_training():
    """A trigger of a pipeline that is not there could not be started."""
    scheduled = model(schedules={"train": {"weekly": calendar(frequency="Week")}})

    with pytest.raises(TrainingNotConfigured, match=r"models\.diabetes\.schedules\.train"):
        built(scheduled)


def test_a_trigger_comes_after_those_that_it_waits_for():
    """Whatever the models are called: written in this order, every reference leads to what is there."""
    waits = {
        "schedules": {"score": {"daily": tumbling(depends_on=[{"model": "zebra", "schedule": "daily"}])}}
    }
    entities = built(model("ant", **waits), model("zebra", schedules={"score": {"daily": tumbling()}}))

    assert [name for name in entities if name.startswith("tr_")] == [
        "tr_score_zebra_daily",
        "tr_score_ant_daily",
    ]
