"""Parts of a source as files of the lake: each under its own name, all in one folder, or merged into one."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from sandbox.datafactory.activities.copying.rows import CODE, conform
from sandbox.datafactory.activities.copying.writers import WRITERS, Writer
from sandbox.datafactory.activities.lake_files import BLOCK, LakeWriter
from sandbox.datafactory.errors import ActivityFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from sandbox.datafactory.activities.copying.mapping import Mapping
    from sandbox.datafactory.activities.copying.report import Tally
    from sandbox.datafactory.activities.copying.rows import Part
    from sandbox.datafactory.activities.lake import Place
    from sandbox.datafactory.activities.linked import Linked
    from sandbox.datafactory.activities.worker import Worker
    from sandbox.datafactory.models import Json

BEHAVIORS = ("PreserveHierarchy", "FlattenHierarchy", "MergeFiles")
_EXTENSIONS = {"Json": ".json", "Parquet": ".parquet"}


@dataclass(frozen=True)
class FileSink:
    """`where` is the dataset's place: a folder, or a file. `sink` is the activity's, evaluated."""

    worker: Worker
    where: Place
    dataset: Linked
    sink: Json
    behavior: str
    mapping: Mapping
    tally: Tally

    def write(self, parts: Iterator[Part], *, count: int) -> None:
        """`count` parts; each is seen, or deleted at its source, only when it is whole."""
        self.tally.files_written = 0
        if self.behavior == "MergeFiles":
            self._merge(parts)
            return
        if count > 1 and self.where.has_file:
            raise ActivityFailed(
                CODE,
                f"'{self.where.path}' names one file and the source has {count}: use the copyBehavior "
                "MergeFiles, or a dataset that names a folder.",
            )
        for part in parts:
            self._copy([part], self._target(part))
            part.done()

    def _merge(self, parts: Iterator[Part]) -> None:
        """One file of all; without a part there is none."""
        first = next(parts, None)
        if first is None:
            return
        copied = self._copy(chain([first], parts), self._generated_or_named())
        for part in copied:
            part.done()

    def _copy(self, parts: Iterable[Part], place: Place) -> list[Part]:
        """One file of these parts; which they were."""
        copy = self._copy_bytes if self.dataset.type == "Binary" else self._copy_rows
        with LakeWriter(self.worker, place) as target:
            copied = copy(parts, target)
            target.commit()
        self.tally.data_written += target.bytes_written
        self.tally.files_written = (self.tally.files_written or 0) + 1
        return copied

    def _copy_bytes(self, parts: Iterable[Part], target: LakeWriter) -> list[Part]:
        copied = []
        for part in parts:
            with part.content() as content:
                shutil.copyfileobj(content, target, BLOCK)
            copied.append(part)
        return copied

    def _copy_rows(self, parts: Iterable[Part], target: LakeWriter) -> list[Part]:
        """The rows of all parts, in the first one's columns; the parts that were copied."""
        writer: Writer | None = None
        schema: pa.Schema | None = None
        copied = []
        for part in parts:
            rows = self.mapping.apply(part.rows(), part.relative)
            if writer is None or schema is None:
                schema = rows.schema
                writer = self._writer(target, schema)
            for batch in rows.batches:
                writer.write(conform(batch, schema, part.relative))
                self.tally.add_rows(len(batch))
            copied.append(part)
        if writer is not None:
            writer.close()
        return copied

    def _writer(self, target: LakeWriter, schema: pa.Schema) -> Writer:
        self.tally.add_rows(0)
        settings = self.sink.get("formatSettings") or {}
        made: Writer = WRITERS[self.dataset.type](
            target, schema, self.dataset.name, self.dataset.type_properties, settings
        )
        return made

    def _target(self, part: Part) -> Place:
        if self.where.has_file:
            return self.where
        if self.behavior == "FlattenHierarchy" or not part.relative:
            return self._generated_or_named()
        return self._inside(self._renamed(part.relative))

    def _generated_or_named(self) -> Place:
        if self.where.has_file:
            return self.where
        return self._inside(f"data_{uuid.uuid4()}_{uuid.uuid4()}{self._extension()}")

    def _inside(self, path: str) -> Place:
        return self.where.at(f"{self.where.path}/{path}" if self.where.path else path)

    def _renamed(self, relative: str) -> str:
        """The source's name, with the extension of what it becomes."""
        if self.dataset.type == "Binary":
            return relative
        folder, slash, name = relative.rpartition("/")
        stem = name.rpartition(".")[0] or name
        return f"{folder}{slash}{stem}{self._extension()}"

    def _extension(self) -> str:
        written = (self.sink.get("formatSettings") or {}).get("fileExtension")
        return str(written) if written else _EXTENSIONS.get(self.dataset.type, "")
