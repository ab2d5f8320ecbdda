"""Who needs what is one table; what is there, what is missing and what nobody knows are told apart."""

from __future__ import annotations

import base64
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adf.resource_ids import compute_id, factory_id, resource_group_id, workspace_id
from config.loader import load
from deployment import access, access_check
from deployment.access import RULES, Access, Need, Principal, Scope
from deployment.access_check import ASSIGNMENTS, Nobody, deployer
from deployment.errors import InfrastructureError
from deployment.roles import BLOB_CONTRIBUTOR, CONTRIBUTOR, DATA_SCIENTIST

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).resolve().parents[3]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ME, FACTORY, CLUSTER = (f"00000000-0000-0000-0000-00000000000{number}" for number in (1, 2, 3))


def settings(*options: str):
    return load(REPOSITORY, "prod", options=options)


def token(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.signature"


MINE = token(oid=ME, idtyp="app")


@dataclass
class Resources:
    """Resources by id, and role assignments by the principal that has them."""

    found: Mapping[str, Any]
    assignments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    closed: str = "nothing"
    """What the reader may not read: a part of an id."""

    def get(self, resource_id: str) -> dict[str, Any] | None:
        self._refuse(resource_id)
        return self.found.get(resource_id)

    def list(self, collection_id: str, **query: str) -> list[dict[str, Any]]:
        self._refuse(collection_id)
        at = collection_id.removesuffix(ASSIGNMENTS)
        (principal,) = re.findall(r"atScope\(\) and assignedTo\('(.*)'\)", query["$filter"])
        held = self.assignments.get(principal, [])
        return [{"properties": each} for each in held if at.startswith(each["scope"])]

    def _refuse(self, resource_id: str) -> None:
        if self.closed in resource_id:
            raise InfrastructureError(f"Resource Manager refused {resource_id}: 403 AuthorizationFailed")


def azure(wanted, *, closed: str = "nothing", **assignments: list[dict[str, Any]]) -> Resources:
    own = {"identity": {"type": "SystemAssigned", "principalId": FACTORY}}
    assigned = {"type": "UserAssigned", "userAssignedIdentities": {"id-cluster": {"principalId": CLUSTER}}}
    found = {factory_id(wanted): own, compute_id(wanted): {"identity": assigned}}
    by_name = {"me": ME, "factory": FACTORY, "cluster": CLUSTER}
    return Resources(found, {by_name[name]: held for name, held in assignments.items()}, closed)


def holds(role: str, scope: str, **more: Any) -> dict[str, Any]:
    return {
        "roleDefinitionId": f"/x/roleDefinitions/{role.upper()}",
        "scope": scope,
        "condition": None,
        **more,
    }


def check(wanted, resources: Resources, mine: str):
    return access_check.check(access.needs(wanted), wanted, resources, mine)


def unread(wanted):
    return access_check.unread(access.needs(wanted))


def states(found) -> dict[tuple[str, str], str]:
    return {(each.need.holder, each.need.role.name): each.state for each in found}


def test_the_table_names_built_in_roles_and_says_why():
    """Each with its id; no row stands there twice."""
    rows = [(rule.holder, rule.role.name, rule.where) for rule in RULES]

    assert len(rows) == len(set(rows))
    for rule in RULES:
        assert rule.why
        assert rule.when or rule.applies(settings())
        assert all(UUID.fullmatch(each) for each in rule.role.ids()) or not rule.role.id


def test_what_only_some_environments_need_is_asked_of_those():
    """Event Grid where a schedule waits for files, the database where a model has a table."""
    event = "models.diabetes.schedules.score.arrived={type: event, ends_with: /_SUCCESS}"
    table = "models.diabetes.output.warehouse={table: dbo.scores, columns: {prediction: float}}"
    warehouse = "warehouse={server: s.database.windows.net, database: sales}"
    tells = "notification={vault: kv-sales, secret: failure-webhook}"
    logs = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/logs"
    watched = f"monitoring={{workspace_id: {logs}, alerts: off}}"
    plain = states(unread(settings()))

    assert set(states(unread(settings(event)))) - set(plain) == {
        ("deployer", "EventGrid EventSubscription Contributor")
    }
    assert set(states(unread(settings(table, warehouse)))) - set(plain) == {
        ("factory", "a user of the database")
    }
    assert set(states(unread(settings(tells)))) - set(plain) == {("factory", "Key Vault Secrets User")}
    assert set(states(unread(settings(watched)))) - set(plain) == {
        ("deployer", "Monitoring Contributor"),
        ("deployer", "Log Analytics Contributor"),
        ("deployer", "a role with Microsoft.Portal/dashboards/*"),
    }
    assert set(plain.values()) == {"unknown"}


def test_a_model_of_another_environment_is_read_where_it_is():
    """By the deployer, in each workspace that one comes from; nothing more is needed there."""
    dev = load(REPOSITORY, "dev")
    plain, promoting = access.needs(settings()), access.needs(settings(), [dev])

    (more,) = [each for each in promoting if each not in plain]
    assert (more.holder, more.role, more.scope.id) == ("deployer", DATA_SCIENTIST, workspace_id(dev))


def test_what_is_held_at_the_scope_or_above_it_or_by_a_wider_role_is_granted():
    """The reason says where."""
    wanted = settings()
    group = resource_group_id(wanted)
    held = {
        "me": [holds(CONTRIBUTOR.id, "/subscriptions/22222222"), holds(BLOB_CONTRIBUTOR.id, group)],
        "factory": [holds(DATA_SCIENTIST.id, workspace_id(wanted)), holds(BLOB_CONTRIBUTOR.id, group)],
        "cluster": [holds(BLOB_CONTRIBUTOR.id, group)],
    }
    found = check(wanted, azure(wanted, **held), MINE)

    assert {each.state for each in found} == {"granted"}
    assert found[0].reason == "at /subscriptions/22222222"
    assert access.counts(found) == {"granted": 6, "missing": 0, "unknown": 0}


def test_what_is_not_held_is_missing_and_the_line_that_grants_it_says_for_whom():
    """A role for data is in no role of the control plane."""
    wanted = settings()
    found = check(wanted, azure(wanted, me=[holds(CONTRIBUTOR.id, resource_group_id(wanted))]), MINE)

    assert states(found) == {
        ("deployer", "Data Factory Contributor"): "granted",
        ("deployer", "AzureML Data Scientist"): "granted",
        ("deployer", "Storage Blob Data Contributor"): "missing",
        ("factory", "AzureML Data Scientist"): "missing",
        ("factory", "Storage Blob Data Reader"): "missing",
        ("cluster", "Storage Blob Data Contributor"): "missing",
    }
    words = shlex.split(access.command(found[-1]) or "")
    assert words[:4] == ["az", "role", "assignment", "create"]
    assert words[words.index("--role") + 1] == "Storage Blob Data Contributor"
    assert words[words.index("--assignee-object-id") + 1] == CLUSTER
    assert words[words.index("--scope") + 1].endswith(
        "/batchscoringprod/blobServices/default/containers/data"
    )


@pytest.mark.parametrize(
    ("closed", "holder", "said"),
    [
        ("Microsoft.Authorization", "deployer", "role assignments cannot be read: .*403 AuthorizationFailed"),
        ("/factories/", "factory", "the factory adf-batch-scoring-prod cannot be read: .*403"),
        ("/computes/", "cluster", "the compute cpu-cluster cannot be read: .*403"),
    ],
)
def test_what_may_not_be_read_is_not_missing(closed, holder, said):
    """And it says why."""
    wanted = settings()
    found = [each for each in check(wanted, azure(wanted, closed=closed), MINE) if each.need.holder == holder]

    assert {each.state for each in found} == {"unknown"}
    assert all(re.match(said, each.reason) for each in found)


def test_nobody_is_known_before_the_factory_is_there():
    """A factory that exists without an identity is another matter."""
    wanted, resources = settings(), azure(settings())
    absent = check(wanted, Resources({compute_id(wanted): {}}), MINE)
    bare = check(wanted, Resources({**resources.found, factory_id(wanted): {"identity": None}}), MINE)

    assert {each.reason for each in absent if each.need.holder == "factory"} == {
        "the factory adf-batch-scoring-prod does not exist yet: the first deploy makes it, and its identity"
    }
    assert {each.reason for each in absent if each.need.holder == "cluster"} == {
        "the compute cpu-cluster has no managed identity"
    }
    assert {each.reason for each in bare if each.need.holder == "factory"} == {
        "the factory adf-batch-scoring-prod has no managed identity"
    }


def test_of_several_identities_nobody_knows_which_one_is_used():
    wanted = settings()
    several = {"userAssignedIdentities": {name: {"principalId": name} for name in ("a", "b")}}
    found = check(wanted, Resources({compute_id(wanted): {"identity": several}}), MINE)

    assert found[-1].state == "unknown"
    assert found[-1].reason.startswith("the compute cpu-cluster has 2 identities")


def test_a_condition_or_a_role_of_ones_own_is_not_judged():
    """What it permits is not read: neither granted nor missing."""
    wanted = settings()
    group = resource_group_id(wanted)
    resources = azure(
        wanted,
        factory=[holds("own", group)],
        cluster=[holds(BLOB_CONTRIBUTOR.id, group, condition="@Resource[…] StringEquals 'data'")],
    )
    own = {"properties": {"type": "CustomRole", "roleName": "Runs pipelines"}}
    resources.found = {**resources.found, "/x/roleDefinitions/OWN": own}
    found = {each.need.holder: each for each in check(wanted, resources, MINE)}

    assert found["deployer"].state == "missing"
    assert found["factory"].state == found["cluster"].state == "unknown"
    assert found["factory"].reason.startswith("holds Runs pipelines, a role of this subscription's own")
    assert found["cluster"].reason == "granted under a condition, which is not judged here"


def test_a_token_says_whose_it_is():
    """A person is told from a service principal: `az` asks for it."""
    assert deployer(token(oid=ME, idtyp="app")) == Principal(ME, "ServicePrincipal")
    assert deployer(token(oid=ME, scp="user_impersonation")) == Principal(ME, "User")
    assert isinstance(deployer("opaque"), Nobody)
    assert isinstance(deployer(token(sub="x")), Nobody)


def test_a_hostile_name_stays_one_word_of_the_line():
    """The line is pasted into a shell."""
    scope = Scope("/subscriptions/1/resourceGroups/rg'; rm -rf ~ #$(id)", "resource group")
    line = access.command(Access(Need("deployer", DATA_SCIENTIST, scope, "tries"), "missing")) or ""

    assert scope.id in shlex.split(line)
