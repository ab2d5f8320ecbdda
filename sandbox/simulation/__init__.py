"""A rehearsal: the local Data Factory on a clock that leaps, so that weeks of schedules pass in seconds.

What goes in: a factory's JSON (Data Factory's Git layout), a span of time, a seed, and stand-ins: how long
the work outside the factory takes and how it ends. What comes out: a timetable, one JSON document.

    factory_files   a folder in the Git layout → the factory, written through the same checks as any other
    before          what lay before the span counts as done: windows begin at it, earlier ones have succeeded
    virtual_time    an event loop that leaps to its next timer when nothing is left to do now
    stand_ins       in the place of every activity that reaches outside: takes a drawn time, may fail
    arrivals        files that come at instants that are said, for triggers of storage events
    cluster         the nodes that ML runs wait for, first come, first served
    memory          a store without a file
    witness         one that notes what the runtime writes: the timetable's source
    rehearsal       all of these together: start the triggers, let time pass, tell

Triggers, windows, dependencies, queues, conditions, loops, retries and time-outs are those of
`sandbox.datafactory`, the very code that `python -m sandbox` serves: there is no second model of them. What
is stood in for is what reaches outside (the kinds of activity that have a policy), and nothing else.

Laws: the same folder, span, seed and stand-ins give the same bytes; a draw belongs to its run and not to the
order of runs, so that a change of one schedule leaves the others' draws as they are. Nothing outlives the
rehearsal: its state is a temporary folder, and no port, token or lake is touched.

Drawbacks: an ML run holds its nodes for as long as it takes, though its first and last steps need one only;
who waits for nodes first is served first (inferred); where nobody says which files come, storage events are
not rehearsed.
"""
