"""What somebody would write by hand, on the same cores, for the same rows: each ends with one Parquet file.

by_hand      a process pool over pieces of the input, Arrow from end to end: each worker reads its piece,
             parses, predicts and leaves an Arrow file; the first process encodes them into one Parquet
             file as they come, in order. No retries, no counts, no receipt, nothing staged.
dask, ray    where they are installed: read_csv or read_parquet, map_partitions or map_batches, write
tutorial     genfromtxt and one predict a file, one row a file
"""

import io
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet
from scoring_azure import FEATURES, KEY, PROCESSES

PIECE_BYTES = 16 << 20
TAIL = 1 << 12


@dataclass(frozen=True)
class Source:
    """Where the input lies: in the lake, read with Microsoft's client, or in a folder."""

    folder: str
    lake_url: str | None = None

    def files(self) -> list[tuple[str, int]]:
        if self.lake_url is None:
            return [(str(path), path.stat().st_size) for path in sorted(Path(self.folder).iterdir())]
        found = sorted(self._lake().get_paths(self.folder), key=lambda each: each.name)
        return [(each.name, each.content_length) for each in found]

    def read(self, path: str, start: int, length: int) -> bytes:
        if self.lake_url is None:
            with Path(path).open("rb") as stream:
                stream.seek(start)
                return stream.read(length)
        content: bytes = self._lake().get_file_client(path).download_file(start, length).readall()
        return content

    def write(self, path: str, content: Path) -> None:
        if self.lake_url is None:
            content.rename(path)
            return
        with content.open("rb") as stream:
            self._lake().get_file_client(path).upload_data(
                stream, length=content.stat().st_size, overwrite=True, chunk_size=16 << 20
            )

    def _lake(self) -> Any:  # noqa: ANN401
        if self.lake_url not in _CLIENTS:
            from azure.identity import ManagedIdentityCredential
            from azure.storage.filedatalake import DataLakeServiceClient

            service = DataLakeServiceClient(
                self.lake_url, credential=ManagedIdentityCredential(), max_single_get_size=PIECE_BYTES
            )
            _CLIENTS[str(self.lake_url)] = service.get_file_system_client("data")
        return _CLIENTS[str(self.lake_url)]


_CLIENTS: dict[str, Any] = {}
_MODELS: dict[Path, Any] = {}


@dataclass(frozen=True)
class Piece:
    """Of a CSV file the rows that start in [start, end); of a Parquet file one row group."""

    path: str
    start: int
    end: int
    size: int
    group: int = -1


# ------------------------------------------------------------------------------------------- by hand


def by_hand(source: Source, model: Path, output: str) -> None:
    with (
        TemporaryDirectory() as folder,
        ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool,
    ):
        pieces = list(_pieces(source))
        targets = [Path(folder) / f"{number}.arrow" for number in range(len(pieces))]
        done = pool.map(partial(_score, source, model), pieces, targets)
        merged = Path(folder) / "merged.parquet"
        writer = None
        for target in done:
            with pa.memory_map(str(target)) as mapped:
                part = pa.ipc.open_file(mapped).read_all()
                writer = writer or parquet.ParquetWriter(merged, part.schema, compression="snappy")
                writer.write_table(part)
            target.unlink()
        if writer is not None:
            writer.close()
        source.write(output, merged)


def _pieces(source: Source) -> Iterator[Piece]:
    for path, size in source.files():
        if path.endswith(".parquet"):
            footer = parquet.read_metadata(pa.PythonFile(_Ranges(source, path, size), mode="r"))
            yield from (Piece(path, 0, 0, size, group) for group in range(footer.num_row_groups))
            continue
        count = -(-size // PIECE_BYTES)
        borders = [size * number // count for number in range(count + 1)]
        yield from (Piece(path, start, end, size) for start, end in pairwise(borders))


def _score(source: Source, model: Path, piece: Piece, target: Path) -> Path:
    pa.set_cpu_count(1)
    if model not in _MODELS:
        _MODELS[model] = joblib.load(model)
    rows = _row_group(source, piece) if piece.group >= 0 else _csv(source, piece)
    result = pa.table(
        [rows.column(KEY), pa.array(_MODELS[model].predict(rows.select(FEATURES).to_pandas()))],
        names=[KEY, "prediction"],
    )
    with pa.ipc.new_file(str(target), result.schema) as writer:
        writer.write_table(result)
    return target


def _csv(source: Source, piece: Piece) -> pa.Table:
    start = max(0, piece.start - 1)
    content = source.read(piece.path, start, min(piece.end + TAIL, piece.size) - start)
    first = content.index(b"\n") + 1
    last = content.find(b"\n", piece.end - start - 1) + 1 or len(content)
    names = [KEY, *FEATURES]
    return csv.read_csv(
        pa.py_buffer(memoryview(content)[first:last]),
        read_options=csv.ReadOptions(use_threads=False, column_names=names, block_size=1 << 20),
    )


def _row_group(source: Source, piece: Piece) -> pa.Table:
    """Its bytes in one request: they lie side by side."""
    stream = _Ranges(source, piece.path, piece.size)
    file = parquet.ParquetFile(pa.PythonFile(stream, mode="r"))
    columns = [file.metadata.row_group(piece.group).column(n) for n in range(file.metadata.num_columns)]
    starts = [min(filter(None, (each.dictionary_page_offset, each.data_page_offset))) for each in columns]
    stream.hold(min(starts), max(s + c.total_compressed_size for s, c in zip(starts, columns, strict=True)))
    return file.read_row_group(piece.group, use_threads=False)


class _Ranges(io.RawIOBase):
    """A file of the source, read where Arrow asks; what lies in the range that it holds, from memory."""

    def __init__(self, source: Source, path: str, size: int) -> None:
        self._source, self._path, self._size, self._at = source, path, size, 0
        self.hold(max(0, size - (1 << 16)), size)

    def hold(self, start: int, end: int) -> None:
        self._start, self._held = start, self._source.read(self._path, start, end - start)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, length: int = -1) -> bytes:
        length = min(length if length >= 0 else self._size, self._size - self._at)
        start, self._at = self._at, self._at + length
        if self._start <= start and self._at <= self._start + len(self._held):
            return self._held[start - self._start : self._at - self._start]
        return self._source.read(self._path, start, length) if length else b""

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


# ------------------------------------------------------------------------------------------- frameworks


def frameworks() -> dict[str, Callable[[Source, Path, str], None]]:
    """Those that are installed."""
    from importlib.util import find_spec

    found = {"dask": ("dask.dataframe", _dask), "ray": ("ray.data", _ray)}
    return {name: run for name, (module, run) in found.items() if find_spec(module.split(".")[0])}


def _dask(source: Source, model: Path, output: str) -> None:
    import dask
    from dask import dataframe

    loaded = joblib.load(model)
    paths = [path for path, _ in source.files()]
    read = dataframe.read_parquet if paths[0].endswith(".parquet") else dataframe.read_csv
    rows = read(paths, columns=None) if read is dataframe.read_parquet else read(paths, blocksize=PIECE_BYTES)
    scored = rows.map_partitions(
        lambda part: part[[KEY]].assign(prediction=loaded.predict(part[FEATURES])),
        meta={KEY: "int64", "prediction": "float64"},
    )
    with dask.config.set(scheduler="processes", num_workers=PROCESSES), TemporaryDirectory() as folder:
        scored.to_parquet(folder, compression="snappy")
        _merge(Path(folder), output)


def _ray(source: Source, model: Path, output: str) -> None:
    import ray

    ray.init(num_cpus=PROCESSES, log_to_driver=False, logging_level="warning")
    try:
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        ray.data.DataContext.get_current().enable_progress_bars = False
        loaded = joblib.load(model)
        paths = [path for path, _ in source.files()]
        read = ray.data.read_parquet if paths[0].endswith(".parquet") else ray.data.read_csv
        scored = read(paths).map_batches(
            lambda part: part[[KEY]].assign(prediction=loaded.predict(part[FEATURES])), batch_format="pandas"
        )
        with TemporaryDirectory() as folder:
            scored.write_parquet(folder)
            _merge(Path(folder), output)
    finally:
        ray.shutdown()


def _merge(folder: Path, output: str) -> None:
    writer = None
    for part in sorted(folder.glob("*.parquet")):
        rows = parquet.read_table(part)
        writer = writer or parquet.ParquetWriter(output, rows.schema, compression="snappy")
        writer.write_table(rows)
    if writer is not None:
        writer.close()


# ------------------------------------------------------------------------------------------- the tutorial


def tutorial(folder: Path, model: Path, rows: np.ndarray[Any, Any]) -> float:
    """Seconds for these rows, one a file, as the tutorials score them: read, reshape, predict, one by one."""
    folder.mkdir()
    for number, row in enumerate(rows):
        (folder / f"{number}.csv").write_text(",".join(map(str, row)))
    loaded = joblib.load(model)
    started = time.perf_counter()
    results = []
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # the array has no names of features, as scikit-learn says of each row
        for file in sorted(folder.iterdir()):
            data = np.genfromtxt(file, delimiter=",")
            results.append(f"{file.name}: {loaded.predict(data.reshape(1, -1))[0]}")
    return time.perf_counter() - started
