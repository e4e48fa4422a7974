"""`engagement check`: what a file allows, in plain words, and the lines that are missing for which checks."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from pgssi_probe.cli.exits import explained, stop
from pgssi_probe.cli.page import heading, line, table, write_json
from pgssi_probe.cli.safe import plain
from pgssi_probe.cli.showing import about
from pgssi_probe.clock import SystemClock
from pgssi_probe.engagement import Engagement, load_engagement
from pgssi_probe.engagement.declared import declared_table
from pgssi_probe.engagement.mandate import MANDATE_LINES
from pgssi_probe.engagement.secrets import LACKING, named, references_of, state_of
from pgssi_probe.engine.allowance import Allowance, Lack, LevelState, allowance, levels_of
from pgssi_probe.model.account import LABELS
from pgssi_probe.model.dates import said_day, said_moment
from pgssi_probe.model.text import Lang
from pgssi_probe.words import say

MANY = 6
"""Checks named one by one; beyond, they are counted."""


def explain(file: Path, url: str, lang: Lang, *, json: bool) -> None:
    """Print what the file allows for its target, or for `url`. Nothing is sent, no secret is read."""
    from pgssi_probe.check.context import Target
    from pgssi_probe.engine.address import normalised_url
    from pgssi_probe.engine.asked import Scan, plan_of
    from pgssi_probe.guide import guide
    from pgssi_probe.registry import checks

    engagement = load_engagement(file)
    now = SystemClock().now()
    asked = url or engagement.scope.target
    found = None
    if asked:
        try:
            target = Target(normalised_url(asked))
        except ValueError as error:
            stop(lang, f"error.{error}", url=asked)
        declared = {name: check.metadata for name, check in checks().items()}
        with explained(lang):
            plan = plan_of(Scan(target, engagement))
        found = allowance(engagement, target.url, now, declared, plan, guide())
        asked = target.url
    levels = found.levels if found else levels_of(engagement, "", now)
    if json:
        write_json(as_data(engagement, asked, levels, found))
        return
    show_who(engagement, asked, lang)
    show_levels(engagement, levels, lang)
    show_scope(engagement, asked, lang)
    show_accounts(engagement, lang)
    show_declared(engagement, lang)
    show_context(engagement, found, lang)
    show_limits(engagement, lang)
    if found is not None:
        show_missing(found, lang)


def show_who(engagement: Engagement, target: str, lang: Lang) -> None:
    if target:
        line(say(lang, "engagement.target", target=target))
    else:
        line(say(lang, "engagement.no_target"), "yellow")
    mandate = engagement.mandate
    if mandate is None or set(mandate.empty_lines) == set(MANDATE_LINES):
        line(say(lang, "engagement.no_mandate"), "yellow")
        return
    line(
        say(
            lang,
            "engagement.mandate",
            reference=mandate.reference or "—",
            organisation=mandate.organisation or "—",
            start=mandate.valid_from or "—",
            end=mandate.valid_until or "—",
        )
    )
    rows = [(name, mandate_value(getattr(mandate, name), lang)) for name in MANDATE_LINES]
    table((), ((f"  {say(lang, f'engagement.line.{name}')}", value) for name, value in rows if value))


def mandate_value(value: object, lang: Lang) -> str:
    """A line of the mandate, or a declared value, as people write it."""
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    return said_day(value, lang) if isinstance(value, date) else str(value or "")


def show_levels(engagement: Engagement, levels: tuple[LevelState, ...], lang: Lang) -> None:
    heading(say(lang, "engagement.levels"))
    for state in levels:
        name = say(lang, f"level.{state.level}")
        if state.refusals:
            first = state.refusals[0]
            why = say(lang, f"engagement.refusal.{first.cause}", line=first.line)
            more = len(state.refusals) - 1
            also = say(lang, "engagement.also", count=more) if more else ""
            line(say(lang, "engagement.refused", level=name, why=why) + also, "yellow")
            continue
        said = say(lang, "engagement.allowed", level=name)
        if state.until is not None and engagement.mandate is not None:
            zone = ZoneInfo(engagement.mandate.timezone)
            until = said_moment(state.until.astimezone(zone).replace(tzinfo=None), lang)
            key = "engagement.until_always" if engagement.mandate.at_any_hour else "engagement.until"
            said += say(lang, key, until=until, hours=engagement.mandate.hours, zone=zone.key)
        line(said, "green")


def show_scope(engagement: Engagement, target: str, lang: Lang) -> None:
    scope = engagement.scope
    heading(say(lang, "engagement.scope"))
    rows = {
        "target": target,
        "plain_http": scope.plain_http or "",
        "hosts": ", ".join(f"{host}{'' if ':' in host.rpartition(']')[2] else ':443'}" for host in scope.hosts),
        "addresses": ", ".join(scope.addresses) or say(lang, "engagement.any_address"),
        "ports": say(lang, "engagement.ports_tried") if scope.ports and scope.addresses else "",
        "excluded": ", ".join(scope.excluded_paths) or say(lang, "engagement.none_excluded"),
        "authority": scope.ca_file or "",
        "proxies": ", ".join(engagement.proxies),
    }
    table((), ((f"  {say(lang, f'engagement.place.{name}')}", value) for name, value in rows.items() if value))


def show_accounts(engagement: Engagement, lang: Lang) -> None:
    heading(say(lang, "engagement.accounts"))
    if not engagement.accounts:
        line("  " + say(lang, "engagement.no_account"))
    for label in LABELS:
        section = engagement.accounts.get(label)
        if section is None:
            continue
        line("  " + say(lang, "engagement.account", account=label, role=role(label, lang)))
        for name, reference in references_of(section).items():
            state = state_of(reference)
            said = say(lang, f"engagement.secret.{state}", reference=plain(named(reference), 100))
            line(f"      {name} — {said}", "yellow" if state in LACKING else "")
        if section.password is None:
            line("      " + say(lang, "engagement.secret.no_password"), "yellow")
        if section.login is not None:
            own = engagement.login_of(label)
            where = own.url or say(lang, "engagement.sign_in.found")
            line("      " + say(lang, "engagement.sign_in.own", where=plain(where, 200)))
            target = engagement.scope.target
            if target and own.url and not engagement.scope.names(urljoin(target, own.url)):
                line("      " + say(lang, "engagement.sign_in.outside"), "yellow")
        if given := engagement.canaries.get(label):
            line("      " + say(lang, "engagement.canaries", count=len(given)))
    for label in sorted(set(engagement.canaries) - set(engagement.accounts)):
        line("  " + say(lang, "engagement.canaries_alone", account=label), "yellow")


def role(label: str, lang: Lang) -> str:
    return say(lang, f"engagement.role.{label}")


def show_declared(engagement: Engagement, lang: Lang) -> None:
    heading(say(lang, "engagement.declared"))
    if not engagement.declared:
        line("  " + say(lang, "engagement.nothing_declared"))
    known = declared_table()
    rows = []
    for name, value in engagement.declared.items():
        shown = say(lang, "engagement.given") if known[name].private else mandate_value(value_of(value, lang), lang)
        rows.append((f"  {name}", shown, known[name].in_(lang)))
    if rows:
        table((), rows)


def value_of(value: Any, lang: Lang) -> object:
    if isinstance(value, bool):
        return say(lang, "engagement.yes" if value else "engagement.no")
    return tuple(value) if isinstance(value, list) else str(value)


def show_context(engagement: Engagement, found: Allowance | None, lang: Lang) -> None:
    heading(say(lang, "engagement.context"))
    answers = engagement.context.answers
    if answers:
        table((), ((f"  {name}", mandate_value(value_of(given(value), lang), lang)) for name, value in answers.items()))
    if found is None:
        return
    if found.unanswered:
        line("  " + say(lang, "engagement.unanswered", names=", ".join(found.unanswered)))
    for name, applicability in found.void:
        where = say(lang, "engagement.guide", section=applicability.section, page=applicability.page)
        line(f"  {name} — {applicability.reason.in_(lang)} {where}")
    for reserve in found.reserves:
        where = say(lang, "engagement.guide", section=reserve.section, page=reserve.page)
        line("  " + say(lang, "engagement.reserve", text=reserve.text.in_(lang)) + f" {where}", "yellow")


def given(answer: bool | tuple[str, ...]) -> object:
    return list(answer) if isinstance(answer, tuple) else answer


def show_limits(engagement: Engagement, lang: Lang) -> None:
    heading(say(lang, "engagement.limits"))
    limits = engagement.limits
    line(
        "  "
        + say(
            lang,
            "engagement.budget",
            rate=f"{limits.requests_per_second:g}",
            concurrency=limits.concurrency,
            requests=limits.max_requests,
            connections=limits.max_connections,
            seconds=limits.max_seconds,
        )
    )


def show_missing(found: Allowance, lang: Lang) -> None:
    heading(say(lang, "engagement.now"))
    most = about(found.seconds_max)
    line("  " + say(lang, "plan.runs", count=len(found.runs), requests=found.requests_max, seconds=most))
    heading(say(lang, "engagement.missing"))
    if not found.lacks:
        line("  " + say(lang, "engagement.nothing_missing"), "green")
    for lack in found.lacks:
        names = ", ".join(lack.checks[:MANY])
        if len(lack.checks) > MANY:
            names = say(lang, "engagement.and_more", names=names, count=len(lack.checks) - MANY)
        key = "engagement.lack.silent" if lack.silent else "engagement.lack.held"
        line("  " + say(lang, key, checks=names, remedy=remedy(lack, lang)))
    for reason, checks in found.elsewhere.items():
        line("  " + say(lang, "engagement.lack.elsewhere", checks=", ".join(checks), why=say(lang, f"reason.{reason}")))


def remedy(lack: Lack, lang: Lang) -> str:
    """What to write in the file. Lines of one section are named together."""
    if lack.cause == "undeclared":
        name = lack.lines[0].removeprefix("declared.")
        one = declared_table()[name]
        return say(lang, "engagement.remedy.declared", name=name, example=one.example, meaning=one.in_(lang))
    if lack.cause == "account":
        label = lack.lines[0].removeprefix("accounts.")
        return say(lang, "engagement.remedy.account", account=label, role=role(label, lang))
    names = ", ".join(name.partition(".")[2] or name for name in lack.lines)
    level = f'"{lack.level}"' if lack.level else ""
    return say(lang, f"engagement.remedy.{lack.cause}", names=names, level=level)


def as_data(
    engagement: Engagement, target: str, levels: tuple[LevelState, ...], found: Allowance | None
) -> dict[str, Any]:
    """The same for machines: no secret, no canary, no private value."""
    known = declared_table()
    return {
        "target": target,
        "levels": {
            state.level: {
                "allowed": not state.refusals,
                "line": state.refusals[0].line if state.refusals else None,
                "until": state.until.isoformat() if state.until else None,
                "refusals": [{"line": one.line, "cause": one.cause} for one in state.refusals],
            }
            for state in levels
        },
        "scope": engagement.scope.model_dump(mode="json"),
        "accounts": {
            label: {
                "secrets": {name: state_of(one) for name, one in references_of(section).items()},
                "canaries": len(engagement.canaries.get(label, ())),
                "login": section.login.given if section.login is not None else None,
            }
            for label, section in engagement.accounts.items()
        },
        "declared": {name: None if known[name].private else value for name, value in engagement.declared.items()},
        "context": engagement.context.answers,
        "limits": engagement.limits.model_dump(mode="json"),
        **(checks_as_data(found) if found else {}),
    }


def checks_as_data(found: Allowance) -> dict[str, Any]:
    return {
        "runs": found.runs,
        "requests_max": found.requests_max,
        "missing": [
            {"lines": lack.lines, "cause": lack.cause, "checks": lack.checks, "runs_without": lack.silent}
            for lack in found.lacks
        ],
        "elsewhere": found.elsewhere,
        "not_applicable": [{"rule": name, **one.model_dump(mode="json")} for name, one in found.void],
        "reserves": [one.model_dump(mode="json") for one in found.reserves],
        "unanswered": found.unanswered,
    }
