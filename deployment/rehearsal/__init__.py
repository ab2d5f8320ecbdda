"""`run --simulate`: what the configuration's schedules will do in a span of time, without Azure, in seconds.

    stand_ins    settings → how long ML runs take and how they end, for the local Azure to draw from
    past         what the environment's factory ran lately, for them to be drawn from; only where asked for
    process      the desired factory, as files in a temporary folder → `python -m sandbox simulate`
    timetable    the document that it prints, as values
    story        what follows from it: windows landed, late or never scored, who waited for whom, how busy the
                 cluster was, what a change of the clocks did, what one failure stopped
    text, page   the story as lines and tables, and as one HTML file that needs nothing else

The factory is the one that `deploy` would make, and the code that runs it is the local Data Factory's:
nothing here knows when a trigger fires. The local Azure is a process, as everywhere; it listens on nothing,
and its state is gone when it ends. The environment is not written, and read only for its past runs.

Drawback: a rehearsal knows of the past only that it went well. Windows that are failed or missing in the
environment today are not seen.
"""
