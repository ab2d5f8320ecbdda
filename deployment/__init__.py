"""The engine: what should be and what is → a plan that one can read → the same plan applied, and checked.

    desired.py      settings → ML pipelines and the factory's entities (joins `ml_pipelines` and `adf`)
    observed.py     what is published and deployed now
    canonical.py    bodies as they mean, not as they are spelt; differences as property paths
    planner.py      desired and observed → `Plan`, a value; decides ownership; never writes
    drift.py        what was changed by hand since; selection.py: --select; saved_plans.py: a plan in a file
    origins.py      which configuration key decides a property
    old_versions.py which published versions are disabled; ml_schedules.py: Azure ML's own schedules of ours
    rollback.py     an earlier release as what is desired; models.py: which version each model scores with
    promotion.py    another environment's model, registered here byte for byte
    executor.py     a plan applied: level by level, in parallel inside a level, triggers put back on failure
    lock.py         one deployment at a time: a lease in the lake; interrupts.py: Ctrl-C, kept meanwhile
    journal.py      triggers that are stopped for their edit, in the lake: the next deployment puts them back
    fires.py        when triggers fire next and what they run at once
    firing_lines.py that in words
    ranks.py        which triggers wait for which, and so come after them
    releases.py     what was deployed by whom, kept in the lake
    rendering.py    the factory as files, with what Azure knows of it; rendered_folder.py: all of them or none
    report.py       plans, runs and status as text or JSON; progress.py: what is going on, on stderr
    runs.py         pipeline runs: start, wait, and join ADF's run with the receipt in the lake
    backfill.py     which windows of a range are run again, in which order; windows_said.py: their names
    status.py       triggers, models and last runs, read together; status_page.py: as one HTML file
    portal.py       a link to the local Azure's pages, and a browser that is shown it
    access.py       who needs which role of roles.py; access_check.py: which are there; access_report.py
    rehearsal/      run --simulate: a span of time rehearsed by the local Azure, and what follows from it
    session.py      addresses and identity of an environment; starts the local Azure
    provisioning.py what an infrastructure team makes with Bicep, made for the local Azure
    lake.py resource_manager.py   the gateways that have no package of their own
    monitoring.py   what watches a factory, read and written through the latter
    whole_file.py   a page or a plan, written whole or not at all
    errors.py       the tree of errors; failures.py: each in one shape, for people and for scripts
    verbs/          deploy, plan, run, status, render, destroy: the order of the above
    arguments.py    the command line's grammar

The planner is given readers and the executor readers and writers, so a dry run cannot write. Azure packages
are imported when a session is opened, never by `--help` or `plan --offline`.
Known drawback: an interrupted deployment puts its triggers back by itself; one that is killed leaves that to
the next, and until then they stand still.
"""
