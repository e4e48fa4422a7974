"""The clock of a log against ours: an offset, and the zone when the log wrote none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from pgssi_probe.traces.record import Record
from pgssi_probe.traces.timeline import ExpectedEvent

QUARTER: Final = 900
"""Zones are whole quarters of an hour."""
PER_KEY: Final = 60
PAIRS_MAX: Final = 1_000_000
"""Pairs of an event and a record that an alignment looks at."""
SUPPORT: Final = 3
"""Events that an alignment without ids puts in place, at least; all of them when there are fewer."""

Key = tuple[str, str, int | None]


@dataclass(frozen=True, slots=True)
class Offset:
    """Seconds to take away from the times of a log to have ours: `zone` (whole quarters) and `clock` together.

    `by` says what it rests on; `support` on how many events.
    """

    clock: float
    zone: int
    by: str
    support: int

    @property
    def seconds(self) -> float:
        return self.zone + self.clock


def key_of(event: ExpectedEvent) -> Key:
    return event.method, event.path, event.status


def lateness(time: float, event: ExpectedEvent) -> float:
    """Seconds between a time and the moments from the sending of a request to its answer; negative before."""
    start = event.at.timestamp()
    end = start + event.seconds
    return time - end if time > end else time - start if time < start else 0.0


def offset_by_ids(pairs: Sequence[tuple[ExpectedEvent, Record]]) -> Offset | None:
    """The median over records with the id of an event. Times are compared with the end of the answer."""
    differences = [
        record.time - event.at.timestamp() - event.seconds for event, record in pairs if record.time is not None
    ]
    if not differences:
        return None
    naive = [not record.aware for _, record in pairs if record.time is not None]
    return _split(median(differences), naive=all(naive), by="ids", support=len(differences))


def offset_by_alignment(events: Sequence[ExpectedEvent], records: Mapping[Key, Sequence[Record]]) -> Offset | None:
    """The offset that puts most events beside a record of the same request and status; None when none stands out."""
    by_key: dict[Key, list[ExpectedEvent]] = defaultdict(list)
    for event in events:
        by_key[key_of(event)].append(event)
    votes: Counter[int] = Counter()
    differences: dict[int, list[tuple[float, str]]] = defaultdict(list)
    naive = False
    budget = PAIRS_MAX
    for key, wanted in sorted(by_key.items(), key=lambda pair: len(records.get(pair[0], ()))):  # rare requests say most
        found = [record for record in records.get(key, ()) if record.time is not None]
        budget -= len(found) * len(wanted[:PER_KEY])
        if budget < 0:
            break
        for event in wanted[:PER_KEY]:
            seen: set[int] = set()
            for record in found:
                assert record.time is not None  # noqa: S101 (narrowing)
                naive = naive or not record.aware
                difference = record.time - event.at.timestamp() - event.seconds
                second = round(difference)
                differences[second].append((difference, event.id))
                seen.add(second)
            votes.update(seen)
    if not votes:
        return None

    def events_at(second: int) -> set[str]:
        return {event for near in (second - 1, second, second + 1) for _, event in differences.get(near, ())}

    # The smallest offset wins where several do as well: a log is more often right than wrong.
    candidates = sorted(votes, key=lambda one: (-(votes[one - 1] + votes[one] + votes[one + 1]), abs(one)))[:50]
    best = max(candidates, key=lambda one: (len(events_at(one)), -abs(one)))
    support = len(events_at(best))
    if support < min(SUPPORT, len(events)):
        return None
    around = [value for near in (best - 1, best, best + 1) for value, _ in differences.get(near, ())]
    return _split(median(around), naive=naive, by="alignment", support=support)


def _split(seconds: float, *, naive: bool, by: str, support: int) -> Offset:
    """A zone is only looked for where the log wrote none: a clock that is an hour wrong is wrong."""
    zone = round(seconds / QUARTER) * QUARTER if naive else 0
    return Offset(seconds - zone, zone, by, support)
