"""What the user's run() returned, as rows: one a row of its input, or one a file. Pure.

A DataFrame keeps its columns; a list, Series or one-dimensional array becomes the column `prediction`; an
array of several columns, or a list of equally long lists, becomes `prediction_0`, `prediction_1`, …; a list
of dicts becomes their keys. Length and order are those of the input: anything else is an error, no shift. An
index is not aligned, it is believed: one that has the input's rows, or their keys, in another order is an
error too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .errors import WrongResult, WrongResultLength, describe

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PREDICTION = "prediction"
EXPECTED = "a DataFrame, Series, list or array with one result for each of its inputs"
ONE_TYPE = "one type a column: numbers, texts, times or truth values"
IN_ORDER = (
    "the input's order: `.loc[mini_batch.index]` puts rows back into it, `.reset_index(drop=True)` "
    "says that they are in it"
)
WHOLE = 2**53
"""Beyond it not every whole number is a floating one."""


@dataclass(frozen=True)
class Place:
    """Where a result comes from: for messages."""

    model: str
    window: str
    files: str
    unit: str

    def wrong(self, found: str, expected: str) -> WrongResult:
        return WrongResult(self.model, self.window, self.files, found, expected)


def as_frame(result: object, expected: int, place: Place) -> pd.DataFrame:
    """The result with its own columns and `expected` rows; raises WrongResult or WrongResultLength."""
    if isinstance(result, str | bytes | Mapping) or (length := _length(result)) is None:
        raise place.wrong(_name(result), EXPECTED)
    if length != expected:
        raise WrongResultLength(place.model, place.window, place.files, expected, length, place.unit)
    try:
        return _frame(result, place)
    except UnicodeEncodeError as error:
        raise place.wrong(f"a text that has no form in UTF-8 ({error})", EXPECTED) from error
    except ValueError as error:
        raise place.wrong(f"{_name(result)} that makes no table ({describe(error)})", EXPECTED) from error


def _frame(result: object, place: Place) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    match result:
        case pd.DataFrame():
            return _named(result.reset_index(drop=True), place)
        case pd.Series():
            return pd.DataFrame({PREDICTION: result.reset_index(drop=True)})
        case pd.Index() | pd.api.extensions.ExtensionArray():
            return pd.DataFrame({PREDICTION: pd.Series(result)})
        case np.ndarray():
            return _from_array(result)
        case _ if isinstance(result, Sequence):
            return _from_list(result, place)
    raise place.wrong(_name(result), EXPECTED)


def labels_of(given: object, expected: int) -> pd.Index[Any]:
    """The index of what run() is given, which run() may change: a DataFrame's own, or the rows' numbers."""
    import pandas as pd

    return given.index if isinstance(given, pd.DataFrame) else pd.RangeIndex(expected)


def check_order(result: object, given: pd.Index[Any], keys: Mapping[str, Any], place: Place) -> None:
    """Raises WrongResult where the result's index has the labels of `given`, the input's, in another order,
    or the rows' keys: each of its rows would get the key of another. A DataFrame that brings its keys is
    told by them (with_keys).
    """
    import pandas as pd

    if not isinstance(result, pd.DataFrame | pd.Series) or result.index.equals(given):
        return
    if isinstance(result, pd.DataFrame) and all(name in result.columns for name in keys):
        return
    labels = [given, *(pd.Index(_pandas(values)) for values in keys.values())]
    if any(result.index.equals(each) for each in labels):
        return
    found = set(result.index)
    if any(found == set(each) for each in labels):
        raise place.wrong("its rows in another order than they were given, as their index says", IN_ORDER)


def _length(result: object) -> int | None:
    try:
        return len(result)  # type: ignore[arg-type]
    except TypeError:
        return None


def _pandas(values: Any) -> Any:  # noqa: ANN401 - a list, or an Arrow array
    return values.to_pandas() if hasattr(values, "to_pandas") else values


def _named(frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Its columns by the texts of their names."""
    names = [str(name) for name in frame.columns]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise place.wrong(f"more than one column {twice[0]!r}", "columns with names of their own")
    return frame.set_axis(names, axis=1)


def _from_array(result: Any) -> pd.DataFrame:  # noqa: ANN401 - numpy is imported late
    import numpy as np
    import pandas as pd

    if isinstance(result, np.matrix):  # which is never one-dimensional: a sum over SciPy's sparse rows
        result = np.asarray(result)
    if result.dtype.names:
        return pd.DataFrame({name: result[name] for name in result.dtype.names})
    flat = result.reshape(len(result), -1) if len(result) else result.reshape(0, 1)
    if flat.shape[1] == 1:
        return pd.DataFrame({PREDICTION: flat[:, 0]})
    return pd.DataFrame({f"{PREDICTION}_{number}": flat[:, number] for number in range(flat.shape[1])})


def _from_list(result: Sequence[Any], place: Place) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    if result and all(isinstance(each, Mapping) for each in result):
        keys = dict.fromkeys(name for each in result for name in each)
        return _named(_exactly({name: [each.get(name) for each in result] for name in keys}), place)
    if result and isinstance(result[0], pd.DataFrame):
        raise place.wrong("a list of DataFrames", "one DataFrame: `pd.concat(…)` makes it")
    if result and all(isinstance(each, np.ndarray) for each in result) and len(set(map(_kind, result))) == 1:
        return _from_array(np.stack(result))
    if result and all(_is_row(each) for each in result) and len({len(each) for each in result}) == 1:
        columns = list(zip(*result, strict=True))
        names = [PREDICTION] if len(columns) == 1 else [f"{PREDICTION}_{n}" for n in range(len(columns))]
        return _exactly(dict(zip(names, map(list, columns), strict=True)))
    return _exactly({PREDICTION: list(result)})


def _kind(array: Any) -> tuple[object, ...]:  # noqa: ANN401 - numpy is imported late
    return array.dtype, array.shape


def _is_row(each: object) -> bool:
    return _length(each) is not None and not isinstance(each, str | bytes | Mapping | AbstractSet)


def _exactly(columns: Mapping[Any, list[Any]]) -> pd.DataFrame:
    """As pandas would have them, but for a whole number that it would lose, where another is missing."""
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame(columns)
    for name, values in columns.items():
        column = frame[name]
        if column.dtype != np.float64 or not (column.abs() >= WHOLE).any():
            continue
        if any(isinstance(each, int | np.integer) and abs(int(each)) > WHOLE for each in values):
            frame[name] = pd.Series(values, dtype=object)
    return frame


def with_keys(frame: pd.DataFrame, keys: Mapping[str, Any], place: Place) -> pa.Table:
    """The keys, then the result's other columns. A key in the result must be the input's, row for row."""
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name, values in keys.items():
        column = values if isinstance(values, pa.ChunkedArray | pa.Array) else pa.array(values)
        if name in frame.columns and not _same(frame[name], column):
            raise place.wrong(f"another {name!r} column than it was given", EXPECTED)
        columns[name] = _values(column)
    results = [name for name in frame.columns if name not in columns]
    if not results:
        raise place.wrong("no column of results", EXPECTED)
    for name in results:
        columns[name] = _column(frame[name], place)
    return pa.table(columns)


def _same(series: pd.Series[Any], column: pa.ChunkedArray | pa.Array) -> bool:
    """Whether these are the keys, though pandas has them in another type; or their texts."""
    import pyarrow as pa

    try:
        if pa.array(series, from_pandas=True).cast(column.type).to_pylist() == column.to_pylist():
            return True
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        pass
    return series.astype(str).tolist() == [str(value) for value in column.to_pylist()]


def _column(series: pd.Series[Any], place: Place) -> pa.Array:
    import pyarrow as pa

    try:
        column = pa.Array.from_pandas(series)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        found = f"values of several kinds in {series.name!r} ({str(error).splitlines()[0]})"
        raise place.wrong(found, ONE_TYPE) from error
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        found = f"values in {series.name!r} that no column of a table can hold ({describe(error)})"
        raise place.wrong(found, ONE_TYPE) from error
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if isinstance(kind, pa.BaseExtensionType):
        raise place.wrong(f"{series.dtype} in {series.name!r}", f"{ONE_TYPE}; `.astype(str)` makes texts")
    if found := _strange(series, kind):
        raise place.wrong(f"{found} in {series.name!r}", ONE_TYPE)
    return _values(column)


def _strange(series: pd.Series[Any], kind: pa.DataType) -> str:
    """What Arrow takes for one kind though it is two, each in the other's form, or for one without a form."""
    import pyarrow as pa

    if pa.types.is_struct(kind) and not kind.num_fields:
        return "nothing but empty dicts"
    if series.dtype != object:
        return ""
    there = series.dropna()
    if pa.types.is_timestamp(kind) and len({each.tzinfo is None for each in there}) > 1:
        return "times with a zone and times without one"
    if pa.types.is_date(kind) and any(isinstance(each, datetime) for each in there):
        return "dates and times"
    if pa.types.is_binary(kind) and any(isinstance(each, str) for each in there):
        return "bytes and texts"
    return ""


def _values(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Those of a dictionary themselves: its numbers may be too small to count the values of a whole window,
    and no reader would say so before it has read the file. Of 16-bit floating numbers, which most readers do
    not know, and most of Arrow's functions neither, the same in 32 bits.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.float32()) if pa.types.is_float16(column.type) else column


def _name(result: object) -> str:
    return "None" if result is None else f"a {type(result).__name__}"
