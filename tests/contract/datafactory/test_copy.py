"""Copy between files of the lake: over HTTPS, with the factory's identity, by what the SDK wrote."""

from __future__ import annotations

import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.contract.datafactory.lake_data import LakeData, copy, lake_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.datafactory.factories import Factory

CSV = 'id,name\n1,"a,b"\n2,\n3,"say \\"hi\\""\n'


@pytest.fixture(scope="module")
def lake(factory: Factory) -> Iterator[LakeData]:
    yield from lake_data(factory, "copies")


def binary(source: Any, sink: Any, **settings: Any) -> Any:
    return copy(source, sink, kinds=("Binary", "Binary"), **settings)


def test_a_file_is_copied_byte_by_byte(lake: LakeData) -> None:
    """More than one request long; the output counts bytes and files, and has no rows."""
    content = bytes(range(256)) * 40_000
    lake.put("big/in.bin", content)

    output = lake.output(binary(lake.dataset("Binary", "big/in.bin"), lake.dataset("Binary", "big/out.bin")))

    assert lake.get("big/out.bin") == content
    assert (output["dataRead"], output["dataWritten"]) == (len(content), len(content))
    assert (output["filesRead"], output["filesWritten"]) == (1, 1)
    assert output["errors"] == []
    assert output["executionDetails"][0]["sink"] == {"type": "AzureBlobFS"}
    assert "rowsRead" not in output


TREE = {"a.csv": "1", "b.json": "2", "sub/c.csv": "3", "sub/deep/d.csv": "4"}


@pytest.mark.parametrize(
    ("folder", "reading", "expected"),
    [
        ("", {}, ["a.csv", "b.json", "sub/c.csv", "sub/deep/d.csv"]),
        ("", {"recursive": False}, ["a.csv", "b.json"]),
        ("", {"wildcardFileName": "*.csv"}, ["a.csv", "sub/c.csv", "sub/deep/d.csv"]),
        ("", {"wildcardFileName": "?.csv", "recursive": False}, ["a.csv"]),
        ("", {"wildcardFolderPath": "{root}/s*", "recursive": False}, ["sub/c.csv"]),
        ("", {"wildcardFolderPath": "{root}/s*", "wildcardFileName": "d*"}, ["sub/deep/d.csv"]),
        ("", {"wildcardFolderPath": "{root}/*/deep"}, ["sub/deep/d.csv"]),
        ("sub/", {}, ["c.csv", "deep/d.csv"]),
        ("", {"fileListPath": "copies/lists/two.txt"}, ["a.csv", "sub/c.csv"]),
        ("", {"modifiedDatetimeEnd": "2020-01-01T00:00:00Z"}, []),
        ("", {"modifiedDatetimeStart": "2020-01-01T00:00:00Z", "recursive": False}, ["a.csv", "b.json"]),
    ],
)
def test_files_are_selected_as_documented(
    lake: LakeData, folder: str, reading: Any, expected: list[str]
) -> None:
    """What is selected keeps its path below the folder that was looked into."""
    number = len(lake.paths())
    for name, content in TREE.items():
        lake.put(f"tree{number}/{name}", content)
    lake.put("lists/two.txt", "a.csv\r\nsub/c.csv\n")
    reading = {
        key: str(one).format(root=f"tree{number}") if isinstance(one, str) else one
        for key, one in reading.items()
    }
    source = lake.dataset("Binary", f"tree{number}/{folder}")

    output = lake.output(binary(source, lake.dataset("Binary", f"out{number}/"), reading=reading))

    assert output["filesWritten"] == len(expected)
    found = lake.paths(f"out{number}") if expected else []
    assert found == [f"out{number}/{name}" for name in expected]


def test_flattened_files_get_names_of_their_own(lake: LakeData) -> None:
    for name, content in TREE.items():
        lake.put(f"flat/{name}", content)
    storing = {"copyBehavior": "FlattenHierarchy"}

    lake.output(
        binary(lake.dataset("Binary", "flat/"), lake.dataset("Binary", "flattened/"), storing=storing)
    )

    paths = lake.paths("flattened")
    assert [path.count("/") for path in paths] == [1, 1, 1, 1]
    assert sorted(lake.text(path) for path in paths) == ["1", "2", "3", "4"]


def test_merged_files_are_one_in_the_order_of_their_paths(lake: LakeData) -> None:
    """Delimited text has one header then; binaries are put one behind the other."""
    lake.put("parts/1.csv", "id,name\n1,a\n")
    lake.put("parts/2.csv", "id,name\n2,b\n")
    storing = {"copyBehavior": "MergeFiles"}
    text = copy(
        lake.dataset("DelimitedText", "parts/"),
        lake.dataset("DelimitedText", "merged/all.csv"),
        kinds=("DelimitedText", "DelimitedText"),
        storing=storing,
    )

    output = lake.output(text)
    lake.output(
        binary(lake.dataset("Binary", "parts/"), lake.dataset("Binary", "merged/raw"), storing=storing)
    )

    assert lake.text("merged/all.csv") == "id,name\r\n1,a\r\n2,b\r\n"
    assert lake.text("merged/raw") == "id,name\n1,a\nid,name\n2,b\n"
    assert (output["filesRead"], output["filesWritten"], output["rowsCopied"]) == (2, 1, 2)


def test_files_are_deleted_once_they_are_copied(lake: LakeData) -> None:
    lake.put("move/a", "1")
    reading = {"deleteFilesAfterCompletion": True}

    lake.output(binary(lake.dataset("Binary", "move/"), lake.dataset("Binary", "moved/"), reading=reading))

    assert lake.paths("move") == []
    assert lake.text("moved/a") == "1"


def test_several_files_cannot_become_one_named_file(lake: LakeData) -> None:
    """But by merging: the last would have been the only one."""
    lake.put("many/a", "1")
    lake.put("many/b", "2")

    error = lake.error(binary(lake.dataset("Binary", "many/"), lake.dataset("Binary", "one")))

    assert error["errorCode"] == "2200"
    assert "MergeFiles" in error["message"]
    assert "one" not in lake.paths()


def test_a_missing_file_fails_the_copy(lake: LakeData) -> None:
    error = lake.error(binary(lake.dataset("Binary", "none/x"), lake.dataset("Binary", "none/y")))

    assert (error["errorCode"], error["failureType"]) == ("2200", "UserError")
    assert "UserErrorFileNotFound" in error["message"]
    assert "none/x" in error["message"]


def test_delimited_text_becomes_parquet_as_text(lake: LakeData) -> None:
    """Quotes, escapes, delimiters inside quotes and nulls; the name's extension is the new format's."""
    lake.put("csv/in.csv", CSV)
    source, sink = lake.dataset("DelimitedText", "csv/in.csv"), lake.dataset("Parquet", "parquet/")

    output = lake.output(copy(source, sink, kinds=("DelimitedText", "Parquet")))

    assert lake.paths("parquet") == ["parquet/in.parquet"]
    assert lake.table("parquet/in.parquet") == [
        {"id": "1", "name": "a,b"},
        {"id": "2", "name": None},
        {"id": "3", "name": 'say "hi"'},
    ]
    assert (output["rowsRead"], output["rowsCopied"]) == (3, 3)


def test_delimited_text_comes_back_as_it_was(lake: LakeData) -> None:
    """To Parquet and back, by the same dataset settings."""
    rows = [{"id": "1", "name": 'x"y\\z'}, {"id": "2", "name": "line\nend"}, {"id": "3", "name": None}]
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), buffer)
    lake.put("round/in.parquet", buffer.getvalue())
    text, back = lake.dataset("DelimitedText", "round/a.csv"), lake.dataset("Parquet", "round/back.parquet")

    lake.output(copy(lake.dataset("Parquet", "round/in.parquet"), text, kinds=("Parquet", "DelimitedText")))
    lake.output(copy(text, back, kinds=("DelimitedText", "Parquet")))

    assert lake.table("round/back.parquet") == rows


def test_other_delimiters_headers_and_compression(lake: LakeData) -> None:
    """Semicolons, no header, Windows' code page, gzip on both sides."""
    lake.put("other/in.gz", gzip.compress("skip me\n1;ä\n".encode("cp1252")))
    settings = {"columnDelimiter": ";", "firstRowAsHeader": False, "compressionCodec": "gzip"}
    source = lake.dataset("DelimitedText", "other/in.gz", encodingName="windows-1252", **settings)
    sink = lake.dataset("DelimitedText", "other/out.gz", **settings)
    options = {"formatSettings": {"type": "DelimitedTextReadSettings", "skipLineCount": 1}}

    lake.output(copy(source, sink, kinds=("DelimitedText", "DelimitedText"), source_options=options))

    assert gzip.decompress(lake.get("other/out.gz")).decode() == "1;ä\r\n"


@pytest.mark.parametrize(
    "text", ['{"a": 1, "b": {"c": "x"}}\n{"a": 2, "b": null}', '[{"a": 1, "b": {"c": "x"}}, {"a": 2}]']
)
def test_json_objects_become_parquet(lake: LakeData, text: str) -> None:
    """One after the other or in an array; what is nested stays so."""
    lake.put("json/in.json", text)

    lake.output(
        copy(
            lake.dataset("Json", "json/in.json"),
            lake.dataset("Parquet", "json/out.parquet"),
            kinds=("Json", "Parquet"),
        )
    )

    assert lake.table("json/out.parquet") == [{"a": 1, "b": {"c": "x"}}, {"a": 2, "b": None}]


@pytest.mark.parametrize("pattern", ["setOfObjects", "arrayOfObjects"])
def test_parquet_becomes_json(lake: LakeData, pattern: str) -> None:
    buffer = io.BytesIO()
    parquet.write_table(pa.table({"a": [1, 2], "t": pa.array([0, None], pa.timestamp("s"))}), buffer)
    lake.put("pq/in.parquet", buffer.getvalue())
    one = copy(
        lake.dataset("Parquet", "pq/in.parquet"),
        lake.dataset("Json", "pq/out.json"),
        kinds=("Parquet", "Json"),
        writing={"filePattern": pattern},
    )

    lake.output(one)

    text = lake.text("pq/out.json")
    rows = (
        json.loads(text) if pattern == "arrayOfObjects" else [json.loads(line) for line in text.splitlines()]
    )
    assert rows == [{"a": 1, "t": "1970-01-01T00:00:00"}, {"a": 2, "t": None}]


def test_a_mapping_chooses_renames_and_converts(lake: LakeData) -> None:
    """By name, ordinal and path; an additional column can be mapped as well."""
    lake.put("map/in.csv", "id,at,drop\n1,2026-11-22T06:00:00Z,x\n2,,y\n")
    mappings = [
        {"source": {"name": "id"}, "sink": {"name": "key", "type": "Int32"}},
        {"source": {"ordinal": 2}, "sink": {"name": "moment", "type": "DateTime"}},
        {"source": {"name": "file"}, "sink": {"name": "file"}},
    ]
    one = copy(
        lake.dataset("DelimitedText", "map/in.csv"),
        lake.dataset("Parquet", "map/out.parquet"),
        kinds=("DelimitedText", "Parquet"),
        source_options={"additionalColumns": [{"name": "file", "value": "$$FILEPATH"}]},
        translator={"type": "TabularTranslator", "mappings": mappings, "typeConversion": True},
    )

    lake.output(one)

    (first, second) = lake.table("map/out.parquet")
    assert (first["key"], first["file"], second["moment"]) == (1, "in.csv", None)
    assert first["moment"].isoformat() == "2026-11-22T06:00:00"


def test_a_value_that_does_not_convert_fails_and_leaves_nothing(lake: LakeData) -> None:
    """The column is named; no file appears."""
    lake.put("bad/in.csv", "id\n1\nx\n")
    mappings = [{"source": {"name": "id"}, "sink": {"name": "id", "type": "Int32"}}]
    one = copy(
        lake.dataset("DelimitedText", "bad/in.csv"),
        lake.dataset("Parquet", "bad/out.parquet"),
        kinds=("DelimitedText", "Parquet"),
        translator={"type": "TabularTranslator", "mappings": mappings},
    )

    error = lake.error(one)

    assert "TypeConversionFailure" in error["message"]
    assert "id" in error["message"]
    assert lake.paths("bad") == ["bad/in.csv"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("DelimitedText", "a,b\n1,2\n1,2,3\n"),
        ("DelimitedText", "a,a\n1,2\n"),
        ("Json", '{"a": 1'),
        ("Json", "[1, 2]"),
        ("Parquet", "no parquet"),
    ],
)
def test_unreadable_content_fails_the_copy_and_names_the_file(
    lake: LakeData, kind: str, content: str
) -> None:
    """An earlier file of the sink stays as it was."""
    lake.put("broken/in", content)
    lake.put("broken/out.json", "before")

    error = lake.error(
        copy(lake.dataset(kind, "broken/in"), lake.dataset("Json", "broken/out.json"), kinds=(kind, "Json"))
    )

    assert error["errorCode"] == "2200"
    assert "broken/in" in error["message"]
    assert lake.text("broken/out.json") == "before"


def test_an_empty_file_is_copied_as_one(lake: LakeData) -> None:
    lake.put("empty/in.csv", "")

    output = lake.output(
        copy(
            lake.dataset("DelimitedText", "empty/in.csv"),
            lake.dataset("DelimitedText", "empty/out.csv"),
            kinds=("DelimitedText", "DelimitedText"),
        )
    )

    assert output["rowsCopied"] == 0
    assert lake.text("empty/out.csv").strip() == ""
