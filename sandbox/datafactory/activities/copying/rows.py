"""What readers hand to writers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from sandbox.datafactory.errors import ActivityFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

CODE = "2200"
BATCH_ROWS = 10_000


@dataclass(frozen=True)
class Rows:
    """`schema` is known before the first batch is read, and every batch has it."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class Part:
    """One file of the source, or all of a query (`relative` is empty then).

    `rows` begins to read, `done` is called once what came of it can be seen at the sink. A binary file has
    `content` in place of rows.
    """

    relative: str
    rows: Callable[[], Rows]
    content: Callable[[], IO[bytes]]
    done: Callable[[], None]


def bad_data(where: str, reason: object) -> ActivityFailed:
    return ActivityFailed(CODE, f"ErrorCode=UserErrorInvalidData,'{where}: {reason}.'")


def conform(batch: pa.RecordBatch, schema: pa.Schema, where: str) -> pa.RecordBatch:
    """The batch with the columns of `schema`, by name; what it lacks is null, what it has more is refused."""
    import pyarrow as pa

    if batch.schema.equals(schema):
        return batch
    extra = [name for name in batch.schema.names if name not in schema.names]
    if extra:
        raise bad_data(where, f"the column '{extra[0]}' is not in what was copied before")
    columns = []
    for field in schema:
        at = batch.schema.get_field_index(field.name)
        column = pa.nulls(len(batch), field.type) if at < 0 else batch.column(at)
        try:
            columns.append(column.cast(field.type))
        except pa.ArrowException as error:
            raise bad_data(where, f"the column '{field.name}' is {column.type} here: {error}") from error
    return pa.record_batch(columns, schema=schema)
