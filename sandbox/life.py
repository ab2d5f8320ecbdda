"""The life of the control process: lock, ports, the lake beside it, ready; idle, told to stop, or gone.

    folder ours? ─► lock ─► ports ─► databases of a known format? ─► certificates ─► the lake begins
    ─► the services, while the lake makes itself ready ─► endpoints.json ─► "ready" ─► … ─► the end

Whatever cannot be is found out before anything is written that the next start would have to undo. At the
end, however it comes: no new request is taken, those in progress have a few seconds, runs end (their steps'
processes with them) and say why, the lake ends, the lock is free.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox import clock_file, clock_routes, database, ports, request_log, store, tls
from sandbox.advancing_clock import AdvancingClock
from sandbox.clock import SystemClock
from sandbox.context import Activity, Context, Endpoints
from sandbox.datalake import catalog
from sandbox.errors import FolderUnusable, NoStepPython, SandboxError, stop_command
from sandbox.identity import Identity, new_header
from sandbox.lake_process import LakeProcess
from sandbox.quiet_loop import QuietLoop
from sandbox.status import ready_lines, started_triggers

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from sandbox.arguments import Options
    from sandbox.clock import Clock
    from sandbox.state import StateFolder
    from sandbox.tls import TlsFiles

_INTERRUPTED = 130
_LOOKS_SECONDS = 1.0
_WORLD = SystemClock()
_log = logging.getLogger("sandbox.control")


async def serve(options: Options, folder: StateFolder) -> int:
    """Runs until SIGTERM, SIGINT, idleness or the loss of its folder; the exit code.

    Raises `SandboxError` where it cannot start, or cannot go on.
    """
    step_python = _program(options.step_python)
    folder.prepare()
    lock = folder.lock()
    clock = _clock(options, folder)
    listening = ports.listen_on(options.ports, folder.path)
    database.check(folder.path / "state.db", store.FORMAT)
    database.check(folder.path / "lake.db", catalog.FORMAT)
    request_log.open_log(folder.logs / "control.log")
    request_log.open_log(folder.logs / "runs.log", "sandbox.runs")
    stop = _stop_signals(lambda: _withdraw(folder, lock))
    folder.withdraw()  # what a killed predecessor left
    try:
        async with AsyncExitStack() as life:
            context, lake = await _begin(life, options, folder, step_python, listening, clock)
            life.callback(_withdraw, folder, lock)
            _announce(folder, options, context)
            _say_ready(folder, options, context)
            await _until_the_end(stop, lake, context, options, lambda: folder.is_still(lock))
    except OSError as error:
        raise FolderUnusable(folder.path, f"{error.strerror}: {error.filename}") from error
    except SandboxError as error:
        _log.error("%s", error)
        raise
    _log.info("stopped")
    return 0


async def _begin(
    life: AsyncExitStack,
    options: Options,
    folder: StateFolder,
    step_python: str,
    listening: list[socket.socket],
    begin_clock: Callable[[Activity], Clock],
) -> tuple[Context, LakeProcess]:
    """Everything answers, and is on the stack of what ends with it."""
    files = tls.ensure(folder.tls, datetime.now(UTC))
    identity = Identity(folder.secret)
    lake = LakeProcess(folder.path, listening[1], files.client_context(), identity)
    life.push_async_callback(lake.stop)
    await lake.begin()

    from sandbox import server  # takes most of a start: while the lake makes itself ready

    activity = Activity()
    clock = begin_clock(activity)
    documents = store.Store(folder.path / "state.db")
    life.callback(documents.close)
    context = Context(
        folder.path,
        documents,
        clock,
        identity,
        _endpoints(options, files),
        activity,
        step_python,
    )
    await server.open_all(life, context, lake, listening, files, options)
    await lake.ready()
    if isinstance(clock, AdvancingClock):
        life.callback(clock.close)  # before anything ends: nothing falls due on the way
    return context, lake


def _clock(options: Options, folder: StateFolder) -> Callable[[Activity], Clock]:
    """Raises `SandboxError` where the folder is the other kind's; nothing is written yet."""
    if options.clock == "system":
        clock_file.require_world(folder.path)
        return lambda _: SystemClock()
    file, shows = clock_file.opened(folder.path, options.clock_start)
    return lambda activity: AdvancingClock(file, shows, activity, QuietLoop.running())


def _endpoints(options: Options, files: TlsFiles) -> Endpoints:
    return Endpoints(
        **options.addresses,
        identity_header=new_header(),
        bundle=str(files.bundle),
        authorities=str(files.authorities),
    )


def _program(path: Path) -> str:
    """Absolute, since steps have folders of their own; a link stays one."""
    if not path.is_file() or not os.access(path, os.X_OK):
        raise NoStepPython(path)
    return str(path.absolute())


def _announce(folder: StateFolder, options: Options, context: Context) -> None:
    folder.announce(
        {
            "pid": os.getpid(),
            "since": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "clock": options.clock,
            **options.addresses,
            "ports": options.ports,
            "identity_header": context.endpoints.identity_header,
            "ca": str(folder.tls / "ca.pem"),
            "bundle": context.endpoints.bundle,
        }
    )


def _withdraw(folder: StateFolder, lock: int) -> None:
    """A folder that took the place of this one may have a sandbox of its own."""
    if folder.is_still(lock):
        folder.withdraw()


def _say_ready(folder: StateFolder, options: Options, context: Context) -> None:
    """Starters wait for the first line."""
    end = stop_command(folder.path) if options.detached else "Ctrl-C"
    control = context.endpoints.control
    lines = ready_lines(control, folder.logs, end, clock_routes.state_of(context.clock))
    with suppress(BrokenPipeError):  # whoever started it has gone: it is ready all the same
        print(*lines, sep="\n", flush=True)  # noqa: T201
    if options.detached:
        with request_log.open_output(folder.logs / "control-process.log") as log:
            for stream in (sys.stdout, sys.stderr):
                os.dup2(log.fileno(), stream.fileno())
    _log.info("ready on %s, pid %s", control, os.getpid())


def _stop_signals(withdraw: Callable[[], None]) -> asyncio.Event:
    """The first asks, a second Ctrl-C insists: runs are then Failed at the next start, as after a kill."""
    stop = asyncio.Event()
    told: list[signal.Signals] = []

    def tell(number: signal.Signals) -> None:
        if number == signal.SIGINT and number in told:
            _log.warning("Ctrl-C again: ending at once")
            withdraw()
            os._exit(_INTERRUPTED)
        _log.info("told to stop by %s", number.name)
        told.append(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, tell, number)
    return stop


async def _until_the_end(
    stop: asyncio.Event,
    lake: LakeProcess,
    context: Context,
    options: Options,
    is_there: Callable[[], bool],
) -> None:
    waits = [stop.wait(), lake.watch(), _until_lost(is_there)]
    if options.idle_minutes > 0:
        waits.append(
            _until_idle(lake, context, options.idle_minutes * 60, lambda: _is_kept(context, options))
        )
    tasks = [asyncio.ensure_future(each) for each in waits]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()


def _is_kept(context: Context, options: Options) -> bool:
    """Alive, though there is neither a request nor a run."""
    advances = isinstance(context.clock, AdvancingClock) and context.clock.goal is not None
    return advances or (not options.despite_triggers and bool(started_triggers(context)))


async def _until_lost(is_there: Callable[[], bool]) -> None:
    """A deleted folder is how people begin anew: what is left of the old must not hold the ports."""
    while is_there():
        await _WORLD.sleep(_LOOKS_SECONDS)
    _log.warning("the state folder was deleted or replaced")


async def _until_idle(
    lake: LakeProcess, context: Context, limit_seconds: float, kept: Callable[[], bool]
) -> None:
    """Returns once neither process had anything to do for that long, and nothing keeps them."""
    while True:
        quiet = 0.0 if kept() else context.activity.idle_seconds()
        if quiet >= limit_seconds:
            quiet = min(quiet, await lake.idle_seconds())
        if quiet >= limit_seconds:
            _log.info("nothing to do for %.0f seconds", quiet)
            return
        await _WORLD.sleep(max(0.2, min(limit_seconds - quiet, 5)))
