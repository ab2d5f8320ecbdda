"""The lake as a child process: started before the sandbox is ready, restarted when it dies, ended with it.

The child reads its standard input, a pipe that nobody writes to: when this process ends, however it ends,
the pipe closes and the child stops. The listening socket is this process's, and handed down: while the lake
is started again, requests wait instead of being refused.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox import request_log
from sandbox.errors import LakeDied
from sandbox.identity import STORAGE_AUDIENCES, Identity

if TYPE_CHECKING:
    import socket
    import ssl

_RESTARTS_A_MINUTE = 30
_log = logging.getLogger("sandbox.lake")


class LakeProcess:
    def __init__(
        self, state: Path, listening: socket.socket, tls: ssl.SSLContext, identity: Identity
    ) -> None:
        self._state = state
        self._log = state / "logs" / "lake-process.log"
        self._socket = listening
        self._tls = tls
        self._identity = identity
        self._process: asyncio.subprocess.Process | None = None
        self._restarts: list[float] = []
        self._stopping = False
        self.url = f"https://127.0.0.1:{listening.getsockname()[1]}"

    async def begin(self) -> None:
        """Returns at once: `ready` waits."""
        descriptor = self._socket.fileno()
        command = [sys.executable, "-m", "sandbox.datalake", "--state", str(self._state)]
        command += ["--descriptor", str(descriptor)]
        with request_log.open_output(self._log) as stderr:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                cwd=Path(__file__).parent.parent,
                pass_fds=[descriptor],
                start_new_session=True,  # a Ctrl-C is the parent's to handle: it ends the lake last
            )

    async def ready(self) -> None:
        """Returns when the lake answers; raises `LakeDied`."""
        process = self._process
        if process is None or process.stdout is None:
            raise RuntimeError("the lake has not begun")
        if not (await process.stdout.readline()).startswith(b"ready"):
            raise self._died(await process.wait())

    async def watch(self) -> None:
        """Runs as long as the sandbox does; raises `LakeDied` when the lake keeps dying."""
        while self._process is not None:
            code = await self._process.wait()
            if self._stopping:
                return
            _log.warning("the lake ended with exit code %s: starting it again", code)
            self._count_restart(code)
            await self.begin()
            await self.ready()

    async def stop(self) -> None:
        """Lets requests in progress end (a few seconds), then insists."""
        self._stopping = True
        self._socket.close()
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), timeout=5)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One of the lake's own `/_sandbox/...` requests; the lake's refusal comes back as its text."""
        import aiohttp

        headers = {"Authorization": f"Bearer {self._identity.issue(STORAGE_AUDIENCES[0])}"}
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._tls), headers=headers) as session,
            session.request(method, self.url + path, json=body) as response,
        ):
            answer: dict[str, Any] = await response.json()
            return {"status": response.status, "body": answer}

    async def idle_seconds(self) -> float:
        """How long it had nothing to do."""
        import aiohttp

        try:
            health = await self.call("GET", "/_sandbox/health")
        except aiohttp.ClientError:  # it is being started again: not idle, and no reason to end
            return 0
        return float(health["body"]["idle_seconds"])

    def _count_restart(self, code: int | None) -> None:
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < 60] + [now]
        if len(self._restarts) > _RESTARTS_A_MINUTE:
            raise self._died(code)

    def _died(self, code: int | None) -> LakeDied:
        lines = self._log.read_text(errors="replace").split("\n")
        last_word = next((line for line in reversed(lines) if line.strip()), "it said nothing")
        return LakeDied(code, last_word, self._log)
