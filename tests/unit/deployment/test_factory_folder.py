"""A folder of factory JSON: what each file is, what is wrong with it, and on which line."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from deployment.errors import UsageError
from deployment.factory_folder import check

if TYPE_CHECKING:
    from pathlib import Path

    from deployment.factory_folder import Checked

WAIT = {"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}
LAKE = {"name": "ls_lake", "properties": {"type": "AzureBlobFS", "typeProperties": {"url": "https://x"}}}


def pipeline(name: str, **properties: Any) -> dict[str, Any]:
    return {"name": name, "properties": {"activities": [WAIT], **properties}}


def trigger(name: str, pipeline: str) -> dict[str, Any]:
    recurrence = {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z", "timeZone": "UTC"}
    started = {"pipelineReference": {"referenceName": pipeline, "type": "PipelineReference"}}
    said = {"pipelines": [started], "typeProperties": {"recurrence": recurrence}, "runtimeState": "Started"}
    return {"name": name, "properties": {"type": "ScheduleTrigger", **said}}


def template(*resources: tuple[str, dict[str, Any]], **defaults: str) -> dict[str, Any]:
    return {
        "$schema": "http://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#",
        "parameters": {name: {"type": "string", "defaultValue": value} for name, value in defaults.items()},
        "resources": [
            {
                "name": f"[concat(parameters('factoryName'), '/{body['name']}')]",
                "type": f"Microsoft.DataFactory/factories/{kind}",
                "properties": body["properties"],
            }
            for kind, body in resources
        ],
    }


def written(folder: Path, **files: Any) -> Path:
    """`pipeline__a` is pipeline/a.json; a text is written as it is."""
    for key, body in files.items():
        path = folder / f"{key.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body if isinstance(body, str) else json.dumps(body, indent=2))
    return folder


def said(checked: Checked, folder: Path) -> list[tuple[str, int, str, str]]:
    return [
        (each.file.removeprefix(f"{folder}/"), each.line, each.rule, each.path) for each in checked.findings
    ]


def test_a_clean_git_layout_has_no_finding(tmp_path: Path):
    """What lies beside the entities is known for what it is."""
    folder = written(
        tmp_path,
        pipeline__a=pipeline("a"),
        trigger__t=trigger("t", "a"),
        linkedService__ls_lake=LAKE,
        factory__adf={"name": "adf", "properties": {}},
        integrationRuntime__ir={"name": "ir", "properties": {"type": "SelfHosted"}},
        publish_config={"publishBranch": "adf_publish"},
    )
    checked = check(folder)

    assert (checked.findings, checked.files, checked.entities, checked.outside) == ([], 3, 3, 0)


def test_a_finding_says_file_line_and_path_from_the_documents_root(tmp_path: Path):
    """In an indented file, on the line of the key."""
    folder = written(tmp_path, pipeline__a=pipeline("a", concurrency="many"), trigger__t=trigger("t", "b"))

    assert said(check(folder), folder) == [
        ("pipeline/a.json", 13, "ADF103", "properties.concurrency"),
        ("trigger/t.json", 8, "ADF301", "properties.pipelines[0].pipelineReference.referenceName"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "rule", "fact"),
    [
        ('{\n "name": }', 2, "ADF101", "Expecting value (column 10)"),
        ("", 1, "ADF101", "Expecting value"),
        ("[" * 100_000, 1, "ADF101", "nested deeper"),
        ("[" * 200 + "]" * 200, 1, "ADF101", "nested deeper"),
        ('{"name": "x"}', 1, "ADF102", "nothing of a factory"),
        ("42", 1, "ADF102", "nothing of a factory"),
        (
            '{"name": "x", "properties": {"concurrency": ' + "9" * 5000 + "}}",
            1,
            "ADF101",
            "too long to be one",
        ),
    ],
)
def test_a_file_that_is_none_of_a_factory_is_named(
    tmp_path: Path, text: str, line: int, rule: str, fact: str
):
    """And the rest is looked at all the same."""
    checked = check(written(tmp_path, odd=text, pipeline__a=pipeline("a")))
    [finding] = checked.findings

    assert (finding.file, finding.line, finding.rule) == (str(tmp_path / "odd.json"), line, rule)
    assert fact in finding.message
    assert checked.entities == 1


@pytest.mark.parametrize(
    "text", ['{"name": "b", "properties": null}', '{"properties": {"activities": []}}', "[]", "5"]
)
def test_a_file_among_pipelines_that_is_none_is_an_error(tmp_path: Path, text: str):
    """Elsewhere it may be anybody's; here it was one, and what deploys the folder would lack it."""
    checked = check(written(tmp_path, pipeline__b=text, pipeline__a=pipeline("a")))

    assert [(each.rule, each.severity) for each in checked.findings] == [("ADF103", "error")]
    assert "is no pipeline: expected an object with a text `name`" in checked.findings[0].message


def test_bytes_and_special_files_are_named_and_not_waited_for(tmp_path: Path):
    """A pipe would be read for ever."""
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "latin.json").write_bytes(b'{"name": "\xe9"}')
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(pipeline("a")).encode())
    checked = check(tmp_path)

    assert [(each.rule, each.message) for each in checked.findings] == [
        ("ADF101", "is no UTF-8: invalid continuation byte at byte 10"),
        ("ADF101", "is no file"),
    ]
    assert checked.entities == 1


def test_a_key_that_stands_twice_is_named(tmp_path: Path):
    """JSON readers take the last one in silence."""
    text = '{"name": "a", "properties": {"activities": [], "activities": [' + json.dumps(WAIT) + "]}}"
    [finding] = check(written(tmp_path, pipeline__a=text)).findings

    assert (finding.rule, finding.message) == ("ADF106", "the key 'activities' stands twice in one object")


def test_a_file_is_named_as_its_entity(tmp_path: Path):
    """In the Git layout; loose documents may lie anywhere."""
    folder = written(tmp_path, pipeline__b=pipeline("a"), loose=pipeline("c"))

    assert said(check(folder), folder) == [("pipeline/b.json", 2, "ADF105", "name")]


def test_a_template_is_looked_at_with_its_defaults(tmp_path: Path):
    """What has none may be anything; what a reference leads to may exist in Azure."""
    one = pipeline("a", concurrency="[parameters('unknown')]")
    other = trigger("t", "elsewhere")
    other["properties"]["typeProperties"]["recurrence"]["timeZone"] = "[parameters('zone')]"
    folder = written(tmp_path, arm=template(("pipelines", one), ("triggers", other), zone="Mars"))
    checked = check(folder)
    path = "resources[1].properties.typeProperties.recurrence.timeZone"

    assert [each[2:] for each in said(checked, folder)] == [("ADF603", path)]
    assert checked.outside == 1


def test_what_bicep_makes_is_looked_at_wherever_a_resource_stands(tmp_path: Path):
    """Below symbolic names, in its factory, and in the template of a module, which is given parameters."""
    factory = "Microsoft.DataFactory/factories"
    empty = {"activities": [], "concurrency": "[parameters('many')]"}
    in_module = {"type": f"{factory}/pipelines", "properties": empty}
    module = {"parameters": {"many": {"type": "int"}}, "resources": {"deep": in_module | {"name": "f/deep"}}}
    body: dict[str, Any] = {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "languageVersion": "2.0",
        "resources": {
            "adf": {
                "type": factory,
                "name": "f",
                "properties": {},
                "resources": [{"type": "pipelines", "name": "child", "properties": {"activities": []}}],
            },
            "flat": {
                "type": f"{factory}/triggers",
                "name": "[format('{0}/{1}', parameters('factory'), 'daily')]",
                "properties": trigger("daily", "child")["properties"],
            },
            "module": {
                "type": "Microsoft.Resources/deployments",
                "properties": {"parameters": {"many": {"value": "x"}}, "template": module},
            },
        },
    }
    folder = written(tmp_path, arm=body)
    checked = check(folder)
    deep = "resources.module.properties.template.resources.deep.properties"

    assert (checked.entities, checked.outside) == (3, 0)
    assert sorted(each[2:] for each in said(checked, folder)) == [
        ("ADF103", f"{deep}.concurrency"),
        ("ADF504", "resources.adf.resources[0].properties.activities"),
        ("ADF504", f"{deep}.activities"),
    ]


def test_each_template_is_a_factory_by_itself(tmp_path: Path):
    """A rendered folder holds the Git layout and a template of the same entities: nothing stands twice."""
    folder = written(
        tmp_path, pipeline__a=pipeline("a"), arm=template(("pipelines", pipeline("a"))), loose=pipeline("a")
    )

    assert check(folder).findings == []
    assert check(folder / "arm.json").entities == 1


def test_the_same_name_twice_in_one_factory_is_an_error(tmp_path: Path):
    """At the second one, which is looked at, too."""
    twice = template(("pipelines", pipeline("a")), ("pipelines", pipeline("a", concurrency="many")))
    folder = written(tmp_path, arm=twice)

    assert [each[2:] for each in said(check(folder), folder)] == [
        ("ADF202", "resources[1].name"),
        ("ADF103", "resources[1].properties.concurrency"),
    ]


def test_global_parameters_are_those_of_the_factorys_file(tmp_path: Path):
    """Where the file does not speak of them, nobody knows."""
    reading = {"name": "x", "type": "Fail", "typeProperties": {"errorCode": "1"}}
    reading["typeProperties"]["message"] = "@pipeline().globalParameters.region"  # type: ignore[index]
    asked = {"name": "a", "properties": {"activities": [reading]}}
    folder = written(tmp_path, pipeline__a=asked, factory__adf={"name": "adf", "properties": {}})
    assert check(folder).findings == []

    written(tmp_path, factory__adf={"name": "adf", "properties": {"globalParameters": {"other": {}}}})
    assert [each.rule for each in check(folder).findings] == ["ADF409"]


def test_lists_of_entities_are_found_wherever_they_stand(tmp_path: Path):
    """As Resource Manager answers them."""
    listed = {"value": [pipeline("a") | {"type": "Microsoft.DataFactory/factories/pipelines", "etag": "x"}]}
    unknown = {"name": "x", "type": "Microsoft.DataFactory/factories/adfcdcs", "properties": {}}

    assert check(written(tmp_path, answer=listed, other=unknown)).entities == 1


def test_where_there_is_nothing_to_check_is_an_error(tmp_path: Path):
    """A folder that does not exist, or holds nothing of a factory, is not clean."""
    with pytest.raises(UsageError, match="does not exist"):
        check(tmp_path / "no")
    with pytest.raises(UsageError, match="holds no JSON of a factory"):
        check(tmp_path)
    with pytest.raises(UsageError, match="holds no JSON of a factory"):
        check(written(tmp_path, arm=template() | {"parameters": []}))
