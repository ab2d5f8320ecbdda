"""Factories that others have published: each finding in them was looked at, and is true."""

import json

import pytest

from deployment.factory_folder import check
from tests.conformance.cases import FOLDER

FACTORIES = FOLDER / "factories"
TRUE = {
    # depends on an activity of an earlier name
    "08_azure.datafactory.tools__Multiple_Waits.json": ["ADF305"],
    # timeouts of half a minute and a minute, a retry after 5 seconds, and a failure that ends in an alert
    "12_procfwk__04-Infant.json": ["ADF508"] * 5 + ["ADF511"] * 6 + ["ADF801"] * 2,
    # started, with an empty list of pipelines
    "20_modern-data-warehouse-da__trigger1.json": ["ADF601"],
    # a template: its name and its storage account are in angle brackets
    "21_modern-data-warehouse-da__T_Stor_template.json": ["ADF201", "ADF611"],
    # a service principal's key as a SecureString; an activity without a policy
    "30_public_deploy_script__aml_pipeline_tumbling.json": ["ADF802", "ADF804"],
    "INDEX.json": ["ADF102"],
}


@pytest.fixture(scope="module")
def found():
    if not FACTORIES.is_dir():
        pytest.skip(f"no factories in {FOLDER}: set CONFORMANCE_DIR to a folder that has them")
    by_file: dict[str, list[str]] = {}
    for finding in check(FACTORIES).findings:
        by_file.setdefault(finding.file.rpartition("/")[2], []).append(finding.rule)
    return {file: sorted(rules) for file, rules in by_file.items()}


def test_of_real_factories_only_what_is_true_is_said(found):
    """No false alarm in thirty files, and none of what is wrong in them is missed again."""
    assert found == TRUE


def test_every_file_is_recognised_for_what_it_is(found):
    """Loose documents, ARM templates, a factory's global parameters: all but the index of the folder."""
    listed = json.loads((FACTORIES / "INDEX.json").read_text())

    assert len(listed) >= 29
    assert [file for file, rules in found.items() if "ADF102" in rules or "ADF101" in rules] == ["INDEX.json"]
