"""What the local warehouse does not do.

SqlError
├── SqlRefused    T-SQL that is not carried over, by its name
└── SqlFailed     the database refused a statement or a value
"""

from __future__ import annotations


class SqlError(Exception):
    pass


class SqlRefused(SqlError):
    def __init__(self, what: str) -> None:
        super().__init__(
            f"The local warehouse does not run {what}; sandbox/README.md lists the T-SQL it does."
        )
        self.what = what


class SqlFailed(SqlError):
    pass
