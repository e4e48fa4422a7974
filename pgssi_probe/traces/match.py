"""The events of a run against the records of its operator: which are there, at what time, with which fields."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from ipaddress import ip_address, ip_network
from typing import Final, Literal

from pydantic import Field

from pgssi_probe.model.outcome import Frozen
from pgssi_probe.traces.align import Key, Offset, key_of, lateness, offset_by_alignment, offset_by_ids
from pgssi_probe.traces.fields import address
from pgssi_probe.traces.leaks import LEAKS_MAX, Leak, Secrets
from pgssi_probe.traces.record import Record
from pgssi_probe.traces.timeline import FORGED, EventKind, ExpectedEvent, Timeline

SCHEMA: Final = "pgssi-probe/traces/1"
TOLERANCE: Final = 2.0
"""Seconds between a record and its event, clocks once set."""
AROUND: Final = timedelta(hours=26)
"""Records further from the run than this, any zone included, are none of it."""
CANDIDATES_MAX: Final = 300_000
PLACES_MAX: Final = 5
ALERT_WITHIN: Final = timedelta(minutes=30)
"""How long after the last provoked event an alert still answers the run."""

AddressState = Literal["right", "other", "forged", "missing"]


class LogRead(Frozen):
    """One file of the operator's. `clock` and `zone` are in seconds; None when its clock could not be set."""

    name: str
    sha256: str
    records: int
    matched: int = 0
    clock: float | None = None
    zone: int | None = None
    clock_by: str = ""


class EventMatch(Frozen):
    """What was recorded of one event. `late` is None when no record of it has a time that can be compared.

    `type_given`, `author_given` and `address` are judged over all its records together.
    """

    id: str
    kind: EventKind
    at: datetime
    method: str
    path: str
    status: int | None
    found: bool
    by: Literal["id", "time", ""] = ""
    late: float | None = Field(None, description="seconds between the record and the event, clocks once set")
    type_given: bool = False
    author_given: bool = False
    address: AddressState = "missing"
    addresses: tuple[str, ...] = Field((), description="as recorded, when they are not those of the probe")
    places: tuple[str, ...] = Field((), description="file:line, the first ones")

    @property
    def on_time(self) -> bool | None:
        return None if self.late is None else abs(self.late) <= TOLERANCE


class TraceMatch(Frozen):
    """`traces.json`. Holds no line of any log."""

    schema_version: str = SCHEMA
    run: str
    matched_at: datetime
    journal_head: str
    logs: tuple[LogRead, ...]
    events: tuple[EventMatch, ...]
    leaks: tuple[Leak, ...] = ()
    alerts: tuple[str, ...] = Field((), description="times of the alerts that answer the run, ours, the first ones")
    alerts_given: bool = False
    provoked: int = Field(0, description="failed sign-ins, refusals and errors that the run caused")

    def of(self, *kinds: EventKind) -> tuple[EventMatch, ...]:
        return tuple(event for event in self.events if event.kind in kinds)


@dataclass
class _Log:
    """What is kept of one file while it is read."""

    name: str
    sha256: str
    records: int = 0
    by_id: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    by_key: dict[Key, list[Record]] = field(default_factory=lambda: defaultdict(list))
    offset: Offset | None = None
    matched: int = 0


class Matcher:
    """Give it the records of each file, then ask for the `result`."""

    def __init__(self, timeline: Timeline, secrets: Secrets | None = None) -> None:
        self._timeline = timeline
        self._secrets = secrets or Secrets()
        self._wanted = {event.id: event for event in timeline.events}
        self._keys = {key_of(event) for event in timeline.events}
        self._logs: list[_Log] = []
        self._leaks: list[Leak] = []
        self._kept = 0
        self._first = (timeline.started - AROUND).timestamp()
        self._last = (timeline.finished + AROUND).timestamp()

    def read(self, name: str, sha256: str, records: Iterable[Record]) -> None:
        """Keeps what may be of the run; the rest is only looked through for secrets."""
        log = _Log(name, sha256)
        self._logs.append(log)
        for record in records:
            log.records += 1
            ids = [one for one in record.ids if one in self._wanted]
            near = record.time is None or self._first <= record.time <= self._last
            if not ids and not near:
                continue
            for one in ids:
                log.by_id[one].append(record)
            if not ids and record.request_key in self._keys and self._kept < CANDIDATES_MAX:
                log.by_key[record.request_key].append(record)
                self._kept += 1
            ours = bool(ids) or self._timeline.run in record.text
            leak = self._secrets.in_text(record.text, ours=ours)
            if leak is not None and len(self._leaks) < LEAKS_MAX:
                self._leaks.append(Leak(file=name, line=record.line, kind=leak))

    def result(self, now: datetime) -> TraceMatch:
        found: dict[str, list[tuple[_Log, Record]]] = defaultdict(list)
        by: dict[str, Literal["id", "time"]] = {}
        for log in self._logs:
            pairs = [(self._wanted[one], record) for one, records in log.by_id.items() for record in records]
            log.offset = offset_by_ids(pairs)
            for event, record in pairs:
                found[event.id].append((log, record))
                by[event.id] = "id"
            log.matched = len(log.by_id)
        for log in self._logs:
            left = [event for event in self._timeline.events if by.get(event.id) != "id"]
            if not left or not log.by_key:
                continue
            offset = log.offset or offset_by_alignment(left, log.by_key)
            if offset is None:
                continue
            log.offset = offset
            for event, record in _placed(left, log.by_key, offset):
                found[event.id].append((log, record))
                by.setdefault(event.id, "time")
                log.matched += 1
        events = tuple(
            self._event(event, found.get(event.id, []), by.get(event.id, "")) for event in self._timeline.events
        )
        return TraceMatch(
            run=self._timeline.run,
            matched_at=now.astimezone(UTC),
            journal_head=self._timeline.journal_head,
            logs=tuple(_read(log) for log in self._logs),
            events=events,
            leaks=tuple(self._leaks),
            provoked=len(provoked(self._timeline.events)),
        )

    def _event(
        self, event: ExpectedEvent, found: Sequence[tuple[_Log, Record]], by: Literal["id", "time", ""]
    ) -> EventMatch:
        late = [
            lateness(record.time - log.offset.seconds, event)
            for log, record in found
            if record.time is not None and log.offset is not None
        ]
        return EventMatch(
            id=event.id,
            kind=event.kind,
            at=event.at,
            method=event.method,
            path=event.path,
            status=event.status,
            found=bool(found),
            by=by,
            late=round(sorted(late, key=_size)[0], 3) if late else None,
            type_given=any(record.kind or (record.method and record.status) for _, record in found),
            author_given=any(record.author for _, record in found),
            address=self._address(event, [self._recorded(record) for _, record in found]),
            addresses=self._others([record.address for _, record in found]),
            places=tuple(f"{log.name}:{record.line}" for log, record in found[:PLACES_MAX]),
        )

    def _address(self, event: ExpectedEvent, recorded: Sequence[str]) -> AddressState:
        given = [one for one in recorded if one]
        if not given:
            return "missing"
        if FORGED in event.forwarded_for and FORGED in given:
            return "forged"
        return "right" if any(_expected(one, self._timeline.sources) for one in given) else "other"

    def _recorded(self, record: Record) -> str:
        """The address of a record; without a field for it, that of the probe where it stands in the line at all."""
        if record.address or FORGED in record.text:
            return record.address
        said = (one.strip("[]()<>\"'.,;") for one in re.split(r"[\s=|]+|:(?=\d{1,5}(?:\D|$))|[\"',;]", record.text))
        return next((one for one in said if (known := address(one)) and _expected(known, self._timeline.sources)), "")

    def _others(self, recorded: Sequence[str]) -> tuple[str, ...]:
        others = (one for one in recorded if one and not _expected(one, self._timeline.sources))
        return tuple(dict.fromkeys(others))[:PLACES_MAX]


def alerts_in(match: TraceMatch, timeline: Timeline, records: Iterable[Record]) -> TraceMatch:
    """The same with the alerts that came while the run provoked something, or soon after.

    The zone of alerts without one is that of the logs. Times are ours.
    """
    zone = next((log.zone for log in match.logs if log.zone), 0)
    caused = provoked(timeline.events)
    found = []
    if caused:
        first = min(event.at for event in caused).timestamp() - TOLERANCE
        last = (max(event.at for event in caused) + ALERT_WITHIN).timestamp()
        for record in records:
            time = None if record.time is None else record.time - (0 if record.aware else zone)
            if time is not None and first <= time <= last:
                found.append(datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds"))
    return match.model_copy(update={"alerts": (*match.alerts, *found)[:20], "alerts_given": True})


def provoked(events: Sequence[ExpectedEvent]) -> tuple[ExpectedEvent, ...]:
    """What should raise somebody's attention."""
    kinds = {EventKind.SIGN_IN_FAILED, EventKind.REFUSAL, EventKind.ERROR}
    return tuple(event for event in events if event.kind in kinds)


def _placed(
    events: Sequence[ExpectedEvent], records: Mapping[Key, Sequence[Record]], offset: Offset
) -> Iterable[tuple[ExpectedEvent, Record]]:
    """Events and records of the same method, path and status, each once, and as many as can be.

    An answer may last for seconds and a log may count whole ones, so that several events claim the same record: taking
    the closest first leaves some without any, which would read as an event that was not recorded. Each record, in the
    order of time, goes to the event that can wait least for another: that places the most (Glover, 1967).
    """
    by_key: dict[Key, list[ExpectedEvent]] = defaultdict(list)
    for event in events:
        by_key[key_of(event)].append(event)
    for key, wanted in by_key.items():
        timed = sorted(
            (record.time - offset.seconds, place, record)
            for place, record in enumerate(records.get(key, ()))
            if record.time is not None
        )
        coming = sorted(wanted, key=lambda event: event.at, reverse=True)
        waiting: list[tuple[float, str, ExpectedEvent]] = []
        for time, _, record in timed:
            while coming and coming[-1].at.timestamp() - TOLERANCE <= time:
                event = coming.pop()
                heappush(waiting, (event.at.timestamp() + event.seconds + TOLERANCE, event.id, event))
            while waiting and waiting[0][0] < time:
                heappop(waiting)
            if waiting:
                yield heappop(waiting)[2], record


def _expected(recorded: str, sources: Sequence[str]) -> bool:
    found = ip_address(recorded)
    for source in sources:
        try:
            if found in ip_network(source, strict=False):
                return True
        except ValueError:
            continue
    return False


def _read(log: _Log) -> LogRead:
    offset = log.offset
    return LogRead(
        name=log.name,
        sha256=log.sha256,
        records=log.records,
        matched=log.matched,
        clock=round(offset.clock, 3) if offset else None,
        zone=offset.zone if offset else None,
        clock_by=offset.by if offset else "",
    )


def _size(seconds: float) -> float:
    return abs(seconds)
