"""`rules` and `checks`: the guide and the declarations, as tables or JSON."""

from __future__ import annotations

from typing import Any

from pgssi_probe.check.metadata import CheckMetadata, Sends
from pgssi_probe.cli.exits import close_names, stop
from pgssi_probe.cli.page import heading, line, table, write_json
from pgssi_probe.guide import guide
from pgssi_probe.guide.view import UnknownRule, find, label, rule_row, rule_sheet
from pgssi_probe.model.text import Lang, both_numbers
from pgssi_probe.registry import check, checks
from pgssi_probe.words import say

OURS = "ours"
"""The source of a threshold that no text gives."""


def list_rules(lang: Lang, *, json: bool) -> None:
    rows = [rule_row(rule, lang) for rule in guide().rules]
    if json:
        write_json(rows)
        return
    table((), ((row["id"], label("class", str(row["class"]), lang), row["title"]) for row in rows))


def show_rule(identifier: str, lang: Lang, *, json: bool) -> None:
    try:
        rule = find(identifier)
    except UnknownRule as error:
        stop(lang, "error.unknown_rule", name=identifier, close=close_names(lang, error.close))
    titles = {name: registered.metadata.title for name, registered in checks().items()}
    sheet: dict[str, Any] = rule_sheet(rule, lang, titles)
    if json:
        write_json(sheet)
        return
    labels = sheet["labels"]
    heading(f"{sheet['id']} — {sheet['title']}")
    line(f"{labels['obligation']} · {labels['class']} · {', '.join(labels['dicp'])} · p. {sheet['guide']['page']}")
    line("\n" + sheet["text"])
    line("\n" + sheet["reading"])
    heading(say(lang, "rules.parts"))
    for part in sheet["parts"]:
        line(f"{part['id']}  {part['point']}")
        for edge in part["checks"]:
            weight = say(lang, f"rules.{edge['weight']}")
            coming = f", {say(lang, 'rules.not_yet')}" if edge["state"] == "planned" else ""
            line(f"       {edge['check']} ({weight}, {say(lang, 'rules.' + edge['coverage'])}{coming})", "cyan")
    if sheet["documents"]:
        heading(say(lang, "rules.documents"))
        for document in sheet["documents"]:
            line(f"  – {document}")


def list_checks(lang: Lang, *, json: bool) -> None:
    book = guide()
    shipped = [check_row(registered.metadata, lang) for registered in checks().values()]
    planned = [
        {"id": one.id, "state": "planned", "level": None, "title": one.title.in_(lang), "rules": book.rules_of(one.id)}
        for one in book.planned
        if one.id not in checks()
    ]
    if json:
        write_json([*shipped, *planned])
        return
    table(
        (),
        (
            (
                row["id"],
                say(lang, f"level.{row['level']}") if row["level"] else say(lang, "rules.not_yet"),
                row["title"],
            )
            for row in (*shipped, *planned)
        ),
    )


def check_row(metadata: CheckMetadata, lang: Lang) -> dict[str, Any]:
    return {
        "id": metadata.id,
        "state": "shipped",
        "level": metadata.level,
        "title": metadata.title.in_(lang),
        "rules": guide().rules_of(metadata.id),
    }


def show_check(identifier: str, lang: Lang, *, json: bool) -> None:
    metadata = check(identifier).metadata
    if json:
        write_json({**metadata.model_dump(mode="json"), "rules": guide().rules_of(metadata.id)})
        return
    heading(f"{metadata.id} — {metadata.title.in_(lang)}")
    line(say(lang, "checks.level", level=say(lang, f"level.{metadata.level}")))
    line("\n" + metadata.summary.in_(lang))
    line(_sends(metadata.sends, lang))
    if metadata.needs:
        line(say(lang, "checks.needs", needs=", ".join(say(lang, f"need.{need}") for need in metadata.needs)))
    heading(say(lang, "checks.outcomes"))
    for slug, declared in metadata.outcomes.items():
        severity = f", {say(lang, f'severity.{declared.severity}')}" if declared.severity else ""
        line(f"  {slug} ({say(lang, f'status.{declared.status}')}{severity})", "cyan")
        line(f"      {both_numbers(declared.sentence.in_(lang))}")
    if metadata.settings:
        heading(say(lang, "checks.settings"))
        for name, setting in metadata.settings.items():
            source = say(lang, "checks.ours") if setting.source == OURS else setting.source
            line(f"  {name} = {setting.value} ({source}) {setting.meaning.in_(lang)}")
    references = [value for values in metadata.references.model_dump().values() for value in values]
    if references:
        heading(say(lang, "checks.references"))
        line("  " + ", ".join(references))
    rules = guide().rules_of(metadata.id)
    if rules:
        heading(say(lang, "checks.rules"))
        line("  " + ", ".join(rules))


def _sends(sends: Sends, lang: Lang) -> str:
    if sends.requests or sends.connections:
        methods = ", ".join(sends.methods)
        said = say(lang, "checks.sends", requests=sends.requests, connections=sends.connections, methods=methods)
    else:
        said = say(lang, "checks.sends_nothing")
    return f"{said} {sends.note.in_(lang)}" if sends.note else said
