"""The lake as a child process: started before the sandbox is ready, restarted when it dies, ended with it.

The child reads its standard input, a pipe that nobody writes to: when this process ends, however it ends,
the pipe closes and the child stops.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.errors import LakeDied, PortInUse
from sandbox.identity import STORAGE_AUDIENCES, Identity

_PORT_TAKEN = 76  # the child's way to say so
_RESTARTS_A_MINUTE = 30
_log = logging.getLogger("sandbox.lake")


class LakeProcess:
    def __init__(self, state: Path, port: int, tls: ssl.SSLContext, identity: Identity) -> None:
        self._state = state
        self._port = port
        self._tls = tls
        self._identity = identity
        self._process: asyncio.subprocess.Process | None = None
        self._restarts: list[float] = []
        self._stopping = False
        self.url = f"https://127.0.0.1:{port}"

    async def start(self) -> None:
        """Returns when the lake answers; raises `PortInUse` or `LakeDied`."""
        command = [
            sys.executable,
            "-m",
            "sandbox.datalake",
            "--state",
            str(self._state),
            "--port",
            str(self._port),
        ]
        log = self._state / "logs" / "lake-process.log"
        with log.open("ab") as stderr:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                cwd=Path(__file__).parent.parent,
                start_new_session=True,  # a Ctrl-C is the parent's to handle: it ends the lake last
            )
        self._process = process
        if not await self._says_ready(process):
            code = await process.wait()
            raise PortInUse(self._port, "--lake-port") if code == _PORT_TAKEN else LakeDied(code, log)

    async def watch(self) -> None:
        """Runs as long as the sandbox does; raises `LakeDied` when the lake keeps dying."""
        while self._process is not None:
            code = await self._process.wait()
            if self._stopping:
                return
            _log.warning("the lake ended with exit code %s: starting it again", code)
            self._count_restart(code)
            await self.start()

    async def stop(self) -> None:
        """Lets requests in progress end (a few seconds), then insists."""
        self._stopping = True
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
        headers = {"Authorization": f"Bearer {self._identity.issue(STORAGE_AUDIENCES[0])}"}
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._tls), headers=headers) as session,
            session.request(method, self.url + path, json=body) as response,
        ):
            answer: dict[str, Any] = await response.json()
            return {"status": response.status, "body": answer}

    async def _says_ready(self, process: asyncio.subprocess.Process) -> bool:
        if process.stdout is None:  # it was asked for above; mypy cannot know
            return False
        return (await process.stdout.readline()).startswith(b"ready")

    def _count_restart(self, code: int | None) -> None:
        now = time.monotonic()
        self._restarts = [at for at in self._restarts if now - at < 60] + [now]
        if len(self._restarts) > _RESTARTS_A_MINUTE:
            raise LakeDied(code, self._state / "logs" / "lake-process.log")
