"""Laws of the population stability index and of the profiles that it compares."""

from __future__ import annotations

import json
import math

import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ml_pipelines.steps.drift import BINS, SAMPLE_ROWS, Profile, Sample, profile_of, psi, stability_index

SHARES = st.lists(st.floats(0, 1), min_size=2, max_size=20)
NUMBERS = st.lists(
    st.one_of(st.none(), st.floats(width=32), st.integers(0, 3).map(float)), min_size=1, max_size=200
).map(lambda found: pa.array(found, pa.float64()))
LABELS = st.lists(st.one_of(st.none(), st.text(max_size=80), st.sampled_from(["yes", "no"])), min_size=1).map(
    lambda found: pa.array(found, pa.string())
)
SCORES = st.one_of(NUMBERS, LABELS)


@given(one=SHARES, other=SHARES)
def test_the_index_is_never_negative_and_the_same_both_ways(one, other):
    """Each bin adds something, wherever its share went."""
    assume(len(one) == len(other))

    assert stability_index(one, other) >= 0
    assert stability_index(one, other) == pytest.approx(stability_index(other, one))


@given(scores=SCORES, bins=st.integers(2, BINS))
def test_a_distribution_is_not_apart_from_itself(scores, bins):
    """In however many bins it is compared: 0, but for the digits that a profile keeps."""
    assert psi(profile_of("p", scores), scores, bins) == pytest.approx(0, abs=1e-6)


@given(one=SCORES, other=SCORES, bins=st.integers(2, BINS))
def test_any_two_distributions_have_a_distance(one, other, bins):
    """Never negative, never NaN; infinite between numbers and texts only."""
    distance = psi(profile_of("p", one), other, bins)

    assert distance >= 0
    assert math.isinf(distance) == (one.type != other.type)


@given(scores=SCORES)
def test_a_profile_survives_its_json_and_fits_a_tag(scores):
    """Azure ML's tags hold 1,000 letters; the shares add up to 1."""
    profile = profile_of("prediction", scores)

    assert Profile.from_json(profile.to_json()) == profile
    assert len(profile.to_json()) < 1000
    assert json.loads(profile.to_json())["rows"] == len(scores)
    assert sum(profile.shares) + profile.missing == pytest.approx(1, abs=1e-4)
    assert list(profile.edges) == sorted(set(profile.edges))


WRONG_SHAPE = '{"column": "p", "rows": 1, "missing": 0, "shares": [1, 0, 0], "edges": [1]}'


@pytest.mark.parametrize("text", ["", "{}", "null", "[]", "no JSON", '{"column": "p"}', WRONG_SHAPE])
def test_what_is_no_profile_is_none(text):
    """A tag that somebody else wrote is nothing to compare with."""
    assert Profile.from_json(text) is None


def test_a_sample_is_bounded_and_the_same_for_the_same_rows():
    """Whatever the window's size; a small window is its own sample."""
    column = pa.chunked_array([pa.array(range(1000))])

    def sampled(times: int) -> pa.Array:
        sample = Sample(1000 * times)
        for _ in range(times):
            sample.see(column)
        return sample.values()

    assert sampled(1).to_pylist() == list(range(1000))
    assert SAMPLE_ROWS * 0.97 < len(sampled(300)) < SAMPLE_ROWS * 1.03
    assert sampled(300).equals(sampled(300))
