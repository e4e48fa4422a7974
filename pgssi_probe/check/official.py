"""From what a check observed to an outcome: status, strength, severity and words come from the declaration."""

from __future__ import annotations

from pydantic import JsonValue

from pgssi_probe.check.metadata import SUBJECT_FIELD, CheckMetadata
from pgssi_probe.model.outcome import INCONCLUSIVE, Observation, Outcome, Reason, Status, Strength, stable_id
from pgssi_probe.model.text import Bilingual, Template

NOTHING_CONCLUDED = Template(
    fr="Rien n'a pu être conclu sur {subject}.",
    en="Nothing could be concluded about {subject}.",
)


class ContractBroken(Exception):
    """The code of a check does not keep what its declaration says. The message names the check and the slug."""


def titled(metadata: CheckMetadata, key: str, values: dict[str, JsonValue]) -> Bilingual:
    """The title of a piece of evidence; ContractBroken for an undeclared key or other values than it takes."""
    declared = metadata.evidence.get(key)
    if declared is None:
        raise ContractBroken(f"{metadata.id}: no title of evidence is declared as {key!r}")
    if declared.fields != values.keys():
        raise ContractBroken(f"{metadata.id}: the title {key!r} takes {sorted(declared.fields)}, not {sorted(values)}")
    return declared.filled(values, metadata.words)


def official(metadata: CheckMetadata, observation: Observation) -> Outcome:
    """The outcome of an observation; ContractBroken for an undeclared slug or a fact that a sentence lacks."""
    values = {**observation.facts, SUBJECT_FIELD: observation.subject.name}
    common = {
        "id": stable_id(metadata.id, observation.slug, observation.subject),
        "check": metadata.id,
        "slug": observation.slug,
        "subject": observation.subject,
        "facts": observation.facts,
        "evidence": observation.evidence,
    }
    if observation.slug == INCONCLUSIVE:
        if observation.reason is None:
            raise ContractBroken(f"{metadata.id}: an inconclusive observation gives no reason")
        return Outcome(
            **common,
            status=Status.INCONCLUSIVE,
            strength=Strength.HINT,
            reason=observation.reason,
            severity=None,
            sentence=NOTHING_CONCLUDED.filled(values),
        )
    declaration = metadata.outcomes.get(observation.slug)
    if declaration is None:
        raise ContractBroken(f"{metadata.id}: the outcome {observation.slug!r} is not declared")
    absent = declaration.fields - values.keys()
    if absent - set(declaration.optional_fields):
        raise ContractBroken(f"{metadata.id}/{observation.slug}: no fact for {', '.join(sorted(absent))}")
    values = {**dict.fromkeys(declaration.optional_fields), **values}
    return Outcome(
        **common,
        status=declaration.status,
        strength=declaration.strength,
        reason=observation.reason if observation.reason is Reason.NOT_HTTPS else None,
        severity=declaration.severity,
        impact=declaration.impact,
        ease=declaration.ease,
        sentence=declaration.sentence.filled(values, metadata.words),
        remedy=declaration.remedy.filled(values, metadata.words) if declaration.remedy else None,
    )


def unique(outcomes: list[Outcome]) -> tuple[Outcome, ...]:
    """One outcome an id: a check that says the same of the same subject twice is heard once."""
    return tuple({outcome.id: outcome for outcome in outcomes}.values())
