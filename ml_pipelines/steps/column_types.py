"""One type for each column of a window's results, whose parts may disagree: one saw whole numbers only,
another a fraction. Pure.

The narrowest type that holds both: numbers as numbers, times in the finer unit, instants of several zones in
UTC, anything else as text. Where that would lose something (a whole number beyond 2**53 as a floating one),
or would say what nobody meant (a time without a zone among instants), it is TypesDisagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import ListsDisagree, NotForCsv, TypesDisagree
from .results import PREDICTION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

ELSEWHERE = "other rows of the window"


def schema_of(results: Iterable[tuple[str, pa.Schema]]) -> pa.Schema:
    """One schema for all; columns in the order in which they first appear.

    Each of `results` comes with the files that it is of, for messages. Raises TypesDisagree or ListsDisagree.
    """
    import pyarrow as pa

    found: dict[str, dict[pa.DataType, str]] = {}
    lists: dict[tuple[str, ...], str] = {}
    for files, schema in results:
        if of_lists := _of_lists(schema.names):
            lists.setdefault(of_lists, files)
        if len(lists) > 1:
            raise ListsDisagree(*lists.items())
        for column in schema:
            found.setdefault(column.name, {}).setdefault(column.type, files)
    return pa.schema([pa.field(name, _common(name, kinds)) for name, kinds in found.items()])


def _of_lists(names: Sequence[str]) -> tuple[str, ...]:
    """The columns of results without names: as many as each row has values, by chance too, where lists happen
    to be equally long. Empty, where columns have names of their own.
    """
    found = tuple(name for name in names if name.startswith(PREDICTION))
    numbered = tuple(f"{PREDICTION}_{number}" for number in range(len(found)))
    return found if found in ((PREDICTION,), numbered) else ()


def _common(column: str, kinds: dict[pa.DataType, str]) -> pa.DataType:
    import pyarrow as pa

    known = [kind for kind in kinds if not pa.types.is_null(kind)]
    if len(known) <= 1:
        return known[0] if known else pa.float64()
    joined = known[0]
    for kind in known[1:]:
        wider = _wider(joined, kind)
        if wider is None:
            raise TypesDisagree(column, (joined, kinds.get(joined, ELSEWHERE)), (kind, kinds[kind]))
        joined = wider
    return joined


def _wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """None where nothing holds both without a loss."""
    import pyarrow as pa

    one, other = (_values(kind) for kind in (one, other))
    both = (one, other)
    if all(pa.types.is_timestamp(kind) and kind.tz for kind in both):
        one, other = (pa.timestamp(kind.unit, "UTC") for kind in both)
    if any(map(pa.types.is_decimal, both)) and any(map(pa.types.is_floating, both)):
        return None
    try:
        fields = (pa.schema([("x", kind)]) for kind in (one, other))
        return pa.unify_schemas(list(fields), promote_options="permissive").field(0).type
    except pa.ArrowTypeError:
        as_text = not any(pa.types.is_nested(kind) or pa.types.is_temporal(kind) for kind in both)
        return pa.string() if as_text else None


def _values(kind: pa.DataType) -> pa.DataType:
    """A dictionary's values: which numbers stand for them is each part's own affair."""
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind


def conformed(table: pa.Table, schema: pa.Schema, files: str) -> pa.Table:
    """`table`, the results of `files`, with exactly the columns of `schema`; what it lacks is missing."""
    import pyarrow as pa

    columns = [
        converted(table.column(each.name), each, files)
        if each.name in table.column_names
        else pa.nulls(table.num_rows, each.type)
        for each in schema
    ]
    return pa.table(columns, schema=schema)


def converted(values: pa.ChunkedArray, column: pa.Field, files: str) -> pa.ChunkedArray:
    """The values, which are of `files`, as the column has them. Raises TypesDisagree where one is lost."""
    import pyarrow as pa

    try:
        return values.cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        cause = str(error).splitlines()[0]
        raise TypesDisagree(column.name, (values.type, files), (column.type, ELSEWHERE), cause) from error


def check_csv(schema: pa.Schema) -> None:
    """CSV has no lists, no structs: raises NotForCsv."""
    import io

    import pyarrow as pa
    from pyarrow import csv

    for column in schema:
        try:
            csv.write_csv(pa.schema([column]).empty_table(), io.BytesIO())
        except pa.ArrowInvalid as error:
            raise NotForCsv(column.name, column.type) from error
