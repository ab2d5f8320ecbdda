"""One landed window as readers find it: what its manifest says, where its files are, its first rows."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import date, datetime
from io import BufferedReader, TextIOWrapper
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from adf.windows import window_id
from deployment.checks import COLUMNS as CHECK_COLUMNS
from deployment.errors import LakeError, NotLandedError
from deployment.report import Line, Table
from deployment.window_status import manifest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from io import RawIOBase

    from adf.windows import Window
    from config.schema import Settings

BUFFER_BYTES = 64 * 1024
NUMBERS = ("bytes", "rows_in", "rows_scored", "rows_quarantined", "rows_duplicate")
TOLD = (
    "model",
    "window_start",
    "window_end",
    "model_version",
    "model_sha256",
    *NUMBERS,
    "adf_run_id",
    "ml_run_id",
)


class Readable(Protocol):
    """What this module needs of a lake."""

    def read(self, path: str) -> bytes | None: ...
    def open(self, path: str) -> RawIOBase: ...


@dataclass(frozen=True)
class LandedWindow:
    manifest: Mapping[str, Any]

    @property
    def paths(self) -> list[str]:
        """The files that hold the rows, in order, in the lake's file system."""
        return list(self.manifest["files"])


def read(lake: Readable, model: str, window: Window, environment: str) -> LandedWindow:
    """Raises NotLandedError where the window has no manifest, LakeError where that is damaged."""
    manifest = manifest_of(lake, model, window)
    if manifest is None:
        raise NotLandedError(model, window_id(window), environment)
    return LandedWindow(manifest)


def addresses(settings: Settings, paths: Sequence[str]) -> list[str]:
    """What opens the files: `abfss://…` of a storage account, the file itself of the local lake."""
    lake = settings.lake
    if settings.azure.cloud == "local":
        root = settings.sandbox.state.resolve() / "lake" / lake.account / lake.file_system
        return [str(root / path) for path in paths]
    host = settings.lake_url.removeprefix("https://")
    return [f"abfss://{lake.file_system}@{host}/{path}" for path in paths]


# ------------------------------------------------------------------------------------------- rows


def head(lake: Readable, paths: Sequence[str], count: int) -> list[dict[str, Any]]:
    """The first rows, as plain JSON values; no more of the files is fetched than that needs. Raises LakeError
    for a file that is not what its name says.
    """
    return [
        {name: _plain(value) for name, value in row.items()}
        for row in islice(_rows(lake, paths, count), count)
    ]


def _rows(lake: Readable, paths: Sequence[str], count: int) -> Iterator[dict[str, Any]]:
    for path in paths:
        with lake.open(path) as file:
            read = _csv_rows(file) if path.endswith(".csv") else _parquet_rows(file, count)
            try:
                yield from read
            except (ValueError, csv.Error) as error:  # ArrowInvalid and UnicodeError are ValueErrors
                hint = "a rerun of the window replaces it"
                raise LakeError(f"{path} cannot be read: {error}", hint=hint) from error


def _csv_rows(file: RawIOBase) -> Iterator[dict[str, Any]]:
    with TextIOWrapper(BufferedReader(file, BUFFER_BYTES), encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def _parquet_rows(file: RawIOBase, count: int) -> Iterator[dict[str, Any]]:
    from pyarrow import parquet

    with parquet.ParquetFile(file, buffer_size=BUFFER_BYTES, pre_buffer=False) as opened:
        for batch in opened.iter_batches(count):
            yield from batch.to_pylist()


def _plain(value: Any) -> Any:  # noqa: ANN401 - any cell
    match value:
        case float() if not math.isfinite(value):
            return None
        case None | bool() | int() | float() | str():
            return value
        case datetime() if value.tzinfo is not None:
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
    return str(value)


# ------------------------------------------------------------------------------------------- shown


def parts(
    window: LandedWindow, opened: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> Iterator[Line | Table]:
    manifest = window.manifest
    yield Line(f"{manifest['model']}, window {manifest['window_id']}", "bold")
    yield from (Line(f"  {name.replace('_', ' '):<17} {_cell(manifest.get(name))}") for name in TOLD[1:])
    yield from (Line(f"  {'file':<17} {address}") for address in opened)
    yield Line("")
    if manifest.get("checks"):
        cells = [[check[column] for column in CHECK_COLUMNS] for check in manifest["checks"]]
        yield Table(CHECK_COLUMNS, cells)
    if rows:
        yield Table(list(rows[0]), [[_cell(value) for value in row.values()] for row in rows])


def _cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return "" if value is None else f"{value:,}" if type(value) is int else str(value)


def document(
    window: LandedWindow, opened: Sequence[str], rows: Sequence[Mapping[str, Any]] | None
) -> dict[str, Any]:
    """The manifest, the files, and the rows where they were asked for."""
    found = {"window": dict(window.manifest), "paths": window.paths, "addresses": list(opened)}
    return found if rows is None else found | {"rows": list(rows)}
