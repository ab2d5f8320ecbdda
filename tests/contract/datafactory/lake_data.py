"""A lake of the tests' own for the activities that move data: files in it, datasets over it."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.contract.datafactory.factories import activity, expression, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.datafactory.factories import Factory

DELIMITED = {"columnDelimiter": ",", "firstRowAsHeader": True}


@dataclass
class LakeData:
    """One file system of one account; `ls_data` names the account, `<format>_<n>` a place in it."""

    factory: Factory
    files: Any
    file_system: str

    def put(self, path: str, content: bytes | str) -> None:
        file = self.files.create_file(path)
        if content:
            file.upload_data(content.encode() if isinstance(content, str) else content, overwrite=True)

    def get(self, path: str) -> bytes:
        return bytes(self.files.get_file_client(path).download_file().readall())

    def text(self, path: str) -> str:
        return self.get(path).decode()

    def paths(self, folder: str = "/") -> list[str]:
        """The files below, not the folders."""
        found = self.files.get_paths(folder, recursive=True)
        return sorted(one.name for one in found if not one.is_directory)

    def table(self, path: str) -> list[dict[str, Any]]:
        from pyarrow import parquet

        return list(parquet.read_table(io.BytesIO(self.get(path))).to_pylist())

    def dataset(self, kind: str, path: str, **settings: Any) -> Any:
        """A dataset of a file, or of a folder where `path` ends with a slash; its reference."""
        folder, _, name = path.rpartition("/")
        location = {"type": "AzureBlobFSLocation", "fileSystem": self.file_system, "folderPath": folder}
        location |= {"fileName": name} if name else {}
        written = (DELIMITED if kind == "DelimitedText" else {}) | settings
        body = {
            "type": kind,
            "linkedServiceName": reference("ls_data", "LinkedServiceReference"),
            "typeProperties": {"location": location, **written},
        }
        return self._named(body)

    def sql_table(self, table: str, *, schema: str = "dbo") -> Any:
        body = {
            "type": "AzureSqlTable",
            "linkedServiceName": reference("ls_sql", "LinkedServiceReference"),
            "typeProperties": {"schema": schema, "table": table},
        }
        return self._named(body)

    def _named(self, body: Any) -> Any:
        name = f"ds_{len(list(self.factory.client.datasets.list_by_factory(*self.factory.place)))}"
        self.factory.put("datasets", name, body)
        return reference(name, "DatasetReference")

    def run(self, *activities: Any, parameters: Any = None) -> Any:
        """The run of a pipeline of these activities, and its activity runs by name."""
        declared = {name: {"type": "String"} for name in parameters or {}}
        self.factory.pipeline("moving", *activities, parameters=declared)
        run = self.factory.finish(self.factory.start("moving", parameters))
        return run, self.factory.activities(run["runId"])

    def output(self, one: Any, **parameters: Any) -> Any:
        run, runs = self.run(one, parameters=parameters)
        assert run["status"] == "Succeeded", run["message"]
        return runs[one["name"]]["output"]

    def error(self, one: Any) -> Any:
        run, runs = self.run(one)
        assert run["status"] == "Failed"
        return runs[one["name"]]["error"]


def lake_data(factory: Factory, file_system: str) -> Iterator[LakeData]:
    url = factory.azure.account("movinglake")
    with contextlib.closing(factory.azure.lake_client("movinglake")) as client:
        files = client.create_file_system(file_system)
        service = {"type": "AzureBlobFS", "typeProperties": {"url": url}}
        factory.put("linked_services", "ls_data", service)
        database = {"server": "Sql-Tests.database.windows.net", "database": file_system}
        login = {"authenticationType": "SystemAssignedManagedIdentity"}
        factory.put(
            "linked_services", "ls_sql", {"type": "AzureSqlDatabase", "typeProperties": database | login}
        )
        yield LakeData(factory, files, file_system)


def copy(source: Any, sink: Any, *, kinds: tuple[str, str], **properties: Any) -> Any:
    """A Copy activity between formats of these `kinds`. `reading`, `writing`, `storing`, `source_options` and
    `sink_options` are the settings of the sides, others are the activity's.
    """
    read = {"type": f"{kinds[0]}Source", **properties.pop("source_options", {})}
    write = {"type": f"{kinds[1]}Sink", **properties.pop("sink_options", {})}
    read["storeSettings"] = {"type": "AzureBlobFSReadSettings", **properties.pop("reading", {})}
    write["storeSettings"] = {"type": "AzureBlobFSWriteSettings", **properties.pop("storing", {})}
    writing = {"type": f"{kinds[1]}WriteSettings", **properties.pop("writing", {})}
    if kinds[1] == "DelimitedText":
        writing = {"fileExtension": ".csv", **writing}
    if kinds[1] != "Binary":
        write["formatSettings"] = writing
    for side, kind in ((read, kinds[0]), (write, kinds[1])):
        if kind == "AzureSql":
            side.pop("storeSettings", None)
            side.pop("formatSettings", None)
    one = activity("copy", "Copy", source=read, sink=write, **properties)
    return {**one, "inputs": [source], "outputs": [sink]}


__all__ = ["LakeData", "copy", "expression", "lake_data"]
