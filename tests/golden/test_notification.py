"""What a workflow of Teams, or a Logic App, is sent when a run failed.

`UPDATE_GOLDEN=1 pytest tests/golden/test_notification.py` writes the files anew; read the diff then.
"""

import json
import os
from pathlib import Path

import pytest

from tests.unit.adf.test_notification import failed, posted, read, run

GOLDEN = Path(__file__).parent / "notification"
SCORING = {"score": failed("ML run 5f0f3c5e failed"), "read_receipt": read(error="column bmi is missing")}


@pytest.mark.parametrize(
    ("pipeline", "outcomes"),
    [("score_diabetes", SCORING), ("train_diabetes", {"train": failed("r2 is 0.1: at least 0.4 is needed")})],
)
def test_the_message_is_exactly_what_it_was(pipeline: str, outcomes: dict):
    ran = run(pipeline, **outcomes)
    ran.status()
    path = GOLDEN / f"{pipeline}.json"
    text = json.dumps(posted(ran), indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    assert path.read_text() == text
