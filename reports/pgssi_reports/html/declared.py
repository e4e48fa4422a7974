"""What the organisation declared, beside what was seen. Never an observation, and shown as none."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from pgssi_probe.model.declaration import Declaration
from pgssi_probe.model.verdict import PartVerdict, RuleVerdict
from pgssi_reports.html.source import Source
from pgssi_reports.html.tags import Tag, verdict_tag


@dataclass(frozen=True)
class Declared:
    """One answer. `idle` says why it does not count, `contradiction` how it disagrees with what was seen; or None."""

    rule: str
    title: str
    part: str
    point: str
    answer: str
    reason: str
    document: str
    sha256: str
    seen: str
    signed: str
    idle: str | None
    contradiction: str | None
    verdict: Tag


@dataclass(frozen=True)
class Reply:
    question: str
    reply: str
    comment: str


@dataclass(frozen=True)
class Annex:
    """The ten questions of the directors' guide, as far as they were answered."""

    source: str
    replies: tuple[Reply, ...]


def declarations(source: Source) -> tuple[Declared, ...]:
    """Every answer of the file, in the order of the guide, those that do not count as well."""
    found = source.result.declarations
    if found is None:
        return ()
    places = {
        part.part: (rule, part)
        for rule, part in chain.from_iterable(((rule, part) for part in rule.parts) for rule in source.result.verdicts)
    }
    return tuple(_row(entry, *places[entry.part], source) for entry in found.entries if entry.part in places)


def _row(entry: Declaration, rule: RuleVerdict, part: PartVerdict, source: Source) -> Declared:
    words = source.words
    idle = None if entry.counts else words.say(f"html.declared.standing.{entry.standing.value}")
    return Declared(
        rule=rule.rule,
        title=words.text(rule.title),
        part=part.part,
        point=words.text(part.point),
        answer=words.say(f"html.declared.answer.{entry.answer.value}"),
        reason=entry.reason,
        document=entry.document,
        sha256=entry.sha256,
        seen=words.say(f"html.declared.seen.{entry.document_seen.value}"),
        signed=_signed(entry, source),
        idle=idle,
        contradiction=words.say(f"html.declared.contradiction.{part.contradiction.value}")
        if part.contradiction
        else None,
        verdict=verdict_tag(part.verdict, words),
    )


def by_rule(source: Source) -> dict[str, list[Declaration]]:
    """The answers of the file for each rule, in the order of the guide, those that do not count as well."""
    found = source.result.declarations
    rules = {part.part: rule.rule for rule in source.result.verdicts for part in rule.parts}
    answers: dict[str, list[Declaration]] = {}
    for entry in found.entries if found is not None else ():
        if entry.part in rules:
            answers.setdefault(rules[entry.part], []).append(entry)
    return answers


def in_one_line(entry: Declaration, source: Source) -> str:
    """Who declared what, on which document, and until when, for formats without a layout of their own."""
    words = source.words
    said = [
        words.say("html.declared.line", part=entry.part, answer=words.say(f"html.declared.answer.{entry.answer.value}"))
    ]
    said += [words.say("html.declared.line_document", document=entry.document)] if entry.document else []
    said += [entry.reason] if entry.reason else []
    said.append(_signed(entry, source))
    said += [] if entry.counts else [words.say(f"html.declared.standing.{entry.standing.value}")]
    return " ".join(said)


def _signed(entry: Declaration, source: Source) -> str:
    words = source.words
    return words.say(
        "html.declared.signed",
        who=entry.signatory,
        date=words.day(entry.signed.isoformat()),
        until=words.day(entry.valid_until.isoformat()),
    )


def basis(part: PartVerdict, source: Source) -> str | None:
    """What a part's verdict owes to a declaration, in one sentence; None when nothing was declared that counts."""
    if part.declared is None:
        return None
    words = source.words
    said = words.say("html.declared.basis", answer=words.say(f"html.declared.answer.{part.declared.value}"))
    remark = _contradiction(part, source)
    return f"{said} {remark}" if remark else said


def _contradiction(part: PartVerdict, source: Source) -> str | None:
    kind = part.contradiction
    return source.words.say(f"html.declared.contradiction.{kind.value}") if kind else None


def annex(source: Source) -> Annex | None:
    """None when no question was answered."""
    found = source.result.declarations
    if found is None or not found.diagnosis:
        return None
    words = source.words
    replies = tuple(
        Reply(words.text(one.question), words.say(f"html.declared.reply.{one.reply.value}"), one.comment)
        for one in found.diagnosis
    )
    where = words.say("html.declared.diagnosis_source", title=found.diagnosis_source, page=found.diagnosis[0].page)
    return Annex(where, replies)
