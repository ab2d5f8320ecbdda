"""What watches the factory, as data: settings and the factory's entities in, Azure resources' bodies out.

    (settings, entities) ──► resources.build ──► [Entity]    a diagnostic setting, an action group,
                                                             alert rules, a workbook, a dashboard

`queries` is the one table of what is looked at: metrics of Data Factory, and questions to its logs. Alert
rules (`alerts`), the workbook (`workbook`) and the dashboard (`dashboard`) are made from its rows, so that a
number on a screen and the alert about it cannot mean different things. `expected` says how long each
schedule pauses at most, which is what "did not run" is measured by.

`kinds` is what Resource Manager calls these resources, and which of their properties are ours: an answer of
Azure holds more than was sent, and what nobody here writes is not compared.

All of it is pure, and nothing depends on the clock. An entity here has a whole body (`location`, `tags`,
`properties`) where those of the factory have `properties` only; planner and executor need not know.

Known drawback: the queries are text that only Log Analytics can parse. A test holds their tables and columns
against the documented ones; docs/unproven.md has the rest.
"""
