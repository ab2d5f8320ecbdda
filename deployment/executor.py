"""A plan, applied.

Levels one after the other, the steps of a level in parallel with a bound; models and ML pipelines one at a
time, because the Azure ML SDK is not made for threads. A trigger is stopped only if its own body changes or
it goes, and is left as the configuration wants it. If a step fails or Ctrl-C comes, running steps end, no
later level starts, and triggers that were stopped and do not run yet are started again. Their names are in
the journal meanwhile: a process that is killed starts nothing again, the next deployment does.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock
from typing import TYPE_CHECKING, cast

from adf.entities import resolve
from adf.errors import ChangedSinceRead, DataFactoryError
from deployment.canonical import canonical
from deployment.errors import (
    ApplyError,
    InfrastructureError,
    InterruptedByUserError,
    LakeError,
    LockLostError,
    PromotionError,
)
from deployment.interrupts import kept
from deployment.missed import missed
from deployment.ranks import without_wait, writable
from deployment.resources import RESOURCE_KINDS, Pinned
from ml_pipelines.errors import MachineLearningError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adf.entities import Entity
    from deployment.gateways import (
        Definition,
        FactoryWriter,
        LiveEntity,
        MachineLearningWriter,
        ResourceWriter,
    )
    from deployment.journal import Journal
    from deployment.missed import Missed
    from deployment.old_versions import OldVersion
    from deployment.progress import Progress
    from deployment.promotion import Promotion
    from deployment.resources import Change, Plan

WORKERS = 8
"""Anchor: 8 workers reach 1.08 of the ideal time at 100 ms a call; more only burn processor time."""


MACHINE_LEARNING = frozenset({"model", "ml_pipeline", "ml_pipeline_version"})


def _cannot(promotion: Promotion) -> None:
    raise PromotionError(f"{promotion.meant}: this command does not promote models")


@dataclass
class Executor:
    factory: FactoryWriter
    machine_learning: MachineLearningWriter
    progress: Progress
    endpoints: dict[str, tuple[str, str]] = field(default_factory=dict)
    """ML pipeline → (endpoint id, version): those that the plan leaves alone, completed while publishing."""
    workers: int = WORKERS
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    """When a trigger is created whose start is left open."""
    go_on: Callable[[], None] = lambda: None
    """Asked before each step; raises LockLostError where others may be deploying by now."""
    promote: Callable[[Promotion], None] = _cannot
    """Registers another environment's version here."""
    journal: Journal | None = None
    resources: ResourceWriter | None = None
    """What watches the factory; None where a plan has nothing of it."""
    missed: list[Missed] = field(default_factory=list)
    """What schedule triggers did not run while they were stopped."""
    _since: dict[str, datetime] = field(default_factory=dict)
    _journaled: bool = False
    _detaching: Lock = field(default_factory=Lock)
    _asked_to_stop: Event = field(default_factory=Event)
    _stopped: set[str] = field(default_factory=set)
    """Triggers that ran, that we stop or make anew for an edit, and that do not run again yet."""

    def apply(self, plan: Plan) -> None:
        """Raises ApplyError with every step that failed, or InterruptedByUserError."""
        self.endpoints.update(plan.endpoints)
        self.progress.expects(len(plan.changes))
        self._open_journal(plan)
        try:
            with kept() as self._asked_to_stop:
                self._apply_levels(plan)
        except KeyboardInterrupt:
            raise InterruptedByUserError(self._put_back()) from None
        except LockLostError:
            raise  # whoever deploys now found the journal, or will
        except BaseException:
            self._put_back()
            raise
        self._close_journal()

    def _open_journal(self, plan: Plan) -> None:
        running = [cast("LiveEntity", step.live).name for step in plan.changes if step.interrupts]
        if self.journal is not None and running:
            self.journal.open(running)
            self._journaled = True

    def _close_journal(self) -> None:
        if self.journal is not None and self._journaled:
            if self._stopped:
                self.journal.open(self._stopped)
            else:
                self.journal.close()

    def _apply_levels(self, plan: Plan) -> None:
        left = len(plan.changes)
        for level in plan.levels():
            left -= len(level)
            failures = self._apply_level(level)
            if self._asked_to_stop.is_set():
                return
            if failures:
                raise ApplyError(failures, left)

    def _apply_level(self, level: list[Change]) -> list[tuple[str, str]]:
        workers = 1 if level[0].address.kind in MACHINE_LEARNING else self.workers
        pool = ThreadPoolExecutor(workers, thread_name_prefix="apply")
        try:
            futures = [pool.submit(self._apply, step) for step in level]
            wait(futures)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return [failure for future in futures if (failure := future.result()) is not None]

    def _put_back(self) -> list[str]:
        """Start again what ran before and does not run now; the names of what runs."""
        started = []
        for name in sorted(self._stopped):
            try:
                if not self._start_again(name):
                    continue
                self._stopped.discard(name)
                started.append(name)
                self.progress.note(f"trigger {name} put back: started again")
            except DataFactoryError as error:
                self.progress.note(f"trigger {name} could not be started again: {error}")
        try:
            self._close_journal()
        except LakeError as error:
            self.progress.note(f"the journal of stopped triggers could not be closed: {error}")
        return started

    def _start_again(self, name: str) -> bool:
        """As what it is by now: the edit that failed may have been made. False where it is gone."""
        live = self.factory.get("trigger", name)
        if live is None:
            self.progress.note(f"trigger {name} could not be started again: it is not there any more")
            return False
        self.factory.start_trigger(name, _type(live))
        return True

    def _apply(self, step: Change) -> tuple[str, str] | None:
        """The step's name and the reason if it failed. After Ctrl-C a step that waits does not begin."""
        if self._asked_to_stop.is_set():
            return None
        self.go_on()
        self.progress.began(step)
        try:
            self._dispatch(step)
        except (DataFactoryError, InfrastructureError, MachineLearningError, PromotionError) as error:
            self.progress.failed(step, str(error))
            return str(step.address), str(error)
        self.progress.ended(step)
        return None

    def _dispatch(self, step: Change) -> None:
        match step.address.kind:
            case "factory":
                self.factory.create_factory(step.location)
            case "model":
                self.promote(cast("Promotion", step.wanted))
            case "ml_pipeline":
                self._ml_pipeline(step)
            case "ml_pipeline_version":
                old = cast("OldVersion", step.live)
                self.machine_learning.disable_version(old.ml_pipeline, old.version)
            case "trigger":
                self._trigger(step)
            case kind if kind in RESOURCE_KINDS:
                self._resource(step)
            case _:
                self._entity(step)

    def _ml_pipeline(self, step: Change) -> None:
        if step.action == "delete":
            self.machine_learning.retire(step.address.name)
            return
        wanted = cast("Definition", step.wanted)
        if isinstance(wanted, Pinned):
            published = self.machine_learning.take_back(wanted.name, wanted.version)
        else:
            published = self.machine_learning.publish(wanted)
        self.endpoints[wanted.name] = (published.endpoint_id, published.version)

    def _entity(self, step: Change) -> None:
        if step.action == "delete":
            live = cast("LiveEntity", step.live)
            self.factory.delete(live.kind, live.name)
        else:
            self._put(step, None if step.live is None else cast("LiveEntity", step.live).etag or None)

    def _resource(self, step: Change) -> None:
        """It has no etag: what was changed since the plan was made is written over, as the plan says."""
        resources = cast("ResourceWriter", self.resources)
        if step.action in {"delete", "recreate"}:
            live = cast("LiveEntity", step.live)
            resources.delete(live.kind, live.name)
        if step.action != "delete":
            entity = cast("Entity", step.wanted)
            resources.put(entity.kind, entity.name, entity.properties)

    def _put(self, step: Change, etag: str | None) -> None:
        entity = cast("Entity", step.wanted)
        body = resolve(entity.properties, self.endpoints, lambda start: start.at(self.clock()))
        try:
            self.factory.put(entity.kind, entity.name, body, etag)
        except ChangedSinceRead:
            # Where an answer gets lost the SDK asks again, and its first try has changed the etag.
            live = self.factory.get(entity.kind, entity.name)
            if live is None or canonical(live.properties) != canonical(body):
                raise

    def _trigger(self, step: Change) -> None:
        """Stop what runs if it must not run while it is edited; edit; start what should run."""
        live = cast("LiveEntity | None", step.live)
        entity = cast("Entity | None", step.wanted)
        running = live is not None and live.properties.get("runtimeState") == "Started"
        wanted = entity is not None and bool(entity.started)
        if running and live is not None and (step.edits or not wanted):
            if step.edits:
                self._stopped.add(live.name)
            self.factory.stop_trigger(live.name, _type(live))
            self._since[live.name] = self.clock()
            running = False
        if step.edits:
            self._edit_trigger(step, live, None if live is None else self._etag_now(live))
        if entity is not None and wanted and not running:
            self.factory.start_trigger(entity.name, _type(entity))
            self._note_missed(live)
        if live is not None:
            self._stopped.discard(live.name)

    def _note_missed(self, live: LiveEntity | None) -> None:
        """What fell due by the body that was live, while the trigger stood still."""
        since = None if live is None else self._since.get(live.name)
        if live is None or since is None:
            return
        found = missed(live.name, live.properties, since, self.clock())
        if found is not None:
            self.missed.append(found)

    def _etag_now(self, planned: LiveEntity) -> str | None:
        """Stopping it, or making anew what it waits for, has changed the etag; not what it stands for."""
        live = self.factory.get("trigger", planned.name)
        if live is None or canonical(live.properties) != canonical(planned.properties):
            raise ChangedSinceRead(
                f"change trigger {planned.name}", status=None, code="Changed", message="it is another by now"
            )
        return live.etag or None

    def _edit_trigger(self, step: Change, live: LiveEntity | None, etag: str | None) -> None:
        with self._let_go(step):
            if live is not None and step.destructive:
                self.factory.delete("trigger", live.name)
                etag = None
            if step.action != "delete":
                self._put(step, etag)

    @contextmanager
    def _let_go(self, step: Change) -> Iterator[None]:
        """Azure deletes no trigger that another one waits for: those are stopped, and wait for others only,
        until it is made anew.

        They are not journaled: started again without what they wait for, they would run too early. If this
        stops in the middle, the next deployment finds them changed, mends them and then starts them.
        """
        if not step.dependents:
            yield
            return
        with self._detaching:  # one of them may wait for two that are made anew
            for each in step.dependents:
                self._detach(each, step.address.name)
            try:
                yield
            finally:
                for each in step.dependents:
                    self._attach(each)

    def _detach(self, dependent: LiveEntity, upstream: str) -> None:
        if dependent.properties.get("runtimeState") == "Started":
            self.factory.stop_trigger(dependent.name, _type(dependent))
        self.factory.put("trigger", dependent.name, without_wait(writable(dependent), upstream))

    def _attach(self, dependent: LiveEntity) -> None:
        try:
            self.factory.put("trigger", dependent.name, writable(dependent))
            if dependent.properties.get("runtimeState") == "Started":
                self.factory.start_trigger(dependent.name, _type(dependent))
        except DataFactoryError as error:
            told = f"trigger {dependent.name} stays stopped, the next deployment mends it: {error}"
            self.progress.note(told)


def _type(trigger: LiveEntity | Entity) -> str:
    return str(trigger.properties["type"])
