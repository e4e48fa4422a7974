"""`session.fixation`: an id known before sign-in is accused when it opens the account, and only then."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from pgssi_checks.session.fixation import LENGTH, chosen_value
from pgssi_probe.check import Failure, Request, Response
from pgssi_probe.check.harness import Script
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome, Reason, Status

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]


async def test_the_hardened_portal_renews_its_token(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.fixation")
    assert (outcome.slug, outcome.facts["cookies"], outcome.facts["same"]) == ("renewed", ["__Host-session"], [])


@pytest.mark.parametrize("slug", ["kept", "chosen-kept"])
async def test_each_weakness_is_proved(signed_in: SignedIn, slug: str) -> None:
    (outcome,) = await signed_in("session.fixation", f"session.fixation/{slug}")
    assert (outcome.slug, outcome.status) == (slug, Status.FAIL)
    assert outcome.facts["cookies"] == ["__Host-session"]


async def test_a_cookie_that_is_kept_and_opens_nothing_is_not_accused(signed_in: SignedIn) -> None:
    """As DokuWiki does: the visitor's identifier goes on, and another cookie signs in."""

    def keeping(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            response = script(request)  # type: ignore[operator]
            if "visitor=" in dict(request.headers).get("Cookie", ""):
                return response
            headers = (*response.headers, ("Set-Cookie", "visitor=9f8a7b6c5d4e3f2a1b0c; Path=/; Secure"))
            return Response(response.status, "", "HTTP/1.1", headers, response.body, response.wire_bytes)

        return answer

    (outcome,) = await signed_in("session.fixation", answers=keeping)
    assert (outcome.slug, outcome.facts["same"]) == ("renewed", ["visitor"])


async def test_no_value_of_a_cookie_reaches_the_report(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.fixation", "session.fixation/kept")
    assert all(len(str(value)) < 60 for value in outcome.facts.values())


async def test_a_silence_concludes_nothing(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.fixation", answers=lambda *_: lambda *_: Failure.RESET)
    assert outcome.status is Status.INCONCLUSIVE
    assert outcome.reason in {Reason.NO_SAMPLE, Reason.SESSION_LOST}


async def test_a_session_that_the_server_loses_is_replaced(signed_in: SignedIn) -> None:
    """A server that suffers loses the session of the trial after one look (rdiffweb, its sessions in SQLite)."""
    given: list[str] = []
    seen: list[str] = []

    def losing(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            line = dict(request.headers).get("Cookie", "")
            held = next((value for value in given[2:3] if value in line), None)
            if held is not None and request.method == "GET":
                seen.append(held)
                if len(seen) > 2:  # the page of arrival, and the look that finds it in
                    request = replace(request, headers=tuple(pair for pair in request.headers if pair[0] != "Cookie"))
            response = script(request)  # type: ignore[operator]
            lines = [value for name, value in response.headers if name.lower() == "set-cookie"]
            if request.method == "POST" and request.parts.path == "/connexion" and response.status < 400:
                given.extend(one.partition(";")[0] for one in lines if one.startswith("__Host-session="))
            return response  # type: ignore[no-any-return]

        return answer

    (outcome,) = await signed_in("session.fixation", answers=losing)
    assert len(seen) > 2, "the loss did happen"
    assert outcome.slug == "renewed"


async def test_a_second_factor_that_cannot_be_given_concludes_nothing(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.fixation", "mode/second-factor")
    assert outcome.reason is Reason.ACCOUNT_MISSING


def test_a_chosen_value_has_the_shape_of_a_genuine_one() -> None:
    made = chosen_value("s%3AaB3.x9Z")
    assert len(made) == len("s%3AaB3.x9Z")
    assert made[1:4] == "%3A"
    assert made != "s%3AaB3.x9Z"
    assert len(chosen_value(None)) == LENGTH
