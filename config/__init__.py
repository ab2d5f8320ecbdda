"""What the YAML files say, merged and checked.

In go `config/base.yaml`, `config/<environment>.yaml`, `config/models/*.yaml`, environment variables and
`--set`; out comes one frozen `Settings`, or one error that holds every problem at once.

    documents.py   a YAML file → plain values, and for each the file and line it stands on
    layers.py      base < environment < ADFBATCH__SECTION__KEY < --set, without losing the positions
    checks.py      what a type cannot say: names Azure refuses, time zones, templates, files that must exist
    findings.py    pydantic's findings, translated into repair instructions
    loader.py      the order of these
    json_schema.py the same shape for editors (schema.json, model.schema.json)

Nothing here talks to a network or writes a file. Known drawback: a default is not checked, only what a file
says (defaults are tested instead).
"""
