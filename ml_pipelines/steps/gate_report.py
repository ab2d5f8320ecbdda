"""The report of a training run: one HTML page that needs nothing but itself. Pure.

No script, no font, no address: it opens from a folder, a mail or Storage Explorer, in a light or a dark
browser. Every text in it may come from data and is escaped; its own policy forbids whatever would load.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import plots
from .gate import reason_of, shown
from .plots import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .check_results import CheckResult
    from .drift import Comparison
    from .gate import Demand
    from .landing import Receipt

MOST_PLOTS = 12
TITLES = {"approved": "approved", "refused": "refused", "passed": "passed, waits for approval"}

STYLE = """
:root { color-scheme: light dark; --ground: #fff; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0;
  --new: #0969da; --known: #818b98; --good: #1a7f37; --bad: #cf222e; --allowed: #b4e6c1; }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --text: #e6edf3; --quiet: #9198a1;
  --line: #3d444d; --new: #4493f8; --known: #9198a1; --good: #3fb950; --bad: #f85149; --allowed: #1b4a29; } }
body { background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif;
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 0; font-weight: 600; }
p { margin: .4rem 0; } .quiet { color: var(--quiet); } code { overflow-wrap: anywhere; }
.approved, .passed { color: var(--good); } .refused, .failed { color: var(--bad); }
.skipped { color: var(--quiet); }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
th, td { text-align: left; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6rem 0; }
dt { color: var(--quiet); } dd { margin: 0; }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem 2rem; } figure { margin: 0; }
svg { max-width: 100%; height: auto; } svg text { fill: var(--quiet); font-size: 11px; }
svg .new, .key.new { fill: var(--new); background: var(--new); }
svg .known, .key.known { fill: var(--known); background: var(--known); }
svg .bad { fill: var(--bad); } svg .allowed { fill: var(--allowed); }
svg .axis { stroke: var(--line); } svg .bound { stroke: var(--bad); stroke-dasharray: 4 3; }
.key { display: inline-block; width: .8em; height: .8em; margin-right: .3em; }
"""


@dataclass(frozen=True)
class Report:
    """`results`: of the data first, then of the metrics; `champion`: its version."""

    receipt: Receipt
    decision: str
    results: Sequence[CheckResult]
    champion: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    champion_metrics: Mapping[str, float] = field(default_factory=dict)
    demands: Sequence[Demand] = ()
    drifts: Sequence[Comparison] = ()
    maximum_psi: float | None = None
    predictions: Comparison | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    """More to say of the run: the digest of its data, its commit."""
    written: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def title(self) -> str:
        version = self.receipt.model_version
        return f"{self.receipt.model}{f', version {version}' if version else ''}"

    def html(self) -> bytes:
        parts = (*self._head(), *self._decided(), *self._metrics(), *self._checks(), *self._columns())
        return "\n".join((*parts, "</body></html>", "")).encode()

    # ------------------------------------------------------------------------------------- parts

    def _head(self) -> Iterator[str]:
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield f"<title>{text(self.title)}: {text(self.decision)}</title><style>{STYLE}</style></head><body>"

    def _decided(self) -> Iterator[str]:
        said = TITLES.get(self.decision, self.decision)
        yield f'<h1>{text(self.title)}: <span class="{text(self.decision)}">{text(said)}</span></h1>'
        yield f"<p>{text(self._outcome())}</p>"
        told = (f"<dt>{text(name)}</dt><dd><code>{text(said)}</code></dd>" for name, said in self._run())
        yield f"<dl>{''.join(told)}</dl>"

    def _outcome(self) -> str:
        reason = reason_of(self.results)
        if self.decision != "refused":
            if self.champion_metrics:
                return f"It was compared with version {self.champion}, which is in use."
            return "It was compared with no other version."
        if not self.metrics:
            return f"Nothing was trained: {reason}."
        return f"Nothing is scored with it: {reason}."

    def _run(self) -> Iterator[tuple[str, str]]:
        receipt = self.receipt
        yield "written", f"{self.written.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        yield "champion", f"version {self.champion}" if self.champion else "none"
        yield "ML run", receipt.ml_run_id
        yield "ADF run", receipt.adf_run_id or "none"
        yield "run group", receipt.group_id
        yield from self.facts.items()

    def _metrics(self) -> Iterator[str]:
        if not self.metrics:
            return
        demanded = {each.metric: each for each in self.demands}
        names = [*demanded, *(name for name in self.metrics if name not in demanded)]
        both = (
            f", both judged with the same data</h2>{_legend(self.champion)}"
            if self.champion_metrics
            else "</h2>"
        )
        yield f"<h2>Metrics{both}"
        yield _table(
            ("metric", "champion", "new", "what the gate allows"),
            ([text(name), *self._values(name), self._plot(demanded.get(name), name)] for name in names),
        )

    def _values(self, name: str) -> list[str]:
        known = self.champion_metrics.get(name)
        return ["" if known is None else shown(known), shown(self.metrics[name])]

    def _plot(self, demand: Demand | None, name: str) -> str:
        if demand is None:
            return '<span class="quiet">not demanded</span>'
        return plots.metric(demand, self.metrics[name], self.champion_metrics.get(name))

    def _checks(self) -> Iterator[str]:
        if not self.results:
            yield '<h2>Checks</h2><p class="quiet">Neither checks of the data nor a gate are configured.</p>'
            return
        yield "<h2>Checks</h2>"
        yield _table(
            ("check", "outcome", "found", "allowed"),
            (
                [
                    text(each.check),
                    f'<span class="{text(each.outcome)}">{text(each.outcome)}</span>',
                    text(each.found),
                    text(each.allowed),
                ]
                for each in self.results
            ),
        )

    def _columns(self) -> Iterator[str]:
        if self.drifts:
            yield "<h2>Columns of the training data against the champion's</h2>"
            yield f'<p class="quiet">{text(self._about_drift())}</p>'
            yield plots.drifts(self.drifts, self.maximum_psi)
        found = [*self.drifts[:MOST_PLOTS], *([self.predictions] if self.predictions else [])]
        if found:
            yield f'<h2>Distributions</h2>{_legend(self.champion)}<div class="plots">'
            yield from (
                f"<figure><h3>{text(each.column)}</h3>{plots.shares(each)}</figure>" for each in found
            )
            yield "</div>"

    def _about_drift(self) -> str:
        bound = "" if self.maximum_psi is None else f"; the line is what is allowed, {self.maximum_psi:g}"
        most = f", the {plots.MOST_COLUMNS} largest" if len(self.drifts) > plots.MOST_COLUMNS else ""
        return f"Population stability index{most}{bound}."


def _legend(champion: str | None) -> str:
    known = f'<span class="key known"></span>champion, version {text(champion)} &emsp; ' if champion else ""
    return f'<p class="quiet">{known}<span class="key new"></span>new</p>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are HTML."""
    names = "".join(f"<th>{text(each)}</th>" for each in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"
