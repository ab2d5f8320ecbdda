"""The warehouse: what `AzureSqlDatabase` linked services name is a SQLite file of the state folder,
`warehouse/<server>/<database>.db`, which any SQLite client opens.

What goes in is T-SQL; what is common to both dialects is carried over, the rest is refused by its name.

    tokens       T-SQL text → words, names, literals
    statements   tokens → the statements of a batch, each as SQLite has it
    columns      types: T-SQL's, Arrow's, and how a value is kept
    database     the file, one connection, a batch run in it
    linked       which database a linked service names

Readers see what was committed (WAL), as with Azure SQL's default isolation; one writes at a time.

Drawbacks: a statement ends with a semicolon here, T-SQL also knows without; text is compared with regard to
case, Azure SQL's default collation does without; what SQLite knows and T-SQL does not is not always noticed.
"""
