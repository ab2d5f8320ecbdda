"""A factory whose runs die: pipelines of every kind of activity, and a journal of what they really did.

The engine is the process's own, with a store in a folder; lake, Azure ML and the address that a WebActivity
calls are those of a local Azure that goes on, so that what the dead one did can be seen.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.store import Store
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, activity, expression, wait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sandbox.datafactory.models import Json

ACCOUNT, FILE_SYSTEM = "killedruns", "data"
OLD, NEW = b"old", bytes(range(256)) * 5000
"""The second takes several requests to write."""
INSERT = "INSERT INTO [dbo].[journal] ([run], [step]) VALUES (@run, @step)"
RUN = expression("@pipeline().GroupId")


LONGEST_PAUSE_SECONDS = 60


class QuickClock:
    """A second of a pause takes a millisecond. What is longer is a time-out, and takes what it says: the work
    that it bounds is slow on a busy machine.
    """

    longest_sleep_seconds = 30.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 1000 if seconds <= LONGEST_PAUSE_SECONDS else seconds)


@dataclass(frozen=True)
class Azure:
    """The local Azure that goes on: what its endpoints.json says, and an ML pipeline published there."""

    endpoints: Json
    state: Path
    ml_scope: str
    ml_pipeline: str

    def factory(self, state: Path, open_store: Callable[[Path], Store] = Store) -> LocalFactory:
        clock: Any = QuickClock()
        return LocalFactory(state, clock, self.endpoints["lake"], self.endpoints["control"], open_store)

    def file(self, path: str) -> Path:
        return self.state / "lake" / ACCOUNT / FILE_SYSTEM / path

    def make_origin(self, state: Path) -> None:
        """A state folder with the factory in it, which the other one knows; its database with a journal."""
        state.mkdir(parents=True)
        shutil.copy(self.state / "identity.secret", state / "identity.key")
        shutil.copy(self.endpoints["ca"], state / "bundle.pem")
        database = state / "warehouse/sql.database.windows.net/killed.db"
        database.parent.mkdir(parents=True)
        with closing(sqlite3.connect(database)) as connection:
            connection.execute('CREATE TABLE "journal" ("run" nvarchar(50), "step" nvarchar(50))')
            connection.commit()
        factory = self.factory(state)
        factory.create()
        write(factory, self)
        factory.store.close()


def journal(state: Path) -> Counter[tuple[str, str]]:
    """How often each step of each run, by its group's id, was really done."""
    database = state / "warehouse/sql.database.windows.net/killed.db"
    with closing(sqlite3.connect(database)) as connection:
        return Counter(connection.execute('SELECT "run", "step" FROM "journal"').fetchall())


def write(factory: LocalFactory, azure: Azure) -> None:
    """Everything: entities for the places, and the pipelines."""
    subscription, group, workspace = (azure.ml_scope.split("/")[position] for position in (2, 4, 8))
    services = {
        "ls_lake": ("AzureBlobFS", {"url": f"{azure.endpoints['lake']}/{ACCOUNT}"}),
        "ls_sql": (
            "AzureSqlDatabase",
            {
                "server": "sql.database.windows.net",
                "database": "killed",
                "authenticationType": "SystemAssignedManagedIdentity",
            },
        ),
        "ls_ml": (
            "AzureMLService",
            {
                "subscriptionId": subscription,
                "resourceGroupName": group,
                "mlWorkspaceName": workspace,
                "authentication": "MSI",
            },
        ),
    }
    for name, (kind, properties) in services.items():
        factory.put("linkedservices", name, {"type": kind, "typeProperties": properties})
    location: Json = {"type": "AzureBlobFSLocation", "fileSystem": FILE_SYSTEM}
    dataset = {
        "type": "Binary",
        "linkedServiceName": reference("ls_lake", "LinkedServiceReference"),
        "parameters": {"path": {"type": "String"}},
    }
    for name, part in (("ds_file", "fileName"), ("ds_folder", "folderPath")):
        place = {**location, part: expression("@dataset().path")}
        factory.put("datasets", name, {**dataset, "typeProperties": {"location": place}})
    to = {"to": {"type": "String"}}
    factory.pipeline(
        "child",
        wait("pause", 30),
        notes(
            "told", "child", after={"pause": ["Succeeded"]}, run=expression("@pipeline().parameters.group")
        ),
        parameters={"group": {"type": "String"}},
    )
    variables = {"rounds": {"type": "Array"}, "seen": {"type": "Array"}}
    factory.pipeline("everything", *everything(azure), parameters=to, variables=variables)
    factory.pipeline("single", notes("only", "single"), wait("then", 20), concurrency=1)
    factory.pipeline("copy", copies(), parameters=to)
    factory.pipeline("learn", learns(azure), notes("after", "after", after={"ml": ["Succeeded"]}))


def reference(name: str, kind: str, **parameters: Any) -> Json:
    return {"referenceName": name, "type": kind, **({"parameters": parameters} if parameters else {})}


def notes(
    name: str,
    step: Any,
    *,
    after: dict[str, list[str]] | None = None,
    run: Any = RUN,
) -> Json:
    """A Script that writes into the journal that it ran."""
    values = {"run": run, "step": step}
    parameters = [
        {"name": key, "type": "String", "direction": "Input", "value": value} for key, value in values.items()
    ]
    block = {"type": "NonQuery", "text": INSERT, "parameters": parameters}
    one = activity(name, "Script", after=after, scripts=[block])
    return {**one, "linkedServiceName": reference("ls_sql", "LinkedServiceReference")}


def file_at(path: Any) -> Json:
    return reference("ds_file", "DatasetReference", path=path)


def copies() -> Json:
    one = activity(
        "copy",
        "Copy",
        source={"type": "BinarySource", "storeSettings": {"type": "AzureBlobFSReadSettings"}},
        sink={"type": "BinarySink", "storeSettings": {"type": "AzureBlobFSWriteSettings"}},
    )
    target = expression("@concat(pipeline().parameters.to, '/copied')")
    return {**one, "inputs": [file_at("source")], "outputs": [file_at(target)]}


def learns(azure: Azure) -> Json:
    one = activity(
        "ml",
        "AzureMLExecutePipeline",
        mlPipelineId=azure.ml_pipeline,
        mlPipelineParameters={"run": expression("@pipeline().RunId")},
    )
    return {**one, "linkedServiceName": reference("ls_ml", "LinkedServiceReference")}


def everything(azure: Azure) -> Sequence[Json]:
    """Loops, branches, a child, calls, files, a failure that is tried again and then handled."""
    folder = reference("ds_folder", "DatasetReference", path=expression("@pipeline().parameters.to"))
    chosen = {"type": "AzureBlobFSReadSettings", "recursive": True, "wildcardFileName": "doom*"}
    delete = activity("delete", "Delete", dataset=folder, storeSettings=chosen, enableLogging=False)
    round_ = activity("count", "AppendVariable", variableName="rounds", value="x")
    item = expression("@concat('item ', item())")
    seen = activity("see", "AppendVariable", variableName="seen", value=item)
    calls = {"method": "GET", "authentication": {"type": "MSI", "resource": "https://management.azure.com/"}}
    control = azure.endpoints["control"]
    retried = {"retry": 1, "retryIntervalInSeconds": 30}
    case = {"value": "a", "activities": [delete]}
    child = {"pipeline": reference("child", "PipelineReference"), "parameters": {"group": RUN}}
    ends = ["copy", "call child", "branch", "choose", "until", "get", "handled"]
    return [
        activity(
            "each",
            "ForEach",
            items=expression("@createArray('1', '2', '3')"),
            batchCount=2,
            activities=[notes("item", item), seen],
        ),
        activity(
            "until",
            "Until",
            after={"each": ["Succeeded"]},
            expression=expression("@equals(length(variables('rounds')), 2)"),
            activities=[round_, wait("a while", 5)],
        ),
        activity(
            "branch",
            "IfCondition",
            expression=expression("@equals(1, 1)"),
            ifTrueActivities=[notes("yes", "branch")],
        ),
        activity("choose", "Switch", on=expression("@toLower('A')"), cases=[case]),
        activity("call child", "ExecutePipeline", waitOnCompletion=True, **child),
        activity("get", "WebActivity", url=f"{control}/subscriptions?api-version=2020-01-01", **calls),
        activity("lost", "WebActivity", url=f"{control}/nowhere?api-version=1", policy=retried, **calls),
        notes("handled", "handled", after={"lost": ["Failed"]}),
        copies(),
        notes("last", "last", after={name: ["Succeeded"] for name in ends}),
    ]


async def until_over(factory: LocalFactory) -> None:
    """Every run of the factory has ended."""
    for run in factory.service.runs.all(factory.id):
        await factory.service.engine.wait(factory.id, run["runId"])
