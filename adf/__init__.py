"""The factory as data: settings in, Data Factory's JSON out, and one gateway that takes it there.

    config.Settings ──► factory.build ──► [Entity] ──► validation.validate ──► [Problem]
                                             │
        Azure ML's endpoint ids ──► resolve ─┼─► plain JSON ──► gateway.DataFactory ──► a factory
                                             └─► rendering ──► files: Git layout, ARM template

`linked_services`, `datasets`, `activities`, `pipelines` and `triggers` write the bodies, each as the JSON
that Data Factory itself keeps. Nothing in a body depends on the clock or on what is deployed: the same
settings are the same bytes, and a second plan is empty. What only Azure ML can tell is a placeholder
(`entities`) until it is resolved.

`validation` holds bodies against `schema.json`, generated from the SDK's wire types, and asks what no schema
can (`checks`). `windows`, `recurrence`, `fire_times`, `events` and `language` are Microsoft's semantics as
pure functions: which window an instant lies in, when a trigger fires, what an expression is worth. The local
Azure uses these and nothing else of this package, so a bug in a body is not repeated by the server that
judges it.

`rendering` gives the same bodies the two other shapes that Data Factory knows: files of its own Git layout
(`git_layout`) and an ARM template (`arm_template`).

`notification` is what a pipeline does before it ends red. `monitor` makes the resources that stand beside the
factory and watch it: they are entities as those of the factory are, and planned and applied with them.

Only `gateway` calls Azure, and only it and `schema_from_sdk` import its packages, inside of functions.

Known drawbacks: bodies are dictionaries, so a typo in one is found by the schema and the golden files and
not by the type checker; and the checks know only the kinds of entities that are generated here.
"""
