"""`csrf` on the portal: hints from its forms, proof on the one that is declared harmless, which is left as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script, page, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome, Reason, Status, Strength

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
FORM = {
    "csrf.page": "/profil",
    "csrf.field": "telephone",
    "csrf.values": ["01 99 00 00 11", "01 99 00 00 12"],
}
BOTH = ("a", "b")


async def test_the_hardened_portal_has_tokens(signed_in: SignedIn) -> None:
    acting, signing_in = await signed_in("csrf")
    assert (acting.slug, signing_in.slug) == ("tokens", "sign-in-token")
    assert acting.facts["forms"] == 3


async def test_the_hardened_portal_refuses_a_forged_request(signed_in: SignedIn) -> None:
    outcomes = await signed_in("csrf", declared=FORM, accounts=BOTH)
    assert slugs(outcomes) == {"tokens", "verified", "sign-in-token"}
    verified = next(outcome for outcome in outcomes if outcome.slug == "verified")
    assert verified.facts["ways"] == ["without", "of-another-account"]


@pytest.mark.parametrize(
    ("weak", "found"),
    [
        ("csrf/no-token", {"no-token", "sign-in-no-token", "forgery-accepted"}),
        ("csrf/forgery-accepted", {"tokens", "forgery-accepted", "sign-in-token"}),
        ("csrf/token-not-checked", {"tokens", "token-not-checked", "sign-in-token"}),
        ("csrf/sign-in-no-token", {"tokens", "sign-in-no-token", "token-not-checked"}),
    ],
)
async def test_what_is_weak_is_found(weak: str, found: set[str], signed_in: SignedIn) -> None:
    outcomes = await signed_in("csrf", weak, declared=FORM, accounts=BOTH)
    assert slugs(outcomes) == found
    for outcome in outcomes:
        if outcome.failed:
            proof = outcome.slug in {"forgery-accepted", "token-not-checked"}
            assert outcome.strength is (Strength.PROOF if proof else Strength.HINT)


async def test_without_a_declared_form_nothing_is_written(signed_in: SignedIn) -> None:
    posted: list[str] = []

    def watching(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            if request.method == "POST":
                posted.append(request.parts.path)
            return script(request)  # type: ignore[operator,no-any-return]

        return answer

    outcomes = await signed_in("csrf", "csrf/no-token", answers=watching)
    assert slugs(outcomes) == {"no-token", "sign-in-no-token"}
    assert set(posted) <= {"/connexion", "/deconnexion"}


async def test_the_value_of_origin_is_put_back(signed_in: SignedIn) -> None:
    written: list[str] = []

    def watching(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            if request.method == "POST" and request.parts.path == "/profil":
                written.append(request.body.decode())
            return script(request)  # type: ignore[operator,no-any-return]

        return answer

    await signed_in("csrf", "csrf/forgery-accepted", declared=FORM, accounts=BOTH, answers=watching)
    assert any("telephone=01+99+00+00+12" in body for body in written)
    assert "telephone=01+99+00+00+1" not in written[-1]
    assert "csrf=" in written[-1]


async def test_restricted_cookies_make_a_missing_token_no_failure(signed_in: SignedIn) -> None:
    def restricting(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            response: Response = script(request)  # type: ignore[operator]
            headers = tuple(
                (name, f"{value}; SameSite=Lax" if name.lower() == "set-cookie" else value)
                for name, value in response.headers
            )
            return Response(response.status, "", "HTTP/1.1", headers, response.body, response.wire_bytes)

        return answer

    outcomes = await signed_in("csrf", "csrf/no-token", answers=restricting)
    assert slugs(outcomes) == {"same-site-only", "sign-in-no-token"}


async def test_a_token_in_a_header_is_not_concerned(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("csrf", "mode/jwt-header", declared={"login.driver": "json"})
    assert (outcome.slug, outcome.status) == ("no-cookie", Status.NOT_APPLICABLE)


@pytest.mark.parametrize("mode", ["mode/jwt-cookie", "mode/signed-cookie"])
async def test_other_cookies_are_judged_alike(mode: str, signed_in: SignedIn) -> None:
    assert slugs(await signed_in("csrf", mode)) == {"tokens", "sign-in-token"}
    assert "no-token" in slugs(await signed_in("csrf", mode, "csrf/no-token"))


async def test_a_server_that_looks_at_the_origin_is_not_accused_of_proof(signed_in: SignedIn) -> None:
    """Its forms have no token, and it refuses what comes from elsewhere: the hint stays, the proof clears it."""

    def looking(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            if dict(request.headers).get("Sec-Fetch-Site") == "cross-site":
                return page("no", status=403)
            return script(request)  # type: ignore[operator,no-any-return]

        return answer

    outcomes = await signed_in("csrf", "csrf/no-token", declared=FORM, accounts=BOTH, answers=looking)
    assert "verified" in slugs(outcomes)
    assert not any(outcome.failed and outcome.strength is Strength.PROOF for outcome in outcomes)


async def test_a_declared_field_that_is_not_there_concludes_nothing(signed_in: SignedIn) -> None:
    outcomes = await signed_in("csrf", declared={**FORM, "csrf.field": "absent"})
    assert {outcome.reason for outcome in outcomes if outcome.slug == "inconclusive"} == {Reason.NO_SAMPLE}
    assert not any(outcome.failed for outcome in outcomes)


async def test_the_sign_in_form_is_judged_even_with_no_form_behind_it(signed_in: SignedIn) -> None:
    def nothing_to_send(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            response: Response = script(request)  # type: ignore[operator]
            if request.parts.path == "/connexion":
                return response
            return replace(response, body=response.body.replace(b"<form", b"<div").replace(b"</form", b"</div"))

        return answer

    outcomes = await signed_in("csrf", answers=nothing_to_send)
    assert slugs(outcomes) == {"inconclusive", "sign-in-token"}
    assert {outcome.reason for outcome in outcomes if outcome.slug == "inconclusive"} == {Reason.NO_SAMPLE}


@pytest.mark.parametrize(("changes", "said"), [(True, {"tokens", "sign-in-token"}), (False, {"tokens"})])
async def test_a_random_value_of_the_sign_in_form_is_a_token_when_another_visitor_has_another(
    changes: bool, said: set[str], signed_in: SignedIn
) -> None:
    """Its name says nothing: only another visitor's page does. The same for everybody proves nothing either way."""
    given = count()

    def adding(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            response: Response = script(request)  # type: ignore[operator]
            if request.parts.path != "/connexion":
                return response
            value = hashlib.sha256(str(next(given) if changes else 0).encode()).hexdigest().encode()
            added = b'<input type="hidden" name="b7" value="' + value + b'">'
            return replace(response, body=response.body.replace(b"</form", added + b"</form"))

        return answer

    assert slugs(await signed_in("csrf", "csrf/sign-in-no-token", answers=adding)) == said
