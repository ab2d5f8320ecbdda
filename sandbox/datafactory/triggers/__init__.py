"""What starts pipelines by itself while their trigger is started: schedules and tumbling windows on the
clock, and what happens to files in the lake.

    triggers      start, stop, rerun, cancel; one task a trigger that has something to do
    schedule      a ScheduleTrigger: each fire time once
    tumbling      a TumblingWindowTrigger: each window once, oldest first, mirrored, retried
    events        BlobEventsTriggers: their subscriptions, and each event once
    lake_events   the lake's outbox, where events wait
    dependencies  what a window waits for before it runs
    window_runs   the trigger runs of windows, as they are kept
    firing        from a trigger's JSON and an instant to pipeline runs and a trigger run
    records       what of all this is kept: which triggers are started, how far each one came, what is open

A fire and the pipeline runs it starts are one transaction with the trigger's progress: a crash repeats none
and loses none. What fell due while the local Azure was down is made up for: windows all, schedules for the
last hour.
"""
