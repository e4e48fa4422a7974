"""Applications that keep one session of an account: delays measured with one session at a time, and never taken from a
session that another sign-in closed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.session.ladder import Rung
from pgssi_checks.session.notice import Notice
from pgssi_checks.session.sharing.alone import next_wait
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome, Reason

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
IDLE, ABSOLUTE = "session.timeout-idle", "session.timeout-absolute"
CLOSES = "mode/single-session"
SILENTLY = "session.concurrent/closed-silently"
REFUSES = "mode/refuse-second-session"
MODES = (CLOSES, SILENTLY, REFUSES)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("switch", "declared", "slug"),
    [
        ((), {"session.idle-minutes": 15}, "as-declared"),
        ((), {"session.idle-minutes": 31}, "shorter"),
        ((), {}, "measured"),
        (("session.timeout-idle/late",), {"session.idle-minutes": 15}, "late"),
        (("session.timeout-idle/too-long",), {"session.idle-minutes": 15}, "too-long"),
        (("session.timeout-idle/still-open",), {}, "still-open"),
    ],
)
async def test_an_idle_delay_is_measured(
    signed_in: SignedIn, mode: str, switch: tuple[str, ...], declared: dict[str, int], slug: str
) -> None:
    (outcome,) = await signed_in(IDLE, mode, *switch, declared=declared)
    assert outcome.slug == slug, outcome
    expected = {"measured": (10.0, 15.0), "as-declared": (13.5, 16.5), "still-open": (60.0, None)}
    if slug in expected:
        assert (outcome.facts["above"], outcome.facts["below"]) == expected[slug]


def elsewhere(every: float, length: float = 10.0**9) -> Callable[[Script, VirtualClock], Script]:
    """Somebody else signs in to the account now and then, for `length` seconds: their requests are not of the run."""

    def visited(script: Script, clock: VirtualClock) -> Script:
        assert callable(script)
        credentials: list[bytes] = []
        done: list[float] = [0.0]

        def answer(request: Request) -> Response:
            if request.method == "POST" and request.parts.path == "/connexion":
                credentials[:] = [request.body]
            missed = clock.monotonic() - done[0]
            if credentials and missed >= every and clock.monotonic() < length:
                done[0] = clock.monotonic()
                _sign_in(script, request, credentials[0])
            return script(request)  # type: ignore[return-value]

        return answer

    return visited


def _sign_in(script: Any, request: Request, body: bytes) -> None:
    """A sign-in by another browser, with the same credentials."""
    url = f"{request.parts.scheme}://{request.parts.netloc}/connexion"
    shown = script(Request("GET", url))
    (token,) = re.findall(r'name="csrf" value="([^"]*)"', shown.text)
    cookie = next(value for name, value in shown.headers if name.lower() == "set-cookie").partition(";")[0]
    fields = dict(pair.split("=", 1) for pair in body.decode().split("&")) | {"csrf": token}
    headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", cookie))
    sent = "&".join(f"{name}={value}" for name, value in fields.items())
    answered = script(Request("POST", url, headers, sent.encode()))
    assert answered.status == 303, answered.text
    assert urlencode({"csrf": token}) in sent


@pytest.mark.parametrize("mode", [CLOSES, SILENTLY])
@pytest.mark.parametrize(("check", "every"), [(IDLE, 400), (IDLE, 500), (ABSOLUTE, 400), (ABSOLUTE, 1300)])
async def test_a_session_closed_by_another_sign_in_is_no_measure(
    signed_in: SignedIn, mode: str, check: str, every: float
) -> None:
    """The delays of the portal are far longer: whatever ends here was ended by somebody else."""
    declared = {"session.idle-minutes": 10, "session.absolute-minutes": 25}
    weak = (mode, "session.timeout-idle/too-long", "session.timeout-absolute/too-long")
    (outcome,) = await signed_in(check, *weak, declared=declared, answers=elsewhere(every))
    assert outcome.slug == "inconclusive", outcome
    assert outcome.reason in {Reason.SESSION_LOST, Reason.UNSTABLE_TARGET}


async def test_what_one_visit_spoils_contradicts_itself(signed_in: SignedIn) -> None:
    """One silent visit, during the first wait: the second trial of the same wait ends otherwise."""
    weak = (SILENTLY, "session.timeout-idle/too-long")
    declared = {"session.idle-minutes": 10}
    (outcome,) = await signed_in(IDLE, *weak, declared=declared, answers=elsewhere(300, length=700))
    assert outcome.slug == "inconclusive"
    assert outcome.reason is Reason.UNSTABLE_TARGET
    assert (outcome.facts["open_after_minutes"], outcome.facts["ended_within_minutes"]) == (5.0, 9.0)


async def test_what_the_time_allowed_does_not_bound_is_said(signed_in: SignedIn) -> None:
    declared = {"session.idle-minutes": 50, "session.idle-max-minutes": 200}
    (outcome,) = await signed_in(IDLE, CLOSES, "session.timeout-idle/too-long", declared=declared)
    assert outcome.reason is Reason.SCAN_INCOMPLETE  # 45 and 55 minutes of the 150; 75 do not fit
    assert outcome.facts["open_after_minutes"] == 55.00000000000001
    assert outcome.facts["ended_within_minutes"] is None


@pytest.mark.parametrize("mode", MODES)
async def test_a_session_that_is_too_old_is_proved(signed_in: SignedIn, mode: str) -> None:
    weak = "session.timeout-absolute/too-long"
    (outcome,) = await signed_in(ABSOLUTE, mode, weak, declared={"session.absolute-minutes": 50})
    assert outcome.slug == "too-long"


async def test_a_maximum_length_is_measured_twice(signed_in: SignedIn) -> None:
    declared = {"session.absolute-minutes": 480, "session.absolute-max-minutes": 1000}
    (outcome,) = await signed_in(ABSOLUTE, REFUSES, declared=declared)
    assert (outcome.slug, outcome.facts["minutes"]) == ("as-declared", 478.0)


async def test_a_length_that_cannot_be_measured_twice_is_not_judged(signed_in: SignedIn) -> None:
    declared = {"session.absolute-minutes": 480, "session.absolute-max-minutes": 540}
    (outcome,) = await signed_in(ABSOLUTE, CLOSES, declared=declared)
    assert (outcome.reason, outcome.facts["ended_after_minutes"]) == (Reason.SCAN_INCOMPLETE, 478.0)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=12, unique=True), st.floats(0.5, 600))
def test_the_search_brackets_any_delay_in_few_looks(waits: list[int], delay: float) -> None:
    waits.sort()
    looks: list[Rung] = []
    while (wait := next_wait(waits, looks)) is not None:
        looks.append(Rung(wait, wait < delay))
    assert len(looks) <= len(waits).bit_length()
    seen = {look.minutes: look.alive for look in looks}
    below = [wait for wait in waits if wait < delay]
    assert not below or seen[below[-1]]
    assert len(below) == len(waits) or seen[waits[len(below)]] is False


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ("Votre compte vient d'être utilisé pour une autre connexion.", True),
        ("Session expirée par inactivité : une nouvelle connexion est nécessaire.", False),
        ("Your session timed out. Open a new session.", False),
    ],
)
def test_a_delay_that_is_named_is_no_other_sign_in(text: str, elsewhere: bool) -> None:
    assert Notice(True, False, text).closed_elsewhere is elsewhere


async def test_checks_that_take_hours_let_the_others_go_first() -> None:
    from pgssi_checks.session.sharing.lane import Lane, my_turn

    clock, lane, order = VirtualClock(), Lane(single=True), []

    class Context:
        def __init__(self) -> None:
            self.clock = clock

        async def collect(self, _collector: object) -> Lane:
            return lane

    async def turn(name: str, seconds: float, last: float = 0.0) -> None:
        async with my_turn(Context(), last=last):  # type: ignore[arg-type]
            order.append(name)
            await clock.sleep(seconds)

    tasks = [asyncio.ensure_future(turn(*one)) for one in (("hours", 9000.0, 120.0), ("one", 30.0), ("two", 400.0))]
    for _ in range(2000):
        await asyncio.sleep(0)
        await clock.advance(10)
        if all(task.done() for task in tasks):
            break
    await asyncio.gather(*tasks)
    assert order == ["one", "two", "hours"]
    assert lane.wanted == 0


async def test_a_very_short_delay_leaves_the_busy_session_open(signed_in: SignedIn, monkeypatch: Any) -> None:
    """As on an application whose sessions live for a minute: the busy one is asked for more often than that."""
    from pgssi_probe.lab.sessions import SessionPolicy

    made = SessionPolicy.__init__

    def short(self: SessionPolicy, *args: Any, **options: Any) -> None:
        made(self, *args, **{**options, "idle": 60.0})

    monkeypatch.setattr(SessionPolicy, "__init__", short)
    (outcome,) = await signed_in(IDLE, CLOSES, declared={"session.idle-minutes": 1})
    assert (outcome.slug, outcome.facts["below"]) == ("as-declared", 1.1)
