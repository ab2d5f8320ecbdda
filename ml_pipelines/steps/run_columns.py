"""What each landed row says of its run, behind the results: window_start, model_version, scored_at. Pure.

Instants are UTC: timestamps in Parquet, ISO texts in CSV. `scored_at` is the attempt's start, one instant for
the whole window. They are put behind what lands and are in no part: in CSV as values, in Parquet as a few
bytes a row group.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .errors import ReservedColumn

if TYPE_CHECKING:
    import pyarrow as pa

    from .work import Plan

OF_ROWS = "which every landed row says of its run: rename it, or set `output.run_columns: false`"
FOLDER = "window"
OF_FOLDERS = (
    "which readers of several windows take from the folders' names `window=…`: pandas refuses such files, "
    "DuckDB shows the folder's value in its place. Rename it (or the row key, where it is that)"
)


@dataclass(frozen=True)
class RunColumns:
    """Name → the value that every row has."""

    values: dict[str, pa.Scalar]

    @classmethod
    def of(cls, plan: Plan) -> RunColumns:
        if not plan.run_columns:
            return cls({})
        import pyarrow as pa

        instant = _text if plan.output_format == "csv" else _timestamp
        return cls(
            {
                "window_start": instant(plan.window_start),
                "model_version": pa.scalar(int(plan.model_version), pa.int64()),
                "scored_at": instant(plan.started),
            }
        )

    def check(self, results: pa.Table, model: str) -> None:
        """Raises ReservedColumn where the results have a column of one of these names, or of the folders'."""
        for name in results.column_names:
            if name in self.values:
                raise ReservedColumn(model, name, OF_ROWS)
            if name.lower() == FOLDER:
                raise ReservedColumn(model, name, OF_FOLDERS)

    def behind(self, results: pa.Table) -> pa.Table:
        import pyarrow as pa

        for name, value in self.values.items():
            results = results.append_column(name, pa.repeat(value, results.num_rows))
        return results

    def schema_behind(self, results: pa.Schema) -> pa.Schema:
        import pyarrow as pa

        return pa.schema([*results, *(pa.field(name, value.type) for name, value in self.values.items())])

    def alone(self, rows: int) -> pa.Table:
        """These columns and no others, of so many rows."""
        import pyarrow as pa

        return pa.table({name: pa.repeat(value, rows) for name, value in self.values.items()})


def _timestamp(instant: str) -> Any:  # noqa: ANN401 - pyarrow is imported late
    import pyarrow as pa

    return pa.scalar(datetime.fromisoformat(instant), pa.timestamp("us", "UTC"))


def _text(instant: str) -> Any:  # noqa: ANN401 - pyarrow is imported late
    import pyarrow as pa

    return pa.scalar(datetime.fromisoformat(instant).replace(tzinfo=None).isoformat() + "Z")
