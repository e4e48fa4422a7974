"""The log: tool, rules, taxonomy of the guide, results, and what could not be run.

SARIF 2.1.0 (OASIS, 2020), kept within what GitHub code scanning accepts: every result has a location with a relative
address and a region, `partialFingerprints.primaryLocationLineHash` is ours, a rule has at most ten tags and its
severity is a number in `security-severity`, a run has at most 5,000 results.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from pgssi_probe.model.declaration import Declaration
from pgssi_probe.model.outcome import Outcome, Status, Strength
from pgssi_probe.model.result import CheckRun, RunResult
from pgssi_probe.model.severity import Severity
from pgssi_probe.model.text import Lang
from pgssi_reports.html.declared import by_rule
from pgssi_reports.html.source import Source
from pgssi_reports.machine import (
    instant,
    json_bytes,
    line,
    lines,
    rule_ids,
    sentence,
    stable_uuid,
    unfinished,
    uri,
)
from pgssi_reports.words import Words

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
RESULTS_MAX: Final = 5000
TAGS_MAX: Final = 10
TAXONOMY: Final = "PGSSI-S"

# SARIF 2.1.0, 3.27.9: `open` is said of what the tool could not settle.
KINDS: Final = {
    Status.PASS: "pass",
    Status.FAIL: "fail",
    Status.INCONCLUSIVE: "open",
    Status.NOT_APPLICABLE: "notApplicable",
}
LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.MAJOR: "error",
    Severity.IMPORTANT: "warning",
    Severity.MINOR: "note",
}
# Code scanning reads over 9.0 as critical, 7.0 to 8.9 as high, 4.0 to 6.9 as medium, less as low.
SCORES: Final = {Severity.CRITICAL: "9.5", Severity.MAJOR: "8.0", Severity.IMPORTANT: "5.5", Severity.MINOR: "3.0"}


def render(result: RunResult, lang: Lang, *, everything: bool) -> bytes:
    """The log as bytes. `everything` keeps what did not fail."""
    source = Source(result, Words(lang))
    ordered: list[Outcome] = [*source.proved, *source.suspected]
    if everything:
        ordered += [outcome for outcome in result.outcomes if not outcome.failed]
    kept, left_out = ordered[:RESULTS_MAX], max(0, len(ordered) - RESULTS_MAX)
    rules = {_rule_id(outcome): outcome for outcome in reversed(kept)}
    places = {identifier: place for place, identifier in enumerate(rules)}
    run = {
        "tool": {"driver": _driver(rules, source)},
        "automationDetails": {
            "id": f"pgssi-probe/{line(_host(result.run.target), 200)}/",
            "guid": stable_uuid("sarif", result.run.id),
        },
        "invocations": [_invocation(source, left_out)],
        "taxonomies": [_taxonomy(source)],
        "results": [_result(outcome, places, source) for outcome in kept],
        "columnKind": "unicodeCodePoints",
        "language": lang,
        "properties": {
            "runId": line(result.run.id),
            "target": line(result.run.target),
            "level": result.run.level.value,
            "guide": line(result.guide),
            "journalHead": line(result.run.journal_head),
        },
    }
    return json_bytes({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule_id(outcome: Outcome) -> str:
    """One rule for each weakness that a check declares, since severity and remedy are those of the weakness."""
    return line(f"{outcome.check}/{outcome.slug}", 200)


def _driver(rules: dict[str, Outcome], source: Source) -> dict[str, Any]:
    run = source.result.run
    return {
        "name": "pgssi-probe",
        "version": line(run.tool_version, 60),
        "shortDescription": {"text": source.words.say("format.not_passi")},
        "supportedTaxonomies": [{"name": TAXONOMY, "guid": stable_uuid("taxonomy", TAXONOMY)}],
        "rules": [_rule(identifier, outcome, source) for identifier, outcome in rules.items()],
    }


def _rule(identifier: str, outcome: Outcome, source: Source) -> dict[str, Any]:
    title = line(source.title(outcome.check), 500)
    check = source.checks.get(outcome.check)
    remedy = lines(source.words.text(outcome.remedy)) if outcome.remedy else ""
    rule: dict[str, Any] = {
        "id": identifier,
        "name": line(outcome.check, 200),
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "defaultConfiguration": {"level": _level(outcome)},
        "help": {"text": remedy or title},
        "properties": {"tags": _tags(outcome, check, source), "precision": _precision(outcome)},
    }
    if outcome.failed and outcome.severity:
        rule["properties"]["security-severity"] = SCORES[outcome.severity]
    return rule


def _tags(outcome: Outcome, check: CheckRun | None, source: Source) -> list[str]:
    weaknesses = [f"external/cwe/{name.lower()}" for name in (check.references.cwe if check else ())]
    rules = [f"{TAXONOMY}/{rule}" for rule in rule_ids(outcome, source)]
    family = outcome.check.split(".", 1)[0]
    return [line(tag, 100) for tag in dict.fromkeys(["security", family, *weaknesses, *rules])][:TAGS_MAX]


def _precision(outcome: Outcome) -> str:
    return "very-high" if outcome.strength is Strength.PROOF else "medium"


def _level(outcome: Outcome) -> str:
    return LEVELS[outcome.severity] if outcome.failed and outcome.severity else "none"


def _result(outcome: Outcome, places: dict[str, int], source: Source) -> dict[str, Any]:
    identifier = _rule_id(outcome)
    properties: dict[str, Any] = {
        "status": outcome.status.value,
        "strength": outcome.strength.value,
        "subjectKind": outcome.subject.kind,
        "subject": line(outcome.subject.name),
        "evidence": [_evidence(name, source) for name in outcome.evidence],
    }
    if outcome.severity and outcome.failed:
        properties["severity"] = outcome.severity.value
    if outcome.reason:
        properties["reason"] = outcome.reason.value
    return {
        "ruleId": identifier,
        "ruleIndex": places[identifier],
        "kind": KINDS[outcome.status],
        "level": _level(outcome),
        "message": {"text": _message(outcome, source)},
        "locations": [_location(outcome, source)],
        "partialFingerprints": {
            "primaryLocationLineHash": f"{line(outcome.id, 100)}:1",
            "pgssiOutcome/v1": line(outcome.id, 100),
        },
        "guid": stable_uuid("sarif", source.result.run.id, outcome.id),
        "taxa": [
            {"id": line(rule, 100), "toolComponent": {"name": TAXONOMY, "guid": stable_uuid("taxonomy", TAXONOMY)}}
            for rule in rule_ids(outcome, source)
        ],
        "properties": properties,
    }


def _message(outcome: Outcome, source: Source) -> str:
    words = source.words
    said = sentence(outcome, source)
    if outcome.failed and outcome.strength is Strength.HINT:
        said = words.say("format.to_confirm", sentence=said)
    if outcome.failed and outcome.remedy:
        said += "\n" + words.say("format.remedy", remedy=lines(words.text(outcome.remedy)))
    return said


def _evidence(identifier: str, source: Source) -> dict[str, str]:
    piece = source.evidence.get(identifier)
    found = {"id": line(identifier, 100)}
    if piece is not None and piece.sha256:
        found["sha256"] = line(piece.sha256, 100)
    return found


def _location(outcome: Outcome, source: Source) -> dict[str, Any]:
    """The subject, as a relative address: code scanning refuses every other scheme than that of its own files."""
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": relative(outcome, source.result.run.target)},
            "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
        },
        "logicalLocations": [{"fullyQualifiedName": line(outcome.subject.name), "kind": "resource"}],
    }


def relative(outcome: Outcome, target: str) -> str:
    """`host/path` of the subject when it is an address, `host/kind/name` of the target otherwise."""
    address = outcome.subject.name if "://" in outcome.subject.name else ""
    if address:
        host, path = _host(address), address.split("://", 1)[1].partition("/")[2]
    else:
        host, path = _host(target), f"{outcome.subject.kind}/{outcome.subject.name}"
    # A colon in the first segment would be read as a scheme (RFC 3986, 4.2), and "//" as an authority.
    text = uri(f"{host.replace(':', '_')}/{path.lstrip('/')}").lstrip("/")
    return text.rstrip("/") or "target"


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.rpartition("@")[2] or address
    except ValueError:
        return "target"


def _invocation(source: Source, left_out: int) -> dict[str, Any]:
    run, words = source.result.run, source.words
    notes = [_note(unfinished(check, source), check) for check in source.result.checks if check.state != "completed"]
    if run.stopped_because:
        notes.append({"level": "error", "message": {"text": line(source.reason(run.stopped_because))}})
    if left_out:
        notes.append(
            {"level": "warning", "message": {"text": words.say("format.left_out", count=words.number(left_out))}}
        )
    return {
        "executionSuccessful": run.state == "completed",
        "startTimeUtc": instant(run.started),
        "endTimeUtc": instant(run.finished),
        "commandLine": line(" ".join(run.command_line)),
        "toolExecutionNotifications": notes,
    }


def _note(text: str, check: CheckRun) -> dict[str, Any]:
    return {
        "level": "error" if check.state == "error" else "note",
        "descriptor": {"id": line(check.id, 200)},
        "message": {"text": text},
    }


def _taxonomy(source: Source) -> dict[str, Any]:
    words, result = source.words, source.result
    return {
        "name": TAXONOMY,
        "guid": stable_uuid("taxonomy", TAXONOMY),
        "organization": "Agence du numérique en santé",
        "shortDescription": {"text": words.say("format.guide")},
        "fullDescription": {"text": line(result.guide)},
        "isComprehensive": True,
        # The schema wants each once.
        "taxa": list({taxon["id"]: taxon for taxon in _taxa(source)}.values()),
    }


def _taxa(source: Source) -> Iterable[dict[str, Any]]:
    words, declared = source.words, by_rule(source)
    for rule in source.result.verdicts:
        properties: dict[str, Any] = {"verdict": rule.verdict.value}
        if answers := declared.get(rule.rule):
            properties["declarations"] = [_declared(entry) for entry in answers]
        yield {
            "id": line(rule.rule, 100),
            "shortDescription": {"text": line(words.text(rule.title))},
            "fullDescription": {"text": lines(words.text(rule.text))},
            "properties": properties,
        }


def _declared(entry: Declaration) -> dict[str, str]:
    """Who declared what and until when: never a result, since nothing was seen."""
    said = {
        "part": entry.part,
        "answer": entry.answer.value,
        "standing": entry.standing.value,
        "signatory": entry.signatory,
        "signed": entry.signed.isoformat(),
        "validUntil": entry.valid_until.isoformat(),
        "document": entry.document,
        "sha256": entry.sha256,
        "reason": entry.reason,
    }
    return {name: line(value) for name, value in said.items() if value}
