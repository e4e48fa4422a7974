"""A hostile or slow sign-in page can neither make the probe send more than its bound, nor be believed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgssi_probe.check.harness import page, redirect, scripted
from pgssi_probe.clock import VirtualClock
from pgssi_probe.identity import ORACLE, SIGN_IN, Account, Secret, Session, SignInState, State, sign_in
from pgssi_probe.identity.drivers.attempt import MAX_EXCHANGES, MAX_GIVEN, AskedAgain, Attempt, Endless
from pgssi_probe.identity.oracle_choice import MAX_REQUESTS as ORACLE_MAX
from pgssi_probe.identity.plan import Driver, SignInPlan
from pgssi_probe.identity.search import MAX_REQUESTS as SEARCH_MAX
from pgssi_probe.net.exchange import Failure, Request, Response
from tests.identity.conftest import METADATA  # type: ignore[import-not-found]

ORIGIN = "https://portal.example"
PASSWORD = "Right-1234"
WRONG = "Wrong-5678"
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
ACCOUNTS = {label: Account(label, "alice", Secret(PASSWORD), Secret(SEED)) for label in ("a", "sacrifice")}


def html(body: str, **options: Any) -> Response:
    return page(f"<!doctype html><html lang=fr><title>x</title><body>{body}", **options)


COUNT = itertools.count()
FORM = '<form method=post action="/login"><input name=user><input type=password name=pass><button>Login</button></form>'
CODE = '<form method=post action="/login"><input name=otp autocomplete=one-time-code></form>'
USER = '<form method=post action="/login"><input name=user autocomplete=username><button>Suivant</button></form>'
CARRY = '<form method=post action="/login"><input type=hidden name=code value=x></form><script>f.submit()</script>'
CONSENT = '<form method=post action="/login"><input type=hidden name=x value=1><button>Autoriser</button></form>'


def refresh() -> Response:
    return html(f'<meta http-equiv=refresh content="0; url=/login?n={next(COUNT)}">')


TRAPS: dict[str, Callable[[], Response | Failure]] = {
    "the form again": lambda: html(FORM),
    "the form under a new address": lambda: html(FORM.replace("/login", f"/login?n={next(COUNT)}")),
    "a code again": lambda: html(CODE),
    "a user name again": lambda: html(USER),
    "an answer to carry": lambda: html(CARRY),
    "a consent": lambda: html(CONSENT),
    "all at once": lambda: html(CARRY + CONSENT + USER + CODE + FORM),
    "307 to itself": lambda: redirect("/login", status=307),
    "308 to another": lambda: redirect(f"/login?n={next(COUNT)}", status=308),
    "302 to itself": lambda: redirect("/login", status=302),
    "302 for ever": lambda: redirect(f"/login?n={next(COUNT)}", status=302),
    "refresh for ever": refresh,
    "a huge page": lambda: html(FORM + "<p>x" * 20_000),
    "a hundred forms": lambda: html(FORM * 300),
    "nothing": lambda: Failure.RESPONSE_TIMEOUT,
    "a reset": lambda: Failure.RESET,
    "an error": lambda: html(FORM, status=500),
    "wait a week": lambda: page("", status=429, headers=(("Retry-After", "604800"),)),
    "teapot": lambda: html(FORM, status=418),
    "cookies for ever": lambda: html(FORM, headers=(("Set-Cookie", f"c{next(COUNT)}={next(COUNT)}"),)),
}


class Hostile:
    """Answers the first page as it should be, and everything after by the trap."""

    def __init__(self, trap: Callable[[], Response | Failure], first: str = FORM, *, always: bool = False) -> None:
        self.trap, self.first, self.always = trap, first, always
        self.sent: list[Request] = []

    def __call__(self, request: Request) -> Response | Failure:
        self.sent.append(request)
        if request.method == "GET" and urlsplit(request.url).path in {"/", "/login"} and not self.always:
            return html(self.first)
        return self.trap()

    def holding(self, secret: str) -> int:
        return sum(secret.encode() in request.body for request in self.sent)


@pytest.mark.parametrize("first", [FORM, USER])
@pytest.mark.parametrize("trap", TRAPS)
async def test_a_sign_in_is_bounded(visit: Any, trap: str, first: str) -> None:
    it = Hostile(TRAPS[trap], first)
    ctx = visit(it, accounts=ACCOUNTS)
    plan = await ctx.collect(SIGN_IN)
    assert len(it.sent) <= SEARCH_MAX
    it.sent.clear()
    it.always = "302" in trap or "refresh" in trap
    signed = await sign_in(ctx, "a", plan=plan, confirm=False)
    assert len(it.sent) <= MAX_EXCHANGES
    assert it.holding(PASSWORD) <= MAX_GIVEN
    assert not (signed.signed_in and signed.why.get("status") in {429, 500, None})
    it.sent.clear()
    await sign_in(ctx, "sacrifice", password=Secret(WRONG), plan=plan, confirm=False)
    assert len(it.sent) <= MAX_EXCHANGES
    assert it.holding(WRONG) <= 1, "one trial is one wrong password, whatever the page asks for"
    assert it.holding(PASSWORD) == 0


async def test_the_bounds_hold_by_themselves(visit: Any) -> None:
    """Whatever a driver would do: so many requests, so many times the credentials, and no more."""
    it = Hostile(lambda: redirect(f"/x{next(COUNT)}", status=302), always=True)
    ctx = visit(it, accounts=ACCOUNTS)

    def attempt(*, own: bool) -> Attempt:
        visitor = Session(ctx.network, ctx.clock)
        return Attempt(SignInPlan(Driver.FORM), visitor, "alice", Secret(WRONG), None, own, ORIGIN)

    async def insist(send: Callable[[Request], Any], request: Request) -> None:
        for _ in range(MAX_EXCHANGES):
            await send(request)

    one = attempt(own=True)
    with pytest.raises(Endless):
        await insist(one.follow, Request("GET", ORIGIN + "/"))
    assert len(it.sent) == len(one.exchanges) == MAX_EXCHANGES
    it.trap = lambda: html("<p>non</p>")
    for own, most in ((True, MAX_GIVEN), (False, 1)):
        it.sent.clear()
        one = attempt(own=own)
        with pytest.raises(AskedAgain):
            await insist(one.hand_over, Request("POST", ORIGIN + "/login", (), WRONG.encode()))
        assert it.holding(WRONG) == most


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 422, 500])
async def test_an_api_that_never_takes_them_is_asked_a_few_times(visit: Any, json_answer: Any, status: int) -> None:
    sent: list[Request] = []

    def script(request: Request) -> Response:
        sent.append(request)
        if request.method == "POST":
            return json_answer({"error": "no"}, status, headers=(("Location", "/api/login"),))
        return html("<div id=app></div><script>fetch('/api/login');fetch('/api/v2/login')</script>")

    ctx = visit(script, declared={"login.driver": "json"})
    plan = await ctx.collect(SIGN_IN)
    await sign_in(ctx, "a", plan=plan, confirm=False)
    assert sum(PASSWORD.encode() in request.body for request in sent) <= MAX_GIVEN
    sent.clear()
    await sign_in(ctx, "sacrifice", password=Secret(WRONG), plan=plan, confirm=False)
    assert sum(WRONG.encode() in request.body for request in sent) <= 1


@pytest.mark.parametrize("trap", TRAPS)
async def test_no_oracle_is_made_of_a_hostile_page(visit: Any, trap: str) -> None:
    """Every answer is the trap, with and without a session: nothing tells them apart, and that is said."""
    it = Hostile(TRAPS[trap])
    ctx = visit(it, accounts=ACCOUNTS)
    oracle = await ctx.collect(ORACLE)
    assert len(it.sent) <= SEARCH_MAX + ORACLE_MAX
    assert not oracle.usable
    assert oracle.reason
    assert await oracle.state(Session(ctx.network, ctx.clock)) is State.UNKNOWN


STATUSES = st.sampled_from([200, 200, 200, 302, 401, 403, 404, 429, 500, 503])
ANSWERS = st.one_of(
    st.builds(lambda body, status: html(body, status=status), st.sampled_from(
        [FORM, "<p>Bonjour alice</p>", '<a href="/logout">Déconnexion</a>', "<p>Erreur</p>", '{"name": "alice"}', ""]
    ), STATUSES),
    st.builds(lambda to: redirect(to, status=302), st.sampled_from(["/login", "/", "/space"])),
    st.builds(lambda data: page(json.dumps(data), content_type="application/json"), st.sampled_from([{}, {"a": 1}])),
    st.sampled_from([Failure.RESPONSE_TIMEOUT, Failure.RESET]),
)  # fmt: skip


@given(st.lists(ANSWERS, min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_answers_at_random_never_make_an_oracle_that_contradicts_itself(
    answers: list[Response | Failure], random: Any
) -> None:
    """Answers that do not depend on the session: no oracle may be found often, and one that is found by chance (three
    rounds agreed) must call nobody IN when shown what it saw as OUT, nor the reverse."""

    def script(request: Request) -> Response | Failure:
        if urlsplit(request.url).path in {"/", "/login"} and request.method == "GET":
            return html(FORM)
        return random.choice(answers)

    ctx = scripted(METADATA, script, url=ORIGIN + "/", accounts=ACCOUNTS, clock=VirtualClock()).context
    oracle = await ctx.collect(ORACLE)
    if oracle.inside is not None and oracle.outside is not None:
        assert oracle.judged(oracle.inside) is not State.OUT
        assert oracle.judged(oracle.outside) is not State.IN
        for status in (429, 500, 503, 408):
            assert oracle.judged(replace(oracle.inside, status=status)) is State.UNKNOWN
            assert oracle.judged(replace(oracle.outside, status=status)) is State.UNKNOWN


@given(st.dictionaries(st.sampled_from(["/", "/login", "/space", "/logout", "/x"]), ANSWERS))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_a_site_that_knows_no_session_has_no_oracle(pages: dict[str, Response | Failure]) -> None:
    """The same answers with and without a session, whatever they are: nothing may be chosen."""

    def script(request: Request) -> Response | Failure:
        return pages.get(urlsplit(request.url).path, html(FORM))

    ctx = scripted(METADATA, script, url=ORIGIN + "/", accounts=ACCOUNTS, clock=VirtualClock()).context
    oracle = await ctx.collect(ORACLE)
    assert not oracle.usable


async def test_a_ban_stops_and_its_end_is_seen(visit: Any, app: Any) -> None:
    """429 with a long Retry-After is said as a brake; once it is over the same account signs in again."""
    it = app()
    banned = {"until": 0.0}

    def brake(request: Request) -> Response | None:
        if request.method == "POST" and it.clock.monotonic() < banned["until"]:
            return html("<p>Trop de tentatives</p>", status=429, headers=(("Retry-After", "99999"),))
        return None

    it.before = brake
    ctx = visit(it, accounts=ACCOUNTS)
    it.clock = ctx.clock
    plan = await ctx.collect(SIGN_IN)
    assert (await sign_in(ctx, "sacrifice", plan=plan, confirm=False)).signed_in
    banned["until"] = ctx.clock.monotonic() + 300
    before = len(it.sent)
    held = await sign_in(ctx, "sacrifice", plan=plan, confirm=False)
    assert held.state is SignInState.THROTTLED
    assert len(it.sent) - before <= 3
    await ctx.clock.advance(301)
    assert (await sign_in(ctx, "sacrifice", plan=plan, confirm=False)).signed_in
