"""What a factory is held against: every rule with its id. `docs/lint-rules.md` is made of this.

An id never changes its meaning and is never used again. An error is what Azure refuses, or what fails when it
runs; a warning is what Azure takes and what then surprises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Rule:
    id: str
    severity: Severity
    says: str
    """What is wrong where this is found, and what comes of it."""
    mend: str

    @property
    def group(self) -> str:
        return GROUPS[self.id[:4]]


GROUPS: Final = {
    "ADF1": "Files and shapes",
    "ADF2": "Names",
    "ADF3": "References and order",
    "ADF4": "Expressions",
    "ADF5": "Limits",
    "ADF6": "Triggers",
    "ADF7": "Azure Machine Learning",
    "ADF8": "Practice",
}

_E: Final[Severity] = "error"
_W: Final[Severity] = "warning"

_ALL: Final = (
    Rule(
        "ADF101", _E, "The file is no JSON, so nothing in it can be deployed.", "Mend the syntax at the line."
    ),
    Rule(
        "ADF102",
        _W,
        "A JSON file that is no part of a factory: Data Factory's Git integration stumbles over it.",
        "Move it out of the factory's folder.",
    ),
    Rule(
        "ADF103",
        _E,
        "The JSON has not the shape that the REST API describes: a key is missing or of another type.",
        "Write what is expected.",
    ),
    Rule(
        "ADF104",
        _W,
        "A key that is not known there and looks like one that is: Azure ignores it in silence.",
        "Spell the key as the API does, or delete it.",
    ),
    Rule(
        "ADF105",
        _E,
        "In the Git layout a file is named as its entity; Data Factory loads it under neither name.",
        "Rename the file, or the entity.",
    ),
    Rule(
        "ADF106",
        _E,
        "A key stands twice in one object: which of the two counts is chance, the other is lost.",
        "Delete one of them.",
    ),
    Rule(
        "ADF201",
        _E,
        "Azure refuses the name of the entity.",
        "Begin with a letter, digit or _, and use none of `< > * # . % & : \\ + ? /`.",
    ),
    Rule(
        "ADF202",
        _E,
        "Two entities of a kind have one name: upper and lower case are the same to Data Factory.",
        "Rename one of them.",
    ),
    Rule(
        "ADF203",
        _W,
        "Documented: names of linked services and datasets have no dashes.",
        "Use _ in place of the dash.",
    ),
    Rule(
        "ADF204",
        _E,
        "Azure refuses the name of the activity.",
        "1 to 55 characters, the first a letter, digit or _.",
    ),
    Rule("ADF205", _E, "Two activities of a pipeline have one name.", "Rename one of them."),
    Rule(
        "ADF301",
        _E,
        "What is referred to does not exist: Azure refuses the document, or the trigger does not start.",
        "Correct the name, or add what is missing.",
    ),
    Rule(
        "ADF302",
        _E,
        "A reference without a `type`: triggers that have one cannot be started.",
        "Add the type: `PipelineReference`, `DatasetReference`, `LinkedServiceReference` …",
    ),
    Rule(
        "ADF303",
        _E,
        "A parameter is given that is not declared there.",
        "Correct the name, or declare the parameter.",
    ),
    Rule(
        "ADF304",
        _E,
        "A parameter without a default is not given: the run fails when it starts.",
        "Give it, or declare a default.",
    ),
    Rule(
        "ADF305",
        _E,
        "An activity depends on one that does not stand beside it.",
        "Name an activity of the same list; to wait for an inner one, wait for what contains it.",
    ),
    Rule("ADF306", _E, "A dependency without a condition.", "One of Succeeded, Failed, Skipped, Completed."),
    Rule(
        "ADF307",
        _E,
        "Activities, or the windows of triggers, wait for each other in a circle.",
        "Take one of the dependencies out.",
    ),
    Rule(
        "ADF401", _E, "The expression cannot be parsed, or calls what does not exist.", "Mend the expression."
    ),
    Rule("ADF402", _E, "The expression is longer than 8,192 characters.", "Split it over variables."),
    Rule(
        "ADF403",
        _E,
        "The expression asks for what is not known there: trigger() in a pipeline, item() in a dataset …",
        "Hand the value on through a parameter.",
    ),
    Rule(
        "ADF404",
        _E,
        "The expression names a parameter that is not declared.",
        "Declare it, or correct the name.",
    ),
    Rule("ADF405", _E, "A variable is named that is not declared.", "Declare it, or correct the name."),
    Rule(
        "ADF406",
        _E,
        "activity('x') where x has not ended for sure, or does not exist.",
        "Depend on it, directly or through others.",
    ),
    Rule(
        "ADF407",
        _E,
        "An expression where Data Factory evaluates none: its text is taken as it stands.",
        "Write the value itself.",
    ),
    Rule(
        "ADF408",
        _E,
        "`expression` and `items` of a control activity must be Expression objects; strings are refused.",
        'Write `{"value": "@…", "type": "Expression"}`.',
    ),
    Rule(
        "ADF409",
        _E,
        "The expression names a global parameter that the factory does not have.",
        "Add it to the factory, or correct the name.",
    ),
    Rule(
        "ADF410",
        _E,
        "trigger().outputs.windowStartTime and windowEndTime exist in tumbling window triggers only.",
        "Use trigger().scheduledTime, or a tumbling window trigger.",
    ),
    Rule(
        "ADF411",
        _E,
        "SetVariable reads the variable that it sets, which is refused.",
        "Use a second variable.",
    ),
    Rule("ADF501", _E, "More entities than a factory holds (5,000).", "Split the factory."),
    Rule(
        "ADF502", _E, "The entity is larger than Azure takes.", "Split it; keep scripts and queries in files."
    ),
    Rule(
        "ADF503",
        _E,
        "More activities than a pipeline holds (120, inner ones included).",
        "Split the pipeline.",
    ),
    Rule("ADF504", _E, "A pipeline without activities.", "Add one, or delete the pipeline."),
    Rule("ADF505", _E, "More parameters than a pipeline takes (50).", "Hand over one object."),
    Rule(
        "ADF506", _E, "More user properties than an activity takes (5).", "Keep the five that you filter by."
    ),
    Rule("ADF507", _E, "The timeout is no span of time.", "Write d.hh:mm:ss."),
    Rule(
        "ADF508", _W, "retryIntervalInSeconds is not 30 to 86400, as documented.", "Choose a number within."
    ),
    Rule("ADF509", _E, "ForEach: batchCount is not 1 to 50.", "Choose a number within."),
    Rule(
        "ADF510",
        _E,
        "Activities are nested as they do not run: a loop in a loop, a Validation in anything.",
        "Move the inner part to a pipeline of its own and call it with ExecutePipeline.",
    ),
    Rule(
        "ADF511",
        _W,
        "The timeout is outside of what is documented for activities: 10 minutes to 7 days.",
        "Choose one within.",
    ),
    Rule(
        "ADF601",
        _E,
        "The trigger starts no pipeline: it cannot be started.",
        "Name one, or delete the trigger.",
    ),
    Rule(
        "ADF602",
        _E,
        "The recurrence is impossible: its interval, frequency or an instant.",
        "Choose 1 to 1000 of a known frequency.",
    ),
    Rule(
        "ADF603",
        _E,
        "The time zone is none that Data Factory knows.",
        "Use a Windows name: W. Europe Standard Time.",
    ),
    Rule(
        "ADF604",
        _W,
        "A start or end whose form does not fit its zone: with Z in UTC, without in any other.",
        "Write the instant in the form of its zone.",
    ),
    Rule(
        "ADF605",
        _E,
        "The schedule says what means nothing at its frequency: the engine ignores it in silence.",
        "Take it out, or choose the frequency that it belongs to.",
    ),
    Rule(
        "ADF606",
        _W,
        "A schedule that Azure's documentation and its engine read differently.",
        "Say it in a form that has one meaning.",
    ),
    Rule("ADF607", _E, "The schedule names a time or a day that does not exist.", "Correct it."),
    Rule("ADF608", _E, "Data Factory refuses this tumbling window trigger.", "Mend what the message says."),
    Rule(
        "ADF609",
        _W,
        "The trigger runs more windows at once than its pipeline: the rest wait in a queue of 100 runs.",
        "Make maxConcurrency and the pipeline's concurrency agree.",
    ),
    Rule(
        "ADF610",
        _W,
        "The trigger never fires: no day is one of its schedule, or its end comes before.",
        "Name days that come, and an end behind them.",
    ),
    Rule("ADF611", _E, "Data Factory refuses this storage event trigger.", "Mend what the message says."),
    Rule(
        "ADF612",
        _E,
        "A tumbling window trigger depends on a trigger that has no windows.",
        "Depend on a tumbling window trigger.",
    ),
    Rule(
        "ADF701",
        _E,
        "AzureMLExecutePipeline without linkedServiceName: no schema asks for it, and the run fails.",
        "Name the linked service of the workspace.",
    ),
    Rule(
        "ADF702",
        _E,
        "A value of mlPipelineParameters is no string: Azure ML takes strings only.",
        "Put it in quotes.",
    ),
    Rule(
        "ADF703",
        _W,
        "A value of mlPipelineParameters is empty: a script cannot tell it from an argument left out.",
        "Pass a word that means none.",
    ),
    Rule(
        "ADF704",
        _E,
        "What is passed differs from what the published ML pipeline declares.",
        "Pass exactly its parameters.",
    ),
    Rule(
        "ADF705",
        _E,
        "AzureMLExecutePipeline names no ML pipeline.",
        "Give mlPipelineEndpointId (and version), or mlPipelineId.",
    ),
    Rule(
        "ADF706",
        _W,
        "A retry of AzureMLExecutePipeline starts a second ML run; the first may still write.",
        "Set retry to 0, and rerun from the monitor.",
    ),
    Rule(
        "ADF707",
        _W,
        "A negative error threshold: a ParallelRunStep then succeeds however many items failed.",
        "Say how many may fail: 0.",
    ),
    Rule(
        "ADF801",
        _W,
        "An activity fails and the pipeline still ends as Succeeded: no alert, no rerun from the monitor.",
        "End the failure path with a Fail activity.",
    ),
    Rule(
        "ADF802",
        _E,
        "A key, password or token in the JSON: who can read the repository has it.",
        "Use a managed identity, or a Key Vault reference.",
    ),
    Rule("ADF803", _W, "A call without encryption.", "Use https://."),
    Rule(
        "ADF804",
        _W,
        "No timeout: what hangs holds its run, and the next ones, for hours or days.",
        "Say policy.timeout, a little more than the longest good run.",
    ),
    Rule(
        "ADF805",
        _W,
        "SetVariable in a ForEach that is not sequential: iterations overwrite each other's value.",
        "Set isSequential, or move the body to a pipeline of its own.",
    ),
)

RULES: Final = {rule.id: rule for rule in _ALL}
