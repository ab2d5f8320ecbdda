"""The Copy activity's work, in a thread: from files of the lake or a query, to files of the lake or a table.

    checks      what a PUT can know
    rows        what is handed on: a schema, and record batches of it
    formats     the settings of a dataset's format
    readers     a file, or a query → rows
    mapping     rows → rows: the translator, additional columns
    writers     rows → a file
    file_sink   which files are written, and when they appear
    table_sink  rows → a table, a batch a transaction
    report      what is counted, and the activity's output

A file appears whole when its last byte is written; files copied before a failure stay, as batches of a table
do: that is the service's promise too. Memory holds some batches, whatever the size of a file.
"""
