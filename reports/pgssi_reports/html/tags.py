"""Verdicts and severities as they are shown everywhere: a word, a symbol and a colour, never a colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from pgssi_probe.model.severity import Severity
from pgssi_probe.model.verdict import Verdict
from pgssi_reports.words import Words


@dataclass(frozen=True)
class Tag:
    """`code` names the symbol and the class of style; `word` is what people read."""

    code: str
    word: str


def verdict_tag(verdict: Verdict, words: Words) -> Tag:
    return Tag(verdict.value, words.say(f"html.verdict.{verdict.value}.name"))


def severity_tag(severity: Severity | None, words: Words) -> Tag:
    """An outcome without a severity shows as `none`."""
    code = severity.value if severity else "none"
    return Tag(code, words.say(f"html.severity.{code}.name"))


def priority_tag(step: int, words: Words) -> Tag:
    """1 (without delay) to 4 (when the occasion arises)."""
    return Tag(f"p{step}", words.say(f"html.priority.p{step}.name"))
