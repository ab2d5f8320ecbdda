"""The last step of a training run: decide, report, register the model, finish the receipt.

The registered model is the folder that train.py wrote, under the name `model`; where the training data are
checked, with a description of them (training_table.py). Its tags say the metrics, the digest of the data, the
Git commit that published this code, the folder's sha256, what the gate decided and beside which champion,
whether it is approved, and, where evaluate.py left its predictions, how those are distributed.

Azure ML shows a version by one request, with all its bytes and all its tags. So the order is: the report,
which the tags name; the run's tags; the version, whole and decided; then what only repeats it, the report
with the version's number and the receipt. Whatever stops in between has registered nothing, or a version that
says all.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import champion, gate, ml_run, models, receipts
from .check_results import whole
from .drift import BINS, compare, profile_of
from .errors import GateNotPassed
from .evaluate import CHAMPION_FOLDER, METRICS_FILE, read_metrics, read_predictions
from .gate_report import Report
from .lake import Lake
from .landing import gate_report_path
from .parameters import Arguments
from .prepare import CHECKED_FILE, FACTS_FILE
from .training_data import Found, maximum_psi
from .training_table import DESCRIPTION_FILE
from .versions import APPROVED, GATE, GATE_REASON, METRICS, SHA256
from .work import digest_of_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from .check_results import CheckResult
    from .drift import Comparison
    from .gate import Decision
    from .landing import Receipt
    from .models import ModelVersion
    from .receipts import Receipts

MODEL_FOLDER = "model"
LONGEST_TAG = 900
"""Letters; a tag takes 1,000."""
REPORT = "gate_report"
ML_RUN = "ml_run"
"""Tags that lead from a version to how it came about, also where it was promoted to."""


def register(name: str, trained: Path, tags: Mapping[str, str], described: Path) -> str:
    """The version that it was given; `described` goes into the folder, if it is there."""
    from azureml.core import Model

    # The SDK registers what lies below the working folder only; the folder's own name goes into the model.
    with tempfile.TemporaryDirectory(prefix=".abs-", dir=Path.cwd()) as folder:
        named = Path(folder) / MODEL_FOLDER
        shutil.copytree(trained, named)
        if described.is_file():
            shutil.copyfile(described, named / DESCRIPTION_FILE)
        sha256 = digest_of_folder(named)
        found = Model.register(
            ml_run.workspace(), model_path=str(named), model_name=name, tags={**tags, SHA256: sha256}
        )
    print(f"registered {name} version {found.version}, sha256 {sha256}", flush=True)
    return str(found.version)


@dataclass(frozen=True)
class Workspace:
    """What this step asks of Azure ML."""

    registered: Callable[[str], Sequence[ModelVersion]] = models.registered
    log_metrics: Callable[[Mapping[str, float]], None] = ml_run.log_metrics
    tag_run: Callable[[Mapping[str, str]], None] = ml_run.tag
    register: Callable[[str, Path, Mapping[str, str], Path], str] = register


def main(argv: Sequence[str]) -> None:
    arguments = Arguments(argv)
    lake = Lake(arguments.text("lake-url"), arguments.text("file-system"))
    with receipts.training(lake, arguments) as receipt:
        conclude(arguments, lake, receipt, Workspace())


def conclude(arguments: Arguments, lake: Receipts, receipt: Receipt, workspace: Workspace) -> None:
    """Raises GateNotPassed once the version is registered as refused."""
    evidence = Evidence.read(arguments)
    decision = _decide(arguments, evidence, workspace)
    told = _register(arguments, lake, receipt, evidence, decision, workspace)
    if decision.refused:
        raise GateNotPassed(told, decision.reason)
    receipts.write(lake, replace(told, status="committed"))


@dataclass(frozen=True)
class Evidence:
    """What the steps before found."""

    facts: Mapping[str, Any]
    metrics: Mapping[str, float]
    champion: champion.Champion | None
    champion_metrics: Mapping[str, float]
    found: Found

    @classmethod
    def read(cls, arguments: Arguments) -> Evidence:
        folder, judged = Path(arguments.text("facts")), Path(arguments.text("metrics"))
        facts = json.loads((folder / FACTS_FILE).read_text())
        checked, beside = folder / CHECKED_FILE, judged / CHAMPION_FOLDER / METRICS_FILE
        return cls(
            facts,
            read_metrics(judged / METRICS_FILE),
            champion.Champion.from_document(facts["champion"]),
            read_metrics(beside) if beside.is_file() else {},
            Found.from_json(checked.read_text()) if checked.is_file() else Found(),
        )

    @property
    def compared_with(self) -> tuple[str, Mapping[str, float]] | None:
        """The champion's version and metrics, where it was judged."""
        if self.champion is None or not self.champion_metrics:
            return None
        return self.champion.version, self.champion_metrics


def _decide(arguments: Arguments, evidence: Evidence, workspace: Workspace) -> Decision:
    return gate.decide(
        arguments.document("gate"),
        evidence.metrics,
        evidence.compared_with,
        approve=arguments.flag("approve"),
        others=(*evidence.found.results, *_overtaken(arguments, evidence.champion, workspace)),
    )


def _overtaken(
    arguments: Arguments, before: champion.Champion | None, workspace: Workspace
) -> list[CheckResult]:
    """Where two train at once, the slower one was not compared with what the faster one has brought."""
    wanted = arguments.optional("champion")
    if wanted is None or not arguments.document("gate"):
        return []
    name = arguments.text("registered-model")
    found = champion.still(before, champion.choose(name, wanted, workspace.registered(name)))
    return [found] if found else []


def _register(
    arguments: Arguments,
    lake: Receipts,
    receipt: Receipt,
    evidence: Evidence,
    decision: Decision,
    workspace: Workspace,
) -> Receipt:
    """The receipt of a run that has registered its version."""
    path = gate_report_path(receipt.model, receipt.group_id, receipt.ml_run_id)
    told = replace(receipt, checks=whole(decision.results), decision=decision.word, report=path)
    report = _report(arguments, told, evidence, decision)
    lake.replace(path, report.html())
    workspace.log_metrics(evidence.metrics)
    workspace.tag_run({GATE: decision.gate, REPORT: path})
    described = Path(arguments.text("facts")) / DESCRIPTION_FILE
    tags = tags_of(evidence, decision, arguments.document("gate")) | _more_tags(arguments)
    tags |= {REPORT: path, ML_RUN: receipt.ml_run_id}
    name, trained = arguments.text("registered-model"), Path(arguments.text("trained"))
    version = workspace.register(name, trained, tags, described)
    told = replace(told, model_version=version)
    lake.replace(path, replace(report, receipt=told).html())
    return told


def tags_of(evidence: Evidence, decision: Decision, demanded: Collection[str]) -> dict[str, str]:
    """Of the champion's metrics, those that are compared: a tag is short."""
    tags = {
        METRICS: json.dumps(dict(evidence.metrics), sort_keys=True),
        "data_digest": str(evidence.facts["data_digest"]),
        APPROVED: str(decision.approved).lower(),
        GATE: decision.gate,
    }
    if decision.refused:
        tags[GATE_REASON] = decision.reason[:LONGEST_TAG]
    if evidence.champion is not None:
        tags["champion"] = evidence.champion.version
        compared = {name: value for name, value in evidence.champion_metrics.items() if name in demanded}
        tags["champion_metrics"] = json.dumps(compared, sort_keys=True)
    return tags


def _more_tags(arguments: Arguments) -> dict[str, str]:
    column = arguments.text("score-column")
    predictions = read_predictions(Path(arguments.text("metrics")), column)
    profile = {} if predictions is None else {models.SCORE_PROFILE: profile_of(column, predictions).to_json()}
    return {"git_commit": arguments.text("git-commit")} | profile


def _report(arguments: Arguments, receipt: Receipt, evidence: Evidence, decision: Decision) -> Report:
    return Report(
        receipt,
        decision.word,
        decision.results,
        champion=evidence.champion.version if evidence.champion else None,
        metrics=evidence.metrics,
        champion_metrics=evidence.champion_metrics,
        demands=gate.demands(arguments.document("gate")),
        drifts=evidence.found.drifts,
        maximum_psi=maximum_psi(arguments.document("checks")),
        predictions=_predictions(arguments),
        facts={
            "files": str(evidence.facts["files"]),
            "data digest": str(evidence.facts["data_digest"]),
            "Git commit": arguments.text("git-commit"),
        },
    )


def _predictions(arguments: Arguments) -> Comparison | None:
    """The new model's beside the champion's, of the same data."""
    folder, column = Path(arguments.text("metrics")), arguments.text("score-column")
    new, known = (read_predictions(each, column) for each in (folder, folder / CHAMPION_FOLDER))
    if new is None or known is None:
        return None
    return compare(profile_of(column, known), new, BINS // 2)
