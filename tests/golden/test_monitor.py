"""Settings in, the exact resources that watch the factory out: a file each, and each query as it is asked.

`UPDATE_GOLDEN=1 pytest tests/golden/test_monitor.py` writes the files anew; read the diff then.
"""

import json
import os
from pathlib import Path

from adf.monitor.queries import QUERIES, Place
from tests.unit.adf.builders import calendar, tumbling
from tests.unit.adf.test_monitor import scheduled, watched

GOLDEN = Path(__file__).parent / "monitor"
FACTORY = "/subscriptions/0/resourceGroups/rg-demo/providers/Microsoft.DataFactory/factories/adf-demo"


def files() -> dict[str, str]:
    found = watched(
        scheduled(daily=tumbling(), six=calendar(hours=[6])),
        monitoring={
            "receivers": {
                "emails": {"on-call": "on-call@example.org"},
                "webhooks": {"pager": "https://pager.example.org/alerts"},
            }
        },
    )
    bodies = {
        f"{each.kind}_{each.name}.json": json.dumps(each.properties, indent=2, ensure_ascii=False) + "\n"
        for each in found
    }
    place = Place(FACTORY, "demo", "dev")
    return bodies | {f"{query.name}.kql": query.asked(place) + "\n" for query in QUERIES}


def test_what_watches_the_factory_is_exactly_what_it_was():
    """Every change to an alert, a query or a screen is a change to a file that a reviewer reads."""
    made = files()
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.mkdir(exist_ok=True)
        for path in GOLDEN.iterdir():
            path.unlink()
        for name, text in made.items():
            (GOLDEN / name).write_text(text)

    assert made == {path.name: path.read_text() for path in GOLDEN.iterdir()}
