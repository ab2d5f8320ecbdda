"""The command line's grammar. Imports argparse and nothing of ours but errors, so that --help is instant.

The verb may stand anywhere (`--env prod plan` is `plan --env prod`); without one it is `deploy`.
"""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERBS: Final = {
    "deploy": "validate, plan, publish the ML pipelines, apply the factory, verify (the default)",
    "plan": "the same without a single write",
    "run": "run one window, or a range, now; wait and mirror the result",
    "status": "triggers, models and the last runs",
    "render": "write the factory as files: Data Factory's own Git layout and an ARM template",
    "destroy": "remove what this project owns in the environment; the lake's data stays",
}
TAKES_A_VALUE: Final = frozenset(
    {"-e", "--env", "-o", "--output", "--set", "--project-dir", "--model", "--window", "--from", "--to"}
    | {"--select", "--release", "--plan", "--out", "--head", "--factory", "--since"}
    | {"--seed", "--nodes", "--fail", "--failures", "--minutes", "--past-days", "--html"}
    | {"--only", "--max-parallel", "--limit"}
)
MOST_DIGITS: Final = 9
"""Of a count: nobody has more rows, windows or nodes, and what counts them takes no more."""
EXAMPLES: Final = """\
examples:
  python deploy.py --env local                      a local Azure, started when it is needed
  python deploy.py plan --env prod --offline        validation only: no network, no credentials
  python deploy.py plan --offline --factory DIR     the same for factory JSON that others wrote
  python deploy.py run --env local --window 2026-11-22
  python deploy.py render --env prod --out DIR      the factory as files, to be deployed from Git or by ARM
exit codes: 0 fine, 1 failed, 2 changes present (--detailed-exitcode), 64 usage or configuration,
            75 locked or worth a retry, 130 interrupted"""


class GrammarError(Exception):
    """The command line cannot be understood."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise GrammarError(message, f"{self.prog} --help")


class _Once(argparse.Action):
    """Of what there is one: argparse would take the last of two in silence, and leave a window out."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        given: argparse.Namespace,
        value: object,
        _option: str | None = None,
    ) -> None:
        if getattr(given, self.dest) is not None:
            raise argparse.ArgumentError(self, "given twice; expected one")
        setattr(given, self.dest, value)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Raises GrammarError; exits for --help only."""
    whole, verbs = _parser()
    given, unknown = whole.parse_known_args(_verb_first(list(argv)))
    if unknown:
        verbs[given.verb].error(f"unrecognized arguments: {' '.join(unknown)}")
    if given.env is None and getattr(given, "factory", None) is None:
        verbs[given.verb].error("the following arguments are required: -e/--env")
    return given


def verbs() -> Mapping[str, argparse.ArgumentParser]:
    """Each verb's own grammar: docs/command-line.md is made of it."""
    return _parser()[1]


def asks_for_json(argv: Sequence[str]) -> bool:
    """Whether -o json was meant, known even where the rest cannot be understood."""
    pairs = pairwise([*argv, ""])
    return any(
        (word in {"-o", "--output"} and after == "json") or word in {"-ojson", "--output=json", "-o=json"}
        for word, after in pairs
    )


def _verb_first(argv: list[str]) -> list[str]:
    index = 0
    while index < len(argv):
        word = argv[index]
        if word.startswith("-"):
            index += 2 if word in TAKES_A_VALUE else 1
            continue
        _refuse_unknown(word)
        return [word, *argv[:index], *argv[index + 1 :]]
    return argv if {"-h", "--help"} & set(argv) else ["deploy", *argv]


def _refuse_unknown(word: str) -> None:
    if word not in VERBS:
        close = get_close_matches(word, VERBS, n=1)
        meant = f"did you mean `{close[0]}`? " if close else ""
        raise GrammarError(f"unknown verb `{word}`", f"{meant}verbs: {', '.join(VERBS)}")


def _parser() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The whole grammar, and each verb's part of it."""
    parser = _Parser(
        prog="deploy.py",
        description="Batch scoring on Azure Machine Learning, scheduled by Azure Data Factory.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    group = parser.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=_Parser)
    common = _common()
    for verb, story in VERBS.items():
        described = f"{story[0].upper()}{story[1:]}."
        own = group.add_parser(verb, help=story, description=described, parents=[common], allow_abbrev=False)
        _ADD_OPTIONS[verb](own)
    return parser, group.choices


def _common() -> _Parser:
    common = _Parser(add_help=False, allow_abbrev=False)
    group = common.add_argument_group("everywhere")
    group.add_argument("-e", "--env", help="the environment: a file config/ENV.yaml; required")
    group.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help="the result's form on stdout"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="no progress on stderr")
    group.add_argument(
        "-v", "--verbose", action="store_true", help="more on stderr: requests, logs, tracebacks"
    )
    group.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override the configuration: a.b=c"
    )
    group.add_argument("--no-color", action="store_true", help="plain text")
    group.add_argument(
        "--project-dir",
        type=Path,
        default=Path(__file__).resolve().parent.parent,
        metavar="DIR",
        help="the folder that holds config/ (default: this repository)",
    )
    return common


def _deploy(parser: argparse.ArgumentParser) -> None:
    _what(parser)
    parser.add_argument(
        "--plan",
        type=Path,
        metavar="FILE",
        help="apply exactly the plan that `plan --out` saved, or nothing",
    )
    parser.add_argument(
        "--force", action="store_true", help="overwrite what was changed by hand since the last release"
    )
    parser.add_argument(
        "--run", action="store_true", help="then score the last window of each changed model, as a smoke test"
    )
    parser.add_argument(
        "--rollback-on-failure",
        action="store_true",
        help="go back to the release before where the smoke test fails",
    )
    parser.add_argument(
        "--catch-up", action="store_true", help="run what schedule triggers missed while they were stopped"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before deleting or recreating")


def _plan(parser: argparse.ArgumentParser) -> None:
    _what(parser)
    parser.add_argument("--offline", action="store_true", help="validation only: no network, no credentials")
    parser.add_argument(
        "--factory",
        type=_path,
        metavar="DIR",
        help="with --offline, in place of --env: validate the factory JSON in this folder, whoever wrote it",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="save the plan, for `deploy --plan`")
    parser.add_argument(
        "--adopt",
        action="store_true",
        help="say how to keep what was changed by hand",
    )
    parser.add_argument(
        "--check-access",
        action="store_true",
        help="in place of the plan: which roles are needed, which are missing, and what grants them",
    )
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="exit 2 if there is something to change"
    )


def _what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prune", action="store_true", help="delete what is ours and no longer wanted")
    parser.add_argument(
        "--select",
        action="append",
        default=[],
        metavar="GLOB",
        help="only resources of this name (`*_diabetes*`) or kind and name (`trigger/tr_score_*`)",
    )
    parser.add_argument(
        "--release",
        action=_Once,
        type=int,
        metavar="N",
        help="go back to what release N deployed (`status` lists them); what came after goes",
    )


def _run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", action=_Once, type=_said, help="this model only (default: every model)")
    parser.add_argument("--training", action="store_true", help="train instead of scoring")
    parser.add_argument(
        "--window",
        action=_Once,
        type=_said,
        help="2026-11-22, a window id or an ISO instant (default: the last complete window)",
    )
    parser.add_argument(
        "--from",
        action=_Once,
        type=_said,
        dest="since",
        metavar="INSTANT",
        help="the first window of a range",
    )
    parser.add_argument(
        "--to",
        action=_Once,
        type=_said,
        dest="until",
        metavar="INSTANT",
        help="the end of the range, not included",
    )
    parser.add_argument(
        "--only",
        choices=("missing", "failed", "all"),
        default="all",
        help="of a range: what has not landed, or whose last run failed (default: all)",
    )
    parser.add_argument(
        "--max-parallel", type=_count, metavar="N", help="windows, or models, side by side (default: 4)"
    )
    parser.add_argument(
        "--limit", type=_count, metavar="N", help="more windows of a range need --yes (default: 100)"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask, however many windows a range has")
    parser.add_argument("--dry-run", action="store_true", help="show which windows would be run")
    parser.add_argument(
        "--no-wait", action="store_true", help="start all at once, print the run ids, do not wait"
    )
    _simulate(parser)


def _simulate(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("rehearsal: docs/rehearse.md")
    group.add_argument(
        "--simulate",
        action="store_true",
        help="rehearse the schedules of --from … --to in seconds; nothing is run in Azure; with real ML "
        "runs: python -m sandbox --clock virtual",
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="of what is drawn (default: 0)")
    group.add_argument(
        "--nodes", type=_count, metavar="N", help="of the compute cluster (default: as many as are wanted)"
    )
    group.add_argument(
        "--minutes",
        action="append",
        default=[],
        metavar="MODEL=MINUTES",
        help="how long scoring a window takes, in the middle (default: half of scoring.expected_minutes)",
    )
    group.add_argument(
        "--past-days",
        type=_count,
        metavar="N",
        help="in its place: draw from what the environment's factory ran in so many days; reads it",
    )
    group.add_argument(
        "--failures", type=_percent, default=0.0, metavar="PERCENT", help="of the ML runs fail (default: 0)"
    )
    group.add_argument(
        "--fail",
        action="append",
        default=[],
        metavar="MODEL=WINDOW",
        help="this window's ML runs fail; the window is written as for --window",
    )
    group.add_argument(
        "--arrivals",
        type=Path,
        metavar="FILE",
        help="JSON: which files come, and when (default: each window's, at its end)",
    )
    group.add_argument(
        "--stand-ins",
        type=Path,
        metavar="FILE",
        help="write what stands for the ML runs, too: for python -m sandbox --clock virtual --stand-ins",
    )
    group.add_argument(
        "--as-new",
        action="store_true",
        help="as if the triggers were made at --from: the windows of `backfill_from` then run",
    )
    group.add_argument(
        "--happened",
        action="store_true",
        help="in its place: what triggers have started in the local Azure, on its virtual clock; reads it",
    )
    group.add_argument("--html", type=_path, metavar="FILE", help="the timetable as a page, too")


def _percent(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of percent, 0 to 100")
    return number


def _status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run_id",
        nargs="?",
        type=_said,
        metavar="RUN_ID",
        help="an ADF run: its activities, the first error, the log's end",
    )
    parser.add_argument("--check", action="store_true", help="exit 1 if something is late or failed")
    parser.add_argument(
        "--watch", action="store_true", help="go on until Ctrl-C: a live screen, or a line for what changes"
    )
    parser.add_argument(
        "--open", action="store_true", help="open the local Azure's portal in the browser, and print its link"
    )
    parser.add_argument(
        "--html", type=_path, metavar="FILE", help="write the same as one page, to be sent or attached"
    )
    parser.add_argument(
        "--since", metavar="INSTANT", help="every window from this day or instant on (UTC), however long ago"
    )
    parser.add_argument(
        "--model",
        action=_Once,
        type=_said,
        help="one landed window of this model: its rows, its checks, its files",
    )
    parser.add_argument(
        "--window",
        action=_Once,
        type=_said,
        help="which (default: the last complete window); written as for `run`",
    )
    parser.add_argument("--head", type=_count, metavar="N", help="its first N rows too")
    parser.add_argument(
        "--output-path", action="store_true", help="nothing but the address of each of its files"
    )


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > MOST_DIGITS or int(text) < 1:
        expected = f"no whole number above 0 of at most {MOST_DIGITS} digits"
        raise argparse.ArgumentTypeError(f"{text!r} is {expected}")
    return int(text)


def _render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=_path,
        required=True,
        metavar="DIR",
        help="the folder to write; files of others in it stay",
    )
    parser.add_argument(
        "--offline",
        action="store_true",
        help="no network, no credentials: what only Azure knows is left to be filled in",
    )


def _path(text: str) -> Path:
    """An empty text would be the current folder."""
    return Path(_said(text))


def _said(text: str) -> str:
    """An empty text is a variable that is not set, and would be read as if the option were not there:
    another window would be run than was meant.
    """
    if not text:
        raise argparse.ArgumentTypeError("expected a value, found an empty text")
    return text


def _destroy(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")


_ADD_OPTIONS: Final = {
    "deploy": _deploy,
    "plan": _plan,
    "run": _run,
    "status": _status,
    "render": _render,
    "destroy": _destroy,
}
