"""Rows of a window that share a row key: found without holding the keys.

Keys that strictly increase have no duplicate, and are not read: key_order.py. Otherwise each key becomes a
64-bit hash; the hashes are spread over files by their highest bits, and each file, small enough for memory,
is sorted to see which occur twice. Only rows with such a hash are looked at again, with a second hash beside
the first (whole numbers need none: theirs is one-to-one). So memory grows with the number of duplicates, 24
bytes each, not with the window.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal

from .column_types import converted
from .key_order import increase
from .parts import ROWS_A_BATCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    import pyarrow as pa

    from .parts import Part

    Numbers = np.ndarray[Any, Any]

Keep = Literal["first", "last"]
ROWS_A_FILE = 4_000_000
SORTED_AT_ONCE = 2
ROWS_AT_ONCE = 8 * ROWS_A_BATCH
MISSING = 0x9E6C63D0876A9A99
SECOND = 0xD1B54A32D192ED03


def repeated_rows(
    parts: Sequence[Part],
    key: str,
    kind: pa.DataType,
    folder: Path,
    keep: Keep,
    rows_a_file: int = ROWS_A_FILE,
) -> Numbers:
    """Row numbers, in the order of `parts`, of all but the first (`keep="last"`: the last) row of each key.

    `kind` is the type in which keys are compared; a missing key equals a missing key.
    """
    import numpy as np

    if increase(part.facts.keys for part in parts if part.rows):
        return np.empty(0, np.int64)
    count = 2 ** (sum(part.rows for part in parts) // rows_a_file).bit_length()
    hashes = _repeated_hashes(parts, key, kind, [folder / f"keys-{number}" for number in range(count)])
    return _all_but_one(*_candidates(parts, key, kind, hashes), keep=keep)


def keys_of(
    parts: Sequence[Part], key: str, kind: pa.DataType, rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[pa.ChunkedArray]:
    """The key column of all parts, in order, some rows at a time."""
    import pyarrow as pa
    from pyarrow import parquet

    for part in parts:
        if not part.rows:
            continue
        with parquet.ParquetFile(part.path) as file:
            for batch in file.iter_batches(rows_at_once, columns=[key]):
                yield converted(pa.chunked_array([batch.column(0)]), pa.field(key, kind), part.files)


def _repeated_hashes(parts: Sequence[Part], key: str, kind: pa.DataType, paths: Sequence[Path]) -> Numbers:
    """Sorted: the hashes that more than one row has. `paths`: where they are spread, a power of 2."""
    import numpy as np

    with ExitStack() as opened:
        files = [opened.enter_context(path.open("wb")) for path in paths]
        for column in keys_of(parts, key, kind):
            for file, hashes in zip(files, _spread(hashes_of(column), len(files)), strict=True):
                hashes.tofile(file)
    with ThreadPoolExecutor(SORTED_AT_ONCE) as pool:
        return np.concatenate(list(pool.map(_repeated, paths)))


def _spread(hashes: Numbers, count: int) -> list[Numbers]:
    """By their highest bits, in `count` groups, a power of 2."""
    import numpy as np

    if count == 1:
        return [hashes]
    group = (hashes >> np.uint64(65 - count.bit_length())).astype(np.uint16)
    ends = np.cumsum(np.bincount(group, minlength=count))
    return np.split(hashes[np.argsort(group, kind="stable")], ends[:-1])


def _repeated(path: Path) -> Numbers:
    import numpy as np

    hashes = np.sort(np.fromfile(path, np.uint64))
    path.unlink()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])


def _candidates(
    parts: Sequence[Part], key: str, kind: pa.DataType, repeated: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """Of each row whose hash is among `repeated`: that hash, a second one, and the row's number."""
    import numpy as np
    import pyarrow as pa

    nothing = np.empty(0, np.uint64)
    found: list[tuple[Numbers, Numbers, Numbers]] = [(nothing, nothing, np.empty(0, np.int64))]
    before = 0
    for column in keys_of(parts, key, kind) if len(repeated) else ():
        hashes = hashes_of(column)
        at = np.searchsorted(repeated, hashes)
        rows = np.flatnonzero(repeated[np.minimum(at, len(repeated) - 1)] == hashes)
        if len(rows):
            found.append((hashes[rows], hashes_of(column.take(pa.array(rows)), SECOND), rows + before))
        before += len(column)
    first, second, rows = (np.concatenate(columns) for columns in zip(*found, strict=True))
    return first, second, rows


def _all_but_one(first: Numbers, second: Numbers, rows: Numbers, *, keep: Keep) -> Numbers:
    import numpy as np

    order = np.lexsort((rows, second, first))
    first, second, rows = first[order], second[order], rows[order]
    same = (first[1:] == first[:-1]) & (second[1:] == second[:-1])
    return np.sort(rows[:-1][same] if keep == "last" else rows[1:][same])


# ------------------------------------------------------------------------------------------- hashes


def hashes_of(column: pa.ChunkedArray, seed: int = 0) -> Numbers:
    """A 64-bit hash of each value; one-to-one for whole numbers that are not missing."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import compute

    array = column.combine_chunks()
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if pa.types.is_floating(array.type):
        array = compute.add(array, 0.0)  # -0.0 is 0.0, and as a text it is not
    if pa.types.is_integer(array.type):
        numbers = array.fill_null(0).to_numpy(zero_copy_only=False)
        hashes = _mixed(numbers.astype(np.uint64) + np.uint64(seed))
    else:
        hashes = _hashes_of_texts(array.cast(pa.large_string()).fill_null(""), seed)
    if array.null_count:
        hashes = np.where(array.is_null().to_numpy(zero_copy_only=False), np.uint64(MISSING), hashes)
    return hashes


def _hashes_of_texts(array: pa.LargeStringArray, seed: int) -> Numbers:
    """Texts of one length at a time, eight bytes of each at once."""
    import numpy as np

    _, offsets_buffer, content_buffer = array.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[array.offset : array.offset + len(array) + 1]
    content = np.frombuffer(content_buffer or b"", np.uint8)
    lengths = np.diff(offsets)
    hashes = _mixed(lengths.astype(np.uint64) + np.uint64(seed))
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        padded = np.zeros((len(rows), -(-length // 8) * 8), np.uint8)
        padded[:, :length] = _bytes_of(content, offsets, rows, int(length))
        mine = hashes[rows]
        for word in padded.view(np.uint64).T:
            mine = _mixed(mine ^ word)
        hashes[rows] = mine
    return hashes


def _bytes_of(content: Numbers, offsets: Numbers, rows: Numbers, length: int) -> Numbers:
    """The bytes of texts of one length, a row each; at once, where they are neighbours."""
    import numpy as np

    first, last = rows[0], rows[-1]
    if last - first + 1 == len(rows):
        return content[offsets[first] : offsets[last + 1]].reshape(len(rows), length)
    return content[offsets[rows][:, None] + np.arange(length)]


def _mixed(numbers: Numbers) -> Numbers:
    """Every bit in reach of every other, and back: splitmix64's end."""
    import numpy as np

    mixed: Numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
