"""command-line.md: every verb and option of deploy.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deployment import arguments
from docs.generate.tables import table

if TYPE_CHECKING:
    from argparse import Action, ArgumentParser
    from collections.abc import Iterable, Iterator

INTRODUCTION: Final = """\
# Command line

```
python deploy.py [VERB] --env ENV [options]
```

Without a verb it is `deploy`. The verb may stand anywhere.

stdout is the result: a table, or one JSON document with `-o json`. stderr is progress, and errors. With
`-o json` a failed command's document is `{"error": {"code", "message", "file", "line", "hint"}}`.

| exit code | means |
| --- | --- |
| 0 | fine |
| 1 | failed |
| 2 | there is something to change, or a role is missing: `plan --detailed-exitcode` only |
| 64 | the command line or the configuration is wrong; nothing was done |
| 75 | another deployment is under way, or it is worth a retry |
| 130 | interrupted; what was stopped for the deployment has been started again |

`--set`, and environment variables, override the [configuration](configuration.md).
"""

DOCUMENTS: Final = """\
## With -o json

Keys that scripts may rely on. Instants are UTC; what is not known is `null`.

| verb | document |
| --- | --- |
| `plan` | `env`; `changes`: a list of `action`, `kind`, `name`, `diff`; `summary`: `add`, `change`, `delete`, `unchanged` |
| `plan --factory` | `factory`; `findings`: a list of `id`, `severity`, `file`, `line`, `path`, `message`, `hint`; `summary`: `errors`, `warnings`, `files`, `entities`, `references_outside` |
| `plan --check-access` | `env`; `access`: a list of `state`, `holder`, `principal_id`, `role`, `role_id`, `scope`, `where`, `why`, `reason`, `command`; `summary`: `granted`, `missing`, `unknown` |
| `deploy` | as `plan`, and `release`, `applied` |
| `run` | `runs`: a list of `model`, `pipeline`, `window_start`, `window_end`, `status`, `adf_run_id`, `ml_run_id`, `rows_in`, `rows_scored`, `rows_quarantined`, `output`, `error` |
| `status` | `env`; `releases`: a list of `release`, `at`, `by`, `commit`; `triggers`: a list of `name`, `state`, `next`; `models`: a list of `model`, `version`, `sha256`, `last_success`, `late`, `freshness`; `healthy`; `runs` as above |
| `status`, in each of `models` | `windows`: a list of `window_start`, `window_end`, `state`, `late_seconds`, `deadline`, `trigger`, `model_version`, `usual_rows`, `rows_in`, `rows_scored`, `rows_quarantined`, `adf_run_id`, `ml_run_id`, `output`, `error`; the states: [monitoring](monitoring.md) |
| `run`, `status` | in each of `runs` whose window has [checks](checks.md) also `checks`: a list of `check`, `outcome`, `found`, `allowed`; and `staged`, the file, where one failed |
| `status RUN_ID` | `run` as one of `runs`; `trigger`, `started`, `ended`; `remembered`: Data Factory still knows it; `activities`: a list of `name`, `type`, `status`, `depth`, `error`, with the steps of the ML run below its activity; `ml_portal_url`; `log_tail`: a list of lines |
| `status --model` | `window`: the [manifest](landing.md#the-manifest-what-lies-at-the-target); `paths`, in the file system; `addresses`, which open the files; with `--head` `rows`: a list of column → value |

`action` is `create`, `change`, `recreate`, `delete` or `drift`. `warnings` is there where `plan` and `deploy` have something to
say that is no change: a list of `code`, `message` and, of an Azure ML schedule that runs an ML pipeline of ours (`ml_schedule`),
`ml_pipeline`, `schedule`, `schedule_id`.
"""  # noqa: E501 - a row is a line


def page() -> Iterator[str]:
    yield from (*INTRODUCTION.splitlines(), "")
    verbs = arguments.verbs()
    common = [option for option in _options(verbs["deploy"]) if _is_common(option, verbs.values())]
    yield from ("## Every verb", "")
    yield from _table(common)
    yield from ("```", *_examples(), "```", "")
    for verb, parser in verbs.items():
        yield from _verb(verb, parser, {option.dest for option in common})
    yield from DOCUMENTS.splitlines()


def _examples() -> Iterator[str]:
    return (line.strip() for line in arguments.EXAMPLES.splitlines() if "deploy.py" in line)


def _verb(verb: str, parser: ArgumentParser, common: set[str]) -> Iterator[str]:
    own = [option for option in _options(parser) if option.dest not in common]
    synopsis = " ".join([f"python deploy.py {verb} --env ENV", *map(_in_synopsis, own)])
    yield from (f"## {verb}", "", str(parser.description), "", "```", synopsis, "```", "")
    if own:
        yield from _table(own)


def _options(parser: ArgumentParser) -> list[Action]:
    return [action for action in parser._actions if action.dest != "help"]  # noqa: SLF001 - there is no other way


def _is_common(option: Action, parsers: Iterable[ArgumentParser]) -> bool:
    return all(option.option_strings in [each.option_strings for each in _options(one)] for one in parsers)


def _table(options: Iterable[Action]) -> Iterator[str]:
    yield from table(("option", "meaning"), [(f"`{_names(each)}`", _meaning(each)) for each in options])


def _names(option: Action) -> str:
    return (
        ", ".join([*option.option_strings[:-1], _spelt(option)]) if option.option_strings else _value(option)
    )


def _in_synopsis(option: Action) -> str:
    return _spelt(option) if option.required else f"[{_spelt(option)}]"


def _spelt(option: Action) -> str:
    """`--from INSTANT`; a positional argument by its value alone."""
    return " ".join(filter(None, [*option.option_strings[-1:], _value(option)]))


def _value(option: Action) -> str:
    if option.nargs == 0:
        return ""
    if option.choices:
        return "|".join(map(str, option.choices))
    return str(option.metavar or option.dest.upper())


def _meaning(option: Action) -> str:
    help_ = option.help or ""
    said = option.nargs == 0 or option.default in (None, []) or "default" in help_
    return f"{help_}{'; required' if option.required else ''}" + (
        "" if said else f"; default `{option.default}`"
    )
