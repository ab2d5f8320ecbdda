"""`python -m sandbox`: start the local Azure and stay."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.errors import SandboxError
from sandbox.server import Options, serve
from sandbox.state import StateFolder

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 stopped, 1 cannot start, 75 the folder is another's."""
    options = _parse(arguments)
    os.umask(0o077)
    try:
        folder = StateFolder(options.state)
        folder.lock()
        asyncio.run(serve(options, folder))
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _parse(arguments: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Azure on 127.0.0.1.")
    parser.add_argument("--state", type=Path, default=Path(".sandbox"), help="folder of everything it keeps")
    parser.add_argument("--port", type=int, default=10443, help="Resource Manager, Azure ML, Data Factory")
    parser.add_argument("--lake-port", type=int, help="the lake (default: port + 1)")
    parser.add_argument("--identity-port", type=int, help="the token endpoint (default: port + 2)")
    parser.add_argument(
        "--step-python",
        type=Path,
        default=os.environ.get("SANDBOX_STEP_PYTHON"),
        metavar="PATH",
        help="the Python that runs Azure ML's steps (default: SANDBOX_STEP_PYTHON, else this one)",
    )
    parser.add_argument("--idle-minutes", type=float, default=0, help="stop when idle that long (0: never)")
    given = parser.parse_args(arguments)
    return Options(
        state=given.state,
        port=given.port,
        lake_port=given.lake_port or given.port + 1,
        identity_port=given.identity_port or given.port + 2,
        idle_minutes=given.idle_minutes,
        step_python=given.step_python or Path(sys.executable),
    )


if __name__ == "__main__":
    sys.exit(main())
