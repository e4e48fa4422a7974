"""For which parts of which rules a declaration is expected: those of which nothing can be seen from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pgssi_probe.guide import Guide, Part, Rule
from pgssi_probe.guide.applicability import Answers
from pgssi_probe.guide.model import RuleClass, Weight
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.verdict import PartVerdict, Verdict


@dataclass(frozen=True, slots=True)
class Expected:
    """`seen` is the verdict of a run, when there is one."""

    rule: Rule
    part: Part
    seen: PartVerdict | None = None


def unseen(part: Part) -> bool:
    """Whether only a document can support the part."""
    weighing = any(edge.weight is not Weight.INFORMATION for edge in part.edges)
    return part.rule_class is RuleClass.DECLARATIVE or not weighing


def expected(
    guide: Guide, context: Answers = MappingProxyType({}), run: RunResult | None = None
) -> tuple[Expected, ...]:
    """In the order of the guide. Rules without object in the context, or in that of the run, are left out."""
    judged: Mapping[str, PartVerdict] = (
        {part.part: part for rule in run.verdicts for part in rule.parts} if run is not None else {}
    )
    context = {**(run.engagement.context if run is not None else {}), **context}
    found = []
    for rule in guide.rules:
        for part in rule.parts:
            conditions = (guide.applies(rule, context), guide.part_applies(rule, part, context))
            if not unseen(part) or any(one is not None and not one.applies for one in conditions):
                continue
            seen = judged.get(part.id)
            if seen is None or seen.verdict is not Verdict.NOT_APPLICABLE:
                found.append(Expected(rule, part, seen))
    return tuple(found)
