"""Resource Manager says 429 to one worker of a deployment, with a Retry-After that is real: all of them hold.

Told by the order of the local Azure's request log, in which the test sets two marks by requests of its own:
when the refusal is known, and when every worker sleeps (none goes on before that). What stands between them
was under way already: one request a worker at most.
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

import pytest

from adf.gateway import DataFactory
from adf.throttle import Throttle
from deployment.executor import WORKERS, Executor
from deployment.observed import observe
from deployment.planner import plan
from tests.unit.deployment.fakes import FakeMachineLearning, Told, desired, pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import LocalAzure

SUBSCRIPTION, GROUP, FACTORY = "00000000-0000-0000-0000-00000000c0de", "rg-throttled", "adf-throttled"
WAIT = {"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}
PIPELINES = 4 * WORKERS
RETRY_AFTER = 3
KNOWN, ASLEEP = "the-refusal-is-known", "every-worker-sleeps"
SENT = re.compile(rf"PUT \S+/pipelines/(\w+)\?\S* (\d+) |GET /subscriptions/({KNOWN}|{ASLEEP})")


class Marked(Throttle):
    """Sets the marks; whoever sleeps waits for the second one first, and then as long as it was told."""

    def __init__(self, azure: LocalAzure) -> None:
        super().__init__(burst=0, most_apart=0, sleep=self._sleep_when_marked)
        self._azure = azure
        self._sleepers = threading.Semaphore(0)
        self._marked = threading.Event()

    def after(self, status: int, retry_after: str | None, sent: float | None = None) -> None:
        super().after(status, retry_after, sent)
        if status == 429:
            self._mark(KNOWN)

    def mark_when_all_sleep(self) -> None:
        """But the one that was refused: the SDK's own retry holds that. Where others do not sleep it is
        marked after a while, and the log says so.
        """
        for _ in range(WORKERS - 1):
            if not self._sleepers.acquire(timeout=5 * RETRY_AFTER):
                break
        self._mark(ASLEEP)
        self._marked.set()

    def _mark(self, name: str) -> None:
        self._azure.arm("GET", f"/subscriptions/{name}")

    def _sleep_when_marked(self, seconds: float) -> None:
        self._sleepers.release()
        assert self._marked.wait(60)
        time.sleep(seconds)


@pytest.fixture
def azure(start_sandbox: Callable[..., LocalAzure], tmp_path) -> LocalAzure:
    running = start_sandbox(tmp_path / "state")
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    running.arm("PUT", group, {"location": "local"}).raise_for_status()
    return running


def test_one_429_holds_every_worker_until_its_retry_after_is_over(azure):
    """What was under way ends, nothing new is sent, and then all of it is done, each once."""
    throttle, machine_learning = Marked(azure), FakeMachineLearning()
    factory = DataFactory(
        subscription_id=SUBSCRIPTION,
        resource_group=GROUP,
        factory=FACTORY,
        base_url=azure.control,
        credential=azure.credential,
        throttle=throttle,
        connection_verify=azure.bundle,
    )
    factory.create_factory("local")
    wanted = desired(*(pipeline(f"p{number}", WAIT) for number in range(PIPELINES)))
    made = plan(wanted, observe(factory, machine_learning, []))
    refusal = {"status": 429, "code": "TooManyRequests", "retry_after": RETRY_AFTER, "times": 1}
    azure.order_fault(action="refuse", method="PUT", path=f"{FACTORY}/pipelines/", skip=WORKERS, **refusal)

    marking = threading.Thread(target=throttle.mark_when_all_sleep)
    marking.start()
    Executor(factory, machine_learning, Told()).apply(made)
    marking.join()

    log = sent(azure)
    known, asleep = log.index(KNOWN), log.index(ASLEEP)
    (refused,) = [each.removesuffix(" 429") for each in log if each.endswith(" 429")]
    assert asleep - known - 1 < WORKERS
    assert f"{refused} 200" in log[asleep:]
    assert len(log[asleep + 1 :]) >= PIPELINES - 3 * WORKERS
    assert sorted(each for each in log if each.endswith(" 200")) == sorted(
        f"{each.name} 200" for each in wanted.entities
    )


def sent(azure: LocalAzure) -> list[str]:
    """The log's PUTs of pipelines, `<name> <status>`, and the marks, in its order."""
    found = SENT.finditer((azure.state / "logs/control.log").read_text())
    return [each[3] or f"{each[1]} {each[2]}" for each in found]
