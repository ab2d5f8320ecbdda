"""Columns of CSV as the numbers that pandas would find, where Arrow finds others, more or fewer. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

BEYOND = 2.0**63
"""Arrow knows no whole number from here on, and reads it as a floating one that is near to it."""
WHOLE = r"^\s*[+-]?[0-9]+\s*$"
MOSTLY = 0.5
"""The share of a column's values that must be numbers for it to be a column of numbers."""


def doubtful(table: pa.Table, content: bytes) -> list[str]:
    """The columns of numbers where one may be hexadecimal, or have more than 64 bits."""
    import pyarrow as pa

    whole = [column.name for column in table.schema if pa.types.is_integer(column.type)]
    others = [column.name for column in table.schema if pa.types.is_floating(column.type)]
    rounded = [name for name in others if _beyond_64_bits(table.column(name))]
    return rounded + (whole if whole and _hexadecimal(content) else [])


def _beyond_64_bits(numbers: pa.ChunkedArray) -> bool:
    from pyarrow import compute

    ends = compute.min_max(numbers).as_py().values()
    return any(BEYOND <= abs(end) < math.inf for end in ends if end is not None)


def _hexadecimal(content: bytes) -> bool:
    """Whether there is a 0x or 0X; `in` is quick to find that there is no x, and slow with two letters."""
    if b"x" not in content and b"X" not in content:
        return False
    import numpy as np

    letters = np.frombuffer(content, np.uint8)
    return bool(((letters[:-1] == ord("0")) & (letters[1:] | 0x20 == ord("x"))).any())


def as_pandas_reads(numbers: pa.ChunkedArray, texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column that Arrow took for numbers and that is written so: texts, or what it rounded as it is."""
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_integer(numbers.type):
        return texts if compute.any(compute.match_substring_regex(texts, "[xX]")).as_py() else numbers
    if not compute.all(compute.match_substring_regex(texts, WHOLE)).as_py():
        return numbers
    try:
        return texts if texts.null_count else texts.cast(pa.uint64())
    except pa.ArrowInvalid:
        return texts


def no_numbers(texts: pa.ChunkedArray) -> list[int]:
    """Where a column that is mostly numbers has none; nowhere, if it is one of texts."""
    import numpy as np
    import pandas as pd

    column = texts.to_pandas()
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = np.flatnonzero((numbers.isna() & column.notna()).to_numpy())
    return wrong.tolist() if len(wrong) <= MOSTLY * int(column.notna().sum()) else []


def numbers_of(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts that all are numbers as what they would be without the others: whole where all are."""
    import pandas as pd
    import pyarrow as pa

    values = pd.to_numeric(texts.to_pandas(), errors="coerce")
    whole = values.dtype == "int64" and len(values)
    numbers = pa.chunked_array([pa.Array.from_pandas(values if whole else values.astype("float64"))])
    return as_pandas_reads(numbers, texts) if not whole and _beyond_64_bits(numbers) else numbers
