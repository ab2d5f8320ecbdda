"""What run() is given, and what becomes of what it returns."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_pipelines.steps import errors
from ml_pipelines.steps.column_types import check_csv, conformed, schema_of
from ml_pipelines.steps.csv_tables import CsvReader
from ml_pipelines.steps.results import Place, as_frame, check_order, with_keys
from ml_pipelines.steps.rows import count_rows
from ml_pipelines.steps.tables import Share, check_key, plain_key

PLACE = Place("churn", "w", "a.csv", "rows")


def block(header: bytes, body: bytes, *, row_key: str | None = "id", rejects_allowed: bool = False):
    return CsvReader(row_key, rejects_allowed).block(header, [body], [Share("a.csv", count_rows(body))])


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (b"1\n2\n", "int64"),
        (b"1\n2.5\n", "float64"),
        (b'1\n""\n', "float64"),
        (b"2026-11-22\n2026-11-23\n", "str"),
        (b"12:30:00\n", "str"),
        (b"1\nx\n", "str"),
        (b"true\nFALSE\n", "bool"),
        (b'""\n""\n', "float64"),
        (b"0x1F\n7\n", "str"),
        (b"1\nNone\n<NA>\n", "float64"),
        (b"1\ntrue\n", "str"),
        (b"0\nFalse\n", "str"),
        (b"18446744073709551615\n1\n", "uint64"),
        (b"9223372036854775808\n-1\n", "str"),
        (b"9223372036854775808\n0.5\n", "float64"),
        (b"1e300\ninf\n", "float64"),
    ],
)  # fmt: skip
def test_types_are_those_that_pandas_would_find(values, kind):
    """A text that looks like a date stays a text; an empty value is missing; no number is another."""
    found = block(b"x\n", values, row_key=None).table.to_pandas()["x"]

    assert found.dtype.name == kind
    assert found.tolist() == pytest.approx(
        pd.read_csv(io.BytesIO(b"x\n" + values), skip_blank_lines=False)["x"].tolist(), nan_ok=True
    )


def test_a_whole_number_of_more_than_64_bits_is_as_it_is_written():
    """A floating number is near to it, and to others: pandas has an object, a table has the text."""
    found = block(b"id,x\n", b"1,123456789012345678901\n2,\n", rejects_allowed=True)

    assert found.table.column("x").to_pylist() == ["123456789012345678901", None]


@pytest.mark.parametrize(
    ("keys", "kept"),
    [
        (b"1\n2\n", [1, 2]),
        (b"01\n2\n", ["01", "2"]),
        (b"1\nx\n", ["1", "x"]),
        (b"99999999999999999999\n1\n", ["99999999999999999999", "1"]),
        (b"2026-11-22\n2026-11-23\n", ["2026-11-22", "2026-11-23"]),
    ],
)
def test_a_key_loses_nothing(keys, kept):
    """Whole numbers where that is the same, else the text as it stands."""
    assert block(b"id\n", keys).table.column("id").to_pylist() == kept


@pytest.mark.parametrize("last", [b"8,9", b"8", b"8,9,10", b"8,x", b"x,9", b'8,"' + b"y" * 500 + b'"'])
@pytest.mark.parametrize("bytes_at_once", [16, 64, 1000])
def test_rows_are_the_same_however_many_bytes_are_parsed_at_once(last, bytes_at_once):
    """Types are those of all rows, a row that is set aside keeps its number, and none is too long."""
    body = b"1,2\n3,4,5\n" + b"6,7\n" * 50 + last + b"\n"
    share = Share("a.csv", 53)

    in_pieces = CsvReader("id", False, bytes_at_once).block(b"id,x\n", [body], [share])
    at_once = CsvReader("id", False, len(body)).block(b"id,x\n", [body], [share])

    assert in_pieces.table.equals(at_once.table)
    assert in_pieces.rejects == at_once.rejects


def test_rows_with_too_many_or_too_few_values_are_set_aside():
    """Each with its file, its number, its text and why; the others keep their order."""
    found = block(b"id,x\n", b"1,1\n2\n3,3\n4,4,4\n5,5\n")

    assert found.table.column("id").to_pylist() == [1, 3, 5]
    assert [(each.row, each.cause, each.text) for each in found.rejects] == [
        (2, "1 values under 2 columns", "2"),
        (4, "3 values under 2 columns", "4,4,4"),
    ]
    assert found.rows_in == 5


def test_a_text_among_numbers_is_set_aside_where_that_is_allowed():
    """Else the column is one of texts, and the user's code says what it thinks of that."""
    body = b"1,1\n2,oops\n3,\n4,4\n"

    strict, lenient = block(b"id,x\n", body), block(b"id,x\n", body, rejects_allowed=True)

    assert strict.table.column("x").to_pylist() == ["1", "oops", None, "4"]
    assert lenient.table.column("x").to_pylist() == [1.0, None, 4.0]
    assert (lenient.rejects[0].cause, lenient.rejects[0].text) == ("x is 'oops', no number", "2,oops")


def test_whole_numbers_stay_whole_when_a_text_among_them_is_set_aside():
    """As a floating number the one account would be the other."""
    body = b"1,1234567890123456789\n2,oops\n3,1234567890123456788\n"

    found = block(b"id,account\n", body, rejects_allowed=True)

    assert found.table.column("account").to_pylist() == [1234567890123456789, 1234567890123456788]


def test_a_column_of_texts_stays_one():
    """Where most values are no numbers nothing is wrong with them."""
    found = block(b"id,x\n", b"1,a\n2,b\n3,7\n", rejects_allowed=True)

    assert (found.table.column("x").to_pylist(), found.rejects) == (["a", "b", "7"], ())


def test_rows_that_were_counted_otherwise_are_an_error():
    """The count of the bytes and the parser's must agree."""
    with pytest.raises(errors.RowsUnaccounted):
        CsvReader("id", rejects_allowed=False).block(b"id\n", [b"1\n2\n"], [Share("a.csv", 3)])


@pytest.mark.parametrize(
    ("result", "columns"),
    [
        ([1, 2], {"prediction": [1, 2]}),
        ((1, 2), {"prediction": [1, 2]}),
        (["a", "b"], {"prediction": ["a", "b"]}),
        (pd.Series([1.5, 2.5], index=[9, 4]), {"prediction": [1.5, 2.5]}),
        (np.array([1, 2]), {"prediction": [1, 2]}),
        (np.array([[1], [2]]), {"prediction": [1, 2]}),
        (np.array([[1, 2], [3, 4]]), {"prediction_0": [1, 3], "prediction_1": [2, 4]}),
        ([[1, 2], [3, 4]], {"prediction_0": [1, 3], "prediction_1": [2, 4]}),
        ([{"risk": 1}, {"risk": 2}], {"risk": [1, 2]}),
        (pd.DataFrame({"risk": [1, 2], 7: [3, 4]}, index=[5, 6]), {"risk": [1, 2], "7": [3, 4]}),
        ([np.array(1.5), np.array(2.5)], {"prediction": [1.5, 2.5]}),
        ([np.array([[1]]), np.array([[2]])], {"prediction": [1, 2]}),
        (np.array([(1, 2.5), (3, 4.5)], dtype="i4,f8"), {"f0": [1, 3], "f1": [2.5, 4.5]}),
        (pd.cut([1, 9], 2, labels=["low", "high"]), {"prediction": ["low", "high"]}),
        (pd.Index([1, 2]), {"prediction": [1, 2]}),
        ([{1, 2}, {3}], {"prediction": [{1, 2}, {3}]}),
    ],
)
def test_results_of_many_kinds(result, columns):
    """Columns of the result, or `prediction`."""
    assert as_frame(result, 2, PLACE).to_dict("list") == columns


def test_a_sum_over_sparse_rows_is_a_result():
    """SciPy's is a matrix, whose columns are matrices again."""
    with pytest.warns(PendingDeprecationWarning):
        result = np.asmatrix([[1], [2]])

    assert as_frame(result, 2, PLACE).to_dict("list") == {"prediction": [1, 2]}


@pytest.mark.parametrize("result", [None, 5, "ab", b"ab", {"a": 1, "b": 2}, {1, 2}, iter([1, 2])])
def test_what_is_no_result(result):
    """Without an order, or without a length."""
    with pytest.raises(errors.WrongResult, match=r"churn, window w, a\.csv: run\(\) returned"):
        as_frame(result, 2, PLACE)


NOON = datetime(2026, 11, 22, 12)  # noqa: DTZ001 - a time without a zone


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), "more than one column 'a'"),
        (pd.DataFrame([[1, 2], [3, 4]], columns=[1, "1"]), "more than one column '1'"),
        ([pd.DataFrame({"p": [1]}), pd.DataFrame({"p": [2]})], "a list of DataFrames; .* `pd.concat"),
        (["a", "\ud800"], "a text that has no form in UTF-8"),
        (pd.DataFrame(index=[0, 1]), "no column of results"),
        (pd.DataFrame({"id": [1, 2]}), "no column of results"),
        (np.array([1j, 2]), "values in 'prediction' that no column of a table can hold"),
        ([2**70, 1], "values in 'prediction' that no column of a table can hold"),
        ([2**53 + 1, 0.5], "values of several kinds in 'prediction'"),
        ([NOON, NOON.astimezone(UTC)], "times with a zone and times without one in 'prediction'"),
        ([NOON.astimezone(UTC), NOON], "times with a zone and times without one in 'prediction'"),
        ([NOON.date(), NOON], "dates and times in 'prediction'"),
        (["a", b"a"], "bytes and texts in 'prediction'"),
        ([{"p": {}}, {"p": {}}], "nothing but empty dicts in 'p'"),
        (np.zeros((2, 1), dtype="i4,f8"), "a ndarray that makes no table"),
        (pd.Series(pd.cut([1, 9], 2)), "category in 'prediction'; .*`.astype\\(str\\)` makes texts"),
        (pd.Series(pd.period_range("2026-11", periods=2, freq="M")), r"period\[M\] in 'prediction'"),
    ],
)
def test_results_that_no_table_holds_as_they_are(result, said):
    """Said of run(), with the column: never an error of a library, never a table of something else."""
    with pytest.raises(errors.WrongResult, match=rf"run\(\) returned {said}"):
        with_keys(as_frame(result, 2, PLACE), {"id": [1, 2]}, PLACE)


@pytest.mark.parametrize(
    "result",
    [
        [2**53 + 1, None],
        [{"prediction": 2**53 + 1}, {}],
        [(2**53 + 1,), (None,)],
        pd.Series([2**53 + 1, None], dtype="Int64"),
        pd.DataFrame({"prediction": pd.array([2**53 + 1, None], dtype="Int64")}),
    ],
)
def test_a_whole_number_stays_the_same_where_another_is_missing(result):
    """A floating number would be one off: someone else's id."""
    table = with_keys(as_frame(result, 2, PLACE), {"id": [1, 2]}, PLACE)

    assert table.column("prediction").to_pylist() == [2**53 + 1, None]


KEYS = {"id": pa.chunked_array([["b", "a", "c"]])}
ROWS = pd.DataFrame({"id": ["b", "a", "c"], "x": [2, 3, 1]})


@pytest.mark.parametrize(
    "result",
    [
        ROWS["x"].sort_values(),
        ROWS[["x"]].sort_values("x"),
        ROWS.set_index("id")["x"].sort_index(),
        ROWS.set_index("id")[["x"]].sort_index(),
        ROWS.groupby("id")["x"].sum(),
    ],
)
def test_results_whose_index_says_another_order_are_refused(result):
    """Each row would get the key of another."""
    with pytest.raises(errors.WrongResult, match=r"another order .*reset_index"):
        check_order(result, ROWS.index, KEYS, PLACE)


@pytest.mark.parametrize(
    "result",
    [
        ROWS["x"],
        ROWS["x"].sort_values().reindex(ROWS.index),
        ROWS["x"].sort_values().reset_index(drop=True),
        ROWS.set_index("id")["x"],
        pd.Series([1, 2, 3], index=[9, 4, 9]),
        pd.Series([1, 2, 3], index=pd.MultiIndex.from_product([[0], [2, 1, 0]])),
        ROWS.set_index(pd.Index([2, 0, 1])),
        [1, 2, 3],
    ],
)
def test_an_index_that_says_nothing_of_order_is_no_matter(result):
    """Another index, the keys in their places, or rows that bring their keys."""
    check_order(result, ROWS.index, KEYS, PLACE)


@pytest.mark.parametrize(
    "keys",
    [
        pa.array([datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None), None]),
        pa.array(["a", None]),
        pa.array([1, None]),
        pa.array([1.1, 2.0], pa.float32()),
        pa.array([timedelta(days=1), timedelta(seconds=1)]),
        pa.array([date(2026, 11, 22), None]),
        pa.array([True, None]),
        pa.array(["a", None]).dictionary_encode(),
    ],
)
def test_a_key_that_comes_back_as_it_was_given_is_the_input_s(keys):
    """Though pandas may have had it in another type, as whole numbers of which one is missing."""
    given = pa.table({"id": keys}).to_pandas().assign(risk=[1, 2])

    table = with_keys(as_frame(given, 2, PLACE), {"id": pa.chunked_array([keys])}, PLACE)

    assert table.column("id").to_pylist() == keys.to_pylist()


@pytest.mark.parametrize("values", [["a", None], [1, 2], [date(2026, 11, 22), None], [b"a", b"b"]])
def test_categories_land_as_what_they_are(values):
    """The numbers that stand for them are eight bits wide, and a window may have more: no reader reads it."""
    keys = pa.chunked_array([pa.array(["k"]).dictionary_encode(), pa.array(["l"]).dictionary_encode()])

    table = with_keys(as_frame(pd.Categorical(values), 2, PLACE), {"id": keys}, PLACE)

    assert table.to_pydict() == {"id": ["k", "l"], "prediction": values}
    assert not any(pa.types.is_dictionary(kind) for kind in table.schema.types)


@pytest.mark.parametrize("result", [[], [1], [1, 2, 3], pd.DataFrame({"x": [1]}), np.zeros((3, 2))])
def test_a_result_of_another_length(result):
    """Never a shift: both counts are in the error."""
    with pytest.raises(errors.WrongResultLength, match=f"given 2 rows and returned {len(result)} results"):
        as_frame(result, 2, PLACE)


def test_values_of_several_kinds_in_a_column():
    """A column has one type; the error names it."""
    with pytest.raises(errors.WrongResult, match="several kinds in 'prediction'"):
        with_keys(pd.DataFrame({"prediction": [1, "a"]}, dtype=object), {"id": [1, 2]}, PLACE)


def joined(*kinds: pa.DataType) -> pa.DataType:
    return (
        schema_of((f"{number}.csv", pa.schema([("x", kind)])) for number, kind in enumerate(kinds))
        .field("x")
        .type
    )


SECONDS, MICROSECONDS = pa.timestamp("s"), pa.timestamp("us")


@pytest.mark.parametrize(
    ("kinds", "common"),
    [
        ([pa.int64(), pa.int64()], pa.int64()),
        ([pa.int32(), pa.int64()], pa.int64()),
        ([pa.int64(), pa.float64()], pa.float64()),
        ([pa.null(), pa.string()], pa.string()),
        ([pa.null()], pa.float64()),
        ([pa.int64(), pa.string()], pa.string()),
        ([pa.bool_(), pa.int64()], pa.string()),
        ([pa.decimal128(10, 2), pa.decimal128(8, 4)], pa.decimal128(12, 4)),
        ([pa.dictionary(pa.int8(), pa.string()), pa.dictionary(pa.int32(), pa.string())], pa.string()),
        ([SECONDS, MICROSECONDS, pa.timestamp("ms")], MICROSECONDS),
        ([pa.timestamp("s", "Europe/Berlin"), pa.timestamp("us", "+05:30")], pa.timestamp("us", "UTC")),
        ([pa.list_(pa.int64()), pa.list_(pa.float64())], pa.list_(pa.float64())),
    ],
)
def test_parts_that_disagree_about_a_type(kinds, common):
    """Numbers as numbers, times in the finer unit, anything else as text; whoever comes first."""
    assert joined(*kinds) == joined(*reversed(kinds)) == common


@pytest.mark.parametrize(
    "kinds",
    [
        [SECONDS, pa.timestamp("s", "UTC")],
        [SECONDS, pa.string()],
        [pa.date32(), MICROSECONDS],
        [pa.decimal128(10, 2), pa.float64()],
        [pa.list_(pa.int64()), pa.int64()],
    ],
)
def test_types_that_nothing_holds_without_a_loss_are_refused(kinds):
    """With the column, and each type with the file that has it."""
    first, second = map(str, kinds)

    with pytest.raises(errors.TypesDisagree) as caught:
        joined(*kinds)

    said = f"the results' column 'x' is {first} for 0.csv and {second} for 1.csv: no one type holds both"
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("value", "kind", "other", "cause"),
    [
        (2**53 + 1, pa.int64(), pa.float64(), "Integer value 9007199254740993 not in range"),
        (2**63, pa.uint64(), pa.int64(), "Integer value 9223372036854775808 not in range"),
        (10**12, SECONDS, pa.timestamp("ns"), "out of bounds timestamp: 1000000000000"),
    ],
)
def test_a_value_that_would_be_lost_is_refused(value, kind, other, cause):
    """Where one type holds most of both: the value is named, and how to mend it."""
    table = pa.table({"x": pa.array([value], kind)})

    with pytest.raises(
        errors.TypesDisagree, match=f"column 'x' is {re.escape(str(kind))} for a.csv and .*{cause}"
    ):
        conformed(table, pa.schema([("x", other)]), "a.csv")


def test_parts_that_disagree_about_columns():
    """What a part lacks is missing."""
    schemas = [pa.schema([("a", pa.int64())]), pa.schema([("b", pa.string()), ("a", pa.int64())])]
    schema = schema_of(("a.csv", each) for each in schemas)

    assert conformed(pa.table({"a": [1]}), schema, "a.csv").to_pylist() == [{"a": 1, "b": None}]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (["prediction"], ["prediction_0", "prediction_1"], "are 'prediction' for a.csv and 'prediction_0', "),
        (["prediction_0"], ["prediction_0", "prediction_1"], "'prediction_0', 'prediction_1' for b.csv"),
    ],
)
def test_lists_of_another_length_for_other_rows(one, other, said):
    """Lists that happen to be equally long become columns: a reader of one of them would miss the others."""
    schemas = [
        pa.schema([("id", pa.int64()), *((name, pa.int64()) for name in each)]) for each in (one, other)
    ]

    with pytest.raises(errors.ListsDisagree, match=said):
        schema_of(zip(("a.csv", "b.csv"), schemas, strict=True))


def test_columns_with_names_may_be_there_for_some_rows_only():
    """As the keys of dicts."""
    names = (["prediction"], ["error"], ["prediction", "prediction_2"])
    schemas = [pa.schema([(name, pa.int64()) for name in each]) for each in names]

    assert schema_of(("a.csv", each) for each in schemas).names == ["prediction", "error", "prediction_2"]


@pytest.mark.parametrize("kind", [pa.list_(pa.int64()), pa.struct([("a", pa.int64())])])
def test_what_csv_has_no_form_for_is_refused_by_column(kind):
    """And how to mend it."""
    with pytest.raises(errors.NotForCsv, match=r"column 'x' is .*output\.format: parquet"):
        check_csv(pa.schema([("id", pa.int64()), ("x", kind)]))


@pytest.mark.parametrize(
    "kind", [pa.binary(), pa.binary(16), pa.list_(pa.int64()), pa.struct([("a", pa.int64())])]
)
def test_a_row_key_without_a_text_is_refused(kind):
    """Bytes are no text, lists and structs are none either."""
    with pytest.raises(errors.KeyUnusable, match=r"'a\.parquet' has the row key 'id'"):
        check_key(pa.table({"id": pa.nulls(1, kind)}), "id", "a.parquet")


@given(
    st.lists(
        st.one_of(
            st.integers(-(2**63), 2**63 - 1).map(str),
            st.sampled_from(
                ["7", "0", "00", "0012", "-0", "-7", "0xFFFFFFFFFF", "9" * 18, "09" * 10, "a", None]
            ),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_key_is_a_number_where_all_are_written_as_numbers_are(texts):
    """No 0012, no 0xff: what lands is written as it came."""
    keys = pa.table({"id": pa.array(texts, pa.string())})

    found = plain_key(keys, "id").column("id")

    plain = all(text is None or _is_plain(text) for text in texts)
    assert found.type == (pa.int64() if plain else pa.string())
    assert found.cast(pa.string()).to_pylist() == texts


def _is_plain(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and str(int(text)) == text
