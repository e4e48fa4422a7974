"""What logs say, merged into the result of a run: outcomes of two checks, verdicts made again. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pgssi_probe.assess import reassess
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.check.official import official, unique
from pgssi_probe.guide import Guide
from pgssi_probe.guide.actions import action_catalogue
from pgssi_probe.model.evidence import Evidence
from pgssi_probe.model.outcome import Observation, Outcome, Status
from pgssi_probe.model.result import CheckRun, RunResult

TRACES = "assist.trace-crosscheck"
ALERTS = "assist.alert-crosscheck"
_ORDER = (Status.FAIL, Status.INCONCLUSIVE, Status.PASS, Status.NOT_APPLICABLE)


def merged(
    result: RunResult,
    guide: Guide,
    said: Sequence[tuple[CheckMetadata, Sequence[Observation]]],
    evidence: Sequence[Evidence],
) -> RunResult:
    """The same run with what these checks say now instead of what they said before; everything else as it was."""
    names = {metadata.id for metadata, _ in said}
    outcomes: list[Outcome] = [outcome for outcome in result.outcomes if outcome.check not in names]
    runs = {run.id: run for run in result.checks}
    for metadata, observations in said:
        outcomes += unique([official(metadata, observation) for observation in observations])
        known = runs.get(metadata.id)
        done = {"state": "completed", "reason": None, "missing": None, "version": metadata.version}
        runs[metadata.id] = known.model_copy(update=done) if known else _run(metadata, guide)
    outcomes.sort(key=_place)
    used = {identifier for outcome in outcomes for identifier in outcome.evidence}
    pieces = {piece.id: piece for piece in (*result.evidence, *evidence)}
    changed = result.model_copy(
        update={
            "outcomes": tuple(outcomes),
            "checks": tuple(runs[name] for name in sorted(runs)),
            "evidence": tuple(pieces[name] for name in sorted(pieces) if name in used),
            "actions": action_catalogue().actions(outcomes),
        }
    )
    return reassess(changed, guide, result.declarations)


def _run(metadata: CheckMetadata, guide: Guide) -> CheckRun:
    return CheckRun(
        id=metadata.id,
        version=metadata.version,
        title=metadata.title,
        level=metadata.level,
        state="completed",
        references=metadata.references,
        rules=guide.rules_of(metadata.id),
        labels=metadata.labels,
        words=metadata.words,
    )


def _place(outcome: Outcome) -> tuple[int, int, str, str]:
    severity = -outcome.severity.rank if outcome.severity else 0
    return _ORDER.index(outcome.status), severity, outcome.check, outcome.id
