"""A local Azure Data Factory: the REST API that azure-mgmt-datafactory talks to, and a runtime that runs
pipelines.

What goes in: Resource Manager requests (`routes.py`) for factories, pipelines, datasets, linked services,
triggers and runs. What comes out: the service's own bodies, statuses, etags and error words (`responses.py`,
`errors.py`), and runs that really did what the pipeline says.

    routes      one handler an operation; nothing but reading the request and rendering the answer
    factories, entities        what is stored, with its etag; who refers to whom (`references`)
    triggers/   when a pipeline starts by itself
    engine/     when an activity starts, and what a pipeline's status is
    checks/     what a PUT must satisfy before anything is stored
    activities/ what an activity does; one file a family
    frame, view                what an expression may see in a run; what may be seen of a factory
    values, parameters         parts of bodies: read, typed, or refused
    runs, run_queries          pipeline, activity and trigger runs as documents, and how they are queried

Modules import what stands below them in this list (the first pair beside `engine/`), never above: a test
holds them to it.

Laws: what this runtime cannot do is refused when the entity is written, by name, and never half done while a
run is under way. Everything is keyed by subscription, resource group and factory, and lies in the Store: a
killed sandbox comes back with all entities, and with the runs it was busy with failed, never in progress for
ever.

Drawbacks: the checks are those that Azure is known to make and those the runtime needs; the real service also
runs checks nobody has written down. Activities run in the server's own event loop; what computes (Copy,
Script) does so in a thread beside it.
"""
