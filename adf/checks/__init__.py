"""What no schema can say about a factory, a module a question. All pure: entities in, Problems out.

    names              does Azure accept the names, and is each used once?
    references         does what is referred to exist, and does it take these parameters?
    dependencies       is the order of a pipeline's activities possible?
    expressions        can they be parsed, and do the parameters, variables and activities they name exist?
    evaluation         do expressions stand where they are evaluated?
    limits             counts, sizes, timeouts, nesting
    schedules          is a trigger's recurrence one that fires, and fires as it reads?
    machine_learning   does Azure ML get strings, through a linked service, with the declared names?
    endings            does what fails end red?
    concurrency        does what runs side by side stay out of each other's way?
    exposure           does a secret stand in a body, or travel without encryption?

Each Problem names its rule (`adf.rules`). Entities of others come with their shapes cleaned (`adf.shapes`):
what a schema describes has its type, and nothing else is taken for granted.

Known drawback: in the typeProperties of a kind that is not in the schema only expressions, references,
secrets and inner activities are seen.
"""
