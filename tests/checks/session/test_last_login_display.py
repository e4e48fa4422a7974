"""`session.last-login-display`: the sign-in before, right twice, and never somebody else's date."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pgssi_checks.session.last_sign_in import Visit, readable, shown_in, slug_of
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome, Reason, Strength

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
KNOWN = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
NOW = KNOWN + timedelta(minutes=5)


async def test_the_hardened_portal_shows_it(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.last-login-display")
    assert outcome.slug == "shown"
    assert "Dernière connexion" in str(outcome.facts["text"])


@pytest.mark.parametrize("slug", ["missing", "wrong", "imprecise"])
async def test_each_weakness_is_suspected(signed_in: SignedIn, slug: str) -> None:
    (outcome,) = await signed_in("session.last-login-display", f"session.last-login-display/{slug}")
    assert (outcome.slug, outcome.strength) == (slug, Strength.HINT)


async def test_the_present_sign_in_shown_as_the_last_one_is_wrong(signed_in: SignedIn) -> None:
    """The usual mistake: the date is recorded before it is read."""

    def hasty(script: Script, clock: VirtualClock) -> Script:
        opened: list[datetime] = []

        def answer(request: Request) -> Response:
            if request.method == "POST" and request.parts.path == "/connexion":
                opened.append(clock.now())
            response = script(request)  # type: ignore[operator]
            if request.parts.path == "/mon-espace" and response.status == 200:
                said = f"<p>Last login: {opened[-1]:%Y-%m-%d %H:%M:%S} UTC</p></main>".encode()
                body = response.body.replace(b"</main>", said)
                return Response(200, "", "HTTP/1.1", response.headers, body, len(body))
            return response

        return answer

    weak = "session.last-login-display/missing"
    (outcome,) = await signed_in("session.last-login-display", weak, answers=hasty)
    assert outcome.slug == "wrong"


async def test_an_application_that_throttles_concludes_nothing(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.last-login-display", "mode/second-factor")
    assert outcome.reason is Reason.ACCOUNT_MISSING


@pytest.mark.parametrize(
    "text",
    [
        "Dernière connexion à votre compte : le 22 novembre 2026 à 15:05.",
        "Connecté depuis : 22/11/2026 15:40 Connexion précédente : 22/11/2026 15:05",
        "Votre précédente connexion date du 22/11/2026 à 15h05",
        "Last login: Nov. 22, 2026, 2:05 p.m.",
        "You last signed in 5 minutes ago.",
        "Dernier accès : 22/11/2026 15:05",
        readable('{"user":"a","last_login":"2026-11-22T14:05:03.120Z"}'),
        readable('{"lastLogin":1795356300000}'),
        readable('{"derniere_connexion": "2026-11-22T14:05:00+00:00"}'),
    ],
)
def test_words_and_their_moment(text: str) -> None:
    shown = shown_in(text, NOW)
    assert len(shown) == 1
    assert Visit((KNOWN,), shown).right


@pytest.mark.parametrize(
    "text",
    [
        "Prochain rendez-vous : 22 novembre 2026 à 15:05",
        "Dernier échec de connexion : 22/11/2026 15:05",
        "Last failed login: 2026-11-22 14:05",
        "Connexion le 22/11/2026",
        "Dernière connexion : jamais." + " " * 300 + "22/11/2026 15:05",
    ],
)
def test_other_dates_are_not_read(text: str) -> None:
    assert shown_in(text, NOW) == ()


def test_what_two_visits_say() -> None:
    right = shown_in("Last login: 2026-11-22 14:05:00", NOW)
    late = shown_in("Last login: 2026-11-22 14:10:00", NOW)
    day = shown_in("Last login: 2026-11-22", NOW)
    assert slug_of([Visit((KNOWN,), right), Visit((KNOWN,), right)]) == "shown"
    assert slug_of([Visit((KNOWN,), (), right), Visit((KNOWN,), (), right)]) == "shown"
    assert slug_of([Visit((KNOWN,), right), Visit((KNOWN,), late)]) == "wrong"
    assert slug_of([Visit((KNOWN,), day), Visit((KNOWN,), right)]) == "imprecise"
    assert slug_of([Visit((KNOWN,), (), late), Visit((KNOWN,), (), late)]) == "missing"
    assert slug_of([Visit((KNOWN,), ()), Visit((KNOWN,), ())]) == "missing"
