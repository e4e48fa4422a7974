"""`traces expected` and `traces match`: what the run did, and what the operator's logs hold of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pgssi_probe.check.official import titled
from pgssi_probe.cli.delivering import complain, deliver
from pgssi_probe.cli.exits import Exit, Stop, explained, stop, system_words
from pgssi_probe.cli.formats import reporters as reporters_for
from pgssi_probe.cli.page import heading, line, path_line, table, write_json
from pgssi_probe.cli.safe import plain
from pgssi_probe.cli.sealing import SealChoice, seal_for
from pgssi_probe.cli.stale import Sealed
from pgssi_probe.clock import SystemClock
from pgssi_probe.engine.evidence import EvidenceRoom
from pgssi_probe.engine.folder import TOKEN_KEY, RunFolder
from pgssi_probe.guide import guide
from pgssi_probe.history.reading import read_report
from pgssi_probe.model.outcome import Observation, Subject
from pgssi_probe.model.rendering import SealError
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang
from pgssi_probe.registry import check
from pgssi_probe.traces.formats import FORMATS, Format, read_log
from pgssi_probe.traces.judging import alert_observations, observations
from pgssi_probe.traces.leaks import Secrets
from pgssi_probe.traces.lines import LogUnreadable
from pgssi_probe.traces.match import Matcher, TraceMatch, alerts_in
from pgssi_probe.traces.merging import ALERTS, TRACES, merged
from pgssi_probe.traces.timeline import JournalUnreadable, Timeline, records, timeline
from pgssi_probe.words import say

KEPT = "traces.json"
JOURNAL = "journal.jsonl"


def expected(run: Path, out: Path | None, lang: Lang, choice: SealChoice | None, *, json: bool) -> Exit:
    """Write the time-line as JSON and as a text, each with its seal beside it."""
    _, made, _ = _timeline_of(run, lang)
    target = out or Path(f"traces-{made.run}.json")
    text = target.with_suffix(".txt")
    try:
        target.write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
        text.write_text(readable(made, lang), encoding="utf-8")
    except OSError as error:
        import errno

        detail = system_words(lang, errno.errorcode.get(error.errno or 0, ""))
        stop(lang, "init.unwritable", Exit.INTERNAL, path=target, detail=detail)
    if choice is not None:
        seal = seal_for(lang)
        try:
            seal.sign(
                (target, text), key=choice.key, password=choice.password, tsa=choice.tsa, revocation=choice.revocation
            )
        except SealError as error:
            raise Stop(Exit.USAGE, say(lang, "summary.unsealed", why=seal.explain(error, lang))) from None
    if json:
        write_json(made.model_dump(mode="json"))
        return Exit.OK
    counts = Counter(event.kind for event in made.events)
    path_line(say(lang, "traces.written", path=target, text=text))
    table((), ((f"  {count:>4}", say(lang, f"traces.kind.{kind}")) for kind, count in counts.items()))
    path_line(say(lang, "traces.next", run=run))
    return Exit.OK


def readable(made: Timeline, lang: Lang) -> str:
    """The time-line for people: one event a line, in the order of time."""
    rows = [
        say(lang, "traces.text.title", run=made.run, target=plain(made.target)),
        say(lang, "traces.text.sources", sources=", ".join(made.sources) or "—", agent=plain(made.user_agent)),
        say(lang, "traces.text.forged", forged=made.forged_address),
        say(lang, "traces.text.journal", head=made.journal_head),
        "",
    ]
    for event in made.events:
        kind = say(lang, f"traces.kind.{event.kind}")
        at = event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        request = f"{event.method} {plain(event.path, 200)}"
        rows.append(f"{at}  {kind:<28} {event.status or '—':>3}  {event.id}  {event.account:<9} {request}")
    if made.left_out:
        rows.append(say(lang, "traces.text.left_out", count=made.left_out))
    return "\n".join(rows) + "\n"


def match(
    run: Path,
    logs: list[Path],
    lang: Lang,
    *,
    form: str,
    alerts: list[Path],
    engagement: Path | None,
    formats: tuple[str, ...],
    choice: SealChoice | None,
    json: bool,
) -> Exit:
    """Compare, write `traces.json`, and make the report again with what was found. 1 when something is wrong."""
    if form not in FORMATS:
        stop(lang, "error.bad_choice", value=form, option="--format", choices=", ".join(FORMATS))
    reporters = reporters_for(lang, formats)
    result, made, prints = _timeline_of(run, lang)
    found = _read(made, prints, logs, alerts, _passwords(engagement, lang), run, form, lang)
    room, before = RunFolder(run), Sealed.of(run)
    evidence = EvidenceRoom(room.evidence, SystemClock())
    said = _said(found, made, result, evidence, alerts=bool(alerts))
    again = merged(result, guide(), said, evidence.pieces())
    with explained(lang):
        room.write(KEPT, found)
        room.write("report.json", again)
        delivered = deliver(again, run, lang, reporters=reporters, choice=choice, before=before)
    outcomes = [outcome for outcome in again.outcomes if outcome.check in {TRACES, ALERTS}]
    if json:
        data = {**found.model_dump(mode="json"), "outcomes": [one.model_dump(mode="json") for one in outcomes]}
        write_json(data)
    else:
        show(found, lang)
        heading(say(lang, "traces.says"))
        for outcome in outcomes:
            line("  " + plain(outcome.sentence.in_(lang), 600), "yellow" if outcome.failed else "")
        if not any(event.found for event in found.events):
            line(say(lang, "traces.nothing", **_window(made)), "yellow")
        path_line(say(lang, "traces.kept", path=run / KEPT))
    complain(delivered, lang)
    return Exit.DEVIATIONS if any(outcome.failed for outcome in outcomes) else Exit.OK


def show(found: TraceMatch, lang: Lang) -> None:
    for log in found.logs:
        line(say(lang, "traces.log", name=plain(log.name), records=log.records, matched=log.matched))
        if log.clock is not None:
            zone = f"{(log.zone or 0) / 3600:+g}"
            line("  " + say(lang, f"traces.clock.{log.clock_by}", seconds=f"{log.clock:+.1f}", zone=zone))
    heading(say(lang, "traces.events"))
    kinds = Counter(event.kind for event in found.events)
    there = Counter(event.kind for event in found.events if event.found)
    rows = ((f"  {there[kind]:>4} / {count}", say(lang, f"traces.kind.{kind}")) for kind, count in kinds.items())
    table((), rows)


def _window(made: Timeline) -> dict[str, object]:
    return {"host": plain(urlsplit(made.target).netloc), "start": made.started, "end": made.finished}


def _timeline_of(run: Path, lang: Lang) -> tuple[RunResult, Timeline, frozenset[str]]:
    with explained(lang):
        result = read_report(run)
    if not run.is_dir():
        stop(lang, "traces.error.no_folder", path=run)
    mandate = result.engagement.mandate
    try:
        made, prints = timeline(
            records(run / JOURNAL),
            run=result.run.id,
            target=result.run.target,
            user_agent=result.run.user_agent,
            head=result.run.journal_head,
            window=(result.run.started, result.run.finished),
            declared_sources=mandate.source_addresses if mandate else (),
        )
    except JournalUnreadable:
        stop(lang, "traces.error.no_journal", path=run)
    return result, made, prints


def _read(
    made: Timeline,
    prints: frozenset[str],
    logs: list[Path],
    alerts: list[Path],
    passwords: tuple[str, ...],
    run: Path,
    form: str,
    lang: Lang,
) -> TraceMatch:
    from pgssi_probe.declarations.file import digest_of

    key = (run / TOKEN_KEY).read_bytes() if (run / TOKEN_KEY).is_file() else b""
    matcher = Matcher(made, Secrets(key, prints if key else frozenset(), passwords))
    kind: Format = form  # type: ignore[assignment] # checked by the caller
    try:
        for log in logs:
            digest, _ = digest_of(log)
            matcher.read(log.name, digest or "", read_log(log, kind, made.started))
        found = matcher.result(SystemClock().now())
        for alert in alerts:
            found = alerts_in(found, made, read_log(alert, "auto", made.started))
    except LogUnreadable as error:
        detail = system_words(lang, error.detail) if error.detail else ""
        stop(lang, f"traces.error.{error.code}", path=error.path, detail=detail)
    return found


def _said(
    found: TraceMatch, made: Timeline, result: RunResult, evidence: EvidenceRoom, *, alerts: bool
) -> list[tuple[Any, list[Observation]]]:
    site = Subject(kind="site", name=result.run.target.rstrip("/"))
    trace = check(TRACES).metadata
    said = [(trace, observations(found, made, site, float(str(trace.settings["clock_seconds"].value))))]
    if alerts:
        alert = check(ALERTS).metadata
        said.append((alert, alert_observations(found, made, site, int(str(alert.settings["provoked_least"].value)))))
    data: dict[str, Any] = {
        "logs": [log.model_dump(mode="json") for log in found.logs],
        "events": [event.model_dump(mode="json", exclude={"path"}) for event in found.events[:100]],
        "leaks": [leak.model_dump(mode="json") for leak in found.leaks[:50]],
        "alerts": list(found.alerts),
    }
    identifier = evidence.facts(TRACES, "facts", titled(trace, "matched", {}), data)
    return [
        (metadata, [one.model_copy(update={"evidence": (identifier,)}) for one in several])
        for metadata, several in said
    ]


def _passwords(engagement: Path | None, lang: Lang) -> tuple[str, ...]:
    """Passwords of the accounts of an engagement, to be looked for in memory only."""
    if engagement is None:
        return ()
    from pgssi_probe.cli.secrets import resolver
    from pgssi_probe.engagement import load_engagement

    with explained(lang):
        loaded = load_engagement(engagement)
        accounts = resolver(lang)(loaded, frozenset(loaded.accounts))
    return tuple(account.password.reveal() for account in accounts.values() if account.password is not None)
