"""`python -m sandbox.datalake --state DIR --port P`: the lake alone; ends when its standard input does."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import sys
from pathlib import Path

from sandbox import request_log
from sandbox.datalake.server import serve
from sandbox.errors import SandboxError
from sandbox.state import StateFolder

_PORT_TAKEN = 76
_PATIENCE_SECONDS = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.datalake")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    os.umask(0o077)
    folder = StateFolder(given.state)
    request_log.open_log(folder.logs / "lake.log")
    try:
        # A killed predecessor needs a moment to notice that its parent is gone.
        folder.lock("lake.lock", _PATIENCE_SECONDS)
        asyncio.run(serve(folder, given.port))
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return _PORT_TAKEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
