"""What a model scores with: what its pipeline in the factory says, whatever the configuration says by now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployment import report
from deployment.models import in_force, said_by
from tests.unit.deployment.fakes import Registered, pipeline
from tests.unit.deployment.test_promotion import DEV, MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

FROM_DEV = [
    Registered("churn", n, {"source_environment": "dev", "source_version": str(n + 6), "approved": "true"})
    for n in (1, 2)
]
SETTINGS = DEV.model_copy(update={"models": {"churn": MODEL}})


class Registry:
    def models(self, _: str) -> Sequence[Registered]:
        return FROM_DEV


def scoring_with(version: str) -> dict[str, object]:
    parameters = {"model_version": {"type": "String", "defaultValue": version}}
    return {"score_churn": pipeline("score_churn", parameters=parameters).properties}


def test_a_release_that_was_taken_back_scores_with_its_own_version():
    """Though the configuration still means the newest."""
    assert in_force(SETTINGS, Registry(), said_by(scoring_with("dev:7")))["churn"] == FROM_DEV[0]
    assert in_force(SETTINGS, Registry())["churn"] == FROM_DEV[1]


def test_a_pipeline_that_says_nothing_leaves_it_to_the_configuration():
    assert said_by({"copy": {"activities": []}, "score_churn": {"parameters": None}}) == {}


def test_a_model_that_cannot_score_yet_says_what_to_do():
    """Where it is not trained here, only how it is promoted."""
    model = MODEL.model_copy(update={"version": None})
    lines = [line.text for line in report.lines_without_model([model], "prod")]

    assert lines == [
        "churn cannot score yet: no approved version of the model churn is here",
        "  promote one:  `version` below `models.churn` (docs/migrating.md)",
    ]
