"""Verdicts made once more from the result of a run: with declarations, or with what the operator handed over. Pure."""

from __future__ import annotations

from pgssi_probe.assess.verdicts import assess, summarise
from pgssi_probe.guide import Guide
from pgssi_probe.model.declaration import Declarations
from pgssi_probe.model.result import RunResult


def reassess(result: RunResult, guide: Guide, declarations: Declarations | None) -> RunResult:
    """The same run with other declarations: verdicts and counts are made again, nothing that was seen changes."""
    answers = {part: entry.answer for part, entry in declarations.counted.items()} if declarations else {}
    verdicts = assess(guide, result.checks, result.outcomes, answers, result.engagement.context)
    return result.model_copy(
        update={
            "verdicts": verdicts,
            "summary": summarise(result.checks, result.outcomes, verdicts),
            "declarations": declarations,
        }
    )
