"""The catalogue: a group for each chapter of the guide, a control for each rule, an item for each part of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang
from pgssi_probe.model.verdict import RuleVerdict
from pgssi_reports.html.source import Source
from pgssi_reports.machine import json_bytes, lines, stable_uuid, token
from pgssi_reports.oscal.document import control_id, metadata, prop, short
from pgssi_reports.words import Words


def render(result: RunResult, lang: Lang) -> bytes:
    """The catalogue as bytes."""
    source = Source(result, Words(lang))
    words = source.words
    chapters: dict[str, list[RuleVerdict]] = defaultdict(list)
    for rule in result.verdicts:
        chapters[rule.family].append(rule)
    catalog = {
        "uuid": stable_uuid("catalog", result.guide, lang),
        "metadata": metadata(words.say("oscal.catalog_title"), result, words),
        "groups": [
            {
                "id": token(f"chapter-{chapter.lower()}"),
                "class": "chapter",
                "title": short(source.chapter(chapter)),
                "controls": [_control(rule, words) for rule in rules],
            }
            for chapter, rules in chapters.items()
        ],
        "back-matter": {
            "resources": [
                {
                    "uuid": stable_uuid("guide", result.guide),
                    "title": short(result.guide),
                    "citation": {"text": short(result.guide, 2000)},
                }
            ]
        },
    }
    return json_bytes({"catalog": catalog})


def _control(rule: RuleVerdict, words: Words) -> dict[str, Any]:
    name = control_id(rule.rule)
    parts = [
        {
            "id": f"{name}_smt",
            "name": "statement",
            "prose": lines(words.text(rule.text)),
            "parts": [
                {
                    "id": token(f"{name}_smt.{number}"),
                    "name": "item",
                    "props": [prop("part", part.part)],
                    "prose": lines(words.text(part.point)),
                }
                for number, part in enumerate(rule.parts, start=1)
            ],
        }
    ]
    guidance = [words.say("oscal.page", page=words.number(rule.page))]
    if rule.documents:
        documents = " ; ".join(words.text(document) for document in rule.documents)
        guidance.append(words.say("oscal.documents", documents=documents))
    parts.append({"id": f"{name}_gdn", "name": "guidance", "prose": lines(" ".join(guidance))})
    props = [
        {"name": "label", "value": short(rule.rule, 60)},
        prop("obligation", rule.obligation),
        prop("observability", rule.rule_class),
        *(prop("stake", letter) for letter in rule.dicp),
        *(prop("addressed-to", actor) for actor in rule.addressed_to),
    ]
    return {"id": name, "class": "rule", "title": short(words.text(rule.title)), "props": props, "parts": parts}
