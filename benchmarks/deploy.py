"""A thousand models in one factory, measured: the first deployment, the second, a plan, a plan offline.

    python benchmarks/deploy.py [--quick] [--json FILE]

Against the local Azure, whose Data Factory answers 100 ms later than it could. What is measured is what
`deploy` and `plan` run: configuration files, `deployment.desired`, the planner, the executor and the gateway.
Left out is Azure ML: its SDK publishes one ML pipeline at a time, so every ML pipeline counts as published
already, and the plan's steps are those of the factory. Lock, journal and release are a few requests more,
whatever the number of models, and are left out too.

What 100 ms are worth depends on the machine. So the first deployment is held against the same requests, too,
as somebody would send them who has the plan: with the SDK as it comes, level by level, from a pool of as many
threads, into another factory of the same local Azure, right after.
"""

import argparse
import json
import logging
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.datafactory import DataFactoryManagementClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adf.entities import Entity, resolve
from adf.gateway import API_VERSION, SEGMENTS, DataFactory
from adf.throttle import Throttle
from config.loader import load
from config.schema import Settings
from deployment import desired, planner, report
from deployment.executor import Executor
from deployment.observed import observe
from deployment.progress import Silent
from deployment.resources import NOTHING, Change, Desired, Plan
from deployment.verbs import collect_rarely

REPOSITORY = Path(__file__).resolve().parents[1]
MODELS, QUICK_MODELS = 1000, 100
PORT = 23600
LATENCY_SECONDS = 0.1
ROUNDS = 5
WRITES = {"PUT", "POST", "DELETE"}
GOALS = {8: 1.10, 16: 1.15}
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-shop"
FACTORY = f"{GROUP}/providers/Microsoft.DataFactory/factories/adf-shop"
ENVIRONMENT = f"""\
project: shop
azure: {{cloud: local, subscription_id: {SUBSCRIPTION}, resource_group: rg-shop}}
data_factory: {{name: adf-shop}}
machine_learning: {{workspace: ml-shop, compute: cpu-cluster}}
lake: {{account: shop, file_system: data}}
"""
MODEL = """\
source: code
training: {{data: raw/{name}/training, hyperparameters: {{alpha: 0.1}}, gate: {{r2: {{minimum: 0.4}}}}}}
scoring: {{input: "raw/{name}/{{window_start:yyyy/MM/dd}}/*.csv", row_key: id}}
output: {{path: predictions/{name}}}
schedules:
  score:
    daily: {{type: tumbling, frequency: Hour, interval: 24, start: "{later}", delay_minutes: 360}}
  train:
    monthly: {{type: calendar, frequency: Month, start: "{later}"}}
"""
SCRIPTS = ("prepare.py", "train.py", "evaluate.py", "register.py", "score.py")


@dataclass(frozen=True)
class Published:
    name: str
    fingerprint: str
    endpoint_id: str = "00000000-0000-0000-0000-000000000001"
    version: str = "1"
    versions: Mapping[str, str] = field(default_factory=dict)


class AllPublished:
    """Stands for Azure ML, which is not measured: every ML pipeline is there as it is wanted."""

    def __init__(self, wanted: Desired) -> None:
        self._there = {each.name: Published(each.name, each.fingerprint) for each in wanted.ml_pipelines}

    def published(self, names: Iterable[str]) -> Mapping[str, Published]:
        return {name: self._there[name] for name in names if name in self._there}

    def active_pipelines(self) -> Mapping[str, Any]:
        return {}

    def schedules(self) -> tuple[()]:
        return ()


class Counting(SansIOHTTPPolicy):
    """Requests by method."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()

    def on_request(self, request: Any) -> None:  # noqa: ANN401 - azure-core's
        self.sent[request.http_request.method] += 1

    def writes(self) -> int:
        return sum(self.sent[method] for method in WRITES)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="the same measures within a minute")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = arguments.parse_args()
    collect_rarely()
    results = measured(QUICK_MODELS if options.quick else MODELS)
    for each in results:
        print(f"{each['name']:60} {each['ratio']:8.3f}  (goal {each['goal']}, {each['better']} is better)")
        print(f"    {json.dumps(each['detail'])}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def measured(models: int) -> list[dict[str, Any]]:
    results = []
    with TemporaryDirectory() as folder:
        project = Path(folder)
        write_project(project, models)
        wanted = desired.build(settings_of(project))
        for workers in GOALS:
            with local_azure(project / f"azure{workers}") as azure:
                results += deployed(azure, wanted, workers)
        results.append(planned_offline(project, models))
    results.append(memory(models))
    return results


def write_project(project: Path, models: int) -> None:
    later = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT00:00:00Z}"
    files = {"config/base.yaml": ENVIRONMENT, "config/local.yaml": ""}
    files |= {f"code/{name}": "" for name in SCRIPTS}
    files["code/ml_environment.yml"] = "dependencies: [python=3.11]\n"
    names = [f"model_{number:04}" for number in range(models)]
    files |= {f"config/models/{name}.yaml": MODEL.format(name=name, later=later) for name in names}
    for path, text in files.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text)


def settings_of(project: Path) -> Settings:
    return load(project, "local", variables={}, options=[])


# ------------------------------------------------------------------------------------------ deployments


@contextmanager
def local_azure(state: Path) -> Iterator[dict[str, Any]]:
    """Its addresses; its Data Factory is slow."""
    state.mkdir()
    command = [sys.executable, "-m", "sandbox", "--state", str(state), "--port", str(PORT)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        if not running.stdout.readline().startswith("ready"):
            raise SystemExit("the local Azure did not start")
        try:
            yield json.loads((state / "endpoints.json").read_text())
        finally:
            running.terminate()


class Local:
    """The credential, plain requests, and a factory's gateway with a count of what it sends."""

    def __init__(self, azure: Mapping[str, Any]) -> None:
        self._azure = azure
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {self.get_token().token}"

    def send(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - any JSON
        url = path if path.startswith("https:") else self._azure["control"] + path
        answer = self._session.request(method, url, json=body, verify=self._azure["bundle"], timeout=60)
        answer.raise_for_status()
        return answer.json()

    def get_token(self, *_: str, **__: object) -> AccessToken:
        answer = requests.get(
            self._azure["identity"],
            params={"api-version": "2019-08-01", "resource": "https://management.azure.com"},
            headers={"X-IDENTITY-HEADER": self._azure["identity_header"]},
            timeout=10,
        )
        return AccessToken(answer.json()["access_token"], int(time.time()) + 3000)

    def factory(self, counting: Counting) -> DataFactory:
        return DataFactory(
            subscription_id=SUBSCRIPTION,
            resource_group="rg-shop",
            factory="adf-shop",
            credential=self,
            base_url=self._azure["control"],
            connection_verify=self._azure["bundle"],
            polling_interval=1,
            throttle=Throttle(burst=0),
            per_call_policies=[counting],
        )

    def client(self, counting: Counting) -> DataFactoryManagementClient:
        """The SDK as it comes."""
        return DataFactoryManagementClient(
            self,  # type: ignore[arg-type]
            SUBSCRIPTION,
            base_url=self._azure["control"],
            connection_verify=self._azure["bundle"],
            polling_interval=1,
            per_call_policies=[counting],
        )


def deployed(azure: Mapping[str, Any], wanted: Desired, workers: int) -> Iterator[dict[str, Any]]:
    """The first deployment, the second, and a plan that finds no change."""
    local, counting = Local(azure), Counting()
    factory = local.factory(counting)
    local.send("PUT", f"{GROUP}?api-version=2021-04-01", {"location": "local"})
    slow = {"action": "delay", "seconds": LATENCY_SECONDS, "path": "Microsoft.DataFactory"}
    local.send("POST", "/_sandbox/faults", slow)

    ml_pipelines = AllPublished(wanted)
    names = [each.name for each in wanted.ml_pipelines]
    made = planner.plan(wanted, observe(factory, ml_pipelines, names))
    counting.sent.clear()
    took = seconds_of(lambda: applied(factory, ml_pipelines, made, workers))
    calls = sum(counting.sent.values())
    ideal = calls * LATENCY_SECONDS / workers
    yield result(
        f"first deployment, {workers} workers, to calls x latency / workers",
        took / ideal,
        GOALS[workers],
        {"seconds": round(took, 2), "calls": calls, "entities": len(made.changes)},
    )
    yield held_against_hands(local, counting, made, workers, took)
    if workers != min(GOALS):
        return
    counting.sent.clear()
    again = planner.plan(wanted, observe(factory, ml_pipelines, names))
    applied(factory, ml_pipelines, again, workers)
    yield result("writes of a second deployment", counting.writes(), 0, {"requests": dict(counting.sent)})
    yield no_change(local, factory, wanted, ml_pipelines)


def held_against_hands(local: Local, ours: Counting, made: Plan, workers: int, took: float) -> dict[str, Any]:
    counting = Counting()
    client = local.client(counting)
    by_hand = seconds_of(lambda: sent_by_hand(client, made, workers))
    assert counting.sent == ours.sent
    return result(
        f"first deployment, {workers} workers, to the same requests sent by hand",
        took / by_hand,
        1.0,
        {"seconds": round(took, 2), "by_hand": round(by_hand, 2)},
    )


def sent_by_hand(client: Any, made: Plan, workers: int) -> None:  # noqa: ANN401 - the SDK's client
    """What a plan of new entities asks for. The SDK keeps ten connections, and warns of more."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    place = ("rg-shop", "adf-by-hand")
    writes = {
        "linked_service": client.linked_services,
        "dataset": client.datasets,
        "pipeline": client.pipelines,
        "trigger": client.triggers,
    }

    def written(step: Change) -> None:
        if step.address.kind == "factory":
            body = {"location": step.location, "identity": {"type": "SystemAssigned"}}
            client.factories.create_or_update(*place, json.dumps(body).encode())
            return
        assert isinstance(step.wanted, Entity)
        body = {"properties": resolve(step.wanted.properties, made.endpoints)}
        operations = writes[step.address.kind]
        operations.create_or_update(*place, step.wanted.name, json.dumps(body).encode())
        if step.wanted.started:
            client.triggers.begin_start(*place, step.wanted.name).result()

    for level in made.levels():
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(written, level))


def applied(factory: DataFactory, ml_pipelines: AllPublished, made: Plan, workers: int) -> None:
    Executor(factory, ml_pipelines, Silent(), workers=workers).apply(made)  # type: ignore[arg-type]


def no_change(
    local: Local, factory: DataFactory, wanted: Desired, ml_pipelines: AllPublished
) -> dict[str, Any]:
    """A plan against the time of its reads: the same pages, asked for at the same time and not looked at."""

    names = [each.name for each in wanted.ml_pipelines]

    def planned() -> None:
        made = planner.plan(wanted, observe(factory, ml_pipelines, names))
        json.dumps(report.plan_document(made, datetime.now(UTC)))
        assert not made.changes

    def read() -> None:
        local.send("GET", FACTORY + API_VERSION)
        with ThreadPoolExecutor(len(SEGMENTS)) as pool:
            list(pool.map(lambda segment: read_pages(local, segment), SEGMENTS.values()))

    times = [(seconds_of(planned), seconds_of(read)) for _ in range(ROUNDS)]
    ours, reads = (statistics.median(each) for each in zip(*times, strict=True))
    detail = {"seconds": round(ours, 3), "reads_alone": round(reads, 3), "rounds": ROUNDS}
    return result("plan without a change, to its reads alone", ours / reads, 1.3, detail)


def read_pages(local: Local, segment: str) -> None:
    url = f"{FACTORY}/{segment}{API_VERSION}"
    while url:
        url = local.send("GET", url).get("nextLink") or ""


# ------------------------------------------------------------------------------------------ offline


def planned_offline(project: Path, models: int) -> dict[str, Any]:
    """What `plan --offline -o json` does from files to document, against dicts that are just built."""
    settings = settings_of(project)
    built = desired.build(settings)

    def ours() -> None:
        made = planner.plan(desired.build(settings_of(project)), NOTHING)
        json.dumps(report.plan_document(made, datetime.now(UTC)))

    def from_settings() -> None:
        made = planner.plan(desired.build(settings), NOTHING)
        json.dumps(report.plan_document(made, datetime.now(UTC)))

    def plain() -> None:
        json.dumps([rebuilt(each) for each in bodies])

    known = {each.name: ("id", "1") for each in built.ml_pipelines}
    bodies = [resolve(each.properties, known) for each in built.entities]
    times = [(seconds_of(ours), seconds_of(from_settings), seconds_of(plain)) for _ in range(ROUNDS)]
    whole, partly, dicts = (statistics.median(each) for each in zip(*times, strict=True))
    detail = {
        "seconds": round(whole, 3),
        "without_reading_files": round(partly, 3),
        "plain_dicts": round(dicts, 3),
        "ratio_without_reading_files": round(partly / dicts, 1),
        "entities": len(bodies),
        "models": models,
    }
    return result("plan --offline, to building and serialising plain dicts", whole / dicts, 8, detail)


def rebuilt(body: Any) -> Any:  # noqa: ANN401 - any JSON
    """Every dict and list of the body, built anew."""
    if isinstance(body, dict):
        return {key: rebuilt(value) for key, value in body.items()}
    return [rebuilt(each) for each in body] if isinstance(body, list) else body


def memory(models: int) -> dict[str, Any]:
    """Of this process, which has loaded, planned and deployed everything several times."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result("peak memory in megabytes, a model", peak / models, 1, {"megabytes": round(peak)})


def seconds_of(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def result(name: str, ratio: float, goal: float, detail: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "ratio": round(ratio, 3), "goal": goal, "better": "lower", "detail": detail}


if __name__ == "__main__":
    main()
