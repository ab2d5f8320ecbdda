"""What the types of `training` cannot say: a gate that says nothing, held-out data that are trained with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from config.wrong import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def metric(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of one metric of `training.gate`."""
    if not isinstance(value, dict):
        return
    low, high, better = (value.get(name) for name in ("minimum", "maximum", "better"))
    if better is None and low is None and high is None:
        expected = "`minimum`, `maximum` or `better`: else nobody knows which is better, higher or lower"
        yield Wrong("a metric without a bound", expected)
    if better is None and low is not None and high is not None:
        yield Wrong("`minimum` and `maximum`", "`better: higher` or `better: lower` beside them")
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        yield Wrong(f"{low} above `maximum` {high}", "a range that holds a number", key="minimum")


def held_out(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of `training`: what is trained with tells nothing about data that the model has not seen."""
    if not isinstance(value, dict):
        return
    trained_with, apart = value.get("data"), value.get("held_out")
    if not isinstance(trained_with, str) or not isinstance(apart, str):
        return
    if f"{apart.strip('/')}/".startswith(f"{trained_with.strip('/')}/"):
        expected = f"a path outside `data`, `{trained_with}`: all below that is trained with"
        yield Wrong(f"`{apart}`", expected, key="held_out")
