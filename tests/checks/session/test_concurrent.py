"""`session.concurrent`: the three answers to a second session, and the declared choice that judges the first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pgssi_checks.session.notice import notice_in
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script, page, redirect, run_check
from pgssi_probe.clock import VirtualClock
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome, Reason, Status, Strength

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]


async def test_two_open_sessions_are_to_be_justified(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.concurrent")
    assert (outcome.reason, outcome.facts["both_open_after_seconds"]) == (Reason.UNDECLARED, 60)


@pytest.mark.parametrize(("single", "slug"), [(True, "several-open"), (False, "several-declared")])
async def test_the_declared_choice_judges(signed_in: SignedIn, single: bool, slug: str) -> None:
    (outcome,) = await signed_in("session.concurrent", declared={"session.single": single})
    assert outcome.slug == slug
    assert outcome.failed is single


@pytest.mark.parametrize(
    ("switch", "slug"),
    [
        ("mode/single-session", "closed-told"),
        ("session.concurrent/closed-silently", "closed-silently"),
        ("mode/refuse-second-session", "second-refused"),
        ("session.concurrent/locked-out", "locked-out"),
    ],
)
async def test_the_other_answers(signed_in: SignedIn, switch: str, slug: str) -> None:
    (outcome,) = await signed_in("session.concurrent", switch)
    assert outcome.slug == slug


async def test_being_kept_out_is_suspected_only(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.concurrent", "session.concurrent/locked-out")
    assert (outcome.status, outcome.strength, outcome.facts["seconds"]) == (Status.FAIL, Strength.HINT, 180)


async def test_a_second_session_lost_for_another_reason_concludes_nothing(signed_in: SignedIn) -> None:
    def restarting(script: Script, clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            if clock.monotonic() > 5 and request.parts.path != "/connexion":
                return script(Request(request.method, request.url))  # type: ignore[operator]
            return script(request)  # type: ignore[operator]

        return answer

    (outcome,) = await signed_in("session.concurrent", answers=restarting)
    assert outcome.reason is Reason.SESSION_LOST


async def test_a_throttled_second_sign_in_is_not_a_single_session(signed_in: SignedIn) -> None:
    def braking(script: Script, _clock: VirtualClock) -> Script:
        posted: list[str] = []

        def answer(request: Request) -> Response:
            if request.method == "POST":
                posted.append(request.url)
            return page("wait", status=429) if len(posted) > 2 else script(request)  # type: ignore[operator]

        return answer

    (outcome,) = await signed_in("session.concurrent", answers=braking)
    assert outcome.reason is Reason.RATE_LIMITED


@pytest.mark.parametrize(
    ("text", "why", "alarm"),
    [
        ("Votre compte est utilisé ailleurs. Sinon, prévenez l'assistance.", True, True),
        ("You were signed out: your account was used on another device. Contact support.", True, True),
        ("Your account signed in elsewhere.", True, False),
        ("Session expirée.", False, False),
        ("Contactez l'assistance.", False, False),
    ],
)
def test_what_a_notice_says(text: str, why: bool, alarm: bool) -> None:
    document = parse_html(f"<p>{text}</p><p>Assistance : 01 99 00 00 01</p>", "https://portal.example/")
    notice = notice_in(document, ["Assistance : 01 99 00 00 01"])
    assert (notice.says_why, notice.says_alarm) == (why, alarm)


def test_no_page_says_nothing() -> None:
    assert not notice_in(None, ()).says_why


class SaysItOnce:
    """The newest session closes the one before, which is told so at its next request, and forgotten (Passport)."""

    def __init__(self) -> None:
        self.live, self.closed, self.opened = set[str](), set[str](), 0

    def __call__(self, request: Request) -> Response:
        held = dict(request.headers).get("Cookie", "").removeprefix("sid=")
        path = request.parts.path
        if path == "/login" and request.method == "POST":
            self.opened += 1
            self.closed |= self.live
            self.live = {f"s{self.opened}"}
            return redirect("/", status=302, headers=(("Set-Cookie", f"sid=s{self.opened}; Path=/"),))
        if held in self.closed and path != "/login":
            self.closed.discard(held)
            return redirect("/login?raison=autre", status=302)
        if path == "/login":
            told = "<p>Votre session a été ouverte ailleurs. Si ce n'est pas vous, appelez le support au 12.</p>"
            fields = "<form method=post><input name=user><input type=password name=pass><button>Entrer</button></form>"
            return page(f"<title>Connexion</title>{told if request.parts.query else ''}{fields}")
        if held in self.live:
            return page("<title>Accueil</title><h1>Bonjour alice</h1><a href=/logout>Se déconnecter</a>")
        return redirect("/login", status=302)


async def test_a_closing_that_is_told_once_is_heard() -> None:
    accounts = {"a": Account("a", "alice", Secret("Right-1234"))}
    task = run_check("session.concurrent", SaysItOnce(), url="https://portal.example/", accounts=accounts)
    (outcome,) = await asyncio.wait_for(task, 20)
    assert (outcome.slug, outcome.facts["why"], outcome.facts["alarm"]) == ("closed-told", True, True)
