"""The local Data Factory at work, measured: runs a second, what it adds to an activity, 100,000 runs stored.

    python benchmarks/runtime.py [--quick] [--json FILE]

A real local Azure, over HTTPS, by a client that does little itself. Each figure stands beside one that cannot
be had for less: a run beside a request that reads one pipeline, an activity beside the same requests made
without it, a full store beside one with 250 runs.
"""

import argparse
import json
import ssl
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sandbox.datafactory.models import FactoryId
from sandbox.datafactory.runs import Runs
from sandbox.identity import Identity
from sandbox.store import Store

REPOSITORY = Path(__file__).resolve().parents[1]
PORT = 23700
CLIENTS = (1, 8)
FEW = 250
BLOCK = 1 << 20
PLACE = FactoryId("00000000-0000-0000-0000-000000000000", "rg-bench", "adf-bench")
GROUP = PLACE.resource_id.partition("/providers")[0]
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/bench"
FOREVER = {"lastUpdatedAfter": "2020-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}
OPEN = [{"operand": "Status", "operator": "In", "values": ["Queued", "InProgress"]}]
NEWEST = [{"orderBy": "RunStart", "order": "DESC"}]
QUERIES: Mapping[str, Any] = {
    "newest": {"orderBy": NEWEST},
    "oldest": {},
    "failed": {"filters": [{"operand": "Status", "operator": "Equals", "values": ["Failed"]}]},
    "last to end": {"orderBy": [{"orderBy": "RunEnd", "order": "DESC"}]},
}
IDENTITY = {"identity": {"type": "SystemAssigned"}}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="the same measures within a minute")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = arguments.parse_args()
    results = list(measured(QUICK if options.quick else WHOLE))
    for each in results:
        print(f"{each['name']:66} {each['ratio']:8.3f}  (goal {each['goal']}, {each['better']} is better)")
        print(f"    {json.dumps(each['detail'])}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Size:
    """How much of each."""

    runs: int
    stored: int
    rounds: int
    copied_bytes: int


WHOLE = Size(runs=400, stored=100_000, rounds=5, copied_bytes=32 << 20)
QUICK = Size(runs=80, stored=10_000, rounds=3, copied_bytes=8 << 20)


def measured(size: Size) -> Iterator[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        with local_azure(Path(folder) / "state") as azure:
            prepare(azure)
            for clients in CLIENTS:
                yield runs_a_second(azure, size, clients)
            yield small_activity(azure, size)
            yield copied(azure, size)
        yield from stored(Path(folder), size)


# ------------------------------------------------------------------------------------------ the local Azure


class Azure:
    """Requests to one local Azure, each thread on a connection of its own."""

    def __init__(self, endpoints: Mapping[str, Any], pid: int) -> None:
        self.endpoints = endpoints
        self.pid = pid
        identity = Identity(Path(endpoints["state"]) / "identity.secret")
        self._tokens = {
            endpoints["control"]: identity.issue("https://management.azure.com/"),
            endpoints["lake"]: identity.issue("https://storage.azure.com/"),
        }
        self._trust = ssl.create_default_context(cafile=endpoints["bundle"])

    def connect(self, to: str = "control") -> "Connection":
        address = self.endpoints[to]
        return Connection(address, self._tokens[address], self._trust)

    def ask(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - any JSON
        with closing(self.connect()) as connection:
            return connection.json(method, path, body)

    def memory(self) -> float:
        """Megabytes of the control process, now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


class Connection:
    def __init__(self, address: str, token: str, trust: ssl.SSLContext) -> None:
        parts = urlsplit(address)
        self._connection = HTTPSConnection(parts.hostname or "", parts.port, context=trust, timeout=120)
        self._headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2023-11-03"}

    def send(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> bytes:
        self._connection.request(method, path, content, {**self._headers, **(headers or {})})
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path}: {answer.status} {body.decode()}")
        return body

    def json(self, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - any JSON
        content = None if body is None else json.dumps(body).encode()
        answer = self.send(
            method, f"{path}?api-version=2018-06-01", content, {"Content-Type": "application/json"}
        )
        return json.loads(answer) if answer else None

    def close(self) -> None:
        self._connection.close()


@contextmanager
def local_azure(state: Path) -> Iterator[Azure]:
    command = [sys.executable, "-m", "sandbox", "--state", str(state), "--port", str(PORT)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        if not running.stdout.readline().startswith("ready"):
            raise SystemExit("the local Azure did not start")
        try:
            yield Azure(json.loads((state / "endpoints.json").read_text()), running.pid)
        finally:
            running.terminate()


def put(azure: Azure, kind: str, name: str, properties: Any) -> None:  # noqa: ANN401 - any JSON
    azure.ask("PUT", f"{PLACE.resource_id}/{kind}/{name}", {"properties": properties})


def prepare(azure: Azure) -> None:
    """The factory, and the pipelines that are run."""
    azure.ask("PUT", GROUP, {"location": "x"})
    azure.ask("PUT", PLACE.resource_id, {"location": "x", **IDENTITY})
    azure.ask("PUT", ACCOUNT, {"location": "x"})
    remember = {"variableName": "v", "value": {"value": "@pipeline().RunId", "type": "Expression"}}
    wait = {"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 0}}
    after = {"dependsOn": [{"activity": "set", "dependencyConditions": ["Succeeded"]}]}
    activities = [{"name": "set", "type": "SetVariable", "typeProperties": remember}, {**wait, **after}]
    put(azure, "pipelines", "trivial", {"activities": activities, "variables": {"v": {"type": "String"}}})


def start(connection: Connection, pipeline: str) -> str:
    return str(connection.json("POST", f"{PLACE.resource_id}/pipelines/{pipeline}/createRun", {})["runId"])


def finish(connection: Connection, run_id: str) -> dict[str, Any]:
    """The run's only activity run, once it has succeeded."""
    while (run := connection.json("GET", f"{PLACE.resource_id}/pipelineruns/{run_id}"))["status"] in (
        "Queued",
        "InProgress",
    ):
        time.sleep(0.005)
    if run["status"] != "Succeeded":
        raise SystemExit(run["message"])
    path = f"{PLACE.resource_id}/pipelineruns/{run_id}/queryActivityruns"
    found: dict[str, Any] = connection.json("POST", path, FOREVER)["value"][0]
    return found


# ------------------------------------------------------------------------------------ activities


def runs_a_second(azure: Azure, size: Size, clients: int) -> dict[str, Any]:
    """Runs of two trivial activities, from the first request to the last run's end."""
    path = f"{PLACE.resource_id}/pipelines/trivial"

    def all_runs() -> None:
        at_once(azure, clients, size.runs, lambda connection: start(connection, "trivial"))
        open_ = {**FOREVER, "filters": OPEN}
        while azure.ask("POST", f"{PLACE.resource_id}/queryPipelineRuns", open_)["value"]:
            time.sleep(0.005)

    def all_reads() -> None:
        at_once(azure, clients, size.runs, lambda connection: connection.json("GET", path))

    all_reads()
    times = [(seconds_of(all_runs), seconds_of(all_reads)) for _ in range(size.rounds)]
    ours, reads = (statistics.median(each) for each in zip(*times, strict=True))
    detail = {
        "runs_per_second": round(size.runs / ours),
        "activities_per_second": round(2 * size.runs / ours),
        "reads_per_second": round(size.runs / reads),
        "runs": size.runs,
        "rounds": size.rounds,
    }
    name = f"a run of two activities, {clients} client{'s' if clients > 1 else ''}, to a request that reads"
    return result(name, ours / reads, 4, detail)


def at_once(azure: Azure, clients: int, times: int, call: Callable[[Connection], object]) -> None:
    """So many times in all, by so many clients."""

    def client(share: int) -> None:
        with closing(azure.connect()) as connection:
            for _ in range(share):
                call(connection)

    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, [times // clients] * clients))


def small_activity(azure: Azure, size: Size) -> dict[str, Any]:
    """A WebActivity that reads a pipeline with the factory's identity, beside reading it."""
    path = f"{PLACE.resource_id}/pipelines/trivial"
    url = f"{azure.endpoints['control']}{path}?api-version=2018-06-01"
    login = {"type": "MSI", "resource": "https://management.azure.com/"}
    call = {"url": url, "method": "GET", "authentication": login}
    put(azure, "pipelines", "call", {"activities": [activity("call", "WebActivity", call)]})
    with closing(azure.connect()) as connection:
        times = [
            (
                finish(connection, start(connection, "call"))["durationInMs"],
                1000 * seconds_of(lambda: connection.json("GET", path)),
            )
            for _ in range(10 * size.rounds)
        ]
    ours, direct = (statistics.median(each) for each in zip(*times, strict=True))
    detail = {"ms": ours, "direct_ms": round(direct, 2), "added_ms": round(ours - direct, 2)}
    return result("a WebActivity, to its request made directly", ours / direct, 6, detail)


def copied(azure: Azure, size: Size) -> dict[str, Any]:
    """One file, beside the same ranges read and the same blocks written by one client."""
    url = f"{azure.endpoints['lake']}/bench"
    put(azure, "linkedservices", "lake", {"type": "AzureBlobFS", "typeProperties": {"url": url}})
    for name in ("in", "out"):
        location = {"type": "AzureBlobFSLocation", "fileSystem": "data", "fileName": name}
        put(azure, "datasets", name, {**binary(), "typeProperties": {"location": location}})
    sides = {
        "source": {"type": "BinarySource", "storeSettings": {"type": "AzureBlobFSReadSettings"}},
        "sink": {"type": "BinarySink", "storeSettings": {"type": "AzureBlobFSWriteSettings"}},
    }
    places = {"inputs": [reference("in", "Dataset")], "outputs": [reference("out", "Dataset")]}
    put(azure, "pipelines", "copy", {"activities": [{**activity("copy", "Copy", sides), **places}]})
    with ExitStack() as stack:
        lake = stack.enter_context(closing(azure.connect("lake")))
        control = stack.enter_context(closing(azure.connect()))
        lake.send("PUT", "/bench/data?restype=container")
        write_blocks(lake, "in", [bytes(BLOCK)] * (size.copied_bytes // BLOCK))
        times = [
            (
                finish(control, start(control, "copy"))["durationInMs"] / 1000,
                seconds_of(lambda: write_blocks(lake, "direct", read_blocks(lake, size.copied_bytes))),
            )
            for _ in range(size.rounds)
        ]
    ours, direct = (statistics.median(each) for each in zip(*times, strict=True))
    detail = {
        "seconds": round(ours, 3),
        "direct_seconds": round(direct, 3),
        "megabytes_per_second": round(size.copied_bytes / ours / 1e6),
        "megabytes": size.copied_bytes >> 20,
    }
    return result("a Copy of one file, to the same requests made directly", ours / direct, 1.5, detail)


def activity(name: str, kind: str, properties: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"name": name, "type": kind, "typeProperties": properties}


def reference(name: str, kind: str) -> dict[str, str]:
    return {"referenceName": name, "type": f"{kind}Reference"}


def binary() -> dict[str, Any]:
    return {"type": "Binary", "linkedServiceName": reference("lake", "LinkedService")}


def read_blocks(lake: Connection, count: int) -> Iterator[bytes]:
    for offset in range(0, count, BLOCK):
        yield lake.send("GET", "/bench/data/in", headers={"Range": f"bytes={offset}-{offset + BLOCK - 1}"})


def write_blocks(lake: Connection, name: str, blocks: Iterator[bytes] | list[bytes]) -> None:
    names = []
    for number, block in enumerate(blocks):
        names.append(f"{number:08d}")
        lake.send("PUT", f"/bench/data/{name}?comp=block&blockid={names[-1]}", block)
    listed = "".join(f"<Latest>{each}</Latest>" for each in names)
    lake.send("PUT", f"/bench/data/{name}?comp=blocklist", f"<BlockList>{listed}</BlockList>".encode())


# ------------------------------------------------------------------------------------------ many runs


def stored(folder: Path, size: Size) -> Iterator[dict[str, Any]]:
    """One local Azure with a few runs, two full pages, and one with as many as are to be stored, in turns."""
    states = {FEW: folder / "few", size.stored: folder / "many"}
    for runs, state in states.items():
        fill(state, runs)
    seen: dict[int, dict[str, list[float]]] = {runs: {} for runs in states}
    for _ in range(size.rounds):
        for runs, state in states.items():
            for name, value in looked_at(state).items():
                seen[runs].setdefault(name, []).append(value)
    few, many = ({name: statistics.median(values) for name, values in seen[runs].items()} for runs in states)
    goals = {"memory": 1.1, "start": 1.5}
    for name, value in many.items():
        detail = {"with_few": round(few[name], 2), "with_all": round(value, 2), "runs": size.stored}
        what = f"{name} with {size.stored:,} runs stored, to {FEW}"
        yield result(what, value / few[name], goals.get(name, 5), {**detail, "unit": unit(name)})


def unit(name: str) -> str:
    return {"memory": "megabytes", "start": "seconds"}.get(name, "milliseconds")


def fill(state: Path, count: int) -> None:
    """A factory in which the trivial pipeline ran so often: once, and that run under other ids."""
    with local_azure(state) as azure:
        prepare(azure)
        with closing(azure.connect()) as connection:
            finish(connection, start(connection, "trivial"))
    with closing(Store(state / "state.db")) as store:
        runs = Runs(store, Now())
        (run,) = runs.all(PLACE)
        activities = runs.activity_runs(PLACE, run["runId"])
        for begin in range(1, count, 1000):
            with runs.transaction():
                for _ in range(begin, min(begin + 1000, count)):
                    run_id = str(uuid.uuid4())
                    runs.add(PLACE, {**run, "runId": run_id, "runGroupId": run_id})
                    runs.change(PLACE, run_id, status="Succeeded")
                    for one in activities:
                        ids = {"pipelineRunId": run_id, "activityRunId": str(uuid.uuid4())}
                        runs.put_activity_run(PLACE, {**one, **ids})


class Now:
    longest_sleep_seconds = 30.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def looked_at(state: Path) -> dict[str, float]:
    """Seconds of the start, milliseconds of each query, megabytes after all of them and a run more."""
    began = time.perf_counter()
    with local_azure(state) as azure, closing(azure.connect()) as connection:
        found = {"start": time.perf_counter() - began}
        connection.json("GET", PLACE.resource_id)
        for name, asked in QUERIES.items():
            query = lambda asked=asked: pages(connection, asked)  # noqa: E731 - timed as it stands
            found[f"the query '{name}'"] = 1000 * min(seconds_of(query) for _ in range(3))
        finish(connection, start(connection, "trivial"))
        return {**found, "memory": azure.memory()}


def pages(connection: Connection, asked: Mapping[str, Any]) -> None:
    """Two of them, where there are as many."""
    path = f"{PLACE.resource_id}/queryPipelineRuns"
    token = connection.json("POST", path, {**FOREVER, **asked}).get("continuationToken")
    if token is not None:
        connection.json("POST", path, {**FOREVER, **asked, "continuationToken": token})


def seconds_of(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def result(name: str, ratio: float, goal: float, detail: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "ratio": round(ratio, 3), "goal": goal, "better": "lower", "detail": detail}


if __name__ == "__main__":
    main()
