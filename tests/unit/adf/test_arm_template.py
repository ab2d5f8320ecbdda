"""The ARM template, as Azure Resource Manager and Microsoft's own script read it."""

import json

import pytest

from adf.arm_template import parameters, template, values_file
from adf.entities import EndpointId, EndpointVersion, Entity, resolve
from adf.errors import TemplateTooLarge
from adf.rendering import files
from tests.unit.adf.builders import PUBLISHED, built, calendar, model, tumbling
from tests.unit.adf.resource_manager import Deployment, names_as_microsofts_script_reads_them

FACTORY = "adf-demo"


def unknown(_entity, _placeholder):
    return None


def everything_known(_entity, placeholder):
    match placeholder:
        case EndpointId(name):
            return PUBLISHED[name][0]
        case EndpointVersion(name):
            return PUBLISHED[name][1]
    return "2026-11-01T00:00:00Z"


def scheduled() -> list[Entity]:
    schedules = {"score": {"daily": calendar(), "hourly": tumbling(start=None)}}
    return list(built(model(training={"data": "raw/x"}, schedules=schedules)).values())


def rendered(entities, known=unknown):
    return template(entities, known, factory=FACTORY, metadata={"gitCommit": "abc"})


def given(entities, known):
    values = values_file(entities, known, factory=FACTORY)["parameters"]
    return {name: said["value"] for name, said in values.items()}


def resource(made, name):
    (found,) = (each for each in made["resources"] if each["name"].endswith(f"'/{name}')]"))
    return found


def test_microsofts_script_reads_our_names_by_position():
    """What it cannot read it takes for an orphan, and deletes."""
    entities = scheduled()

    assert names_as_microsofts_script_reads_them(rendered(entities)) == [each.name for each in entities]


def test_resource_manager_sends_the_factory_what_deploy_sends():
    """Name for name and property for property; a trigger's state comes on top, which a PUT ignores."""
    entities = scheduled()
    deployment = Deployment(rendered(entities), given(entities, everything_known))
    start = lambda _: "2026-11-01T00:00:00Z"  # noqa: E731

    assert [
        {key: value for key, value in body.items() if key != "runtimeState"}
        for body in deployment.bodies().values()
    ] == [resolve(each.properties, PUBLISHED, start) for each in entities]
    assert [name for _, name in deployment.bodies()] == [f"{FACTORY}/{each.name}" for each in entities]


def test_the_template_is_the_same_whatever_is_known():
    """What Azure tells is in the parameters file alone."""
    assert rendered(scheduled(), everything_known) == rendered(scheduled())


def test_what_nobody_knows_yet_is_asked_for():
    """Endpoint ids, pinned versions and open starts are required; where an environment lives has defaults."""
    entities = scheduled()
    deployment = Deployment(rendered(entities), given(entities, unknown))

    assert deployment.missing() == {
        "score_diabetes_properties_typeProperties_mlPipelineEndpointId",
        "score_diabetes_properties_typeProperties_version",
        "train_diabetes_properties_typeProperties_mlPipelineEndpointId",
        "train_diabetes_properties_typeProperties_version",
        "tr_score_diabetes_hourly_properties_typeProperties_startTime",
    }
    assert Deployment(rendered(entities), given(entities, everything_known)).missing() == set()
    assert [each.name for each in parameters(entities, unknown, factory=FACTORY) if each.default] == [
        "factoryName",
        "ls_azureml_properties_typeProperties_subscriptionId",
        "ls_azureml_properties_typeProperties_resourceGroupName",
        "ls_azureml_properties_typeProperties_mlWorkspaceName",
        "ls_lake_properties_typeProperties_url",
    ]


def test_the_same_template_deploys_to_another_environment():
    """Its parameters are enough to say where that lives."""
    entities = scheduled()
    prod = {
        "factoryName": "adf-prod",
        "ls_lake_properties_typeProperties_url": "https://prodlake.dfs.core.windows.net",
    }
    deployment = Deployment(rendered(entities), given(entities, everything_known) | prod)
    bodies = {name: body for (_, name), body in deployment.bodies().items()}

    assert bodies["adf-prod/ls_lake"]["typeProperties"] == {"url": "https://prodlake.dfs.core.windows.net"}


def test_a_resource_waits_for_what_it_refers_to():
    """And for nothing else: Resource Manager deploys the rest in parallel."""
    made = rendered(scheduled())

    assert resource(made, "ls_lake")["dependsOn"] == []
    assert resource(made, "score_diabetes")["dependsOn"] == [
        "[concat(variables('factoryId'), '/linkedServices/ls_azureml')]",
        "[concat(variables('factoryId'), '/datasets/ds_lake_receipt')]",
    ]
    assert resource(made, "tr_score_diabetes_daily")["dependsOn"] == [
        "[concat(variables('factoryId'), '/pipelines/score_diabetes')]"
    ]


def test_everything_waited_for_is_in_the_template():
    """Under the id that Resource Manager makes of type and name."""
    made = rendered(scheduled())
    deployment = Deployment(made, {})
    ids = {
        f"Microsoft.DataFactory/factories/{FACTORY}/{kind.rpartition('/')[2]}/{name.partition('/')[2]}"
        for kind, name in ((each["type"], deployment.evaluated(each["name"])) for each in made["resources"])
    }

    assert {deployment.evaluated(each) for one in made["resources"] for each in one["dependsOn"]} <= ids


def test_what_belongs_to_others_is_not_waited_for():
    """It is no resource of this template."""
    properties = {"linkedServiceName": {"referenceName": "ls_theirs", "type": "LinkedServiceReference"}}

    assert rendered([Entity("dataset", "ours", properties)])["resources"][0]["dependsOn"] == []


@pytest.mark.parametrize(("started", "state"), [(True, "Started"), (False, "Stopped")])
def test_a_trigger_says_its_desired_state(started, state):
    """Never as a parameter: Microsoft's script starts what says `Started`."""
    made = rendered([Entity("trigger", "tr", {"typeProperties": {}}, started=started)])

    assert made["resources"][0]["properties"]["runtimeState"] == state


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("[a]", "[[a]"),
        ("[[a]", "[[[a]"),
        ("[]", "[[]"),
        ("[a] b", "[a] b"),
        ("a [b]", "a [b]"),
        ("[", "["),
        ("it's", "it's"),
    ],
)
def test_only_what_would_be_an_expression_is_escaped(text, written):
    """Resource Manager leaves `[a] b` alone, so an escaped one would arrive with both brackets."""
    made = rendered([Entity("pipeline", "p", {"description": text})])

    assert made["resources"][0]["properties"]["description"] == written


def test_a_storage_account_of_an_event_is_a_parameter():
    """`scope` names the account by subscription and resource group."""
    made = rendered(
        [Entity("trigger", "tr", {"typeProperties": {"scope": "/subscriptions/1"}}, started=True)]
    )

    assert made["parameters"]["tr_properties_typeProperties_scope"]["defaultValue"] == "/subscriptions/1"


def test_the_template_names_the_commit_it_was_made_from():
    assert rendered([])["metadata"] == {"gitCommit": "abc"}


def many(count: int, description: str = "") -> list[Entity]:
    properties = {"description": description}
    return [Entity("pipeline", f"p{number}", properties) for number in range(count)]


def asking(count: int) -> list[Entity]:
    return [Entity("pipeline", "p", {"ids": [EndpointId(f"ml{number}") for number in range(count)]})]


@pytest.mark.parametrize(
    ("fits", "does_not", "message"),
    [
        (asking(255), asking(256), "257 parameters; Azure Resource Manager takes 256"),
        (many(800), many(801), "801 resources; Azure Resource Manager takes 800"),
        (many(700, "x" * 5_000), many(700, "é" * 5_000), "bytes; Azure Resource Manager takes 4,194,304"),
    ],
)
def test_more_than_one_template_takes_is_an_error(fits, does_not, message):
    """At the limit it is written; above it the error names the limit, and what to do."""
    where = {"factory": FACTORY, "location": "westeurope", "metadata": {}}
    files(fits, unknown, **where)

    with pytest.raises(TemplateTooLarge, match=message) as raised:
        files(does_not, unknown, **where)
    assert "several projects" in str(raised.value.hint)


def test_files_are_indented_by_tabs_and_keep_their_letters():
    """As Studio writes them."""
    made = files(many(1, "Zürich"), unknown, factory=FACTORY, location="westeurope", metadata={})

    assert b'\n\t"properties": {\n\t\t"description": "Z\xc3\xbcrich"\n\t}\n' in made["pipeline/p0.json"]
    assert all(content.endswith(b"}\n") and json.loads(content) for content in made.values())
