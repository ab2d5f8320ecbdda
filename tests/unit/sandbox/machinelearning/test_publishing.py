"""What the workspace accepts when something is published or submitted, and what it refuses."""

from __future__ import annotations

import pytest

from sandbox.errors import AzureError, NotEmulated
from sandbox.machinelearning.errors import (
    BadRequest,
    Conflict,
    Disabled,
    NotFound,
    UnknownParameters,
    UnknownSnapshot,
)
from sandbox.machinelearning.pipelines import pipeline_of
from sandbox.machinelearning.submissions import Submission
from tests.unit.sandbox.machinelearning.local_workspace import Document, LocalWorkspace, Step


def endpoint(local: LocalWorkspace, *pipelines: str) -> Document:
    """One version a pipeline, the last one the default, as the SDK's add_default leaves it."""
    made = local.service.pipelines.create_endpoint(
        local.workspace, {"Name": "score", "PipelineId": pipelines[0]}
    )
    versions = [{"Version": str(n), "PipelineId": one} for n, one in enumerate(pipelines)]
    changes = {"PipelineVersionList": versions, "DefaultVersion": versions[-1]["Version"]}
    return local.service.pipelines.update_endpoint(local.workspace, made["Id"], changes)


def test_a_module_of_an_unknown_snapshot_is_refused(local: LocalWorkspace) -> None:
    """A cache of the SDK from an older workspace would publish a pipeline without code."""
    with pytest.raises(UnknownSnapshot, match="publish again"):
        local.service.pipelines.create_module(local.workspace, Step("train").module("never-uploaded"))


def test_a_module_without_a_snapshot_is_refused(local: LocalWorkspace) -> None:
    with pytest.raises(BadRequest, match="StorageId"):
        local.service.pipelines.create_module(local.workspace, {"Name": "x", "StructuredInterface": {}})


def test_a_snapshot_adds_to_its_parent(local: LocalWorkspace) -> None:
    """Unchanged files are not uploaded again: they come from the parent; what the tree lacks is gone."""
    parent = local.snapshot({"a.py": "1", "b.py": "2"})
    tree = {"children": {"a.py": {"type": "File"}}}

    made = local.service.snapshots.create(
        local.workspace, "child", {"ParentSnapshotId": parent, "DirTreeNode": tree}
    )

    assert list(made["files"]) == ["a.py"]


def test_a_snapshot_whose_file_was_never_uploaded_is_refused(local: LocalWorkspace) -> None:
    tree = {"children": {"lib": {"type": "Directory", "children": {"a.py": {"type": "File"}}}}}

    with pytest.raises(BadRequest, match=r"The content of 'lib/a\.py' was not uploaded"):
        local.service.snapshots.create(local.workspace, "child", {"DirTreeNode": tree})


@pytest.mark.parametrize("name", ["..", "a/b", "", "a\0b"])
def test_a_snapshot_never_writes_outside_its_folder(local: LocalWorkspace, name: str) -> None:
    tree = {"children": {name: {"type": "File"}}}

    with pytest.raises(BadRequest, match="not a file's name"):
        local.service.snapshots.create(local.workspace, "child", {"DirTreeNode": tree})


def test_edges_in_a_circle_are_refused(local: LocalWorkspace) -> None:
    """When it is published, not when it runs."""
    with pytest.raises(BadRequest, match="in a circle"):
        local.publish(Step("a", after=["b"]), Step("b", after=["a"]))


def test_an_edge_from_nowhere_is_refused(local: LocalWorkspace) -> None:
    with pytest.raises(BadRequest, match="unknown node 'gone'"):
        local.publish(Step("a", after=["gone"]))


@pytest.mark.parametrize(
    ("graph", "interface"),
    [
        ({"DatasetNodes": [{"Id": "d"}]}, {}),
        ({"SubGraphNodes": [{"Id": "d"}]}, {}),
        ({}, {"DataPathParameters": [{"Name": "d"}]}),
    ],
)
def test_graphs_that_cannot_run_here_are_refused_by_name(
    local: LocalWorkspace, graph: Document, interface: Document
) -> None:
    """501, when it is published: a step that silently got no input would be worse."""
    with pytest.raises(NotEmulated):
        local.service.pipelines.create_graph(local.workspace, graph, interface)


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ({"ModuleInputSettings": [{"Name": "data", "PathOnCompute": "/mnt/x"}]}, "input 'data' with a path"),
        ({"ModuleOutputSettings": [{"Name": "o", "PathOnCompute": "/mnt/x"}]}, "output 'o' taken from"),
        ({"ModuleOutputSettings": [{"Name": "o", "DatasetRegistration": {"Name": "d"}}]}, "as a dataset"),
        ({"ModuleParameters": []}, "without a script"),
    ],
)
def test_steps_that_would_do_something_else_here_are_refused_by_name(
    local: LocalWorkspace, node: Document, says: str
) -> None:
    step = Step("one")
    module = local.service.pipelines.create_module(local.workspace, step.module(local.snapshot({"a": ""})))

    with pytest.raises(NotEmulated, match=says):
        local.service.pipelines.create_graph(
            local.workspace, {"ModuleNodes": [{**step.node(module["Id"]), **node}]}, {}
        )


def test_a_step_of_another_kind_is_refused_by_name(local: LocalWorkspace) -> None:
    body = {**Step("one").module(local.snapshot({"a": ""})), "StepType": "DatabricksStep"}
    module = local.service.pipelines.create_module(local.workspace, body)

    with pytest.raises(NotEmulated, match="DatabricksStep"):
        local.service.pipelines.create_graph(
            local.workspace, {"ModuleNodes": [Step("one").node(module["Id"])]}, {}
        )


def test_parameters_are_checked_when_submitted(local: LocalWorkspace) -> None:
    """An unknown name is refused with the names that exist; so is one without default that is not given."""
    pipeline = local.publish(Step("a"), defaults={"window": "-", "model": None})

    with pytest.raises(UnknownParameters, match="no parameter windw; it has model, window"):
        local.accept(pipeline, windw="x", model="1")
    with pytest.raises(BadRequest, match="parameter model has no default"):
        local.accept(pipeline)


def test_parameters_are_strings() -> None:
    """The service takes strings only; Data Factory sends what its expression made."""
    with pytest.raises(BadRequest, match="rows is not"):
        Submission.parse({"ParameterAssignments": {"rows": 3}})


@pytest.mark.parametrize("body", [{"ExperimentName": "e"}, {"experimentName": "e"}, {"EXPERIMENTNAME": "e"}])
def test_a_submissions_fields_have_no_case(body: Document) -> None:
    assert Submission.parse(body).experiment == "e"


@pytest.mark.parametrize("field", ["ContinueRunOnStepFailure", "continueOnStepFailure"])
def test_data_factorys_word_and_the_sdks_word_for_going_on_are_one(field: str) -> None:
    assert Submission.parse({field: True}).goes_on is True


def test_the_experiment_is_named_by_the_pipeline_where_nobody_names_it(local: LocalWorkspace) -> None:
    pipeline = local.publish(Step("a"))

    run = local.service.submissions.accept(local.workspace, pipeline, Submission.parse({}))

    assert run["experimentName"] == "demo"


def test_a_disabled_pipeline_is_not_run(local: LocalWorkspace) -> None:
    pipeline = local.publish(Step("a"))
    local.service.pipelines.set_pipeline_status(local.workspace, pipeline, "Disabled")

    with pytest.raises(Disabled):
        local.accept(pipeline)


def test_an_endpoints_version_leads_to_its_pipeline(local: LocalWorkspace) -> None:
    """No version is the default; a number is pinned; publishing again does not move it."""
    first, second = local.publish(Step("a")), local.publish(Step("a"))
    made = endpoint(local, first, second)

    assert [pipeline_of(made, version) for version in (None, "0", "1")] == [second, first, second]
    with pytest.raises(BadRequest, match="no version '7'"):
        pipeline_of(made, "7")


def test_a_disabled_endpoint_is_not_run(local: LocalWorkspace) -> None:
    made = endpoint(local, local.publish(Step("a")))

    off = {"EntityStatus": "2"}
    changed = local.service.pipelines.update_endpoint(local.workspace, made["Id"], off)

    with pytest.raises(Disabled):
        pipeline_of(changed, None)


def test_an_endpoints_name_is_its_own(local: LocalWorkspace) -> None:
    made = endpoint(local, local.publish(Step("a")))

    assert local.service.pipelines.endpoint_by_name(local.workspace, "SCORE")["Id"] == made["Id"]
    with pytest.raises(Conflict):
        endpoint(local, made["PipelineVersionList"][0]["PipelineId"])


@pytest.mark.parametrize(
    "body",
    [{"DefaultVersion": "9"}, {"PipelineVersionList": [{"Version": "0", "PipelineId": "gone"}]}],
)
def test_an_endpoint_never_points_nowhere(local: LocalWorkspace, body: Document) -> None:
    made = endpoint(local, local.publish(Step("a")))

    with pytest.raises(AzureError):
        local.service.pipelines.update_endpoint(local.workspace, made["Id"], body)


def test_modules_are_found_by_their_hash(local: LocalWorkspace) -> None:
    """How the SDK knows that a step did not change since it was published."""
    body = {**Step("a").module(local.snapshot({"a.py": ""})), "IdentifierHash": "abc"}
    made = local.service.pipelines.create_module(local.workspace, body)

    assert local.service.pipelines.module_by_hash(local.workspace, "abc")["Id"] == made["Id"]
    with pytest.raises(NotFound):
        local.service.pipelines.module_by_hash(local.workspace, "abd")


def test_a_workspace_that_is_created_again_keeps_its_id_and_a_new_one_gets_its_own(
    local: LocalWorkspace,
) -> None:
    """The SDK caches snapshots by the workspace's id: a deleted workspace must not lend it to the next."""
    again, new = local.service.workspaces.create("S", "RG", "W", {})
    assert (again.id, new) == (local.workspace.id, False)

    local.service.workspaces.delete("s", "rg", "w")
    fresh, new = local.service.workspaces.create("s", "rg", "w", {})

    assert new
    assert fresh.id != local.workspace.id
