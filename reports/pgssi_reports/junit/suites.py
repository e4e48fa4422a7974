"""Suites and cases, in the common form that the schema of Jenkins' xUnit plug-in (junit-10.xsd) describes.

A failure is `failure`, what could not be concluded or was not run is `skipped`, a check that broke is `error`: only an
outcome that passed counts as a passed case.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from lxml import etree

from pgssi_probe.model.outcome import Outcome, Status, Strength
from pgssi_probe.model.result import CheckRun, RunResult
from pgssi_probe.model.text import Lang
from pgssi_reports.html.source import Source
from pgssi_reports.html.view import host_of
from pgssi_reports.machine import instant, line, lines, rule_ids, sentence, unfinished
from pgssi_reports.words import Words


def render(result: RunResult, lang: Lang) -> bytes:
    """The document as bytes."""
    source = Source(result, Words(lang))
    cases: dict[str, list[Any]] = defaultdict(list)
    seen: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in result.outcomes:
        seen[outcome.check].append(outcome)
    for check in result.checks:
        family = line(check.id.split(".", 1)[0], 200)
        share = check.duration / max(1, len(seen[check.id]))
        cases[family] += [_case(outcome, share, source) for outcome in seen[check.id]]
        if check.state != "completed" or not seen[check.id]:
            cases[family].append(_without_outcome(check, source))
    root = etree.Element("testsuites", name=line(f"pgssi-probe {host_of(result.run.target)}", 300))
    for family, found in cases.items():
        root.append(_suite(family, found, source))
    _count(root, [case for found in cases.values() for case in found])
    root.set("time", f"{max(0.0, (result.run.finished - result.run.started).total_seconds()):.3f}")
    etree.indent(root)
    document: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return document + b"\n"


def _suite(family: str, cases: list[Any], source: Source) -> Any:
    run = source.result.run
    suite = etree.Element("testsuite", name=f"pgssi.{family}")
    suite.set("timestamp", instant(run.started)[:19])
    suite.set("hostname", line(host_of(run.target), 200))
    suite.set("time", f"{sum(float(case.get('time')) for case in cases):.3f}")
    _count(suite, cases)
    properties = etree.SubElement(suite, "properties")
    for name, value in (
        ("run", run.id),
        ("target", run.target),
        ("level", run.level.value),
        ("state", run.state),
        ("tool", f"pgssi-probe {run.tool_version}"),
    ):
        etree.SubElement(properties, "property", name=name, value=line(value, 500))
    suite.extend(cases)
    return suite


def _count(element: Any, cases: list[Any]) -> None:
    element.set("tests", str(len(cases)))
    for plural, child in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        if plural == "skipped" and element.tag == "testsuites":
            continue  # the schema knows it on suites only
        element.set(plural, str(sum(case.find(child) is not None for case in cases)))


def _case(outcome: Outcome, seconds: float, source: Source) -> Any:
    # The name is free of sentences, so that the history of a case survives another wording or language.
    name = line(f"{outcome.subject.kind} {outcome.subject.name} [{outcome.slug}]", 500)
    case = etree.Element("testcase", classname=line(f"pgssi.{outcome.check}", 300), name=name, time=f"{seconds:.3f}")
    said = sentence(outcome, source)
    if outcome.status is Status.FAIL:
        kind = f"{outcome.severity.value if outcome.severity else 'none'}.{outcome.strength.value}"
        if outcome.strength is Strength.HINT:
            said = source.words.say("format.to_confirm", sentence=said)
        etree.SubElement(case, "failure", type=kind, message=said).text = _details(outcome, source)
    elif outcome.status is not Status.PASS:
        etree.SubElement(case, "skipped", message=said)
    return case


def _details(outcome: Outcome, source: Source) -> str:
    words = source.words
    found = [line(outcome.id, 100), line(source.title(outcome.check), 500)]
    if outcome.impact and outcome.ease:
        impact, ease = words.say(f"html.impact.{outcome.impact.value}"), words.say(f"html.ease.{outcome.ease.value}")
        found.append(words.say("format.scale", impact=impact, ease=ease))
    if rules := rule_ids(outcome, source):
        found.append(words.say("format.rules", rules=line(", ".join(rules))))
    if outcome.remedy:
        found.append(words.say("format.remedy", remedy=lines(words.text(outcome.remedy))))
    if outcome.evidence:
        found.append(words.say("format.evidence", ids=line(", ".join(outcome.evidence))))
    return "\n".join(found)


def _without_outcome(check: CheckRun, source: Source) -> Any:
    case = etree.Element("testcase", classname=line(f"pgssi.{check.id}", 300), name=line(check.id, 300))
    case.set("time", f"{check.duration:.3f}")
    if check.state == "error":
        broken = etree.SubElement(case, "error", type="error", message=unfinished(check, source))
        broken.text = line(check.diagnostics or "", 500)
    else:
        said = source.words.say("format.silent") if check.state == "completed" else unfinished(check, source)
        etree.SubElement(case, "skipped", message=said)
    return case
