"""What a step loads: most of a short run's time is imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from ml_pipelines import steps

HEAVY = {"azureml", "azure", "pandas", "pyarrow", "sklearn"}
FOLDER = Path(steps.__file__).parent
STEPS = ["stage", "score_entry", "publish", "prepare", "train", "evaluate", "register"]


def loaded(code: str) -> set[str]:
    """The top-level packages there are when the code has run in a Python of its own."""
    report = f"import sys; {code}; print(*{{name.split('.')[0] for name in sys.modules}})"
    ended = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


@pytest.mark.parametrize("step", STEPS)
def test_a_step_loads_nothing_heavy_before_it_needs_it(step):
    """It fails at once on a bad argument."""
    assert loaded(f"import ml_pipelines.steps.{step}") & HEAVY == set()


def test_a_lake_that_nobody_asks_costs_nothing():
    """train and evaluate only write to it when they fail."""
    assert loaded("from ml_pipelines.steps.lake import Lake; Lake('https://l', 'data')") & HEAVY == set()


def test_landing_needs_no_azureml():
    """A second in each publish, on a cluster too."""
    lake = "publish.Lake('https://l.dfs.core.windows.net', 'd', 'a2V5')"
    code = f"from ml_pipelines.steps import publish; {lake}._files"

    assert loaded(code) & {"azureml", "pandas", "sklearn"} == set()


def test_what_a_process_does_not_use_is_not_imported_by_those_who_only_ask_for_it():
    """pyarrow for pandas, the storage clients for aiohttp, Docker's client for paramiko; all work without."""
    uses = (
        "pyarrow.array([1.5]).to_numpy(); from azureml.core import Model; import azure.storage.filedatalake"
    )
    hidden = "from ml_pipelines.steps import absent as a; a.hide(*a.FRAMES, *a.ASYNCIO, *a.SSH)"

    assert {"pandas", "aiohttp", "paramiko"} <= loaded(f"import pyarrow; {uses}")
    assert loaded(f"{hidden}; import pyarrow; {uses}") & {"pandas", "aiohttp", "yarl", "paramiko"} == set()


def test_who_needs_what_is_hidden_is_told():
    code = "from ml_pipelines.steps import absent; absent.hide('pandas'); import pandas"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "ModuleNotFoundError: pandas is not used by this process" in ended.stderr


@pytest.mark.parametrize("step", ["stage", "publish", "prepare", "train", "evaluate", "register"])
def test_no_step_that_hides_pandas_needs_it(step):
    """Nowhere in its modules; of those two that work on frames it takes plain values only."""
    asked = asked_for(step, set())

    assert not {name for name in asked if name.split(".")[0] in {"pandas", "aiohttp", "yarl", "paramiko"}}
    of_frames = {name for name in asked if name.startswith(("tables.", "results."))}
    assert of_frames <= {"tables.Origin", "tables.Reject", "tables.Share", "results.PREDICTION"}


def asked_for(module: str, seen: set[str]) -> set[str]:
    """`module.name` of all that it imports, in functions too; so do the modules of ours among them."""
    seen.add(module)
    found = set()
    for node in ast.walk(ast.parse((FOLDER / f"{module}.py").read_text())):
        match node:
            case ast.Import(names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(None, names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(origin, names):
                found |= {f"{origin}.{alias.name}" for alias in names}
    ours = {name.split(".")[0] for name in found} - {"tables", "results"}
    for each in sorted(ours):
        if each not in seen and (FOLDER / f"{each}.py").exists():
            found |= asked_for(each, seen)
    return found


def test_queries_of_duckdb_do_without_pandas():
    """A check of one's own runs in publish, which hides it."""
    pytest.importorskip("duckdb")
    checked = "sql_checks.results({'q': 'SELECT a FROM predictions WHERE a > 1'}, rows, 'm')"
    code = f"""if True:
        from ml_pipelines.steps import absent, sql_checks
        absent.hide(*absent.FRAMES)
        import pyarrow as pa
        rows = lambda: pa.table({{"a": [1, 2]}}).to_reader()
        print(list({checked}))
    """

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "1 rows, as a 2" in ended.stdout
