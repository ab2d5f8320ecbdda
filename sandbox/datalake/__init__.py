"""The lake: ADLS Gen2 with a hierarchical namespace, over a folder of plain files.

    a request ─► server.py: authentication.py (bearer token or shared key), ordered faults, refusals.
              ─► routes.py: the Data Lake and the Blob interface share one host; which operation is it?
              ─► path_operations.py · blob_operations.py · filesystem_operations.py: one function an operation
                   asks   conditions.py (etags, times) and leases.py, without an `await` before the change,
                   fills  uploads.py: bytes on their way in, invisible until a commit, calls  storage.py:
                   the one way in which files change (its docstring proves what a crash leaves) keeps
                   catalog.py: properties, drafts and blocks, in SQLite; with a change it keeps
                   outbox.py: the events of those who listen, given out by event_routes.py
              ─► responses.py: headers, JSON, XML

One process, one event loop: between the look at a condition and the change there is no `await`, so of two
writers exactly one wins. Bytes stream through; memory does not grow with files. Paths are checked in
addresses.py: nothing outside the account's folder can be named.

May not: know anything of the services, answer 200 to a condition it did not check, or ignore a header that
changes what a request means (routes.py refuses those by name).

Known drawbacks: appending to a long file copies it once a flush; leases and access control of directories
are kept but bind nobody below them; listings see files that are dropped into the folder, whatever their
names.
"""
