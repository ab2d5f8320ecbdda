"""Which columns are copied, under which names and as which types: TabularTranslator and additionalColumns."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.activities.copying.rows import CODE, Rows, bad_data
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.warehouse.columns import instant
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun
from sandbox.datafactory.values import is_expression, require_list, require_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from sandbox.datafactory.models import Json, JsonValue

_TRANSLATOR = Fields(
    "type mappings typeConversion typeConversionSettings mapComplexValuesToString",
    not_run="columnMappings schemaMapping collectionReference",
)
_SIDE = Fields("name ordinal path type physicalType", not_run="culture format")
_ADDITIONAL = Fields("name value")
_STEP = re.compile(r"\['((?:[^']|'')+)'\]|\.?([^.\[\]$']+)")
_INTERIM = {
    "boolean": "bool_", "byte": "uint8", "byte array": "binary", "byte[]": "binary", "double": "float64",
    "guid": "string", "int16": "int16", "int32": "int32", "int64": "int64", "sbyte": "int8",
    "single": "float32", "string": "string", "uint16": "uint16", "uint32": "uint32", "uint64": "uint64",
}  # fmt: skip
_INSTANTS = ("datetime", "datetimeoffset")


def check_translator(written: JsonValue, what: str, target: str) -> None:
    """What is written out; a translator that is an expression is looked at when it is known."""
    if written is None or is_expression(written):
        return
    _TRANSLATOR.check(written, f"{what}: translator", target)
    if written.get("type") != "TabularTranslator":
        raise BadRequest(f"{what}: the translator must be a TabularTranslator.", target=target)
    for one in require_list(written.get("mappings") or [], f"{what}: mappings", target):
        mapping = require_object(one, f"{what}: a mapping", target)
        for side in ("source", "sink"):
            _SIDE.check(mapping.get(side), f"{what}: the {side} of a mapping", target)
        if not any(mapping["source"].get(key) for key in ("name", "ordinal", "path")):
            raise BadRequest(f"{what}: the source of a mapping needs name, ordinal or path.", target=target)
        if not mapping["sink"].get("name"):
            raise NotRun(f"{what} with a mapping whose sink has no name")
        _check_type(mapping["sink"].get("type"), what)


def _check_type(kind: JsonValue, what: str) -> None:
    if kind is not None and str(kind).lower() not in (*_INTERIM, *_INSTANTS, "decimal"):
        raise NotRun(f"{what} with a mapping to the type {kind!r}")


def check_additional(written: JsonValue, what: str, target: str) -> None:
    if is_expression(written):
        raise NotRun(f"{what} with additionalColumns that are an expression")
    for one in require_list(written or [], f"{what}: additionalColumns", target):
        _ADDITIONAL.check(one, f"{what}: an additional column", target)
        if not one.get("name"):
            raise BadRequest(f"{what}: an additional column needs a name.", target=target)


@dataclass(frozen=True)
class Mapping:
    """Evaluated. `keeps_types`: the sink's own columns decide the types (a table)."""

    additional: list[Json]
    translator: Json
    keeps_types: bool
    is_nested: bool
    """The sink holds objects and arrays as they are."""

    def apply(self, rows: Rows, file_path: str) -> Rows:
        """Rows with the mapped columns only, or all of them where nothing is mapped."""
        import pyarrow as pa

        def mapped(batch: pa.RecordBatch) -> pa.RecordBatch:
            return self._flat(self._chosen(self._extended(batch, file_path), file_path), file_path)

        schema = mapped(pa.RecordBatch.from_pylist([], schema=rows.schema)).schema
        return Rows(schema, self._batches(rows, mapped))

    def _batches(self, rows: Rows, mapped: Any) -> Iterator[pa.RecordBatch]:  # noqa: ANN401
        return (mapped(batch) for batch in rows.batches)

    def _extended(self, batch: pa.RecordBatch, file_path: str) -> pa.RecordBatch:
        import pyarrow as pa

        for one in self.additional:
            value = one.get("value")
            if isinstance(value, str) and value.startswith("$$COLUMN:"):
                column = _column(batch, value.removeprefix("$$COLUMN:"), file_path)
            else:
                text = file_path if value == "$$FILEPATH" else str(value)
                column = pa.array([text] * len(batch), pa.string())
            batch = batch.append_column(str(one["name"]), column)
        return batch

    def _chosen(self, batch: pa.RecordBatch, file_path: str) -> pa.RecordBatch:
        import pyarrow as pa

        mappings = self.translator.get("mappings") or []
        if not mappings:
            return batch
        columns = []
        for one in mappings:
            column = _source(batch, one["source"], file_path)
            kind = None if self.keeps_types else one["sink"].get("type")
            columns.append(
                column if kind is None else self._converted(column, str(kind), one["sink"]["name"])
            )
        return pa.record_batch(columns, names=[str(one["sink"]["name"]) for one in mappings])

    def _converted(self, column: pa.Array, kind: str, name: str) -> pa.Array:
        import pyarrow as pa

        settings = self.translator.get("typeConversionSettings") or {}
        try:
            if kind.lower() in _INSTANTS and pa.types.is_string(column.type):
                values = [None if one is None else instant(one) for one in column.to_pylist()]
                return pa.array(values, pa.timestamp("us"))
            return column.cast(arrow_interim(kind), safe=not settings.get("allowDataTruncation"))
        except (pa.ArrowException, ValueError) as error:
            message = f"ErrorCode=TypeConversionFailure,'the column {name} to {kind}: {error}.'"
            raise ActivityFailed(CODE, message) from error

    def _flat(self, batch: pa.RecordBatch, file_path: str) -> pa.RecordBatch:
        """Objects and arrays as JSON text, where the sink cannot hold them and the mapping asks for it."""
        import pyarrow as pa

        if self.is_nested or not any(pa.types.is_nested(field.type) for field in batch.schema):
            return batch
        columns = []
        for field, column in zip(batch.schema, batch.columns, strict=True):
            if pa.types.is_nested(field.type):
                if not self.translator.get("mapComplexValuesToString"):
                    reason = (
                        f"the column '{field.name}' holds objects or arrays: set mapComplexValuesToString"
                    )
                    raise bad_data(file_path, reason)
                column = _as_json(column)  # noqa: PLW2901
            columns.append(column)
        return pa.record_batch(columns, names=batch.schema.names)


def _as_json(column: pa.Array) -> pa.Array:
    import pyarrow as pa

    texts = [None if one is None else json.dumps(one, default=str) for one in column.to_pylist()]
    return pa.array(texts, pa.string())


def arrow_interim(kind: str) -> pa.DataType:
    """Data Factory's interim type as Arrow's."""
    import pyarrow as pa

    if kind.lower() in _INSTANTS:
        return pa.timestamp("us")
    return pa.decimal128(38, 18) if kind.lower() == "decimal" else getattr(pa, _INTERIM[kind.lower()])()


def interim_type(arrow: pa.DataType) -> str:
    """Arrow's type as Data Factory's interim type; what has none is an Object."""
    from pyarrow import types

    if types.is_timestamp(arrow) or types.is_date(arrow):
        return "DateTime"
    if types.is_decimal(arrow):
        return "Decimal"
    if types.is_nested(arrow):
        return "Object"
    names = {"bool": "Boolean", "double": "Double", "float": "Single", "binary": "Byte[]", "int8": "SByte"}
    names |= {"uint8": "Byte", "string": "String", "large_string": "String"}
    text = str(arrow)
    return names.get(text) or (text.replace("int", "Int").replace("uI", "UI") if "int" in text else "Object")


def _source(batch: pa.RecordBatch, source: Json, file_path: str) -> pa.Array:
    if source.get("path"):
        return _at_path(batch, str(source["path"]), file_path)
    if source.get("name"):
        return _column(batch, str(source["name"]), file_path)
    ordinal = int(source["ordinal"])
    if not 1 <= ordinal <= batch.num_columns:
        raise bad_data(file_path, f"there is no column {ordinal}, there are {batch.num_columns}")
    return batch.column(ordinal - 1)


def _column(batch: pa.RecordBatch, name: str, file_path: str) -> pa.Array:
    at = batch.schema.get_field_index(name)
    if at < 0:
        raise bad_data(file_path, f"there is no column '{name}', only {', '.join(batch.schema.names)}")
    return batch.column(at)


def _at_path(batch: pa.RecordBatch, path: str, file_path: str) -> pa.Array:
    """`$['a']['b']` or `$.a.b`, from the root of each object; a step into an array is not done."""
    import pyarrow as pa
    from pyarrow import compute

    steps = [one[0].replace("''", "'") or one[1] for one in _STEP.findall(path.removeprefix("$"))]
    if not steps or "[" in re.sub(_STEP, "", path):
        raise ActivityFailed(CODE, f"The local Azure does not map the path {path!r}.")
    column = _column(batch, steps[0], file_path)
    for step in steps[1:]:
        if not pa.types.is_struct(column.type) or column.type.get_field_index(step) < 0:
            raise bad_data(file_path, f"there is nothing at the path {path}")
        column = compute.struct_field(column, step)
    return column
