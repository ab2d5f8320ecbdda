"""A live body is held against a wanted one without writing either down; writing both down says the same."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from adf.entities import EndpointId, EndpointVersion, resolve, spells

PUBLISHED = {"score_churn": ("an id", "7")}
PLACEHOLDERS = st.sampled_from([EndpointId("score_churn"), EndpointVersion("score_churn")])
LEAVES = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a", "7", "an id"])


def bodies(leaves):
    values = st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        ),
        max_leaves=8,
    )
    return st.dictionaries(st.sampled_from("abc"), values, max_size=3)


def text(body):
    return json.dumps(body, sort_keys=True)


@given(bodies(LEAVES), bodies(LEAVES | PLACEHOLDERS))
def test_bodies_are_alike_where_their_texts_are(live, wanted):
    """True is not 1 and 1 is not "1", whatever Python says."""
    assert spells(live, wanted, PUBLISHED) == (text(live) == text(resolve(wanted, PUBLISHED)))


@given(bodies(LEAVES | PLACEHOLDERS))
def test_a_body_is_alike_its_own_in_another_order(wanted):
    """Data Factory gives keys back in an order of its own."""
    live = json.loads(
        json.dumps(resolve(wanted, PUBLISHED)), object_pairs_hook=lambda pairs: dict(pairs[::-1])
    )

    assert spells(live, wanted, PUBLISHED)
