"""The checks of one column, a batch at a time: nulls, bounds, allowed values. Memory does not grow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .check_results import judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from .check_results import CheckResult


@dataclass
class ColumnWatch:
    """Sees a column's batches, all of one type; `results` judges. NaN is missing, and breaks no bound."""

    name: str
    wanted: Mapping[str, Any]
    rows: int = 0
    nulls: int = 0
    low: Any = None
    high: Any = None
    below: int = 0
    above: int = 0
    strange: int = 0
    strangest: Any = None
    numeric: bool = True
    _allowed: pa.Array = field(default=None, repr=False)

    def see(self, column: pa.ChunkedArray) -> None:
        import pyarrow as pa

        column = _plain(column)
        self.numeric = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        present = _present(column)
        self.rows += len(column)
        self.nulls += len(column) - len(present)
        if self.numeric and len(present) and {"minimum", "maximum"} & self.wanted.keys():
            self._see_bounds(present)
        if "allowed_values" in self.wanted and len(present):
            self._see_values(present)

    def _see_bounds(self, present: pa.ChunkedArray) -> None:
        from pyarrow import compute

        found = compute.min_max(present).as_py()
        self.low = found["min"] if self.low is None else min(self.low, found["min"])
        self.high = found["max"] if self.high is None else max(self.high, found["max"])
        minimum, maximum = self.wanted.get("minimum"), self.wanted.get("maximum")
        if minimum is not None and found["min"] < minimum:
            self.below += compute.sum(compute.less(present, minimum)).as_py()
        if maximum is not None and found["max"] > maximum:
            self.above += compute.sum(compute.greater(present, maximum)).as_py()

    def _see_values(self, present: pa.ChunkedArray) -> None:
        from pyarrow import compute

        if self._allowed is None:
            self._allowed = _as_type(self.wanted["allowed_values"], present.type)
        compared = present if self._allowed.type == present.type else present.cast(self._allowed.type)
        others = compared.filter(compute.invert(compute.is_in(compared, self._allowed)))
        self.strange += len(others)
        if len(others) and self.strangest is None:
            self.strangest = others[0].as_py()

    # ------------------------------------------------------------------------------------- judgement

    def results(self) -> Iterator[CheckResult]:
        for name in ("maximum_nulls_percent", "minimum", "maximum", "allowed_values"):
            if name in self.wanted:
                yield getattr(self, f"_{name}")()

    def _result(self, name: str, found: str, allowed: str, *, passed: bool) -> CheckResult:
        return judged(f"columns.{self.name}.{name}", found, allowed, passed=passed)

    def _maximum_nulls_percent(self) -> CheckResult:
        bound = self.wanted["maximum_nulls_percent"]
        percent = 100 * self.nulls / max(self.rows, 1)
        found = f"{percent:.4g} % ({self.nulls} of {self.rows} rows)"
        return self._result("maximum_nulls_percent", found, f"at most {bound:g} %", passed=percent <= bound)

    def _minimum(self) -> CheckResult:
        return self._bound("minimum", f"at least {_number(self.wanted['minimum'])}", self.low, self.below)

    def _maximum(self) -> CheckResult:
        return self._bound("maximum", f"at most {_number(self.wanted['maximum'])}", self.high, self.above)

    def _bound(self, name: str, allowed: str, found: Any, beyond: int) -> CheckResult:  # noqa: ANN401
        if not self.numeric and self.nulls < self.rows:
            return self._result(name, "values that are no numbers", allowed, passed=False)
        if found is None:
            return self._result(name, "no value", allowed, passed=True)
        more = f" ({beyond} of {self.rows} rows are beyond)" if beyond else ""
        return self._result(name, f"{_number(found)}{more}", allowed, passed=not beyond)

    def _allowed_values(self) -> CheckResult:
        allowed = f"one of {', '.join(map(repr, self.wanted['allowed_values']))}"
        found = f"{self.strangest!r} ({self.strange} of {self.rows} rows are another value)"
        return self._result(
            "allowed_values", found if self.strange else "only these", allowed, passed=not self.strange
        )


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Decimals as floating numbers, the values of a dictionary as they are."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column


def _present(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    from pyarrow import compute

    present = column.drop_null()
    if not pa.types.is_floating(column.type):
        return present
    missing = compute.is_nan(present)
    return present.filter(compute.invert(missing)) if compute.any(missing).as_py() else present


def _as_type(values: list[Any], kind: pa.DataType) -> pa.Array:
    """The values as the column has them; as texts, where they cannot be."""
    import pyarrow as pa

    try:
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.array([_text(each) for each in values], pa.string())


def _number(value: float) -> str:
    return f"{value:.10g}"


def _text(value: Any) -> str:  # noqa: ANN401
    return str(value).lower() if isinstance(value, bool) else str(value)
