"""What each recommendation of RECOTLS makes of an endpoint: one box each, by grade."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pgssi_probe.model.outcome import Outcome
from pgssi_reports.html.pictures.facts import items, outcomes
from pgssi_reports.html.source import Source
from pgssi_reports.html.tags import Tag

CHECK: Final = "tls.config"
GRADES: Final = ("forbidden", "degraded", "accepted", "recommended", "unknown")
ENDPOINTS_MAX: Final = 12
PER_ROW: Final = 12
BOX, GAP, HIGH, LEFT, TOP = 54, 6, 50, 2, 4
_NUMBER: Final = re.compile(r"^(R\d{1,2})(-?)$")


@dataclass(frozen=True)
class Box:
    recommendation: str
    grade: Tag
    sentence: str
    x: int
    y: int


@dataclass(frozen=True)
class GradeCount:
    grade: Tag
    count: int


@dataclass(frozen=True)
class Endpoint:
    name: str
    anchor: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    counts: tuple[GradeCount, ...]
    worst: Tag


def endpoints(source: Source) -> tuple[Endpoint, ...]:
    """One picture for each endpoint that was graded. Of two grades of one recommendation, the worse counts."""
    graded: dict[str, dict[str, tuple[str, str]]] = {}
    for outcome in outcomes(source, CHECK):
        for name, recommendation, grade, sentence in _grades(outcome, source):
            known = graded.setdefault(name, {})
            before = known.get(recommendation)
            if before is None or GRADES.index(grade) < GRADES.index(before[0]):
                known[recommendation] = (grade, sentence)
    drawn = [name for name, known in graded.items() if any(grade != "unknown" for grade, _ in known.values())]
    return tuple(_endpoint(index, name, graded[name], source) for index, name in enumerate(drawn[:ENDPOINTS_MAX], 1))


def _grades(outcome: Outcome, source: Source) -> list[tuple[str, str, str, str]]:
    """(endpoint, recommendation, grade, sentence) of an outcome; several when it concludes nothing on several."""
    recommendation, grade = outcome.facts.get("recommendation"), outcome.facts.get("grade")
    if isinstance(recommendation, str) and grade in GRADES and _NUMBER.match(recommendation):
        return [(outcome.subject.name, recommendation.rstrip("-"), str(grade), source.words.text(outcome.sentence))]
    name = outcome.subject.name.partition(" (")[0]
    reason = source.reason(outcome.reason) if outcome.reason else "—"
    open_ = (str(item).partition(":")[0] for item in items(outcome.facts.get("recommendations"), 40))
    return [(name, one.rstrip("-"), "unknown", reason) for one in open_ if _NUMBER.match(one)]


def _endpoint(index: int, name: str, known: dict[str, tuple[str, str]], source: Source) -> Endpoint:
    words = source.words

    def tag(grade: str) -> Tag:
        return Tag(f"tls-{grade}", words.say(f"html.picture.tls.grade.{grade}"))

    ordered = sorted(known, key=lambda recommendation: int(recommendation[1:]))
    boxes = tuple(
        Box(
            recommendation=recommendation,
            grade=tag(known[recommendation][0]),
            sentence=known[recommendation][1],
            x=LEFT + (place % PER_ROW) * (BOX + GAP),
            y=TOP + (place // PER_ROW) * (HIGH + GAP),
        )
        for place, recommendation in enumerate(ordered)
    )
    rows = (len(boxes) - 1) // PER_ROW + 1
    grades = [known[recommendation][0] for recommendation in ordered]
    counts = tuple(GradeCount(tag(grade), grades.count(grade)) for grade in GRADES if grade in grades)
    return Endpoint(
        name=name,
        anchor=f"tls-{index}",
        width=LEFT * 2 + PER_ROW * (BOX + GAP) - GAP,
        height=TOP * 2 + rows * (HIGH + GAP) - GAP,
        boxes=boxes,
        counts=counts,
        worst=counts[0].grade,
    )
