"""The runtime: it turns a pipeline's JSON into activity runs and a status.

    engine      runs of all factories: start, queue (concurrency), cancel, end; what survives a restart
    orders      from what createRun or a trigger asks to a run: which parameters, what a rerun takes over
    pipeline    one run of one pipeline, from its first activity to its status
    graph       one list of activities: starts each when its dependencies decide, skips, waits for all
    attempts    one activity: inactive, reused or run; timeout, retries, records for monitoring
    recovery    which activities a rerun takes over from the run it repairs
    statuses    the rules, pure

Everything that ends in a status is written to the Store before it is reported. A run that was under way when
the process died is Failed at the next start: activities are not resumed, because nobody knows how far they
got. A run that was queued has done nothing, and waits on.
"""
