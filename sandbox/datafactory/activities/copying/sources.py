"""The source of a copy, part by part: the files that were selected, or one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from sandbox.datafactory.activities.copying.readers import read_delimited, read_json, read_parquet, read_query
from sandbox.datafactory.activities.copying.rows import Part, Rows
from sandbox.datafactory.activities.lake_files import Found, LakeFile, delete
from sandbox.datafactory.activities.warehouse.columns import arrow_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sandbox.datafactory.activities.copying.report import Tally
    from sandbox.datafactory.activities.lake import Place
    from sandbox.datafactory.activities.linked import Linked
    from sandbox.datafactory.activities.warehouse.database import Database
    from sandbox.datafactory.activities.worker import Worker
    from sandbox.datafactory.models import Json


@dataclass(frozen=True)
class LakeSource:
    """`source` is the activity's, evaluated."""

    worker: Worker
    where: Place
    dataset: Linked
    source: Json
    files: Sequence[Found]
    tally: Tally

    def parts(self) -> Iterator[Part]:
        self.tally.files_read = 0
        for found in self.files:
            yield self._part(found)
            self.tally.files_read += 1

    def _part(self, found: Found) -> Part:
        opened: list[LakeFile] = []

        def content() -> IO[bytes]:
            opened.append(LakeFile(self.worker, self.where, found))
            return opened[-1].buffered()

        def rows() -> Rows:
            at = f"{self.where.file_system}/{found.path}"
            name, written = self.dataset.name, self.dataset.type_properties
            match self.dataset.type:
                case "DelimitedText":
                    return read_delimited(at, name, written, self.source.get("formatSettings") or {}, content)
                case "Json":
                    return read_json(at, name, written, content)
                case _:
                    return read_parquet(at, content())

        def done() -> None:
            self.tally.data_read += sum(one.bytes_read for one in opened)
            settings = self.source.get("storeSettings") or {}
            if settings.get("deleteFilesAfterCompletion") in (True, "true", "True"):
                delete(self.worker, self.where.at(found.path), etag=found.etag)

        return Part(found.relative, rows, content, done)


@dataclass(frozen=True)
class QuerySource:
    """`table` is empty where the query is one's own: then its columns' types are what their values are."""

    database: Database
    query: str
    table: str
    where: str

    def parts(self) -> Iterator[Part]:
        declared = self.database.columns(self.table) if self.table else {}
        types = {name: arrow_type(kind) for name, kind in declared.items()}
        yield Part(
            "", lambda: read_query(self.where, self.database, self.query, types), _no_content, _nothing
        )


def _no_content() -> IO[bytes]:
    raise TypeError("a query has rows, and no bytes")


def _nothing() -> None:
    pass
