"""Azure Monitor's resources, and the portal's dashboards: taken, checked and kept. Nothing is ever measured.

    routes.py    where they are; API versions; what a provider is not known here for is refused by its name
    types.py     the resource types that are known, each with its API versions, its check and its answer
    alerts.py, logs.py, screens.py    the checks: required fields, known values, what is referred to
    fields.py    how a body is read: each error names the field

They are judged by Azure's documentation of these types, and by nothing of this project's: a bug in a body
must not be repeated here. No alert fires, no query is run and no mail is sent.
"""
