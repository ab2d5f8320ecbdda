"""Run by test_typed_client.py with azure-mgmt-datafactory 9.3.0: its model classes author a whole factory."""

import json
import os
import sys
import time
from datetime import UTC, datetime

from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError
from azure.mgmt.datafactory import DataFactoryManagementClient, __version__
from azure.mgmt.datafactory import models as m

ENDED = ("Succeeded", "Failed", "Cancelled")
EVER = m.RunFilterParameters(
    last_updated_after=datetime(2020, 1, 1, tzinfo=UTC), last_updated_before=datetime(2100, 1, 1, tzinfo=UTC)
)


class Token:
    def get_token(self, *_, **__):
        return AccessToken(os.environ["TOKEN"], int(time.time()) + 3000)


def refusal(asking):
    try:
        asking()
    except HttpResponseError as error:
        return [error.status_code, error.error.code]
    return None


def finished(client, place, run_id):
    while (run := client.pipeline_runs.get(*place, run_id)).status not in ENDED:
        time.sleep(0.1)
    return run


def branch():
    """Fails when it is told to; the failure is caught, and told again."""
    told = m.Expression(type="Expression", value="@pipeline().parameters.fails")
    fail = m.FailActivity(name="fail", message="as told", error_code="7")
    caught = [m.ActivityDependency(activity="if", dependency_conditions=["Failed"])]
    return m.PipelineResource(
        parameters={"fails": m.ParameterSpecification(type="Bool", default_value=False)},
        variables={"why": m.VariableSpecification(type="String", default_value="")},
        activities=[
            m.IfConditionActivity(name="if", expression=told, if_true_activities=[fail]),
            m.SetVariableActivity(
                name="why",
                depends_on=caught,
                variable_name="why",
                value="@activity('if').error.message",
            ),
        ],
    )


def author(client, place):
    lake = m.AzureBlobFSLinkedService(url="https://example.dfs.core.windows.net")
    client.linked_services.create_or_update(*place, "ls_lake", m.LinkedServiceResource(properties=lake))
    service = m.LinkedServiceReference(type="LinkedServiceReference", reference_name="ls_lake")
    location = m.AzureBlobFSLocation(file_system="fs", folder_path="in")
    dataset = m.DatasetResource(properties=m.BinaryDataset(linked_service_name=service, location=location))
    client.datasets.create_or_update(*place, "ds_in", dataset)
    client.pipelines.create_or_update(*place, "branch", branch())
    recurrence = m.ScheduleTriggerRecurrence(
        frequency="Day", interval=1, start_time=datetime(2026, 11, 1, tzinfo=UTC), time_zone="UTC"
    )
    started = m.TriggerPipelineReference(
        pipeline_reference=m.PipelineReference(type="PipelineReference", reference_name="branch"),
        parameters={},
    )
    trigger = m.ScheduleTrigger(recurrence=recurrence, pipelines=[started])
    client.triggers.create_or_update(*place, "daily", m.TriggerResource(properties=trigger))


def run(client, place, **parameters):
    run_id = client.pipelines.create_run(*place, "branch", parameters=parameters).run_id
    ended = finished(client, place, run_id)
    activities = client.activity_runs.query_by_pipeline_run(*place, run_id, EVER).value
    return [ended.status, sorted([one.activity_name, one.status] for one in activities)]


def main():
    client = DataFactoryManagementClient(
        Token(), os.environ["SUBSCRIPTION"], base_url=os.environ["CONTROL"], retry_total=0
    )
    place = (os.environ["GROUP"], f"adf-typed-{os.getpid()}")
    identity = m.FactoryIdentity(type="SystemAssigned")
    made = client.factories.create_or_update(*place, m.Factory(location="westeurope", identity=identity))
    seen = {"version": __version__, "factory": [made.provisioning_state, made.identity.type]}
    author(client, place)
    seen["read"] = [
        type(client.datasets.get(*place, "ds_in").properties).__name__,
        [type(one).__name__ for one in client.pipelines.get(*place, "branch").activities],
        [type(one.properties).__name__ for one in client.triggers.list_by_factory(*place)],
    ]
    seen["runs"] = [run(client, place), run(client, place, fails=True)]
    client.triggers.begin_start(*place, "daily", polling_interval=0.1).result()
    seen["started"] = client.triggers.get(*place, "daily").properties.runtime_state
    seen["edited"] = refusal(lambda: client.triggers.delete(*place, "daily"))
    client.triggers.begin_stop(*place, "daily", polling_interval=0.1).result()
    seen["referenced"] = refusal(lambda: client.linked_services.delete(*place, "ls_lake"))
    client.factories.delete(*place)
    seen["deleted"] = refusal(lambda: client.factories.get(*place))
    json.dump(seen, sys.stdout)


main()
