#!/usr/bin/env python3
"""The command line: parse → load → desired → observe → plan → show → apply.

    python deploy.py [deploy|plan|run|status|render|destroy] --env ENV

Thin: the grammar is in deployment/arguments.py, the verbs are in deployment/verbs/. Nothing heavy is
imported before a verb is known, so `--help` answers at once.
"""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

from deployment.arguments import GrammarError, asks_for_json, parse

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence


def main(argv: Sequence[str], *, hide_unused: bool = False) -> int:
    """The exit code. Every failure is said once: on stderr for people, on stdout as JSON for scripts.

    `hide_unused`: from the whole process, what a command does not use (deployment/absent.py).
    """
    arguments: Namespace | None = None
    try:
        arguments = parse(argv)
        if hide_unused:
            from deployment import absent

            absent.hide_unused()
        from deployment import verbs

        return verbs.carry_out(arguments)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the unforeseen is told with its traceback
        return _fail(error, argv, verbose=arguments is not None and arguments.verbose)


def _fail(error: BaseException, argv: Sequence[str], *, verbose: bool) -> int:
    from deployment.errors import UsageError
    from deployment.failures import EXPECTED, failure_of
    from deployment.terminal import Terminal

    if isinstance(error, GrammarError):
        error = UsageError(str(error), hint=error.hint)
    elif verbose or not isinstance(error, EXPECTED):
        traceback.print_exception(error)
    failure = failure_of(error)
    Terminal(json=asks_for_json(argv), color="--no-color" not in argv).fail(failure)
    return failure.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], hide_unused=True))
