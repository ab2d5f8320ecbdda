"""`python -m sandbox`: start the local Azure and stay; `--detach`, `stop`, `status` and `clock`: from
outside. `simulate` is a rehearsal, which listens on nothing.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from sandbox.arguments import options, parse
from sandbox.errors import SandboxError
from sandbox.state import StateFolder

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 cannot start, or (`status`) does not run, 75 the folder is another's."""
    words = sys.argv[1:] if arguments is None else arguments
    given = parse(words)
    os.umask(0o077)
    try:
        return _do(given, words)
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED


def _do(given: Namespace, words: Sequence[str]) -> int:
    """Imports are here: what only looks from outside answers at once."""
    if given.verb == "simulate":
        from sandbox.simulation import command

        return command.run(given)
    folder = StateFolder(given.state)
    match given.verb:
        case "stop":
            from sandbox import outside

            return outside.stop(folder, now=given.now)
        case "status":
            from sandbox import outside

            return outside.show_status(folder, as_json=given.output == "json")
        case "clock":
            from sandbox import clock_command

            return clock_command.run(folder, by=given.advance, to=given.to, as_json=given.output == "json")
        case _ if given.detach:
            from sandbox import detached

            return detached.start(folder, options(given), words)
        case _:
            import asyncio

            from sandbox import life
            from sandbox.quiet_loop import QuietLoop

            loop = QuietLoop if given.clock == "virtual" else None
            with asyncio.Runner(loop_factory=loop) as runner:
                return runner.run(life.serve(options(given), folder))


if __name__ == "__main__":
    sys.exit(main())
