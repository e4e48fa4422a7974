"""The clock of a log, found with ids and without; secrets; alerts. Generated runs and logs."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.model.outcome import Subject
from pgssi_probe.net.exchange import Exchange, Request
from pgssi_probe.net.fingerprint import tokens_of
from pgssi_probe.traces.judging import alert_observations, observations
from pgssi_probe.traces.leaks import Secrets
from pgssi_probe.traces.match import Matcher, TraceMatch, alerts_in
from pgssi_probe.traces.record import Record
from pgssi_probe.traces.timeline import FORGED, EventKind, ExpectedEvent, Timeline, timeline

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SITE = Subject(kind="site", name="https://portail.example")


def event(number: int, seconds: float, kind: EventKind = EventKind.REFUSAL, **values: object) -> ExpectedEvent:
    return ExpectedEvent.model_validate(
        {
            "id": f"{number:032x}", "at": START + timedelta(seconds=seconds), "seconds": 0.05, "kind": kind,
            "method": "GET", "host": "portail.example", "path": f"/p{number % 7}", "status": 403, "source": "192.0.2.7",
            **values,
        }
    )  # fmt: skip


def line_of(events: list[ExpectedEvent]) -> Timeline:
    return Timeline(
        run="R1", target="https://portail.example/", user_agent="pgssi-probe", started=START,
        finished=START + timedelta(minutes=30), sources=("192.0.2.7",), journal_head="0" * 64, events=tuple(events),
    )  # fmt: skip


def record(
    one: ExpectedEvent, offset: float = 0.0, *, ids: bool = True, aware: bool = True, **values: object
) -> Record:
    fields = {
        "line": 1, "text": "", "time": one.at.timestamp() + one.seconds + offset, "aware": aware,
        "ids": (one.id,) if ids else (), "method": one.method, "path": one.path, "status": one.status,
        "address": "192.0.2.7", "author": "alice", "kind": "refus", **values,
    }  # fmt: skip
    return Record(**fields)  # type: ignore[arg-type]


def matched(made: Timeline, records: list[Record], secrets: Secrets | None = None) -> TraceMatch:
    matcher = Matcher(made, secrets)
    matcher.read("a.log", "", records)
    return matcher.result(START)


def slugs(found: TraceMatch, made: Timeline) -> set[str]:
    return {one.slug for one in observations(found, made, SITE, 60)}


@settings(max_examples=60, deadline=None)
@given(
    st.integers(4, 40),
    st.integers(-48, 56),
    st.floats(-40, 40),
    st.booleans(),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_the_clock_is_found_and_every_event_with_it(
    count: int, quarters: int, clock: float, ids: bool, aware: bool, chance: random.Random
) -> None:
    zone = 0 if aware else quarters * 900
    seconds = sorted(chance.uniform(0, 1500) for _ in range(count))
    made = line_of([event(number, at) for number, at in enumerate(seconds)])
    records = [record(one, zone + clock + chance.uniform(-0.4, 0.4), ids=ids, aware=aware) for one in made.events]
    chance.shuffle(records)
    found = matched(made, records)
    if ids:
        assert all(one.found for one in found.events)
        (log,) = found.logs
        assert log.zone == zone
        assert log.clock == pytest.approx(clock, abs=0.5)
    else:
        assert sum(one.found for one in found.events) >= 0.8 * count
    assert all(one.on_time for one in found.events if one.found)


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 30), st.sets(st.integers(0, 29)))
def test_what_is_not_in_the_log_is_never_found(count: int, gone: set[int]) -> None:
    made = line_of([event(number, number * 11) for number in range(count)])
    kept = [record(one) for number, one in enumerate(made.events) if number not in gone]
    found = matched(made, kept)
    assert {one.id for one in found.events if one.found} == {one.ids[0] for one in kept}
    assert ("complete" in slugs(found, made)) == (len(kept) == count)


def test_each_field_is_judged() -> None:
    made = line_of(
        [
            event(1, 1, EventKind.SIGN_IN),
            event(2, 30, EventKind.FORGED_ADDRESS, forwarded_for=FORGED),
            event(3, 60),
            event(4, 90),
        ]
    )
    one, two, three, four = made.events
    assert slugs(matched(made, [record(each) for each in made.events]), made) == {
        "complete", "well-filled", "address-not-fooled",
    }  # fmt: skip
    fooled = [record(one), record(two, address=FORGED), record(three), record(four)]
    assert "forged-address" in slugs(matched(made, fooled), made)
    nobody = [record(one, author=""), record(two), record(three), record(four)]
    assert "author-missing" in slugs(matched(made, nobody), made)
    nowhere = [record(each, address="") for each in made.events]
    assert "address-missing" in slugs(matched(made, nowhere), made)
    relay = [record(each, address="10.0.0.9") for each in made.events]
    assert "address-other" in slugs(matched(made, relay), made)
    late = [record(one), record(two), record(three), record(four, 9.0)]
    assert "times-off" in slugs(matched(made, late), made)
    untimed = [record(one), record(two), record(three), record(four, time=None)]
    assert "times-missing" in slugs(matched(made, untimed), made)
    bare = [record(each, kind="", method="", status=None) for each in made.events]
    assert "type-missing" in slugs(matched(made, bare), made)


def test_two_logs_complete_each_other() -> None:
    made = line_of([event(1, 1, EventKind.SIGN_IN), event(2, 20, EventKind.SIGN_OUT), event(3, 40)])
    matcher = Matcher(made)
    matcher.read("access.log", "", [record(each, author="") for each in made.events])
    matcher.read("app.log", "", [record(each, address="", method="", status=None) for each in made.events])
    assert slugs(matcher.result(START), made) == {"complete", "well-filled"}


def test_secrets_are_told_by_place_and_never_by_value() -> None:
    made = line_of([event(1, 1)])
    password, token = "Soleil-de-Valombre", "q8Zp2LmX7vTn4RkW9cYs1HdB"
    request = Request("GET", "https://portail.example/", account="a")
    exchange = Exchange("x", request, (("Cookie", f"S={token}"),), START, 0.1)
    key = b"k" * 32
    secrets = Secrets(key, frozenset(tokens_of(exchange, key)), (password,))
    texts = {
        f"cookie S={token}; a=b": "token",
        f"form p={password}": "password",
        "form p=Soleil-de-Valombre%21": "password",
        "password=azerty-1": "pattern",
        "password=*****": None,
        "Authorization: Bearer abcdefghijklmnop": "pattern",
        "GET /account 200": None,
    }
    for text, kind in texts.items():
        found = matched(made, [record(made.events[0], text=text)], secrets)
        assert [leak.kind for leak in found.leaks] == ([kind] if kind else []), text
        assert token not in found.model_dump_json()
        assert password not in found.model_dump_json()
    # What stands where a secret stands counts in lines of the run only.
    other = matched(made, [record(made.events[0], ids=False, text="password=azerty-1", path="/elsewhere")], secrets)
    assert other.leaks == ()


def test_a_token_has_no_fingerprint_without_an_account_and_a_password_never_has() -> None:
    headers = (("Authorization", "Basic YWxpY2U6U29sZWlsLWRlLVZhbG9tYnJl"), ("Cookie", "lang=fr"))
    for account in ("", "a"):
        request = Request("GET", "https://portail.example/", account=account)
        assert tokens_of(Exchange("x", request, headers, START, 0.1), b"k") == ()


def test_alerts_answer_the_run_or_do_not() -> None:
    made = line_of([event(number, number * 2, EventKind.SIGN_IN_FAILED) for number in range(12)])
    found = matched(made, [record(one) for one in made.events])
    answered = alerts_in(found, made, [record(made.events[-1], 600, ids=False)])
    silent = alerts_in(found, made, [record(made.events[0], -7200, ids=False)])
    for match, slug in ((answered, "alerted"), (silent, "no-alert"), (found, "inconclusive")):
        assert [one.slug for one in alert_observations(match, made, SITE, 10)] == [slug]


def test_the_time_line_names_what_the_run_did() -> None:
    lines = [
        {"kind": "request", "id": "1" * 32, "time": "2026-11-22T09:00:00.000Z", "ms": 20, "method": "POST",

         "status": 303, "url": "https://portail.example/login", "account": "a", "source": "192.0.2.7:5000",
         "tokens": "aa,bb"},
        {"kind": "event", "event": "sign_in", "request": "1" * 32, "result": "signed_in"},
        {"kind": "request", "id": "2" * 32, "time": "2026-11-22T09:00:01.000Z", "method": "POST", "status": 401,
         "url": "https://portail.example/login", "source": "[2001:db8::1]:5000"},
        {"kind": "event", "event": "sign_in", "request": "2" * 32, "result": "refused"},
        {"kind": "request", "id": "3" * 32, "time": "2026-11-22T09:00:02.000Z", "method": "GET", "status": 200,
         "url": "https://elsewhere.example/"},
        {"kind": "request", "id": "4" * 32, "time": "not a time", "method": "GET", "status": 200, "url": "x"},
        {"kind": "request", "id": "5" * 32, "time": "2026-11-22T09:00:03.000Z", "method": "GET", "failure": "reset",
         "url": "https://portail.example/"},
        {"kind": "request", "id": "6" * 32, "time": "2026-11-22T09:00:04.000Z", "method": "POST", "status": 303,
         "url": "https://portail.example/logout", "act": "sign_out", "account": "a"},
    ]  # fmt: skip
    made, prints = timeline(
        lines, run="R", target="https://portail.example/", user_agent="u", head="h", window=(START, START)
    )
    assert [one.kind for one in made.events] == [EventKind.SIGN_IN, EventKind.SIGN_IN_FAILED, EventKind.SIGN_OUT]
    assert made.sources == ("192.0.2.7", "2001:db8::1")
    assert prints == {"aa", "bb"}


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 20), st.floats(0.01, 5)), min_size=3, max_size=25),
    st.floats(0, 1),
    st.integers(0, 2**32),
)
def test_slow_answers_in_a_log_of_whole_seconds_are_all_placed(
    times: list[tuple[float, float]], place: float, seed: int
) -> None:
    """Sign-ins that last for seconds and overlap: each was recorded, at some moment of its own, so each is found."""
    events = [
        event(number, at, EventKind.SIGN_IN, path="/login", method="POST", status=302).model_copy(
            update={"seconds": lasted}
        )
        for number, (at, lasted) in enumerate(times)
    ]
    anchors = [event(1000 + number, 40 + 7 * number) for number in range(5)]
    records = [record(one) for one in anchors]
    records += [
        record(one, ids=False, time=float(int(one.at.timestamp() + place * one.seconds)), address="192.0.2.7")
        for one in events
    ]
    random.Random(seed).shuffle(records)
    found = matched(line_of([*events, *anchors]), records)
    assert [one.id for one in found.events if not one.found] == []
    assert all(one.on_time for one in found.events)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("client 192.0.2.7 refused", "right"),
        ("peer=192.0.2.7:41234 refused", "right"),
        ("via [192.0.2.7], refused", "right"),
        ("refused", "missing"),
        ("192.0.2.71 refused", "missing"),
        ("192.0.2.7 xff=203.0.113.77 refused", "missing"),
    ],
)
def test_an_address_without_a_field_of_its_own_is_seen_where_it_stands(line: str, state: str) -> None:
    made = line_of([event(number, 5 * number) for number in range(4)])
    found = matched(made, [record(one, address="", text=line) for one in made.events])
    assert {one.address for one in found.events} == {state}
