"""What `score_<model>` does once a window has landed, where the model has a warehouse table.

    check_landing ──► prepare_tables ──► stage_window ──► swap_window
          │                           (copy_window inside)     │
          └───────────── swap_window failed, or was skipped ───┴──► fail_warehouse

`swap_window` is skipped where an activity before it failed. Together with `check_landing` succeeded that
means: the lake has the window and the table does not. Each of the three is idempotent (warehouse_sql.py says
why), so each is retried, and the run may be run again from any of them.

`stage_window` copies only where rows landed: a file without rows need not have the table's columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adf import activities, datasets, warehouse_sql
from adf.expressions import Value, constant, evaluated, first_filled, joined, quoted
from adf.warehouse_sql import STAGING_DAYS, Tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.output_schema import WarehouseTable
    from config.schema import Model, Settings

PREPARATION_MINUTES = 10
INSTANT = "yyyy-MM-dd HH:mm:ss.fffffff"
"""What datetime2 takes whatever the language of the login, and SQLite sorts."""


def steps(settings: Settings, model: Model, *, receipt: str, window: str) -> list[activities.Activity]:
    """Nothing where the model has no table. `receipt`: the expression of what `read_receipt` found; `window`:
    of the window, for people.
    """
    warehouse = model.output.warehouse
    if warehouse is None:
        return []
    tables = Tables.of(warehouse)
    return [
        _prepare_tables(settings, tables),
        _stage_window(settings, model, warehouse, receipt),
        _swap_window(settings, warehouse, receipt),
        _fail_warehouse(model, warehouse, receipt, window),
    ]


def _prepare_tables(settings: Settings, tables: Tables) -> activities.Activity:
    stale = f"addDays(utcNow(), -{STAGING_DAYS}, {quoted(INSTANT)})"
    return activities.run_script(
        "prepare_tables",
        warehouse_sql.preparation(tables),
        {"stale": ("String", evaluated(stale))},
        linked_service=settings.data_factory.linked_service_warehouse,
        timeout_minutes=PREPARATION_MINUTES,
        depends_on=activities.after(check_landing="Succeeded"),
    )


def _stage_window(
    settings: Settings, model: Model, warehouse: WarehouseTable, receipt: str
) -> activities.Activity:
    copy = activities.copy_to_table(
        "copy_window",
        source=datasets.reference(
            datasets.landed_name(settings, model.output.format),
            {"folder_path": evaluated(_folder_of(receipt)), "file_name": evaluated(_file_of(receipt))},
        ),
        source_format=datasets.FORMATS[model.output.format],
        sink=datasets.reference(datasets.table_name(settings), _table(Tables.of(warehouse))),
        additional_columns={
            "run_group": evaluated("pipeline().GroupId"),
            "staged_at": evaluated(f"utcNow({quoted(INSTANT)})"),
        },
        columns=[*warehouse.columns, "scored_at", "run_group", "staged_at"],
        pre_copy_script=evaluated(_clearing(Tables.of(warehouse))),
        timeout_minutes=warehouse.timeout_minutes,
    )
    rows = f"greater({receipt}?.rows_scored, 0)"
    return activities.if_so("stage_window", rows, [copy], activities.after(prepare_tables="Succeeded"))


def _table(tables: Tables) -> Mapping[str, Value]:
    return {"schema": constant(tables.schema), "table": constant(tables.staging_table)}


def _folder_of(receipt: str) -> str:
    return f"substring({receipt}.path, 0, lastIndexOf({receipt}.path, '/'))"


def _file_of(receipt: str) -> str:
    return f"last(split({receipt}.path, '/'))"


def _clearing(tables: Tables) -> str:
    """A run group is Data Factory's own: no quote is in it, but none would get out of the literal either."""
    before, after = warehouse_sql.clearing(tables)
    group = "replace(pipeline().GroupId, '''', '''''')"
    return joined(quoted(before), group, quoted(after))


def _swap_window(settings: Settings, warehouse: WarehouseTable, receipt: str) -> activities.Activity:
    def instant(of: str) -> Value:
        return evaluated(f"formatDateTime({receipt}.{of}, {quoted(INSTANT)})")

    parameters: dict[str, tuple[str, Any]] = {
        "run_group": ("String", evaluated("pipeline().GroupId")),
        "window_start": ("String", instant("window_start")),
        "attempt_started": ("String", instant("attempt_started")),
        "model_version": ("Int64", evaluated(f"int({receipt}.model_version)")),
        "row_count": ("Int64", evaluated(f"{receipt}.rows_scored")),
    }
    return activities.run_script(
        "swap_window",
        warehouse_sql.swap(Tables.of(warehouse)),
        parameters,
        linked_service=settings.data_factory.linked_service_warehouse,
        timeout_minutes=warehouse.timeout_minutes,
        depends_on=activities.after(stage_window="Succeeded"),
    )


def _fail_warehouse(
    model: Model, warehouse: WarehouseTable, receipt: str, window: str
) -> activities.Activity:
    reason = quoted("no message")
    for name in ("swap_window", "stage_window", "prepare_tables"):
        reason = first_filled(f"activity('{name}')?.error?.message", reason)
    message = joined(
        quoted(f"{model.name}: window "),
        window,
        quoted(" has landed in the lake ("),
        f"{receipt}?.path",
        quoted(f"), and is not in the table {warehouse.table}: "),
        reason,
        quoted(". Mend it, then rerun this run from prepare_tables: nothing is scored again"),
    )
    return activities.fail(
        "fail_warehouse",
        message,
        error_code="NotInWarehouse",
        depends_on=activities.after(check_landing="Succeeded", swap_window=("Failed", "Skipped")),
    )
