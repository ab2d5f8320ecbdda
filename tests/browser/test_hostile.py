"""Names and contents that were made to be more than text stay text, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.portal import Factory, link
from tests.unit.sandbox.datafactory.local_factory import activity, expression, fail, wait

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Tab
    from tests.conftest import LocalAzure

HOSTILE = "\"'><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
FOLDER = "<img src=x onerror=alert(1)> &amp; \"'\u202e"


@pytest.fixture
def tab_inside(sandbox: LocalAzure, tab: Tab) -> Tab:
    tab.page.goto(link(sandbox))
    tab.page.wait_for_url("**/portal/runs")
    return tab


@pytest.fixture
def lake(sandbox: LocalAzure) -> Path:
    """A file system of its own, with files as somebody drops them into it."""
    sandbox.account("hostilelake")
    folder = sandbox.state / "lake/hostilelake/data" / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.csv").write_text(f'"{HOSTILE.replace(chr(34), chr(34) * 2)}",b\n<b>1</b>,2\n')
    (folder / "b.json").write_text('{"a": "</pre><script>document.title=1</script>"}')
    (folder / "c.html").write_text(HOSTILE)
    parquet.write_table(pa.table({HOSTILE: [HOSTILE]}), folder / "d.parquet")
    (folder / "e.parquet").write_bytes(b"PAR1 is all that is right here PAR1")
    return folder


def test_what_runs_say_stays_text(sandbox: LocalAzure, tab_inside: Tab) -> None:
    """Parameters, errors, outputs, names of activities."""
    factory = Factory(sandbox)
    factory.pipeline(
        "hostile",
        activity(
            'set" onload="alert(1)',
            "SetVariable",
            variableName="v",
            value=expression("@pipeline().parameters.said"),
        ),
        wait("it's not", 0),
        fail("tell", expression("@pipeline().parameters.said")),
        parameters={"said": {"type": "String"}},
        variables={"v": {"type": "String"}},
    )
    run_id = factory.run("hostile", {"said": HOSTILE})
    page = tab_inside.page
    for address in (factory.page("runs"), factory.page(f"runs/{run_id}")):
        page.goto(f"{sandbox.control}{address}")

        assert "local Azure" in page.title()
        assert page.locator("img[src=x], main b, main i").count() == 0
        assert tab_inside.violations() == []


def test_what_lies_in_the_lake_stays_text(sandbox: LocalAzure, tab_inside: Tab, lake: Path) -> None:
    """Names of folders and columns, and what files hold, whatever their names promise."""
    page = tab_inside.page
    page.goto(f"{sandbox.control}/portal/lake?at=hostilelake/data")
    page.locator("tbody a").first.click()
    assert page.locator("tbody tr").count() == len(list(lake.iterdir()))
    folder = page.url
    for name in ("a.csv", "b.json", "c.html", "d.parquet", "e.parquet"):
        page.goto(folder)
        page.get_by_role("link", name=name).click()

        assert page.get_by_role("heading", name=name).is_visible()
        assert "local Azure" in page.title()
        assert page.locator("img[src=x], main b").count() == 0
        assert tab_inside.violations() == []
    assert page.get_by_text("It cannot be read as Parquet").is_visible()
