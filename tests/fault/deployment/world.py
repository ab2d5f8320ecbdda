"""Three configurations of one installation, beside what belongs to others, on a local Azure.

From `morning` to `evening`, and back, a deployment creates, changes and deletes: a linked service and a
dataset, a pipeline that changes with them, triggers that are edited while they run, made anew, added and
deleted; whom alerts tell, when, and of which triggers, and what shows them. So one follows upon the other for
ever, and every deployment of a sweep has the same to do. `night` edits the triggers of `evening`, leaves all
of them stopped, and has no alerts.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from adf.gateway import SEGMENTS
from adf.monitor.kinds import TYPES, azure_name
from adf.ownership import diagnostic_setting_name
from deployment.canonical import canonical
from deployment.monitoring import decoded
from tests.fault.deployment.sweep import service_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.conftest import LocalAzure

HERE = Path(__file__).parent
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
STARTED = re.compile(r"POST \S+/triggers/(\w+)/start")
CONFIGURATION = """\
project: shop
schedules: {schedules}
azure: {{cloud: local, subscription_id: {subscription}, resource_group: rg-{name}}}
data_factory: {{name: adf-shop, linked_service_lake: ls_{time_of_day}}}
machine_learning: {{workspace: ml-shop, compute: cpu-cluster}}
lake: {{account: {name}lake, file_system: data}}
monitoring:
  workspace_id: /subscriptions/{subscription}/resourceGroups/rg-{name}/providers/{logs}/log-shop
  alerts: {alerts}
  receivers: {{emails: {{on-call: {time_of_day}@example.org}}}}
  elapsed_time: {{threshold: {hour}}}
"""
WHOLE = {"canFetchContent": "true"}
"""A list of workbooks has their content only where it is asked for."""
LOGS = "Microsoft.OperationalInsights/workspaces"
MODEL = """\
source: code
scoring: {{input: raw/churn}}
output: {{path: predictions/churn, format: csv}}
schedules:
  score:
    daily: {{type: calendar, frequency: Day, start: {begin}, hours: [{hour}]}}
    windows: {{type: tumbling, frequency: Hour, interval: 24, backfill_from: {begin}, end: {later}}}
    delayed: {{type: tumbling, frequency: Hour, interval: 24, start: {later}, delay_minutes: {delay}}}
    only_{time_of_day}: {{type: calendar, frequency: Week, start: {later}, week_days: [Monday], hours: [3]}}
"""
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DIFFERENT: dict[str, dict[str, object]] = {
    "morning": {"schedules": "on", "hour": 5, "days": 30, "delay": 60, "alerts": "on"},
    "evening": {"schedules": "on", "hour": 17, "days": 31, "delay": 90, "alerts": "on"},
    "night": {"schedules": "off", "hour": 23, "days": 31, "delay": 120, "alerts": "off"},
}


def opposite(configuration: str) -> str:
    """Where all triggers run in both, the other one."""
    return "evening" if configuration == "morning" else "morning"


def in_days(days: int) -> str:
    """A midnight to come: nothing of a test may fall due while it runs."""
    return f"{TODAY + timedelta(days=days):%Y-%m-%dT00:00:00Z}"


FOREIGN_PIPELINE = {
    "activities": [{"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}]
}
FOREIGN_TRIGGER = {
    "type": "ScheduleTrigger",
    "pipelines": [
        {"pipelineReference": {"referenceName": "theirs", "type": "PipelineReference"}, "parameters": {}}
    ],
    "typeProperties": {
        "recurrence": {
            "frequency": "Month",
            "interval": 1,
            "startTime": "2026-11-01T00:00:00Z",
            "timeZone": "UTC",
        }
    },
}


@dataclass
class Ended:
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.stdout)
        return found


@dataclass
class World:
    azure: LocalAzure
    folder: Path
    name: str
    """Of this installation, among those that share the local Azure."""
    warm: subprocess.Popen[str] = field(init=False)
    now: str = "evening"
    """The configuration that was deployed last."""
    usual: dict[str, list[str]] = field(default_factory=dict)
    """Configuration → the requests of a deployment of it that nothing happens to; `dawn` is that of `evening`
    after `night`.
    """
    right: dict[str, Any] = field(default_factory=dict)
    """Configuration → what the factory holds after such a deployment."""

    def __post_init__(self) -> None:
        for time_of_day in DIFFERENT:
            self._write(time_of_day)
        self.warm = subprocess.Popen(
            [sys.executable, str(HERE / "warm_process.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.azure.environment,
            cwd=self.folder,
        )

    @property
    def factory(self) -> str:
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-{self.name}"
        return f"{group}/providers/Microsoft.DataFactory/factories/adf-shop"

    @property
    def lake(self) -> str:
        return f"/{self.name}lake/data/_deployments/shop/local"

    def close(self) -> None:
        self.warm.communicate(timeout=60)

    def _write(self, time_of_day: str) -> None:
        different = DIFFERENT[time_of_day]
        values = {
            **different,
            "name": self.name,
            "time_of_day": time_of_day,
            "begin": in_days(int(str(different["days"]))),
            "later": in_days(60),
            "logs": LOGS,
        }
        for path, text in {
            "config/base.yaml": CONFIGURATION.format(subscription=SUBSCRIPTION, **values),
            "config/local.yaml": "",
            "config/models/churn.yaml": MODEL.format(**values),
            "code/score.py": "def run(mini_batch):\n    return [0] * len(mini_batch)\n",
            "code/ml_environment.yml": "dependencies: [python=3.11]\n",
        }.items():
            file = self.folder / time_of_day / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def begin(self) -> None:
        """See what deployments do, and lead to, when nothing happens."""
        self.deployed("morning")
        self._make_foreign()
        for configuration in ("evening", "night", "evening", "morning", "evening"):
            name = "dawn" if self.now == "night" else configuration
            self.deployed(configuration)
            self.usual[name] = self.requests()
            self.right[configuration] = self.entities()

    # ------------------------------------------------------------------------------------------ commands

    def deployed(self, configuration: str) -> None:
        ended = self.deploy(configuration)
        assert ended.code == 0, ended.stderr + ended.stdout
        self.now = configuration

    def killed(self, configuration: str, request: str, when: str, *options: str) -> None:
        """A deployment that kills itself there; it may happen that it has no such request."""
        hit = {"request": request, "when": when, "signal": "SIGKILL"}
        ended = self.deploy(configuration, *options, hit=hit)
        assert ended.code in (0, -9), ended.stderr + ended.stdout
        self.break_lock()

    def all_run(self) -> None:
        """All triggers: after another test they may stand still."""
        if self.now == "night":
            self.deployed("evening")

    def made_good(self, configuration: str) -> list[str]:
        """Deploy again; the laws that do not hold after it."""
        ended = self.deploy(configuration)
        self.now = configuration
        return list(self.wrong(ended, configuration))

    def wrong(self, ended: Ended, configuration: str) -> Iterator[str]:
        """What is not as after a deployment that nothing happened to."""
        if ended.code != 0:
            yield f"ended with {ended.code}: {ended.stdout}"
        live, right = self.entities(), self.right[configuration]
        for each in sorted(live.keys() | right.keys()):
            if live.get(each) != right.get(each):
                yield f"{each} is {live.get(each)}, not {right.get(each)}"
        records = self.records()
        if left := records.keys() & {"triggers.json", "attempt.json"}:
            yield f"left: {left}"
        newest = records[max(name for name in records if name[:6].isdigit())]
        if self._released(newest) != {path: body for path, body in right.items() if "/theirs" not in path}:
            yield f"the newest release is not what was deployed: {newest}"

    @staticmethod
    def _released(release: Mapping[str, Any]) -> dict[str, Any]:
        states = {None: None, True: "Started", False: "Stopped"}
        return {
            f"{SEGMENTS.get(each['kind'], each['kind'])}/{each['name']}": canonical(each["properties"])
            | {"runtimeState": states[each.get("started")]}
            for each in release["entities"]
        }

    def deploy(self, configuration: str, *options: str, hit: dict[str, str] | None = None) -> Ended:
        return self.at_once([(configuration, *options)], hit)[0]

    def at_once(self, orders: list[tuple[str, ...]], hit: dict[str, str] | None = None) -> list[Ended]:
        """Several deployments at the same time; the first is the one to hit."""
        commands = [
            {"argv": self._argv(*order), "log": str(self.folder / f"requests{n}"), "hit": None if n else hit}
            for n, order in enumerate(orders)
        ]
        for each in commands:
            Path(str(each["log"])).write_text("")
        assert self.warm.stdin is not None
        assert self.warm.stdout is not None
        print(json.dumps({"commands": commands}), file=self.warm.stdin, flush=True)
        return [Ended(**each) for each in json.loads(self.warm.stdout.readline())]

    def _argv(self, configuration: str, *options: str) -> list[str]:
        own = [f"sandbox.port={self.azure.ports[0]}", f"sandbox.state={self.azure.state}"]
        settings = [word for each in own for word in ("--set", each)]
        where = ["--env", "local", "--project-dir", str(self.folder / configuration)]
        return ["deploy", *where, "-o", "json", "--prune", "--yes", *settings, *options]

    def requests(self) -> list[str]:
        """Keys of what the last deployment sent, in order."""
        lines = (self.folder / "requests0").read_text().splitlines()
        return [line.removeprefix("before ") for line in lines if line.startswith("before ")]

    # ------------------------------------------------------------------------------------------ facts

    def _make_foreign(self) -> None:
        """A pipeline of somebody else, with a trigger that is on and one that is off."""
        self.put("pipelines/theirs", FOREIGN_PIPELINE)
        for name in ("theirs_on", "theirs_off"):
            self.put(f"triggers/{name}", FOREIGN_TRIGGER)
        self.arm("POST", f"{self.factory}/triggers/theirs_on/start")

    def order(self, request: str, **fault: Any) -> None:
        """A fault of the local Azure for the first request of that key."""
        method, _, what = request.partition(" #")[0].partition(" ")
        path, _, asked = what.partition("?")
        pattern = re.escape(path).replace(r"\*", "[^/?]+")
        pattern += "".join(f"(?=.*[?&]{re.escape(each)}(&|$))" for each in asked.split("&") if each)
        self.azure.order_fault(service=service_of(request), method=method, path=f"^{pattern}([?]|$)", **fault)

    def put(self, path: str, properties: dict[str, Any]) -> None:
        self.arm("PUT", f"{self.factory}/{path}", {"properties": properties})

    def arm(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        answer = self.azure.arm(method, path, body, **options)
        assert answer.ok, answer.text
        return answer.json() if answer.text else None

    def entities(self) -> dict[str, Any]:
        """All that the factory holds and what watches it: path → canonical body, with a trigger's state."""
        found = dict(self._watching())
        for kind in SEGMENTS.values():
            for live in self.arm("GET", f"{self.factory}/{kind}")["value"]:
                body = canonical(live["properties"])
                state = live["properties"].get("runtimeState")
                found[f"{kind}/{live['name']}"] = body | {"runtimeState": state}
        return found

    def _watching(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """By the names that they are given, where Azure has its own."""
        for kind, of in TYPES.items():
            if kind == "diagnostic_setting":
                scope, name = self.factory, diagnostic_setting_name("shop", "local")
            else:
                scope, name = self.factory.partition("/providers")[0], "shop-local"
            path = f"{scope}/providers/{of.name}"
            for each in self.arm("GET", path, version=of.api_version, params=WHOLE)["value"]:
                shown = name if each["name"] == azure_name(kind, name) else each["name"]
                yield f"{kind}/{shown}", canonical(decoded(kind, each)) | {"runtimeState": None}

    def on(self) -> set[str]:
        """The triggers that run."""
        live = self.arm("GET", f"{self.factory}/triggers")["value"]
        return {each["name"] for each in live if each["properties"]["runtimeState"] == "Started"}

    def starts(self) -> list[str]:
        """The triggers that anybody has started up to now, once for each time."""
        return STARTED.findall((self.azure.state / "logs/control.log").read_text())

    def records(self) -> dict[str, Any]:
        """The files that deployments keep in the lake, by name; those of releases are JSON."""
        folder = self.azure.state / "lake" / self.lake.removeprefix("/")
        files = [each for each in folder.rglob("*") if each.is_file()]
        return {each.name: json.loads(each.read_text() or "{}") for each in files}

    def break_lock(self) -> None:
        """As an administrator does who does not wait for the lease of the dead to end."""
        requests.put(
            f"{self.azure.lake}{self.lake}/lock?comp=lease",
            headers={
                "Authorization": f"Bearer {self.azure.token('https://storage.azure.com')}",
                "x-ms-lease-action": "break",
                "x-ms-lease-break-period": "0",
                "x-ms-version": "2023-11-03",
            },
            verify=self.azure.bundle,
            timeout=10,
        )
