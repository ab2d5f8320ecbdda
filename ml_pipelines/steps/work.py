"""The plan of a window and its work items. Pure.

A work item names files of the input, or a range of one big file, by path and etag; it also carries the
plan, so that any worker can do it with nothing else at hand. One work item is one mini-batch and one part.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .landing import predictions_path, staging_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence


SMALLEST_ITEM_BYTES = 8 * 1024 * 1024
"""What is worth a part of its own."""
DUPLICATE_KEYS = ("error", "keep_first", "keep_last", "allow")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that `stage` decided. Instants are ISO texts in UTC; `-` means none, an etag `""` not there."""

    lake_url: str
    file_system: str
    model: str
    registered_model: str
    model_version: str
    model_sha256: str
    window_id: str
    window_start: str
    window_end: str
    attempt: str
    started: str
    group_id: str
    adf_run_id: str
    ml_run_id: str
    input_path: str
    input_format: str
    input_digest: str
    output_path: str
    output_format: str
    maximum_file_bytes: int
    """Above it the window lands as parts; 0 = never."""
    destination_etag: str
    row_key: str | None
    duplicate_keys: str
    passes: str
    returns: str
    score_script: str
    max_quarantined_percent: float
    code: str
    git_commit: str
    digest: str
    empty_window: str
    files: int
    input_bytes: int
    items: int
    run_columns: bool
    checks: dict[str, Any]
    """`output.checks` of the configuration, without what is left at its default."""
    training_profile: str
    """What the model version's tag says of its predictions in training; `""` where it says nothing."""
    unchanged: bool
    """What is landed already came from these very inputs, model and code: nothing is to be scored."""

    @property
    def unique_key(self) -> str | None:
        """The row key, where each row must have one of its own; `duplicate_keys: allow` makes it a column."""
        return None if self.duplicate_keys == "allow" else self.row_key

    @property
    def may_search(self) -> bool:
        """Whether run() can be given less than all: not where it reads files of many rows itself."""
        return self.passes == "tables" or self.returns == "files"

    @property
    def destination(self) -> str:
        return predictions_path(self.output_path, self.window_id, self.output_format)

    @property
    def staging(self) -> str:
        return staging_folder(self.model, self.window_id, self.attempt)

    def part_paths(self) -> list[str]:
        return [part_path(self, number) for number in range(self.items)]


@dataclass(frozen=True)
class Piece:
    """Bytes [offset, offset + length) of a file; `length == size` for a whole file.

    `name` is the path below the window's input folder. A row of a CSV file, and a row group of a Parquet
    file, belongs to the piece in which it starts.
    """

    path: str
    name: str
    etag: str
    size: int
    offset: int
    length: int

    @property
    def whole(self) -> bool:
        return self.length == self.size

    @property
    def suffix(self) -> str:
        return Path(self.path).suffix.lower().removeprefix(".")

    @property
    def format(self) -> str:
        """How it is read: what is no Parquet file is text."""
        return "parquet" if self.suffix == "parquet" else "csv"

    def divided(self, most: int) -> tuple[Piece, Piece]:
        """The first of equal ranges of at most so many bytes, and the rest."""
        first = self.length // -(-self.length // most)
        rest = replace(self, offset=self.offset + first, length=self.length - first)
        return replace(self, length=first), rest


@dataclass(frozen=True)
class WorkItem:
    number: int
    plan: Plan
    pieces: tuple[Piece, ...]
    bytes_before: int = 0
    """Of the input, in the items before this one."""

    @property
    def length(self) -> int:
        """Bytes."""
        return sum(piece.length for piece in self.pieces)

    @property
    def label(self) -> str:
        """`item 3, incoming/a.csv and 4 more`: for messages."""
        more = f" and {len(self.pieces) - 1} more" if len(self.pieces) > 1 else ""
        return f"{self.pieces[0].path}{more}" if self.pieces else "no file"

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        found: dict[str, Any] = json.loads(content)
        pieces = tuple(Piece(**piece) for piece in found["pieces"])
        return cls(found["number"], Plan(**found["plan"]), pieces, found["bytes_before"])


def item_name(number: int) -> str:
    return f"item-{number:06}.json"


def part_path(plan: Plan, number: int) -> str:
    """A part is named after what it is made from, so a second try of a mini-batch replaces the first's: by a
    rename, since the worker of the first may still be writing, though the driver has given it up.
    """
    return f"{plan.staging}/parts/{number:06}-{plan.digest[:12]}.parquet"


def rejects_path(plan: Plan, number: int) -> str:
    return f"{plan.staging}/parts/{number:06}-{plan.digest[:12]}.rejects.parquet"


def drafts_folder(plan: Plan) -> str:
    return f"{plan.staging}/drafts"


def cut(
    pieces: Iterable[Piece],
    *,
    files_per_work_item: int,
    bytes_per_work_item: int,
    workers: int,
    split: Collection[str],
) -> Iterator[tuple[Piece, ...]]:
    """Groups of neighbouring pieces within both limits; a piece that is too big stands alone.

    Towards the end they become smaller, so that all workers end at about the same time. Files of the formats
    in `split` that are bigger than an item are cut in ranges.
    """
    waiting = deque(pieces)
    left = sum(piece.length for piece in waiting)
    limit = taken = 0
    group: list[Piece] = []
    while waiting:
        piece = waiting.popleft()
        if group and (len(group) == files_per_work_item or taken + piece.length > limit):
            yield tuple(group)
            group, taken = [], 0
        if not group:
            limit = _bytes_of_next(left, bytes_per_work_item, workers)
        if piece.length > limit and piece.format in split:
            piece, rest = piece.divided(limit)
            waiting.appendleft(rest)
        group.append(piece)
        taken += piece.length
        left -= piece.length
    if group:
        yield tuple(group)


def _bytes_of_next(left: int, most: int, workers: int) -> int:
    """Of the work item that is cut next: half of a worker's share of what is left."""
    return min(most, max(SMALLEST_ITEM_BYTES, -(-left // (2 * workers))))


def input_digest(pieces: Sequence[Piece]) -> str:
    """Of the files' paths, etags and sizes, whatever their order and however they are cut."""
    files = sorted({(piece.path, piece.etag, piece.size) for piece in pieces})
    return digest_of(*(f"{path}\0{etag}\0{size}" for path, etag, size in files))


def digest_of(*facts: object) -> str:
    return hashlib.sha256("\n".join(str(fact) for fact in facts).encode()).hexdigest()


def digest_of_folder(path: Path) -> str:
    """A folder: the sha256 of its sorted `<path> <sha256>` lines; a file: the sha256 of its bytes."""
    if path.is_file():
        return _digest_of_file(path)
    files = sorted(each for each in path.rglob("*") if each.is_file())
    lines = sorted(f"{each.relative_to(path).as_posix()} {_digest_of_file(each)}\n" for each in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _digest_of_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
