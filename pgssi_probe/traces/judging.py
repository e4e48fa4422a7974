"""From what was found in logs to observations of the two checks that speak of them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from pydantic import JsonValue

from pgssi_probe.model.outcome import Observation, Reason, Subject, inconclusive
from pgssi_probe.traces.match import TOLERANCE, EventMatch, TraceMatch
from pgssi_probe.traces.timeline import FORGED, EventKind, Timeline

SHOWN: Final = 10
AUTHORED: Final = (EventKind.SIGN_IN, EventKind.SIGN_IN_FAILED, EventKind.SIGN_OUT)
READS: Final = (EventKind.READ, EventKind.CHANGE)


def observations(match: TraceMatch, timeline: Timeline, site: Subject, clock_seconds: float) -> list[Observation]:
    """What the logs say. Nothing found at all is no proof: they may be the logs of something else."""
    found = [event for event in match.events if event.found]
    if not found:
        return [inconclusive(site, Reason.NO_SAMPLE), *_leaks(match, site)]
    return [
        *_presence(match, site),
        *_fields(found, site),
        *_addresses(found, timeline, site),
        *_clocks(match, clock_seconds),
        *_leaks(match, site),
    ]


def alert_observations(match: TraceMatch, timeline: Timeline, site: Subject, least: int) -> list[Observation]:
    """What the alerts say; nothing when too little was provoked for anybody to be alerted."""
    if not match.alerts_given or match.provoked < least:
        return [inconclusive(site, Reason.NO_SAMPLE)]
    if match.alerts:
        facts: dict[str, JsonValue] = {"alerts": len(match.alerts), "count": match.provoked, "first": match.alerts[0]}
        return [Observation(slug="alerted", subject=site, facts=facts)]
    span = {"start": f"{timeline.started:%Y-%m-%d %H:%M:%S}Z", "end": f"{timeline.finished:%Y-%m-%d %H:%M:%S}Z"}
    return [Observation(slug="no-alert", subject=site, facts={"count": match.provoked, **span})]


def _presence(match: TraceMatch, site: Subject) -> Iterator[Observation]:
    logs = ", ".join(log.name for log in match.logs[:SHOWN])
    security = [event for event in match.events if event.kind.of_security and event.kind not in READS]
    missing = [event for event in security if not event.found]
    if missing:
        kinds = Counter(event.kind for event in missing)
        facts: dict[str, JsonValue] = {
            "missing": len(missing),
            "total": len(security),
            "kinds": ", ".join(f"{kind} ({count})" for kind, count in kinds.items()),
            "ids": ", ".join(event.id for event in missing[:SHOWN]),
            "logs": logs,
        }
        yield Observation(slug="events-missing", subject=site, facts=facts)
    elif security:
        yield Observation(slug="complete", subject=site, facts={"total": len(security), "logs": logs})
    reads = match.of(*READS)
    unread = sum(not event.found for event in reads)
    if unread:
        facts = {"missing": unread, "total": len(reads), "logs": logs}
        yield Observation(slug="reads-missing", subject=site, facts=facts)


def _fields(found: Sequence[EventMatch], site: Subject) -> Iterator[Observation]:
    total = len(found)
    authored = [event for event in found if event.kind in AUTHORED]
    off = [abs(event.late) for event in found if event.late is not None and abs(event.late) > TOLERANCE]
    counts = {
        "times-missing": (sum(event.late is None for event in found), total),
        "type-missing": (sum(not event.type_given for event in found), total),
        "author-missing": (sum(not event.author_given for event in authored), len(authored)),
        "address-missing": (sum(event.address == "missing" for event in found), total),
    }
    if off:
        facts: dict[str, JsonValue] = {"count": len(off), "total": total, "worst": round(max(off), 1)}
        yield Observation(slug="times-off", subject=site, facts=facts)
    for slug, (count, among) in counts.items():
        if count:
            yield Observation(slug=slug, subject=site, facts={"count": count, "total": among})
    wrong = off or any(count for count, _ in counts.values()) or any(event.address != "right" for event in found)
    if not wrong:
        yield Observation(slug="well-filled", subject=site, facts={"total": total})


def _addresses(found: Sequence[EventMatch], timeline: Timeline, site: Subject) -> Iterator[Observation]:
    forged = [event for event in found if event.address == "forged"]
    announced = {event.id for event in timeline.events if FORGED in event.forwarded_for}
    if forged:
        yield Observation(slug="forged-address", subject=site, facts={"forged": FORGED, "count": len(forged)})
    elif tried := [event for event in found if event.id in announced and event.address != "missing"]:
        yield Observation(slug="address-not-fooled", subject=site, facts={"forged": FORGED, "count": len(tried)})
    other = [event for event in found if event.address == "other"]
    if other:
        facts: dict[str, JsonValue] = {
            "count": len(other),
            "total": len(found),
            "addresses": ", ".join(list(dict.fromkeys(one for event in other for one in event.addresses))[:SHOWN]),
            "sources": ", ".join(timeline.sources[:SHOWN]) or "—",
        }
        yield Observation(slug="address-other", subject=site, facts=facts)


def _clocks(match: TraceMatch, clock_seconds: float) -> Iterator[Observation]:
    for log in match.logs:
        if log.clock is not None and abs(log.clock) > clock_seconds:
            subject = Subject(kind="file", name=log.name)
            yield Observation(slug="clock-off", subject=subject, facts={"log": log.name, "seconds": round(log.clock)})


def _leaks(match: TraceMatch, site: Subject) -> Iterator[Observation]:
    kinds = Counter(leak.kind for leak in match.leaks)
    sure = [leak for leak in match.leaks if leak.kind != "pattern"]
    doubtful = [leak for leak in match.leaks if leak.kind == "pattern"]
    if sure:
        facts: dict[str, JsonValue] = {
            "passwords": kinds["password"],
            "tokens": kinds["token"],
            "places": ", ".join(f"{leak.file}:{leak.line}" for leak in sure[:SHOWN]),
        }
        yield Observation(slug="secret-logged", subject=site, facts=facts)
    if doubtful:
        places = ", ".join(f"{leak.file}:{leak.line}" for leak in doubtful[:SHOWN])
        yield Observation(slug="secret-suspected", subject=site, facts={"count": len(doubtful), "places": places})
