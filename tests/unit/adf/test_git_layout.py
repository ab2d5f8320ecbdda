"""Files as Data Factory's Git integration reads them."""

from adf.entities import resolve
from adf.git_layout import documents
from adf.schema import wrong_in
from tests.unit.adf.builders import PUBLISHED, built, calendar, model, tumbling
from tests.unit.adf.test_arm_template import everything_known, unknown

OF_ENTITIES = ("linkedService/", "dataset/", "pipeline/", "trigger/")
WHERE = {"factory": "adf-demo", "location": "westeurope"}


def factory():
    return built(model(training={"data": "raw/x"}, schedules={"score": {"daily": calendar()}}))


def test_the_folder_read_back_gives_the_bodies():
    """A file an entity, named as the entity; the state of a trigger comes on top."""
    entities = factory()
    made = documents(list(entities.values()), everything_known, **WHERE)
    read = {path: body for path, body in made.items() if path.startswith(OF_ENTITIES)}

    assert {body["name"]: body["properties"] for body in read.values()} == {
        name: resolve(entity.properties, PUBLISHED) | entity.runtime_state
        for name, entity in entities.items()
    }
    assert all(path.endswith(f"/{body['name']}.json") for path, body in read.items())


def test_the_sdk_knows_every_property_of_every_file():
    """Its types are in adf/schema.json."""
    entities = factory()
    made = documents(list(entities.values()), everything_known, **WHERE)
    bodies = [body for path, body in made.items() if path.startswith(OF_ENTITIES)]

    assert [
        wrong for body in bodies for wrong in wrong_in(entities[body["name"]].kind, body["properties"])
    ] == []


def test_kinds_lie_in_data_factorys_own_folders():
    made = documents(list(factory().values()), unknown, **WHERE)

    assert list(made) == [
        "linkedService/ls_azureml.json",
        "linkedService/ls_lake.json",
        "dataset/ds_lake_receipt.json",
        "pipeline/score_diabetes.json",
        "pipeline/train_diabetes.json",
        "trigger/tr_score_diabetes_daily.json",
        "factory/adf-demo.json",
        "publish_config.json",
        "arm-template-parameters-definition.json",
    ]


def test_what_nobody_knows_is_plain_to_see():
    """No text that anybody could take for an id."""
    schedules = {"score": {"daily": tumbling(start=None)}}
    made = documents(list(built(model(schedules=schedules)).values()), unknown, **WHERE)
    activity = made["pipeline/score_diabetes.json"]["properties"]["activities"][0]
    trigger = made["trigger/tr_score_diabetes_daily.json"]["properties"]

    assert activity["typeProperties"]["mlPipelineEndpointId"] == "<endpoint id of score_diabetes>"
    assert activity["typeProperties"]["version"] == "<endpoint version of score_diabetes>"
    assert trigger["typeProperties"]["startTime"] == "<start of the first window>"


def test_studio_parameterises_what_our_template_does():
    """`=` with the value as default, `-` without one."""
    made = documents([], unknown, **WHERE)["arm-template-parameters-definition.json"]
    kind = "Microsoft.DataFactory/factories"

    assert made[f"{kind}/linkedServices"]["*"]["properties"]["typeProperties"]["mlWorkspaceName"] == "="
    assert made[f"{kind}/pipelines"]["properties"]["activities"] == [
        {"typeProperties": {"mlPipelineEndpointId": "-::string", "version": "-::string"}}
    ]
