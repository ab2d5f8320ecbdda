"""`python -m sandbox.datalake --state DIR --port P`: the lake alone; ends when the pipe on its standard
input does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from pathlib import Path

from sandbox import request_log
from sandbox.datalake.server import serve
from sandbox.errors import SandboxError
from sandbox.state import StateFolder

_PATIENCE_SECONDS = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.datalake")
    parser.add_argument("--state", type=Path, required=True)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int)
    where.add_argument("--descriptor", type=int, help="a listening socket, inherited")
    given = parser.parse_args()
    os.umask(0o077)
    folder = StateFolder(given.state)
    try:
        folder.prepare()
        request_log.open_log(folder.logs / "lake.log")
        # A killed predecessor needs a moment to notice that its parent is gone.
        folder.lock("lake.lock", _PATIENCE_SECONDS)
        asyncio.run(serve(folder, _listening(given.port, given.descriptor)))
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _listening(port: int | None, descriptor: int | None) -> socket.socket:
    if descriptor is not None:
        return socket.socket(fileno=descriptor)
    return socket.create_server(("127.0.0.1", port or 0))


if __name__ == "__main__":
    sys.exit(main())
