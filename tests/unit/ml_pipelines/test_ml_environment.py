"""The example's ML environment can be built. That its steps run in it: tests/functional/ml_pipelines."""

from __future__ import annotations

from tests.functional.ml_pipelines.ml_environment import pip_part, uv


def test_it_has_what_a_parallel_run_step_and_the_steps_need():
    """Azure ML's driver needs the first two; the steps import the others."""
    names = {each.split("[")[0].split(">")[0].split("~")[0] for each in pip_part()[1]}

    assert {
        "azureml-core", "azureml-dataset-runtime", "azure-storage-file-datalake", "azure-identity",
        "tzdata", "pandas", "pyarrow", "scikit-learn",
    } <= names  # fmt: skip


def test_its_packages_have_a_solution_for_its_own_python():
    """What one package holds back, another must accept."""
    python, packages = pip_part()

    found = uv(
        "pip", "compile", "--python-version", python, "--no-header", "--no-annotate", "-", packages=packages
    )

    assert found.returncode == 0, found.stderr
    assert "azure-identity==" in found.stdout
