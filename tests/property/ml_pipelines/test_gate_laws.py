"""The gate decides, whatever the numbers are: laws."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from ml_pipelines.steps.gate import decide

NUMBERS = st.floats(-1e6, 1e6)
MARGINS = st.floats(0, 1e6)
BETTER = st.sampled_from(["higher", "lower"])


def refused(said: dict[str, Any], new: float, champion: float | None = None) -> bool:
    known = None if champion is None else ("3", {"m": champion})
    return decide({"m": said}, {"m": new}, known, approve=True).refused


@given(NUMBERS, MARGINS, BETTER)
def test_a_model_that_is_as_good_as_the_champion_passes(value, margin, better):
    """Training again with the same data and code gives the same model: nothing is to be refused."""
    assert not refused({"better": better, "margin": margin}, value, value)


@given(NUMBERS, NUMBERS, MARGINS, BETTER)
def test_it_passes_beside_the_champion_exactly_if_it_is_no_worse_by_more_than_the_margin(
    new, champion, margin, better
):
    worse_by = champion - new if better == "higher" else new - champion
    assume(abs(worse_by - margin) > 1e-6 * max(1.0, abs(champion), abs(new), margin))

    assert refused({"better": better, "margin": margin}, new, champion) == (worse_by > margin)


@given(NUMBERS, NUMBERS, NUMBERS, MARGINS)
def test_a_better_model_passes_wherever_a_worse_one_does(one, other, champion, margin):
    said = {"minimum": 0.0, "margin": margin}
    worse, better = sorted((one, other))

    assert refused(said, worse, champion) or not refused(said, better, champion)


@given(NUMBERS, NUMBERS, BETTER)
def test_better_higher_and_better_lower_are_mirror_images(new, champion, better):
    mirrored = "lower" if better == "higher" else "higher"

    assert refused({"better": better}, new, champion) == refused({"better": mirrored}, -new, -champion)


@given(NUMBERS, st.one_of(st.none(), NUMBERS), NUMBERS)
def test_its_bounds_hold_whatever_the_champion_is(minimum, champion, new):
    """A champion that is bad itself lets no model below the minimum pass."""
    assert refused({"minimum": minimum, "margin": 1e9}, new, champion) == (new < minimum)


@given(
    st.one_of(st.none(), NUMBERS), st.sampled_from([{"better": "higher"}, {"maximum": 1.0}, {"minimum": -9}])
)
def test_what_is_no_number_never_passes(champion, said):
    assert refused(said, math.nan, champion)


@given(st.dictionaries(st.sampled_from("abc"), NUMBERS, min_size=1), NUMBERS)
def test_a_refusal_names_every_metric_that_is_bad_and_no_other(metrics, minimum):
    """One run says all that is wrong."""
    gate = {name: {"minimum": minimum} for name in metrics}
    decision = decide(gate, metrics, None, approve=True)
    bad = [name for name, value in metrics.items() if value < minimum]

    assert [name for name in metrics if f" {name} >= " in decision.reason] == bad
    assert (decision.refused, decision.approved) == (bool(bad), not bad)
