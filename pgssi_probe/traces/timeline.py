"""What a run did to its target, as an operator would name it: from the journal, without reading anything else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import Field

from pgssi_probe.model.outcome import Frozen
from pgssi_probe.net.journal import MAX_LINE

SCHEMA: Final = "pgssi-probe/traces-expected/1"
FORGED: Final = "203.0.113.77"
"""An address of documentation (RFC 5737) that no client can have: sent in X-Forwarded-For, it must not be believed."""
READS_MAX: Final = 200
"""Reads and other plain requests of the time-line; security events are never left out."""


class EventKind(StrEnum):
    """Kinds of TR1: openings and closings of sessions, refusals, anomalies, reads."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_OUT = "sign_out"
    REFUSAL = "refusal"
    ERROR = "error"
    CHANGE = "change"
    READ = "read"
    FORGED_ADDRESS = "forged_address"
    REQUEST = "request"

    @property
    def of_security(self) -> bool:
        return self is not EventKind.REQUEST


class ExpectedEvent(Frozen):
    """One request of the run. `id` is its X-Request-Id; `seconds` how long its answer took."""

    id: str
    at: datetime
    seconds: float
    kind: EventKind
    method: str
    host: str
    path: str
    status: int | None
    account: str = Field("", description="label of the account, never a user name")
    source: str = Field("", description="address that the probe sent from, before any translation")
    forwarded_for: str = ""


class Timeline(Frozen):
    """`sources` are the addresses that the probe sent from, and those of the mandate; `token_prints` are fingerprints
    of the session tokens of the run, useless without the key that stays in its folder."""

    schema_version: str = SCHEMA
    run: str
    target: str
    user_agent: str
    started: datetime
    finished: datetime
    forged_address: str = FORGED
    sources: tuple[str, ...]
    journal_head: str
    events: tuple[ExpectedEvent, ...]
    left_out: int = Field(0, description="plain requests beyond the first, for want of room")


class JournalUnreadable(Exception):
    """There is no journal to read."""


def records(path: Path) -> Iterable[Mapping[str, Any]]:
    """The lines of a journal that are ours; JournalUnreadable when there is none."""
    try:
        with path.open("rb") as file:
            while line := file.readline(MAX_LINE):
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(record, dict):
                    yield record
    except OSError:
        raise JournalUnreadable(str(path)) from None


def timeline(
    lines: Iterable[Mapping[str, Any]], *, run: str, target: str, user_agent: str, head: str,
    window: tuple[datetime, datetime], declared_sources: tuple[str, ...] = (),
) -> tuple[Timeline, frozenset[str]]:  # fmt: skip
    """The time-line of a journal, and the fingerprints of tokens that it holds.

    Security events all; of the rest, the first READS_MAX. Requests to other hosts than the target's are not in it.
    """
    host = urlsplit(target).hostname or ""
    sign_ins: dict[str, str] = {}
    found: list[Mapping[str, Any]] = []
    prints: set[str] = set()
    for record in lines:
        if record.get("kind") == "event" and record.get("event") == "sign_in":
            sign_ins[str(record.get("request"))] = str(record.get("result"))
        elif record.get("kind") == "request":
            found.append(record)
            prints.update(one for one in str(record.get("tokens") or "").split(",") if one)
    events = []
    plain = left_out = 0
    for record in found:
        event = _event(record, sign_ins)
        if event is None or event.host != host:
            continue
        if event.kind in {EventKind.REQUEST, EventKind.READ}:
            plain += 1
            if plain > READS_MAX:
                left_out += 1
                continue
        events.append(event)
    sources = dict.fromkeys([*(event.source for event in events if event.source), *declared_sources])
    made = Timeline(
        run=run, target=target, user_agent=user_agent, started=window[0], finished=window[1], sources=tuple(sources),
        journal_head=head, events=tuple(sorted(events, key=lambda event: event.at)), left_out=left_out,
    )  # fmt: skip
    return made, frozenset(prints)


def _event(record: Mapping[str, Any], sign_ins: Mapping[str, str]) -> ExpectedEvent | None:
    """None for a line that lacks what every request has, or that got no answer: nobody has to record it."""
    try:
        parts = urlsplit(str(record["url"]))
        status = record.get("status")
        if status is None:
            return None
        identifier = str(record["id"])
        return ExpectedEvent(
            id=identifier,
            at=datetime.fromisoformat(str(record["time"])),
            seconds=int(record.get("ms", 0)) / 1000,
            kind=_kind(record, sign_ins.get(identifier), int(status)),
            method=str(record["method"]),
            host=parts.hostname or "",
            path=parts.path or "/",
            status=int(status),
            account=str(record.get("account") or ""),
            source=_address(str(record.get("source") or "")),
            forwarded_for=str(record.get("forwarded_for") or ""),
        )
    except (KeyError, ValueError, TypeError):
        return None


def _kind(record: Mapping[str, Any], sign_in: str | None, status: int) -> EventKind:
    if sign_in == "signed_in":
        return EventKind.SIGN_IN
    if sign_in is not None:
        return EventKind.SIGN_IN_FAILED
    if record.get("act") == "sign_out":
        return EventKind.SIGN_OUT
    if FORGED in str(record.get("forwarded_for") or ""):
        return EventKind.FORGED_ADDRESS
    if status >= 500:
        return EventKind.ERROR
    if status in {401, 403, 429}:
        return EventKind.REFUSAL
    if record.get("account") and status < 400:
        return EventKind.READ if record.get("method") in {"GET", "HEAD", "OPTIONS"} else EventKind.CHANGE
    return EventKind.REQUEST


def _address(endpoint: str) -> str:
    """`127.0.0.1` of `127.0.0.1:55036`, `::1` of `[::1]:55036`."""
    host, colon, port = endpoint.rpartition(":")
    return (host if colon and port.isdigit() else endpoint).strip("[]")
