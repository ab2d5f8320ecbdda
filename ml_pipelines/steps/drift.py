"""How a score is distributed, in few numbers, and how far two distributions are apart. Pure.

A `Profile` is what a window's metadata and a model's tags can hold: some bins of nearly equal share, and one
for what is missing. Numbers are binned by their quantiles, anything else by its most frequent values.

The distance is the population stability index, Σ (actual - expected) · ln(actual / expected) over the bins
of the known distribution: 0 for equal shares, never negative, by habit stable below 0.1 and shifted above
0.2. Few rows make it large by themselves: about (bins - 1) · (1/rows of one + 1/rows of the other).
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pyarrow as pa

BINS = 20
SAMPLE_ROWS = 65_536
LONGEST_VALUES = 400
"""Letters of JSON: a model's tag takes 1,000 in all."""
SMALLEST_SHARE = 1e-4
"""An empty bin counts as this share, or one of them would be infinitely far away."""
NEAR = 1e-6
"""Relative: numbers so near to a constant are that constant."""


@dataclass(frozen=True)
class Profile:
    """The shares of a column's bins, from the lowest; `missing` is a share too, and all add up to 1.

    Of numbers, bin i holds what is above `edges[i - 1]` and not above `edges[i]`; the last has no upper edge.
    Of anything else, bin i holds the text `values[i]`, and the last all other texts.
    """

    column: str
    rows: int
    missing: float
    shares: tuple[float, ...]
    edges: tuple[float, ...] = ()
    values: tuple[str, ...] | None = None

    def to_json(self) -> str:
        said = {name: value for name, value in asdict(self).items() if value is not None}
        return json.dumps(said, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """None for `""`, and for what this version of the steps cannot read."""
        try:
            found: dict[str, Any] = json.loads(text)
            lists = {name: tuple(found[name]) for name in ("shares", "edges", "values") if name in found}
            made = cls(**{**found, **lists})
        except (ValueError, TypeError, KeyError):
            return None
        return (
            made if len(made.shares) == len(made.edges if made.numeric else made.values or ()) + 1 else None
        )

    @property
    def numeric(self) -> bool:
        return self.values is None


def profile_of(column: str, sample: pa.Array, rows: int | None = None) -> Profile:
    """Of all the values of a column, or of a sample of `rows`."""
    texts, numbers = _split(sample)
    if numbers is None:
        values = _most_frequent(texts)
        shares, missing = _shares_of_texts(texts, values)
        return Profile(column, rows or len(sample), missing, shares, values=values)
    edges = _quantiles(numbers)
    shares, missing = _shares_of_numbers(numbers, edges)
    return Profile(column, rows or len(sample), missing, shares, edges)


@dataclass(frozen=True)
class Comparison:
    """A column's shares of bins as they are known, and as they are now; the last bin is what is missing."""

    column: str
    labels: tuple[str, ...]
    expected: tuple[float, ...]
    actual: tuple[float, ...]

    @property
    def psi(self) -> float:
        return stability_index(self.expected, self.actual)


def compare(expected: Profile, sample: pa.Array, bins: int) -> Comparison | None:
    """In at most `bins` of the known bins; None where one is of numbers and the other is not."""
    texts, numbers = _split(sample)
    if expected.numeric != (numbers is not None):
        return None
    if numbers is None:
        values, shares = _fewer_values(expected, bins)
        actual, missing = _shares_of_texts(texts, values)
        labels = (*values, "others")
    else:
        edges, shares = _fewer_edges(expected, bins)
        actual, missing = _shares_of_numbers(numbers, edges)
        labels = _intervals(edges)
    return Comparison(expected.column, (*labels, "missing"), (*shares, expected.missing), (*actual, missing))


def psi(expected: Profile, sample: pa.Array, bins: int) -> float:
    """The distance of the values from `expected`, in at most `bins` of its bins.

    Infinite where one is of numbers and the other is not: there is nothing to compare.
    """
    found = compare(expected, sample, bins)
    return math.inf if found is None else found.psi


def _intervals(edges: tuple[float, ...]) -> tuple[str, ...]:
    """Of n edges n + 1 bins, each with its upper edge."""
    if not edges:
        return ("all",)
    shown = [f"{edge:.4g}" for edge in edges]
    between = (f"{low} to {high}" for low, high in pairwise(shown))
    return (f"up to {shown[0]}", *between, f"above {shown[-1]}")


def stability_index(expected: Sequence[float], actual: Sequence[float]) -> float:
    pairs = zip(expected, actual, strict=True)
    floored = [(max(e, SMALLEST_SHARE), max(a, SMALLEST_SHARE)) for e, a in pairs]
    return sum((a - e) * math.log(a / e) for e, a in floored)


class Sample:
    """Some SAMPLE_ROWS of `rows` rows, seen a batch at a time; the same rows give the same sample."""

    def __init__(self, rows: int) -> None:
        import numpy as np

        self._share = SAMPLE_ROWS / max(rows, 1)
        self._random = np.random.default_rng(0)
        self._taken: list[pa.Array] = []

    def see(self, column: pa.ChunkedArray) -> None:
        import pyarrow as pa

        if self._share < 1:
            column = column.filter(pa.array(self._random.random(len(column)) < self._share))
        self._taken += column.chunks

    def values(self) -> pa.Array:
        import pyarrow as pa

        return pa.chunked_array(self._taken).combine_chunks() if self._taken else pa.array([], pa.float64())


# ------------------------------------------------------------------------------------------- bins


def _split(sample: pa.Array) -> tuple[pa.Array, np.ndarray[Any, Any] | None]:
    """The values as texts, and as numbers with NaN for what is missing where they are numbers."""
    import pyarrow as pa

    kind = sample.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return sample, sample.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return sample.cast(pa.string()), None


def _quantiles(numbers: np.ndarray[Any, Any]) -> tuple[float, ...]:
    """At most BINS - 1 different upper edges, so that few different values are a bin each."""
    import numpy as np

    present = np.sort(numbers[~np.isnan(numbers)])
    if not len(present):
        return ()
    if present[0] == present[-1]:
        return _around(float(present[0]))
    at = [len(present) * number // BINS for number in range(1, BINS)]
    edges = np.unique(present[[max(each - 1, 0) for each in at]])
    return tuple(float(f"{edge:.9g}") for edge in edges if edge < present[-1] and np.isfinite(edge))


def _around(value: float) -> tuple[float, ...]:
    """A constant has a bin of its own between all that is below and all that is above it."""
    if not math.isfinite(value):
        return ()
    near = max(abs(value) * NEAR, NEAR)
    return value - near, value + near


def _shares_of_numbers(
    numbers: np.ndarray[Any, Any], edges: tuple[float, ...]
) -> tuple[tuple[float, ...], float]:
    import numpy as np

    present = numbers[~np.isnan(numbers)]
    counts = np.bincount(np.searchsorted(np.array(edges), present), minlength=len(edges) + 1)
    return _as_shares(counts.tolist(), len(numbers))


def _most_frequent(texts: pa.Array) -> tuple[str, ...]:
    """The most frequent first: at most BINS - 1, and no more than a tag or a header can hold."""
    from pyarrow import compute

    counts = compute.value_counts(texts.drop_null())
    ranked = sorted(zip(counts.field("counts").to_pylist(), counts.field("values").to_pylist(), strict=True))
    values = [value for _, value in reversed(ranked[-(BINS - 1) :])]
    while len(json.dumps(values)) > LONGEST_VALUES:
        values.remove(max(values, key=len))
    return tuple(values)


def _shares_of_texts(texts: pa.Array, values: tuple[str, ...]) -> tuple[tuple[float, ...], float]:
    import numpy as np
    import pyarrow as pa
    from pyarrow import compute

    found = compute.index_in(texts.drop_null(), pa.array(values, pa.string())).fill_null(len(values))
    counts = np.bincount(found.to_numpy(zero_copy_only=False), minlength=len(values) + 1)
    return _as_shares(counts.tolist(), len(texts))


def _as_shares(counts: Sequence[int], rows: int) -> tuple[tuple[float, ...], float]:
    """Of the bins, and of what is in none of them."""
    shares = tuple(round(count / max(rows, 1), 6) for count in counts)
    return shares, round((rows - sum(counts)) / max(rows, 1), 6)


def _fewer_edges(profile: Profile, bins: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Edges that cut the distribution in at most `bins` bins, as equal as they allow; and their shares."""
    if len(profile.shares) <= max(bins, len(_around(0.0)) + 1):
        return profile.edges, profile.shares
    present = sum(profile.shares) or 1.0
    kept: list[int] = []
    shares: list[float] = []
    gathered = 0.0
    for number, share in enumerate(profile.shares):
        gathered += share
        full = sum(shares) + gathered >= present * (len(shares) + 1) / bins - 1e-9
        if number == len(profile.edges) or (full and len(shares) < bins - 1):
            kept.append(number)
            shares.append(gathered)
            gathered = 0.0
    return tuple(profile.edges[number] for number in kept[:-1]), tuple(shares)


def _fewer_values(profile: Profile, bins: int) -> tuple[tuple[str, ...], tuple[float, ...]]:
    values = profile.values or ()
    kept = min(bins - 1, len(values))
    return values[:kept], (*profile.shares[:kept], sum(profile.shares[kept:]))
