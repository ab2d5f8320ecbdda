"""A local Azure Data Factory: the REST API that azure-mgmt-datafactory talks to, and a runtime that runs
pipelines.

What goes in: Resource Manager requests (`routes.py`) for factories, pipelines, datasets, linked services,
triggers and runs. What comes out: the service's own bodies, statuses, etags and error words (`responses.py`,
`errors.py`), and runs that really did what the pipeline says.

    routes      one handler an operation; nothing but reading the request and rendering the answer
    factories, entities        what is stored, with its etag; who refers to whom (`references`)
    checks/     what a PUT must satisfy before anything is stored
    runs, run_queries          pipeline, activity and trigger runs as documents, and how they are queried
    engine/     when an activity starts, what it may see, what a pipeline's status is
    activities/ what an activity does; one file a family
    triggers/   when a pipeline starts by itself

Laws: what this runtime cannot do is refused when the entity is written, by name, and never half done while a
run is under way. Everything is keyed by subscription, resource group and factory, and lies in the Store: a
killed sandbox comes back with all entities, and with the runs it was busy with failed, never in progress for
ever.

Drawbacks: the checks are those that Azure is known to make and those the runtime needs; the real service also
runs checks nobody has written down. Activities run in the server's own event loop: they wait on other servers
and never compute.
"""
