"""Who needs which role where: one table, from which the check, its commands and docs/access.md are made.

Each rule is the least that a part of this project is known to need. Pure.
"""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from adf.resource_ids import resource_group_id, storage_account_id, workspace_id
from deployment.roles import (
    BLOB_CONTRIBUTOR,
    BLOB_READER,
    DASHBOARDS,
    DATA_SCIENTIST,
    DATABASE_USER,
    EVENT_SUBSCRIBER,
    FACTORY_CONTRIBUTOR,
    LOG_ANALYTICS,
    MONITORING,
    SECRETS_USER,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from config.schema import Settings
    from deployment.roles import Role

Holder = Literal["deployer", "factory", "cluster"]
State = Literal["granted", "missing", "unknown"]
STATES: Final[tuple[State, ...]] = ("granted", "missing", "unknown")

HOLDERS: Final[dict[Holder, str]] = {
    "deployer": "whoever runs `deploy`: you, or the build agent",
    "factory": "the system-assigned managed identity of the data factory",
    "cluster": "the managed identity of the compute cluster",
}


@dataclass(frozen=True)
class Scope:
    """Where a role is given: a resource id, and its short name for people."""

    id: str
    name: str


@dataclass(frozen=True)
class Rule:
    """A row of the table."""

    holder: Holder
    role: Role
    where: str
    why: str
    scope: Callable[[Settings], Scope]
    when: str = ""
    """In words, what `applies` asks."""
    applies: Callable[[Settings], bool] = lambda _: True
    of_sources: bool = False
    """The scope is in each environment that a model is promoted from."""


@dataclass(frozen=True)
class Need:
    """A rule that applies to an environment."""

    holder: Holder
    role: Role
    scope: Scope
    why: str


@dataclass(frozen=True)
class Principal:
    """An identity of the directory, by its object id. `kind` is what `--assignee-principal-type` takes."""

    id: str
    kind: Literal["User", "ServicePrincipal"] = "ServicePrincipal"


@dataclass(frozen=True)
class Access:
    """What is known of a need. `reason` says where it is granted, or why nobody here knows."""

    need: Need
    state: State
    reason: str = ""
    principal: Principal | None = None


def _resource_group(settings: Settings) -> Scope:
    return Scope(resource_group_id(settings), f"resource group {settings.azure.resource_group}")


def _workspace(settings: Settings) -> Scope:
    return Scope(workspace_id(settings), f"workspace {settings.machine_learning.workspace}")


def _account(settings: Settings) -> Scope:
    return Scope(storage_account_id(settings), f"storage account {settings.lake.account}")


def _file_system(settings: Settings) -> Scope:
    lake = settings.lake
    container = f"{storage_account_id(settings)}/blobServices/default/containers/{lake.file_system}"
    return Scope(container, f"file system {lake.account}/{lake.file_system}")


def _database(settings: Settings) -> Scope:
    warehouse = settings.warehouse
    return Scope("", f"database {warehouse.database} on {warehouse.server}" if warehouse else "")


def _logs(settings: Settings) -> Scope:
    watched = settings.monitoring
    where = watched.workspace_id if watched else ""
    return Scope(where, f"Log Analytics workspace {where.rpartition('/')[2]}")


def _vault(settings: Settings) -> Scope:
    """A Key Vault is named by itself: it is taken to lie in the environment's resource group."""
    name = settings.notification.vault if settings.notification else ""
    provider = "providers/Microsoft.KeyVault/vaults"
    return Scope(f"{resource_group_id(settings)}/{provider}/{name}", f"vault {name}")


def _is_watched(settings: Settings) -> bool:
    return settings.monitoring is not None


def _tells_of_failures(settings: Settings) -> bool:
    return settings.notification is not None


def _fires_on_files(settings: Settings) -> bool:
    return any(
        schedule.type == "event"
        for model in settings.models.values()
        for schedule in model.schedules.score.values()
    )


def _has_tables(settings: Settings) -> bool:
    return settings.warehouse is not None and any(
        model.output.warehouse for model in settings.models.values()
    )


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "deployer",
        FACTORY_CONTRIBUTOR,
        "the resource group",
        "makes the factory where it is absent, writes what it holds, starts and stops triggers and runs",
        _resource_group,
    ),
    Rule(
        "deployer",
        DATA_SCIENTIST,
        "the workspace",
        "publishes the ML pipelines, reads runs and registered models",
        _workspace,
    ),
    Rule(
        "deployer",
        DATA_SCIENTIST,
        "the workspace of the environment that a model comes from",
        "reads the registered model there, and its bytes",
        _workspace,
        "a model has `version: {from: …}`",
        of_sources=True,
    ),
    Rule(
        "deployer",
        BLOB_CONTRIBUTOR,
        "the lake's file system",
        "keeps releases, the lock and the journal; reads what landed",
        _file_system,
    ),
    Rule(
        "deployer",
        EVENT_SUBSCRIBER,
        "the storage account",
        "starting a trigger on files subscribes it to the account's events, in the name of who starts it",
        _account,
        "a model has a schedule of `type: event`",
        _fires_on_files,
    ),
    Rule(
        "deployer",
        MONITORING,
        "the resource group",
        "writes the diagnostic setting, the alerts with whom they go to, and the workbook",
        _resource_group,
        "`monitoring` is said",
        _is_watched,
    ),
    Rule(
        "deployer",
        DASHBOARDS,
        "the resource group",
        "writes the portal's dashboard: of Azure's own roles only Contributor may",
        _resource_group,
        "`monitoring` is said",
        _is_watched,
    ),
    Rule(
        "deployer",
        LOG_ANALYTICS,
        "the Log Analytics workspace",
        "joins the factory's logs to it",
        _logs,
        "`monitoring` is said",
        _is_watched,
    ),
    Rule(
        "factory",
        DATA_SCIENTIST,
        "the workspace",
        "runs the published ML pipelines and follows their runs (linked service `ls_azureml`)",
        _workspace,
    ),
    Rule(
        "factory",
        BLOB_READER,
        "the lake's file system",
        "reads receipts, and landed files for the warehouse (linked service `ls_lake`)",
        _file_system,
    ),
    Rule(
        "factory",
        SECRETS_USER,
        "the Key Vault",
        "reads the address that failures are posted to",
        _vault,
        "`notification` is said",
        _tells_of_failures,
    ),
    Rule(
        "factory",
        DATABASE_USER,
        "the warehouse",
        "fills and swaps the tables (linked service `ls_warehouse`), with the grants that `render` writes",
        _database,
        "a model has `output.warehouse`",
        _has_tables,
    ),
    Rule(
        "cluster",
        BLOB_CONTRIBUTOR,
        "the lake's file system",
        "steps read their input and land predictions",
        _file_system,
    ),
)


def needs(settings: Settings, sources: Sequence[Settings] = ()) -> list[Need]:
    """The rules that apply to an environment, in the order of the table. `sources` are the environments that
    its models are promoted from.
    """
    return [
        Need(rule.holder, rule.role, rule.scope(where), rule.why)
        for rule in RULES
        for where in (sources if rule.of_sources else [settings])
        if rule.applies(where)
    ]


def counts(found: Sequence[Access]) -> dict[str, int]:
    states = Counter(each.state for each in found)
    return {state: states[state] for state in STATES}


def command(access: Access) -> str | None:
    """What grants it, for a shell; None where no role assignment does."""
    need = access.need
    if not need.role.id:
        return None
    principal = access.principal or Principal(f"<object id of the {need.holder}>")
    words = ["az", "role", "assignment", "create", "--role", need.role.name, "--scope", need.scope.id]
    words += ["--assignee-object-id", principal.id, "--assignee-principal-type", principal.kind]
    return shlex.join(words)


def document(found: Sequence[Access]) -> dict[str, Any]:
    """`access`: a list in the order of the table; `summary`: how many are granted, missing and unknown."""
    return {"access": [_document(each) for each in found], "summary": counts(found)}


def _document(access: Access) -> dict[str, Any]:
    need = access.need
    return {
        "state": access.state,
        "holder": need.holder,
        "principal_id": access.principal.id if access.principal else None,
        "role": need.role.name,
        "role_id": need.role.id or None,
        "scope": need.scope.id or None,
        "where": need.scope.name,
        "why": need.why,
        "reason": access.reason or None,
        "command": None if access.state == "granted" else command(access),
    }
