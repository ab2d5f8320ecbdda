"""The gate: what a new model must be, by itself and beside the champion."""

from __future__ import annotations

import pytest

from ml_pipelines.steps import gate
from ml_pipelines.steps.check_results import judged

R2 = {"r2": {"minimum": 0.4, "margin": 0.02}}


def decide(said=R2, new=0.5, champion=None, **more):
    known = None if champion is None else ("3", {"r2": champion})
    return gate.decide(said, {"r2": new, "rows": 7.0}, known, **({"approve": True} | more))


@pytest.mark.parametrize(
    ("said", "new", "champion", "reason"),
    [
        ({"minimum": 0.4}, 0.3, None, "the gate demands r2 >= 0.4, and it is 0.3"),
        (
            {"minimum": 0.4, "maximum": 0.8, "better": "higher"},
            0.9,
            None,
            "the gate demands r2 >= 0.4 and <= 0.8, and it is 0.9",
        ),
        ({"better": "lower"}, float("nan"), None, "the gate demands r2 a number, and it is nan"),
        (
            {"minimum": 0.4, "margin": 0.02},
            0.46,
            0.5,
            "the gate demands r2 >= 0.48 (version 3 has 0.5, margin 0.02), and it is 0.46",
        ),
        (
            {"maximum": 60, "margin": 2},
            53,
            50,
            "the gate demands r2 <= 52 (version 3 has 50, margin 2), and it is 53",
        ),
    ],
)
def test_a_refusal_says_the_metric_what_it_must_be_and_what_it_is(said, new, champion, reason):
    decision = decide({"r2": said}, new, champion)

    assert (decision.word, decision.reason) == ("refused", reason)


def test_all_that_is_bad_is_said_in_one_sentence():
    said = {"r2": {"minimum": 0.4}, "rows": {"minimum": 10, "margin": 1}}

    reason = decide(said, 0.3, others=[judged("drift", "0.4", "0.2", passed=False)]).reason

    assert reason == (
        "the check `drift` found 0.4; allowed: 0.2; "
        "the gate demands r2 >= 0.4, and it is 0.3, rows >= 10, and it is 7"
    )


def test_the_bound_itself_is_good_enough():
    """As is the margin itself, whatever floating point makes of it."""
    assert decide(new=0.4).approved
    assert decide({"r2": {"better": "higher", "margin": 0.1}}, 0.7, 0.8).approved


def test_without_bounds_the_champion_alone_is_the_measure():
    """And a number is what there must be where there is no champion."""
    said = {"r2": {"better": "higher"}}

    assert [each.check for each in decide(said, 0.5, 0.5).results] == ["metrics.r2.margin"]
    assert [each.check for each in decide(said, 0.5).results] == ["metrics.r2"]


def test_without_a_gate_every_model_passes():
    assert (decide({}).gate, decide({}).word) == ("none", "approved")


def test_a_model_that_passes_waits_where_somebody_is_to_approve_it():
    """`training.approve: false`; a refusal is one all the same."""
    assert [decide(approve=False).word, decide(new=0.1, approve=False).word] == ["passed", "refused"]
    assert not decide(approve=False).approved


def test_checks_of_the_data_that_failed_refuse_the_model_too():
    overtaken = judged("champion", "version 5", "version 4", passed=False)

    decision = decide(others=[overtaken])

    assert decision.reason == "the check `champion` found version 5; allowed: version 4"
    assert decision.refused
