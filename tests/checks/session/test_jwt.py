"""`session.jwt` on the portal whose sessions are JWTs: what is weak is proved, what is right is accused of nothing."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pgssi_checks.session.tokens.json_token import embedded
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script, page, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab.weaknesses import registered
from pgssi_probe.model.outcome import Outcome, Reason, Status
from pgssi_probe.registry import check

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
JSON = {"login.driver": "json"}
DECLARED = check("session.jwt").metadata.outcomes
FAILURES = [slug for slug, declared in DECLARED.items() if declared.status is Status.FAIL]


def in_mode(mode: str) -> dict[str, Any]:
    return {"declared": JSON} if mode == "mode/jwt-header" else {}


@pytest.mark.parametrize("mode", ["mode/jwt-cookie", "mode/jwt-header"])
async def test_a_right_jwt_is_sound(mode: str, signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.jwt", mode, **in_mode(mode))
    assert (outcome.slug, outcome.facts["minutes"], outcome.facts["algorithm"]) == ("sound", 15, "ES256")
    assert outcome.facts["count"] == 12
    assert str(outcome.subject.kind) == ("header" if mode == "mode/jwt-header" else "cookie")


@pytest.mark.parametrize("mode", ["mode/jwt-cookie", "mode/jwt-header"])
@pytest.mark.parametrize("slug", FAILURES)
async def test_a_weakness_is_found_and_no_other(slug: str, mode: str, signed_in: SignedIn) -> None:
    assert f"session.jwt/{slug}" in registered()
    outcomes = await signed_in("session.jwt", f"session.jwt/{slug}", mode, **in_mode(mode))
    assert slugs(outcomes) == {slug}
    assert "eyJ" not in repr(outcomes)


@pytest.mark.parametrize("mode", ["", "mode/signed-cookie"])
async def test_a_session_without_a_jwt_is_not_concerned(mode: str, signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.jwt", *([mode] if mode else []))
    assert (outcome.slug, outcome.status) == ("no-jwt", Status.NOT_APPLICABLE)


async def test_a_ban_on_forged_tokens_accuses_nothing(signed_in: SignedIn) -> None:
    """After the fifth token that is not genuine the address is shut out with the answer of the page itself."""

    def banning(script: Script, _clock: VirtualClock) -> Script:
        wrong = [0]

        def answer(request: Request) -> Response:
            response: Response = script(request)  # type: ignore[operator]
            wrong[0] += response.status in {303, 401} and "Cookie" in dict(request.headers)
            return page("come back later", status=403) if wrong[0] > 5 else response

        return answer

    outcomes = await signed_in("session.jwt", "mode/jwt-cookie", answers=banning)
    assert slugs(outcomes) == {"inconclusive"}


async def test_a_page_that_becomes_public_accuses_nothing(signed_in: SignedIn) -> None:
    """A cache that keeps the page of the account would let every forged token in, and anybody else."""

    def caching(script: Script, _clock: VirtualClock) -> Script:
        kept: dict[str, Response] = {}
        asked = [0]

        def answer(request: Request) -> Response:
            response: Response = script(request)  # type: ignore[operator]
            path = request.parts.path
            if response.status == 200 and path in {"/profil", "/mon-espace"}:
                asked[0] += 1
                kept[path] = response
            return kept[path] if asked[0] > 14 and path in kept else response

        return answer

    outcomes = await signed_in("session.jwt", "mode/jwt-cookie", answers=caching)
    assert not any(outcome.failed for outcome in outcomes)


async def test_what_was_read_is_said_even_when_forging_ends_early(signed_in: SignedIn) -> None:
    def tired(script: Script, _clock: VirtualClock) -> Script:
        asked = [0]

        def answer(request: Request) -> Response:
            asked[0] += request.parts.path == "/profil"
            return page("slow down", status=429) if asked[0] > 18 else script(request)  # type: ignore[operator]

        return answer

    outcomes = await signed_in("session.jwt", "session.jwt/weak-secret", answers=tired)
    assert slugs(outcomes) == {"weak-secret", "inconclusive"}
    assert {outcome.reason for outcome in outcomes} == {None, Reason.RATE_LIMITED}


@pytest.mark.parametrize("status", [400, 422, 500])
async def test_a_library_that_calls_a_wrong_token_a_broken_request_refuses_it(status: int, signed_in: SignedIn) -> None:
    """As Flask-JWT-Extended: 401 without a token, 422 with one that cannot be verified."""

    def strict(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            response: Response = script(request)  # type: ignore[operator]
            carries = "Authorization" in dict(request.headers)
            return page("bad token", status=status) if carries and response.status == 401 else response

        return answer

    for name in ("session.jwt", "session.token-integrity"):
        outcomes = await signed_in(name, "mode/jwt-header", declared=JSON, answers=strict)
        assert slugs(outcomes) <= {"sound", "refused"}
        outcomes = await signed_in(
            name, "mode/jwt-header", "session.jwt/signature-ignored", declared=JSON, answers=strict
        )
        assert slugs(outcomes) <= {"signature-ignored", "tampered-accepted"}


@pytest.mark.parametrize(("status", "found"), [(500, {"key-address-followed"}), (502, {"sound"}), (429, {"sound"})])
async def test_an_answer_that_says_nothing_follows_no_address(
    status: int, found: set[str], signed_in: SignedIn
) -> None:
    """A relay that fails, or a filter that says to wait, at the sight of an address of keys."""

    def strict(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            token = embedded(dict(request.headers).get("Authorization", "").partition(" ")[2])
            if token is not None and "jku" in token.token.header:
                return page("later", status=status)
            return script(request)  # type: ignore[operator,no-any-return]

        return answer

    assert slugs(await signed_in("session.jwt", "mode/jwt-header", declared=JSON, answers=strict)) == found
