"""A T-SQL batch as the statements that SQLite runs.

Carried over: SELECT (TOP n of the outermost), WITH, INSERT, UPDATE, DELETE, TRUNCATE TABLE, CREATE and DROP
of tables, indexes and views, ALTER TABLE ADD, BEGIN, COMMIT and ROLLBACK TRANSACTION, [brackets], N'text',
`schema.table`, THROW with its three arguments, and `IF OBJECT_ID('x') IS [NOT] NULL` and `IF [NOT] EXISTS
(SELECT …)` before one statement or a BEGIN … END. `SET … ON` of what has no meaning here is taken and does
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from sandbox.datafactory.activities.warehouse.columns import DATES
from sandbox.datafactory.activities.warehouse.errors import SqlRefused
from sandbox.datafactory.activities.warehouse.tokens import Token, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

Does = Literal[
    "reads", "changes", "defines", "begins", "commits", "rolls back", "decides", "asks", "throws", "nothing"
]

_FIRST: dict[str, Does] = {
    "SELECT": "reads",
    "WITH": "reads",
    "INSERT": "changes",
    "UPDATE": "changes",
    "DELETE": "changes",
    "TRUNCATE": "changes",
    "CREATE": "defines",
    "DROP": "defines",
    "ALTER": "defines",
    "SET": "nothing",
    "THROW": "throws",
}
_DEFINED = frozenset({"TABLE", "INDEX", "UNIQUE", "VIEW"})
_WITHOUT_MEANING = frozenset({"NOCOUNT", "XACT_ABORT", "ANSI_NULLS", "QUOTED_IDENTIFIER", "ANSI_WARNINGS"})
_BEFORE_A_TABLE = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "VIEW", "EXISTS", "REFERENCES"})
# Functions and clauses that SQLite has otherwise or not at all, where its own message would mislead.
_NOT_CARRIED = frozenset(
    """
    APPLY CLUSTERED COLUMNSTORE CONVERT DATALENGTH DATEADD DATEDIFF DATEPART HOLDLOCK IDENTITY IDENTITY_INSERT
    MERGE NOLOCK NONCLUSTERED OPENJSON OUTPUT PIVOT TABLOCK TABLOCKX TRY_CAST TRY_CONVERT UNPIVOT UPDLOCK
    """.split()  # noqa: SIM905 - a list of words
)
_OTHER_FORMS = {"SELECT": ("INTO", "SELECT … INTO"), "UPDATE": ("FROM", "UPDATE … FROM")}


@dataclass(frozen=True)
class Statement:
    """One that decides has no SQL: its `inner` ones run if the table exists, or does not, as `wanted`.

    One that asks decides by what its query says, 0 or 1. The SQL of one that throws is its message.
    """

    sql: str
    does: Does
    table: str = ""
    wanted: bool = False
    inner: tuple[Statement, ...] = ()


def statements(text: str) -> list[Statement]:
    """Raises `SqlRefused` for what is not carried over."""
    return _statements(tokens(text))


def table_name(schema: str, table: str) -> str:
    """How a table is called in the file: `dbo` goes without saying, others stand before a dot."""
    return table if schema.lower() in ("dbo", "") else f"{schema}.{table}"


def _statements(rest: Sequence[Token]) -> list[Statement]:
    found: list[Statement] = []
    while rest:
        if rest[0].is_sign(";"):
            rest = rest[1:]
            continue
        made, length = _next(rest)
        found.append(made)
        rest = rest[length:]
    return found


def _next(rest: Sequence[Token]) -> tuple[Statement, int]:
    """What stands first, and how many tokens it takes."""
    word = rest[0].word
    following = rest[1].word if len(rest) > 1 else ""
    if word == "BEGIN" and following in ("TRAN", "TRANSACTION"):
        return Statement("BEGIN IMMEDIATE", "begins"), 2
    if word in ("COMMIT", "ROLLBACK"):
        does: Does = "commits" if word == "COMMIT" else "rolls back"
        return Statement(word, does), 2 if following in ("TRAN", "TRANSACTION", "WORK") else 1
    if word == "IF":
        return _conditional(rest)
    if word not in _FIRST:
        raise SqlRefused(f"{rest[0].value} {following}".strip())
    end = _end(rest)
    return _plain(rest[:end]), end


def _end(rest: Sequence[Token]) -> int:
    """A statement goes to its semicolon, or to a COMMIT, ROLLBACK, BEGIN or END that begins what follows."""
    depth = cases = 0
    for at, token in enumerate(rest):
        depth += token.is_sign("(") - token.is_sign(")")
        cases += token.word == "CASE"
        if token.word == "END" and cases:
            cases -= 1
        elif (
            depth == 0 and at and (token.is_sign(";") or token.word in ("COMMIT", "ROLLBACK", "BEGIN", "END"))
        ):
            return at
    return len(rest)


def _conditional(rest: Sequence[Token]) -> tuple[Statement, int]:
    """A condition, then one statement or a block."""
    words = [token.word for token in rest[1:3]]
    condition, start = _exists(rest) if "EXISTS" in words[: 1 + (words[:1] == ["NOT"])] else _is_there(rest)
    end, inner = _guarded(rest, start)
    return replace(condition, inner=tuple(inner)), end


def _is_there(rest: Sequence[Token]) -> tuple[Statement, int]:
    """`IF OBJECT_ID('schema.name' [, 'U']) IS [NOT] NULL`."""
    close = next((at for at, token in enumerate(rest) if token.is_sign(")")), len(rest))
    condition = [token.word for token in rest[close + 1 : close + 4]]
    exists = condition == ["IS", "NOT", "NULL"]
    is_known = len(rest) > 3 and rest[1].word == "OBJECT_ID" and rest[3].kind == "text"
    start = close + (4 if exists else 3)
    if not is_known or not (exists or condition[:2] == ["IS", "NULL"]) or start >= len(rest):
        raise SqlRefused(
            "an IF that is not IF OBJECT_ID('name') IS [NOT] NULL or IF [NOT] EXISTS (SELECT …) "
            "before a statement"
        )
    return Statement("", "decides", _object_name(rest[3].value), exists), start


def _exists(rest: Sequence[Token]) -> tuple[Statement, int]:
    """`IF [NOT] EXISTS (SELECT …)`."""
    wanted = rest[1].word == "EXISTS"
    opening = 2 if wanted else 3
    depth = 0
    for at in range(opening, len(rest)):
        depth += rest[at].is_sign("(") - rest[at].is_sign(")")
        if depth == 0:
            break
    else:
        raise SqlRefused("an EXISTS without its closing bracket")
    query = rest[opening + 1 : at]
    if not query or query[0].word != "SELECT" or at + 1 >= len(rest):
        raise SqlRefused("an EXISTS of anything but a SELECT, and a statement after it")
    return Statement(f"SELECT EXISTS ({_plain(query).sql})", "asks", wanted=wanted), at + 1


def _guarded(rest: Sequence[Token], start: int) -> tuple[int, list[Statement]]:
    """What an IF decides about, and where it ends."""
    following = rest[start + 1].word if start + 1 < len(rest) else ""
    if rest[start].word != "BEGIN" or following in ("TRAN", "TRANSACTION"):
        made, length = _next(rest[start:])
        return start + length, [made]
    cases = 0
    for at in range(start + 1, len(rest)):
        cases += rest[at].word == "CASE"
        if rest[at].word == "END" and not cases:
            return at + 1, _statements(rest[start + 1 : at])
        cases -= rest[at].word == "END"
    raise SqlRefused("a BEGIN without its END")


def _object_name(text: str) -> str:
    parts = [token.value for token in tokens(text) if not token.is_sign(".")]
    return table_name(parts[-2] if len(parts) > 1 else "dbo", parts[-1])


def _plain(found: Sequence[Token]) -> Statement:
    first = found[0].word
    second = found[1].word if len(found) > 1 else ""
    if first == "SET":
        if second not in _WITHOUT_MEANING:
            raise SqlRefused(f"SET {found[1].value if len(found) > 1 else ''}".strip())
        return Statement("", "nothing")
    if first == "THROW":
        return Statement(_thrown(found), "throws")
    if first in ("CREATE", "DROP") and second not in _DEFINED:
        raise SqlRefused(f"{first} {second}".strip())
    if first == "ALTER" and (second != "TABLE" or "ADD" not in [token.word for token in found]):
        raise SqlRefused(f"ALTER {second} without ADD" if second == "TABLE" else f"ALTER {second}".strip())
    if first == "TRUNCATE":
        found = [Token("word", "DELETE"), Token("word", "FROM"), *found[2:]]
    found = _with_preposition(found)
    _refuse_other_forms(found)
    does = _FIRST[first]
    if first == "WITH" and any(token.word in ("INSERT", "UPDATE", "DELETE") for token in found):
        does = "changes"
    return Statement(_sql(_with_limit(_without_max(_named(found)))), does)


def _thrown(found: Sequence[Token]) -> str:
    kinds = [token.value if token.kind == "sign" else token.kind for token in found[1:]]
    if kinds != ["number", ",", "text", ",", "number"]:
        raise SqlRefused("a THROW that is not THROW number, 'text', state")
    return found[3].value


def _without_max(found: list[Token]) -> list[Token]:
    """`nvarchar(max)`: SQLite wants a number there, or nothing."""
    made: list[Token] = []
    for token in found:
        made.append(token)
        if [one.value.upper() for one in made[-3:]] == ["(", "MAX", ")"]:
            del made[-3:]
    return made


def _with_preposition(found: Sequence[Token]) -> Sequence[Token]:
    """`DELETE t` and `INSERT t` are written without theirs too."""
    wanted = {"DELETE": "FROM", "INSERT": "INTO"}.get(found[0].word)
    if wanted is None or len(found) < 2 or found[1].word == wanted:
        return found
    return [found[0], Token("word", wanted), *found[1:]]


def _refuse_other_forms(found: Sequence[Token]) -> None:
    """What both dialects parse, or nearly, and mean otherwise."""
    word, form = _OTHER_FORMS.get(found[0].word, ("", ""))
    depth = 0
    for token in found:
        depth += token.is_sign("(") - token.is_sign(")")
        if word and depth == 0 and token.word == word:
            raise SqlRefused(form)


def _with_limit(found: list[Token]) -> list[Token]:
    """`SELECT [DISTINCT] TOP n …` of a statement's beginning is LIMIT n at its end."""
    at = next((at for at, token in enumerate(found[:3]) if token.word == "TOP"), None)
    if at is None or found[0].word != "SELECT":
        if any(token.word == "TOP" for token in found):
            raise SqlRefused("TOP anywhere but in the outermost SELECT")
        return found
    count = [token for token in found[at + 1 : at + 4] if token.kind in ("number", "variable")][:1]
    length = 4 if found[at + 1].is_sign("(") else 2
    if not count or (at + length < len(found) and found[at + length].word in ("PERCENT", "WITH")):
        raise SqlRefused("TOP of anything but a number of rows")
    return [*found[:at], *found[at + length :], Token("word", "LIMIT"), count[0]]


def _named(found: Sequence[Token]) -> list[Token]:
    """`schema.table` where a table is named, and `dbo.` anywhere, as one name."""
    before_a_table = _BEFORE_A_TABLE | ({"ON"} if found[0].word == "CREATE" else set())
    made: list[Token] = []
    at = 0
    while at < len(found):
        token = found[at]
        dotted = at + 2 < len(found) and found[at + 1].is_sign(".") and found[at + 2].kind in ("word", "name")
        names_a_table = bool(made) and made[-1].word in before_a_table
        if dotted and token.kind in ("word", "name") and (names_a_table or token.value.lower() == "dbo"):
            made.append(Token("name", table_name(token.value, found[at + 2].value)))
            at += 3
        else:
            made.append(token)
            at += 1
    return made


def _sql(found: list[Token]) -> str:
    parts: list[str] = []
    for at, token in enumerate(found):
        before = found[at - 1] if at else Token("sign", ";")
        after = found[at + 1] if at + 1 < len(found) else Token("sign", ";")
        if token.word in _NOT_CARRIED:
            raise SqlRefused(token.value)
        if token.is_sign("+") and "text" in (before.kind, after.kind):
            raise SqlRefused("text joined by +: write CONCAT(a, b)")
        parts.append("IFNULL" if token.word == "ISNULL" and after.is_sign("(") else token.sql())
        if _ends_a_date_type(found, at):
            parts.append("COLLATE RTRIM")
    return " ".join(parts)


def _ends_a_date_type(found: list[Token], at: int) -> bool:
    """After `datetime2` or `datetime2(7)` of a column definition: such columns compare as instants."""
    if found[0].word not in ("CREATE", "ALTER") or found[1].word == "VIEW":
        return False
    if found[at].is_sign(")") and at >= 3 and found[at - 3].word.lower() in DATES:
        return _is_type(found, at - 3)
    has_size = at + 1 < len(found) and found[at + 1].is_sign("(")
    return found[at].word.lower() in DATES and not has_size and _is_type(found, at)


def _is_type(found: list[Token], at: int) -> bool:
    """A name stands before it: it is no column called `date`."""
    before = found[at - 1]
    return before.kind == "name" or (before.kind == "word" and before.word not in ("ADD", "AS"))
