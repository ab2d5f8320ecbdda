"""The portal, measured: how long until a page of runs begins to arrive, with 100,000 runs stored.

    python benchmarks/portal.py [--quick] [--json FILE]

Two real local Azures over HTTPS, one with a page of runs and one with very many, asked in turns: what stands
on the page is as much, so what is stored should hardly matter. What is rare is looked for in an index, which
is walked from the newest on.
"""

import argparse
import json
import ssl
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sandbox.datafactory.models import FactoryId, wire_instant
from sandbox.identity import Identity
from sandbox.store import Store

REPOSITORY = Path(__file__).resolve().parents[1]
PLACE = FactoryId("00000000-0000-0000-0000-000000000000", "rg-bench", "adf-bench")
GROUP = PLACE.resource_id.partition("/providers")[0]
FEW, MANY, QUICK_MANY = 60, 100_000, 20_000
ROUNDS, QUICK_ROUNDS = 41, 15
PORTS = {"few": 23800, "many": 23810}
PAGES = {
    "the newest": ("runs", 1.5),
    "the few that failed": ("runs?status=Failed", 8),
    "one trigger's": ("runs?by=tr_b", 4),
    "one run": ("runs/{run}", 1.5),
}
"""Page and goal, by what it shows."""


class Portal(NamedTuple):
    address: str
    cookie: str
    trust: ssl.SSLContext
    run: str

    def milliseconds(self, page: str) -> float:
        """Until the first byte of a page, on a connection that is open."""
        with closing(HTTPSConnection(self.address, context=self.trust)) as connection:
            connection.connect()
            started = time.perf_counter()
            connection.request("GET", f"/portal/{page.format(run=self.run)}", headers={"Cookie": self.cookie})
            answer = connection.getresponse()
            answer.read(1)
            took = time.perf_counter() - started
            answer.read()
        if answer.status != 200:
            raise SystemExit(f"{page}: {answer.status}")
        return took * 1000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="the same measures within a minute")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = arguments.parse_args()
    many, rounds = (QUICK_MANY, QUICK_ROUNDS) if options.quick else (MANY, ROUNDS)
    results = list(measured(many, rounds))
    for each in results:
        print(f"{each['name']:60} {each['ratio']:8.2f}  (goal {each['goal']}, {each['better']} is better)")
        print(f"    {json.dumps(each['detail'])}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def measured(many: int, rounds: int) -> Iterator[dict[str, Any]]:
    with TemporaryDirectory() as folder, ExitStack() as running:
        counts = {"few": FEW, "many": many}
        portals = {
            name: running.enter_context(portal(Path(folder) / name, count, PORTS[name]))
            for name, count in counts.items()
        }
        for title, (page, goal) in PAGES.items():
            took: dict[str, list[float]] = {name: [] for name in portals}
            for _ in range(rounds + 1):
                for name, one in portals.items():
                    took[name].append(one.milliseconds(page))
            medians = {name: statistics.median(each[1:]) for name, each in took.items()}  # the first warms up
            yield {
                "name": f"portal: {title}, {many:,} runs stored against {FEW}",
                "ratio": medians["many"] / medians["few"],
                "goal": goal,
                "better": "lower",
                "detail": {
                    f"milliseconds, {counts[name]:,}": round(each, 1) for name, each in medians.items()
                },
            }


@contextmanager
def portal(state: Path, count: int, port: int) -> Iterator[Portal]:
    """A local Azure with so many runs, and a browser's cookie for it."""
    start, stop = ["start", "--detach", "--port", str(port)], ["stop"]
    sandbox(state, start)
    try:
        endpoints = json.loads((state / "endpoints.json").read_text())
        trust = ssl.create_default_context(cafile=endpoints["ca"])
        address = urlsplit(endpoints["control"]).netloc
        bearer = Identity(state / "identity.secret").issue("https://management.azure.com/")
        for path in (GROUP, PLACE.resource_id):
            ask(address, trust, bearer, "PUT", f"{path}?api-version=1", {"location": "here"})
        sandbox(state, stop)
        run = stored(state, count)
        sandbox(state, start)
        link = ask(address, trust, bearer, "POST", "/_sandbox/portal/links")["url"]
        yield Portal(address, cookie(address, trust, link), trust, run)
    finally:
        sandbox(state, stop)


def sandbox(state: Path, words: list[str]) -> None:
    command = [sys.executable, "-m", "sandbox", *words, "--state", str(state)]
    subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)


def stored(state: Path, count: int) -> str:
    """Runs of a month, one in a thousand failed, one in a hundred another trigger's; the id of the last."""
    store = Store(state / "state.db")
    now = datetime.now(UTC)
    run_id = ""
    with closing(store), store.transaction():
        for number in range(count):
            run_id = str(uuid.UUID(int=number + 1))
            at = wire_instant(now - timedelta(days=30) * (1 - number / count))
            store.put(PLACE.scope, "pipelineruns", run_id, document(run_id, number, at))
    return run_id


def document(run_id: str, number: int, at: str) -> dict[str, Any]:
    return {
        "runId": run_id,
        "runGroupId": run_id,
        "isLatest": True,
        "pipelineName": f"score_m{number % 10}",
        "parameters": {"window_start": at, "window_end": at, "fire_time": "-"},
        "invokedBy": {
            "name": "tr_b" if number % 100 == 50 else "tr_a",
            "id": "",
            "invokedByType": "ScheduleTrigger",
        },
        "runStart": at,
        "runEnd": at,
        "durationInMs": 0,
        "status": "Failed" if number % 1000 == 50 else "Succeeded",
        "message": "",
        "lastUpdated": at,
        "annotations": [],
        "runDimension": {},
        "_": {"parameters": {}, "system": {}, "returnValue": None},
    }


def ask(
    address: str,
    trust: ssl.SSLContext,
    bearer: str,
    method: str,
    path: str,
    body: dict[str, str] | None = None,
) -> dict[str, Any]:
    with closing(HTTPSConnection(address, context=trust)) as connection:
        connection.request(method, path, json.dumps(body), {"Authorization": f"Bearer {bearer}"})
        return dict(json.load(connection.getresponse()))


def cookie(address: str, trust: ssl.SSLContext, link: str) -> str:
    with closing(HTTPSConnection(address, context=trust)) as connection:
        connection.request("GET", link.partition(address)[2])
        return str(connection.getresponse().getheader("Set-Cookie")).partition(";")[0]


if __name__ == "__main__":
    main()
