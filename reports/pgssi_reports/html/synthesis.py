"""What the direction reads: the conclusion in words, and what is at stake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pgssi_probe.model.severity import Severity
from pgssi_probe.model.verdict import RuleVerdict, Verdict
from pgssi_reports.html.source import Source
from pgssi_reports.html.tags import Tag, severity_tag

STAKES: Final = "DICP"
CLEAR: Final = (Verdict.NO_DEVIATION, Verdict.COMPLIANT)
OBSERVED: Final = (Verdict.NON_COMPLIANT, Verdict.SUSPECTED, *CLEAR)


@dataclass(frozen=True)
class Stake:
    """One of availability, integrity, confidentiality, proof. `worst` is None when nothing is proved against it;
    `settled` tells then whether every rule that protects it was observed: silence is no reassurance."""

    letter: str
    name: str
    question: str
    answer: str
    worst: Tag | None
    settled: bool
    rules: tuple[str, ...]


def overall(source: Source) -> tuple[str, ...]:
    """Two to four sentences. Never says compliant of what was not seen."""
    words, result = source.words, source.result
    worst = source.proved[0].severity if source.proved else None
    said = [words.say(f"html.overall.{worst.value if worst else 'none'}")]
    seen, unsure = len(source.rules_with(*OBSERVED)), len(source.suspected)
    failing = len(source.rules_with(Verdict.NON_COMPLIANT))
    said.append(words.count("html.overall.seen", seen, total=len(result.verdicts)))
    if failing:
        said.append(words.count("html.overall.failing", failing))
    if unsure:
        said.append(words.count("html.overall.suspected", unsure))
    said.append(words.say("html.overall.not_seen"))
    return tuple(said)


def stakes(source: Source) -> tuple[Stake, ...]:
    """For each stake, the rules proved not to be met and the worst of what proves it."""
    return tuple(_stake(letter, source) for letter in STAKES)


def _stake(letter: str, source: Source) -> Stake:
    words = source.words
    concerned = [rule for rule in source.result.verdicts if letter in rule.dicp]
    failing = [rule for rule in concerned if rule.verdict is Verdict.NON_COMPLIANT]
    suspected = [rule for rule in concerned if rule.verdict is Verdict.SUSPECTED]
    clear = [rule for rule in concerned if rule.verdict in CLEAR]
    open_ = [rule for rule in concerned if rule.verdict not in (*OBSERVED, Verdict.NOT_APPLICABLE)]
    worst = max((s for rule in failing for s in _severities(rule, source)), key=lambda s: s.rank, default=None)
    if failing:
        answer = words.count("html.stake.failing", len(failing), total=len(concerned))
    elif suspected:
        answer = words.count("html.stake.suspected", len(suspected), total=len(concerned))
    elif not clear:
        answer = words.say("html.stake.unseen", total=len(concerned))
    elif open_:
        answer = words.count("html.stake.clear", len(clear), open=len(open_), total=len(concerned))
    else:
        answer = words.say("html.stake.settled", total=len(concerned))
    return Stake(
        letter=letter,
        name=words.say(f"html.stake.{letter}.name"),
        question=words.say(f"html.stake.{letter}.question"),
        answer=answer,
        worst=severity_tag(worst, words) if worst else None,
        settled=bool(clear) and not (failing or suspected or open_),
        rules=tuple(rule.rule for rule in failing or suspected),
    )


def _severities(rule: RuleVerdict, source: Source) -> list[Severity]:
    found = [source.outcomes[identifier] for identifier in rule.outcomes if identifier in source.outcomes]
    return [outcome.severity for outcome in found if outcome.failed and outcome.severity]
