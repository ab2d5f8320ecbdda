"""A local Azure on loopback, for one user and one project: enough of it that what runs here runs there.

    python -m sandbox [start|stop|status] --state DIR --port P
    python -m sandbox simulate FOLDER --from INSTANT --to INSTANT

Two processes. The control process answers Resource Manager, Azure ML and Data Factory on one HTTPS address,
and a managed identity endpoint on another; the lake (datalake/) is its child, so that workers who read
files do not starve a pipeline run. Both know only the state folder, which one sandbox locks and which holds
everything. How it starts and ends is in life.py; from another process, in detached.py and outside.py.

    a request ─► server.py ─► answers.py: log line · errors as Azure words them · bearer token · ordered
    faults
                          ─► resource_manager.py   clouds, subscriptions, resource groups, storage accounts
                          ─► machinelearning/      what is published is run: the uploaded snapshot, as
                          subprocesses ─► datafactory/          entities, triggers, runs
    a file    ─► datalake/                         plain files one can open with pandas

What goes in is what Microsoft's SDKs send, unchanged: `deploy.py` has no local code path. Tokens are
checked (only this sandbox's secret makes them), certificates are checked (a CA of this folder), names are
matched as Azure does. The services share `context.py` and nothing else; none imports the product, so that a
defect there is not mirrored here.

`simulate` is none of this but datafactory/, on a clock that leaps, in one process without a port
(simulation/).

What is not implemented is refused by name with 501 (`NotEmulated`); README.md beside this file is the table
of what is supported, what differs and where that is known from.

Known drawbacks: no roles (a valid token may do everything), no throttling, no power-cut safety, Linux and
WSL only.
"""
