"""What the user's run() returned, as rows: one a row of its input, or one a file. Pure.

A DataFrame keeps its columns; a list, Series or one-dimensional array becomes the column `prediction`; an
array of several columns, or a list of equally long lists, becomes `prediction_0`, `prediction_1`, …; a list
of dicts becomes their keys. Length and order are those of the input: anything else is an error, no shift.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import WrongResult, WrongResultLength

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PREDICTION = "prediction"
EXPECTED = "a DataFrame, Series, list or array with one result for each of its inputs"


@dataclass(frozen=True)
class Place:
    """Where a result comes from: for messages."""

    model: str
    window: str
    files: str
    unit: str


def as_frame(result: object, expected: int, place: Place) -> pd.DataFrame:
    """The result with its own columns and `expected` rows; raises WrongResult or WrongResultLength."""
    import numpy as np
    import pandas as pd

    if isinstance(result, str | bytes | Mapping) or not hasattr(result, "__len__"):
        raise WrongResult(place.model, place.window, place.files, _name(result), EXPECTED)
    if len(result) != expected:
        raise WrongResultLength(place.model, place.window, place.files, expected, len(result), place.unit)
    match result:
        case pd.DataFrame():
            return result.reset_index(drop=True).rename(columns=str)
        case pd.Series():
            return pd.DataFrame({PREDICTION: result.to_numpy()})
        case np.ndarray():
            return _from_array(result)
        case _ if isinstance(result, Sequence):
            return _from_list(result)
    raise WrongResult(place.model, place.window, place.files, _name(result), EXPECTED)


def _from_array(result: Any) -> pd.DataFrame:  # noqa: ANN401 - numpy is imported late
    import pandas as pd

    flat = result.reshape(len(result), -1) if len(result) else result.reshape(0, 1)
    if flat.shape[1] == 1:
        return pd.DataFrame({PREDICTION: flat[:, 0]})
    return pd.DataFrame({f"{PREDICTION}_{number}": flat[:, number] for number in range(flat.shape[1])})


def _from_list(result: Sequence[Any]) -> pd.DataFrame:
    import pandas as pd

    if result and all(isinstance(each, Mapping) for each in result):
        return pd.DataFrame(list(result)).rename(columns=str)
    if result and all(_is_row(each) for each in result) and len({len(each) for each in result}) == 1:
        columns = list(zip(*result, strict=True))
        names = [PREDICTION] if len(columns) == 1 else [f"{PREDICTION}_{n}" for n in range(len(columns))]
        return pd.DataFrame(dict(zip(names, map(list, columns), strict=True)))
    return pd.DataFrame({PREDICTION: list(result)})


def _is_row(each: object) -> bool:
    return hasattr(each, "__len__") and not isinstance(each, str | bytes | Mapping)


def with_keys(frame: pd.DataFrame, keys: Mapping[str, Any], place: Place) -> pa.Table:
    """The keys, then the result's other columns. A key in the result must be the input's, row for row."""
    import pyarrow as pa

    columns: dict[str, Any] = {}
    for name, values in keys.items():
        column = values if isinstance(values, pa.ChunkedArray | pa.Array) else pa.array(values)
        if name in frame.columns and frame[name].astype(str).tolist() != [str(v) for v in column.to_pylist()]:
            raise WrongResult(
                place.model, place.window, place.files, f"another {name!r} column than it was given", EXPECTED
            )
        columns[name] = column
    for name in frame.columns:
        if name not in columns:
            columns[name] = _column(frame[name], place)
    return pa.table(columns)


def _column(series: pd.Series[Any], place: Place) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.Array.from_pandas(series)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        found = f"values of several kinds in {series.name!r} ({str(error).splitlines()[0]})"
        raise WrongResult(place.model, place.window, place.files, found, "one type a column") from error


def _name(result: object) -> str:
    return "None" if result is None else f"a {type(result).__name__}"
