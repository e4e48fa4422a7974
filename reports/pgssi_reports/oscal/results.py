"""The assessment results: an observation for each outcome, a risk for each failure, a finding for each rule.

A rule is `satisfied` only when its verdict is `compliant`. Everything else is `not-satisfied`, which in the sense of
NIST SP 800-53A (3.2, "other than satisfied") also covers what could not be established: the property `verdict` tells.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pgssi_probe.model.declaration import Declaration
from pgssi_probe.model.outcome import Outcome, Strength
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang
from pgssi_probe.model.verdict import RuleVerdict, Verdict
from pgssi_reports.html.declared import by_rule, in_one_line
from pgssi_reports.html.source import Source
from pgssi_reports.html.view import host_of
from pgssi_reports.machine import instant, json_bytes, line, lines, sentence, stable_uuid, uri
from pgssi_reports.oscal.document import NS, control_id, metadata, prop, short
from pgssi_reports.words import Words

STATES: Final = {
    Verdict.COMPLIANT: ("satisfied", "pass"),
    Verdict.NON_COMPLIANT: ("not-satisfied", "fail"),
}


def render(result: RunResult, lang: Lang) -> bytes:
    """The document as bytes."""
    return json_bytes({"assessment-results": _Document(Source(result, Words(lang))).whole()})


class _Document:
    def __init__(self, source: Source) -> None:
        self._source, self._words, self._run = source, source.words, source.result.run
        self._answers = by_rule(source)

    def _id(self, *parts: str) -> str:
        return stable_uuid("oscal", self._run.id, *parts)

    def whole(self) -> dict[str, Any]:
        result, words = self._source.result, self._words
        return {
            "uuid": self._id("results"),
            "metadata": metadata(words.say("oscal.results_title", host=host_of(self._run.target)), result, words),
            "import-ap": {"href": f"#{self._id('plan')}"},
            "results": [self._result()],
            "back-matter": {"resources": [self._plan(), self._report(), self._catalogue()]},
        }

    def _plan(self) -> dict[str, Any]:
        """There is no OSCAL plan: the plan of the run, which `report.json` embeds, stands for it."""
        return {
            "uuid": self._id("plan"),
            "title": self._words.say("oscal.plan", run=line(self._run.id, 100)),
            "description": self._words.say("oscal.plan_about"),
            "rlinks": [{"href": "plan.json", "media-type": "application/json"}],
        }

    def _report(self) -> dict[str, Any]:
        return {
            "uuid": self._id("report"),
            "title": "report.json",
            "description": self._words.say("oscal.report"),
            "rlinks": [{"href": "report.json", "media-type": "application/json"}],
        }

    def _catalogue(self) -> dict[str, Any]:
        guide = line(self._source.result.guide, 300)
        return {
            "uuid": self._id("catalog"),
            "title": self._words.say("oscal.catalog_title"),
            "description": self._words.say("oscal.guide", guide=guide),
            "rlinks": [{"href": "report.oscal-catalog.json", "media-type": "application/json"}],
        }

    def _result(self) -> dict[str, Any]:
        run, words, result = self._run, self._words, self._source.result
        level = words.say(f"html.level.{run.level.value}")
        made: dict[str, Any] = {
            "uuid": self._id("result"),
            "title": words.say("oscal.result_title", run=line(run.id, 100)),
            "description": words.say("oscal.result", target=line(run.target), level=level),
            "start": instant(run.started),
            "end": instant(run.finished),
            "props": [
                prop("run-state", run.state),
                prop("level", run.level.value),
                prop("requests", str(run.requests)),
                prop("journal-head", run.journal_head),
            ],
            "local-definitions": {"assessment-assets": self._assets()},
            "reviewed-controls": {
                "control-selections": [
                    {"include-controls": [{"control-id": control_id(rule.rule)} for rule in result.verdicts]}
                ]
            },
        }
        # OSCAL refuses an empty list.
        lists: dict[str, list[dict[str, Any]]] = {
            "observations": [
                *(self._observation(outcome) for outcome in result.outcomes),
                *(self._declared(entry) for entries in self._answers.values() for entry in entries),
            ],
            "risks": [self._risk(outcome) for outcome in result.outcomes if outcome.failed],
            "findings": [self._finding(rule) for rule in result.verdicts],
        }
        made.update({name: values for name, values in lists.items() if values})
        return made

    def _assets(self) -> dict[str, Any]:
        tool = {
            "uuid": self._id("tool"),
            "type": "software",
            "title": short(f"pgssi-probe {self._run.tool_version}"),
            "description": self._words.say("oscal.tool"),
            "status": {"state": "operational"},
        }
        platform = {
            "uuid": self._id("platform"),
            "title": self._words.say("oscal.platform"),
            "uses-components": [{"component-uuid": self._id("tool")}],
        }
        return {"components": [tool], "assessment-platforms": [platform]}

    def _origins(self) -> list[dict[str, Any]]:
        return [{"actors": [{"type": "tool", "actor-uuid": self._id("tool")}]}]

    def _observation(self, outcome: Outcome) -> dict[str, Any]:
        evidence = [self._source.evidence[name] for name in outcome.evidence if name in self._source.evidence]
        props = [
            prop("outcome", outcome.id),
            prop("check", outcome.check),
            prop("slug", outcome.slug),
            prop("status", outcome.status.value),
            prop("strength", outcome.strength.value),
            prop("subject-kind", outcome.subject.kind),
            prop("subject", outcome.subject.name),
        ]
        if outcome.reason:
            props.append(prop("reason", outcome.reason.value))
        made: dict[str, Any] = {
            "uuid": self._id("observation", outcome.id),
            "title": short(self._source.title(outcome.check)),
            "description": sentence(outcome, self._source),
            "props": props,
            "methods": ["TEST"],
            "types": ["finding"] if outcome.failed else ["control-objective"],
            "origins": self._origins(),
            "collected": instant(max((piece.taken for piece in evidence), default=self._run.finished)),
        }
        if evidence:
            made["relevant-evidence"] = [
                {
                    "href": uri(f"evidence/{piece.id}.json"),
                    "description": self._words.say("oscal.evidence_about"),
                    "props": [prop("sha-256", piece.sha256 or "—")],
                }
                for piece in evidence
            ]
        return made

    def _declared_id(self, entry: Declaration) -> str:
        return self._id("declaration", repr(entry.model_dump(mode="json")))

    def _declared(self, entry: Declaration) -> dict[str, Any]:
        """What the organisation declared, as something read and not tested; it ends with its validity."""
        said = {
            "part": entry.part,
            "answer": entry.answer.value,
            "standing": entry.standing.value,
            "signatory": entry.signatory,
            "signed": entry.signed.isoformat(),
            "valid-until": entry.valid_until.isoformat(),
        }
        made: dict[str, Any] = {
            "uuid": self._declared_id(entry),
            "title": short(self._words.say("oscal.declared", part=entry.part)),
            "description": lines(in_one_line(entry, self._source)),
            "props": [prop(name, value) for name, value in said.items()],
            "methods": ["EXAMINE"],
            "types": ["control-objective"],
            "collected": f"{entry.signed.isoformat()}T00:00:00Z",
            "expires": f"{entry.valid_until.isoformat()}T23:59:59Z",
        }
        if entry.document:
            about = self._words.say("oscal.declared_document", document=line(entry.document))
            evidence: dict[str, Any] = {"description": lines(about)}
            if entry.sha256:
                evidence["props"] = [prop("sha-256", entry.sha256), prop("document-seen", entry.document_seen.value)]
            made["relevant-evidence"] = [evidence]
        return made

    def _risk(self, outcome: Outcome) -> dict[str, Any]:
        text = sentence(outcome, self._source)
        if outcome.strength is Strength.HINT:
            text = self._words.say("format.to_confirm", sentence=text)
        scale = (("impact", outcome.impact), ("ease", outcome.ease), ("severity", outcome.severity))
        facets = [{"name": name, "system": NS, "value": value.value} for name, value in scale if value]
        made: dict[str, Any] = {
            "uuid": self._id("risk", outcome.id),
            "title": short(text),
            "description": text,
            "statement": text,
            "status": "open" if outcome.strength is Strength.PROOF else "investigating",
            "related-observations": [{"observation-uuid": self._id("observation", outcome.id)}],
        }
        if facets:
            made["characterizations"] = [{"origin": self._origins()[0], "facets": facets}]
        if outcome.remedy:
            remedy = lines(self._words.text(outcome.remedy))
            made["remediations"] = [
                {
                    "uuid": self._id("remedy", outcome.id),
                    "lifecycle": "recommendation",
                    "title": short(remedy),
                    "description": remedy,
                }
            ]
        return made

    def _finding(self, rule: RuleVerdict) -> dict[str, Any]:
        words = self._words
        state, reason = STATES.get(rule.verdict, ("not-satisfied", "other"))
        name = words.say(f"html.verdict.{rule.verdict.value}.name")
        said = [words.say("oscal.verdict", verdict=name)]
        if rule.reason:
            said.append(self._source.reason(rule.reason))
        status: dict[str, Any] = {"state": state, "reason": reason}
        if reason == "other":
            status["remarks"] = words.say("oscal.unsettled")
        made: dict[str, Any] = {
            "uuid": self._id("finding", rule.rule),
            "title": short(f"{rule.rule} — {words.text(rule.title)}"),
            "description": lines(" ".join(said)),
            "props": [prop("verdict", rule.verdict.value)],
            "target": {
                "type": "statement-id",
                "target-id": f"{control_id(rule.rule)}_smt",
                "status": status,
            },
        }
        known = list(dict.fromkeys(i for i in (*rule.outcomes, *rule.informative) if i in self._source.outcomes))
        accused = [i for i in known if rule in self._source.accused.get(i, [])]
        read = [self._declared_id(entry) for entry in self._answers.get(rule.rule, [])]
        seen = [self._id("observation", i) for i in known]
        made |= _related("related-observations", "observation-uuid", (*seen, *read))
        made |= _related("related-risks", "risk-uuid", (self._id("risk", i) for i in accused))
        return made


def _related(name: str, key: str, identifiers: Iterable[str]) -> dict[str, Any]:
    links = [{key: identifier} for identifier in identifiers]
    return {name: links} if links else {}
