"""Dates: how they are read, written, moved, and shown in time zones."""

from datetime import UTC, datetime

import pytest

from adf.language import InvalidArgument, LanguageError, Scope, evaluate

SCOPE = Scope(now=lambda: datetime(2026, 11, 23, 15, 30, 5, 120_000, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-03-15T13:00:00Z", "2018-03-15T13:00:00.0000000Z"),
        ("2018-03-15T13:00", "2018-03-15T13:00:00.0000000"),
        ("2018-3-5 1:02:03.5", "2018-03-05T01:02:03.5000000"),
        ("2018-03-15T13:00:00.99999995Z", "2018-03-15T13:00:01.0000000Z"),
        ("2018-03-15T13:00:00+05:30", "2018-03-15T07:30:00.0000000+00:00"),
        ("2018-01-01T00:00:00-0800", "2018-01-01T08:00:00.0000000+00:00"),
        ("2018-03-15Z", "2018-03-15T00:00:00.0000000Z"),
        ("  2018/03/15  ", "2018-03-15T00:00:00.0000000"),
        ("2018-03", "2018-03-01T00:00:00.0000000"),
        ("3/15/2018 1:02 PM", "2018-03-15T13:02:00.0000000"),
        ("03-15-2018 12:00 AM", "2018-03-15T00:00:00.0000000"),
        ("3/15/29", "2029-03-15T00:00:00.0000000"),
        ("3/15/30", "1930-03-15T00:00:00.0000000"),
        ("3/15", "2026-03-15T00:00:00.0000000"),
        ("Mar 15, 2018 1 pm", "2018-03-15T13:00:00.0000000"),
        ("15-Mar-2018", "2018-03-15T00:00:00.0000000"),
        ("March 2018", "2018-03-01T00:00:00.0000000"),
        ("15 March", "2026-03-15T00:00:00.0000000"),
        ("Thursday, March 15, 2018", "2018-03-15T00:00:00.0000000"),
        ("Thu, 15 Mar 2018 13:00:00 GMT", "2018-03-15T13:00:00.0000000Z"),
        ("Thu, 15 Mar 2018 13:00:00 +0100", "2018-03-15T12:00:00.0000000+00:00"),
        ("13:00", "2026-11-23T13:00:00.0000000"),
    ],
)
def test_a_date_is_read_as_dotnet_reads_it(text: str, expected: str):
    """`Z` is kept, an offset is converted, nothing stays nothing; today completes what is missing."""
    assert expected == evaluate("@formatDateTime(item())", Scope(item=text, now=SCOPE.now))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "20180315",
        "2018",
        "1521118800",
        "15/03/2018",
        "2018-02-29",
        "2018-13-01",
        "Friday, March 15, 2018",
        "2018-03-15T24:00:00Z",
        "2018-03-15T13",
        "2018-03-15T13:00:60Z",
        "2018-03-15T13:00:00+15:00",
        "13:00 AM",
        "0000-01-01",
        "10000-01-01",
        "9999-12-31T23:59:59.99999999Z",
        "0001-01-01T00:00:00+01:00",
        "2018-W11",
        "1" * 500,
    ],
)
def test_what_is_no_date_is_an_error(text: str):
    """Not a guess."""
    with pytest.raises(InvalidArgument):
        evaluate("@formatDateTime(item())", Scope(item=text))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("", "2/9/2024 3:04:05 PM"),
        ("d", "2/9/2024"),
        ("D", "Friday, February 9, 2024"),
        ("f", "Friday, February 9, 2024 3:04 PM"),
        ("F", "Friday, February 9, 2024 3:04:05 PM"),
        ("g", "2/9/2024 3:04 PM"),
        ("G", "2/9/2024 3:04:05 PM"),
        ("M", "February 9"),
        ("R", "Fri, 09 Feb 2024 15:04:05 GMT"),
        ("s", "2024-02-09T15:04:05"),
        ("t", "3:04 PM"),
        ("T", "3:04:05 PM"),
        ("u", "2024-02-09 15:04:05Z"),
        ("U", "Friday, February 9, 2024 3:04:05 PM"),
        ("Y", "February 2024"),
        ("%d", "9"),
        ("%y", "24"),
        ("%t", "P"),
        ("%/", "/"),
        ("yyyyy MMMMM ddddd", "02024 February Friday"),
        ("h hh H HH m mm s ss", "3 03 15 15 4 04 5 05"),
        ("f ff fffffff|F FF FFFFFFF", "6 67 6700000|6 67 67"),
        ("tt g z zz zzz K", "PM AD +0 +00 +00:00 Z"),
        ("'it''s' \"a\"\\d", "its ad"),
        ("yyyy年QX", "2024年QX"),
    ],
)
def test_a_format_writes_as_dotnet_writes(form: str, expected: str):
    """Standard formats, tokens, literals."""
    scope = Scope(item={"when": "2024-02-09T15:04:05.67Z", "form": form})

    assert expected == evaluate("@formatDateTime(item().when, item().form)", scope)


def test_a_fraction_of_nothing_takes_its_point_along():
    """F writes no zeros at the end."""
    assert "05" == evaluate("@formatDateTime('2024-01-01T00:00:05Z', 'ss.FFF')", Scope())


@pytest.mark.parametrize("form", ["x", "Q", " ", "/", "K", "'", "yyyy'", '"a', "yy\\", "%", "%%", "ffffffff"])
def test_what_is_no_format_is_an_error(form: str):
    """Single letters that mean nothing, quotes that do not close, more digits than there are."""
    with pytest.raises(InvalidArgument):
        evaluate("@formatDateTime('2024-01-01', item())", Scope(item=form))


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("fr-FR", "vendredi 9 février 2024"),
        ("de-DE", "Freitag, 9. Februar 2024"),
        ("de-AT", "Freitag, 9. Februar 2024"),
        ("EN-gb", "Friday, 9 February 2024"),
        ("es-ES", "viernes, 9 de febrero de 2024"),
        ("en", "Friday, February 9, 2024"),
        ("en-AU", "Friday, 9 February 2024"),
    ],
)
def test_the_undocumented_culture_names_a_language(locale: str, expected: str):
    """Regardless of case; of a region that is not known, its language."""
    assert expected == evaluate("@formatDateTime('2024-02-09', 'D', item())", Scope(item=locale))


@pytest.mark.parametrize(
    ("form", "locale", "expected"),
    [
        ("yyyy/MM/dd", "en-US", "2024/02/09"),
        ("yyyy/MM/dd", "de-DE", "2024.02.09"),
        ("d/M", "nl-NL", "9-2"),
        ("%/", "de-DE", "."),
        ("d'/'M", "de-DE", "9/2"),
        ("d\\/M", "de-DE", "9/2"),
    ],
)
def test_a_slash_is_the_separator_of_dates(form: str, locale: str, expected: str):
    """Of the culture, unless it is quoted or escaped."""
    scope = Scope(item={"form": form, "locale": locale})

    assert expected == evaluate("@formatDateTime('2024-02-09', item().form, item().locale)", scope)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("addDays('2024-02-28T00:00:00Z', 2)", "2024-03-01T00:00:00.0000000Z"),
        ("addHours('2024-01-01', -1, 'yyyy-MM-dd HH')", "2023-12-31 23"),
        ("addMinutes('2018-03-15T00:00:00.1234567Z', 1)", "2018-03-15T00:01:00.1234567Z"),
        ("addToTime('2024-01-31', 1, 'MONTH')", "2024-02-29T00:00:00.0000000"),
        ("addToTime('2024-01-31', 13, 'month')", "2025-02-28T00:00:00.0000000"),
        ("addToTime('2024-02-29', -1, 'Year')", "2023-02-28T00:00:00.0000000"),
        ("addToTime('2024-02-29', 1, 'Week')", "2024-03-07T00:00:00.0000000"),
        ("subtractFromTime('2024-03-31', 1, 'Month')", "2024-02-29T00:00:00.0000000"),
        ("startOfMonth('2024-02-29T10:11:12+02:00')", "2024-02-01T00:00:00.0000000+00:00"),
        ("startOfHour('2024-02-29T10:11:12')", "2024-02-29T10:00:00.0000000"),
        ("dayOfWeek('2024-02-25')", 0),
        ("dayOfYear('2024-12-31')", 366),
        ("ticks('0001-01-02')", 864_000_000_000),
        ("utcNow()", "2026-11-23T15:30:05.1200000Z"),
        ("utcNow('D')", "Monday, November 23, 2026"),
        ("getPastTime(9, 'Month', 'yyyy-MM-dd')", "2026-02-23"),
        ("getFutureTime(1, 'week', 'yyyy-MM-dd')", "2026-11-30"),
    ],
)
def test_dates_are_moved_and_cut(text: str, expected: object):
    """Months and years keep the day where there is one."""
    assert expected == evaluate("@" + text, SCOPE)


@pytest.mark.parametrize(
    "text",
    [
        "addDays('9999-12-31', 1)",
        "addDays('0001-01-01', -1)",
        "addDays('2024-01-01', 9223372036854775807)",
        "addToTime('2024-01-01', 9223372036854775807, 'Year')",
        "addToTime('9999-12-01', 1, 'Month')",
        "subtractFromTime('2024-01-01', -9223372036854775808, 'Week')",
        "getPastTime(2027, 'Year')",
        "addToTime('2024-01-01', 1, 'Days')",
        "addToTime('2024-01-01', 1, '')",
    ],
)
def test_beyond_the_calendar_is_an_error(text: str):
    """As is a unit that does not exist."""
    with pytest.raises(InvalidArgument):
        evaluate("@" + text, SCOPE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("convertFromUtc('2024-07-01T12:00:00Z', 'w. europe standard time')", "2024-07-01T14:00:00.0000000"),
        ("convertFromUtc('2024-01-01T12:00:00Z', 'UTC')", "2024-01-01T12:00:00.0000000Z"),
        ("convertFromUtc('2024-01-01T12:00:00Z', 'GMT Standard Time')", "2024-01-01T12:00:00.0000000"),
        ("convertFromUtc('2024-01-01T12:00:00Z', 'Nepal Standard Time', 'HH:mm')", "17:45"),
        ("convertFromUtc('0001-01-01T00:00:00Z', 'Pacific Standard Time')", "0001-01-01T00:00:00.0000000"),
        ("convertFromUtc('9999-12-31T23:59:59Z', 'Tokyo Standard Time', 'yyyy')", "9999"),
        ("convertToUtc('2024-07-01T14:00:00', 'W. Europe Standard Time')", "2024-07-01T12:00:00.0000000Z"),
        ("convertToUtc('2024-07-01T14:00:00Z', 'utc')", "2024-07-01T14:00:00.0000000Z"),
        (
            "convertTimeZone('2024-07-01T14:00:00', 'Tokyo Standard Time', 'UTC')",
            "2024-07-01T05:00:00.0000000Z",
        ),
    ],
)
def test_times_are_shown_on_other_clocks(text: str, expected: str):
    """Windows names, regardless of case; only UTC has a suffix."""
    assert expected == evaluate("@" + text, Scope())


@pytest.mark.parametrize(
    "text",
    [
        "convertFromUtc('2024-07-01T12:00:00', 'UTC')",
        "convertFromUtc('2024-07-01T12:00:00+00:00', 'UTC')",
        "convertFromUtc('2024-07-01T12:00:00Z', 'Europe/Berlin')",
        "convertFromUtc('2024-07-01T12:00:00Z', '')",
        "convertToUtc('2024-03-31T02:30:00', 'W. Europe Standard Time')",
        "convertToUtc('2024-01-01', 'Nowhere')",
        "convertToUtc('2024-10-27T02:30:00', 'W. Europe Standard Time')",
        "convertToUtc('2024-07-01T14:00:00Z', 'Tokyo Standard Time')",
    ],
)
def test_a_time_that_a_zone_does_not_have_is_an_error(text: str):
    """Skipped, repeated, of another zone, or of none that Windows knows."""
    with pytest.raises(LanguageError):
        evaluate("@" + text, Scope())
