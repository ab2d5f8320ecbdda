"""What no schema can say about a factory, a module a question. All pure: entities in, Problems out.

    names              does Azure accept the names, and is each used once?
    references         does what is referred to exist, and does it take these parameters?
    dependencies       is the order of a pipeline's activities possible?
    expressions        can they be parsed, and do the parameters and activities they name exist?
    limits             counts, sizes, timeouts
    schedules          is a trigger's recurrence one that fires, and fires as it reads?
    machine_learning   does Azure ML get strings, through a linked service, with the declared names?

Known drawback: they know the kinds of entities that we generate; an activity of another kind is refused by
the schema before they could misjudge it.
"""
