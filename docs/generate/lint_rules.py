"""lint-rules.md: what a factory is held against, rule by rule."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from adf.rules import RULES
from docs.generate.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator

INTRODUCTION: Final = """\
# Lint rules

What `plan` and `deploy` hold the factory against before they send it, and

```
python deploy.py plan --offline --factory DIR
```

any folder of factory JSON, whoever wrote it: no network, no credentials, no configuration. `DIR` is Data
Factory's Git folder, an exported ARM template (or the file itself), or a folder of `{"name", "properties"}`
documents. With `-o json` the document is `factory`; `findings`: a list of `id`, `severity`, `file`, `line`,
`path`, `message`, `hint`; `summary`: `errors`, `warnings`, `files`, `entities`, `references_outside`. The
exit code is 1 where there is an error, else 0.

An **error** is what Azure refuses, or what fails when it runs. A **warning** is what Azure takes and then
surprises. The factory that this project makes has neither: here, a warning stops a deployment too.

What nobody here knows is not judged: of a kind of activity, dataset or linked service that is not in
`adf/schema.json` only what all kinds share is looked at, with its expressions, references, secrets and inner
activities. A value that only an ARM deployment knows may be anything. References are followed within a Git
folder; those of a template or of loose documents may lead to what is already in Azure, so they are counted.
"""


def page() -> Iterator[str]:
    yield from (*INTRODUCTION.splitlines(), "")
    for group, rules in groupby(RULES.values(), lambda rule: rule.group):
        yield from (f"## {group}", "")
        rows = [(rule.id, rule.severity, rule.says, rule.mend) for rule in rules]
        yield from table(("id", "severity", "what it means", "how to mend it"), rows)
