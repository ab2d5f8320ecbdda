"""access.md: who needs which role where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deployment.access import HOLDERS, RULES
from docs.generate.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deployment.access import Rule

INTRODUCTION: Final = """\
# Access

No password, key or token stands in a file: every part signs in as an identity of Entra, and this is the least
that each needs. A role holds for all that lies below its scope, so a wider scope, or a wider role, does too.

```
python deploy.py plan --env prod --check-access
```

says for one environment which of these are there, which are missing, and the `az role assignment create`
lines that grant those. It writes nothing, and needs no role that a deployment needs: *Reader* on the resource
group reads role assignments. The deployer is whoever runs it. With `--offline` it lists what is
needed without asking Azure.
"""

AFTER: Final = """\
## What the three answers mean

- **granted**: a role assignment for the identity itself, or for a group that it is in, at the scope or above,
  without a condition. With `-o json`, `reason` says at which scope.
- **missing**: role assignments could be read, and none of them is enough.
- **unknown**: nobody can tell from here, and `reason` says why: role assignments, or the identity, may not be
  read; the factory does not exist yet; the assignment has a condition; the identity holds a role of the
  subscription's own; only the database knows its users. What is unknown is not called missing.

The exit code is 0; with `--detailed-exitcode` it is 2 where something is missing.

## What else there is to know

- **Before the first deployment** the factory has no identity. Make it with your Bicep, or deploy once and
  grant what `--check-access` then says: pipelines are deployed without it, and fail when they run.
- **The workspace's own storage account, registry and vault** are the workspace's business: its managed
  identity has what it needs there from its creation.
- **Who only plans**, as the CI job of a pull request does, needs *Reader* on the resource group and
  *Storage Blob Data Reader* on the file system: [CI](ci.md).
- **The Key Vault** is looked for in the environment's resource group, since its name says no other: where it
  lies elsewhere, grant the role there. A vault with access policies in place of roles knows them by itself.
- **The dashboard** of `monitoring` is written by nobody but *Contributor* among Azure's own roles. A custom
  role with the actions `Microsoft.Portal/dashboards/*` is narrower; `--check-access` then says `unknown`.
- **The warehouse** knows users, not roles: [warehouse](warehouse.md). `render` writes the statements.
- **A custom role** may be narrower than *AzureML Data Scientist*: Azure's page
  [on roles of a workspace](https://learn.microsoft.com/azure/machine-learning/how-to-assign-roles) lists the
  actions for publishing pipelines and for submitting runs.
- **The local Azure** keeps role assignments, lists them, and asks for none.
"""


def page() -> Iterator[str]:
    yield from (*INTRODUCTION.splitlines(), "")
    yield from table(("identity", "which is"), list(HOLDERS.items()))
    yield from ("## Who needs what", "")
    yield from table(("identity", "role", "on", "because it", "when"), map(_row, RULES))
    yield from ("The roles, by the ids that Azure gives them everywhere:", "")
    roles = {rule.role.name: rule.role for rule in RULES if rule.role.id}
    rows = [
        (f"*{role.name}*", f"`{role.id}`", ", ".join(f"*{each.name}*" for each in role.within))
        for role in roles.values()
    ]
    yield from table(("role", "id", "held by"), rows)
    yield from AFTER.splitlines()


def _row(rule: Rule) -> tuple[str, ...]:
    role = f"*{rule.role.name}*" if rule.role.id else rule.role.name
    return rule.holder, role, rule.where, rule.why, rule.when or "always"
