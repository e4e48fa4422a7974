"""`session.token-integrity`: what is not the issued token is refused, and only the token is altered."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pgssi_checks.session.tokens.bearing import Bearing
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script, page, run_check, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.identity import Jar, Session
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome, Reason, Status

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]


def with_cookie(request: Request, change: Callable[[str], str]) -> Request:
    headers = tuple((name, change(value) if name == "Cookie" else value) for name, value in request.headers)
    return Request(request.method, request.url, headers, request.body)


async def test_the_hardened_portal_refuses_every_alteration(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.token-integrity")
    assert (outcome.slug, outcome.facts["count"], outcome.subject.name) == ("refused", 6, "__Host-session")


async def test_a_token_of_which_only_a_part_is_read_is_proved(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.token-integrity", "session.token-integrity/tampered-accepted")
    assert (outcome.slug, outcome.status) == ("tampered-accepted", Status.FAIL)
    assert outcome.facts["kinds"] == ["flipped-half", "flipped-two-thirds", "truncated"]


async def test_the_route_of_a_load_balancer_is_no_part_of_the_token(signed_in: SignedIn) -> None:
    """As Tomcat's jvmRoute: what follows the dot chooses a server and may be anything."""

    def routed(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            response = script(with_cookie(request, lambda value: value.partition(".")[0]))  # type: ignore[operator]
            headers = tuple(
                (name, value.replace("; Path", ".hospital-front-server-number-two-of-a-long-list; Path", 1))
                if name.lower() == "set-cookie"
                else (name, value)
                for name, value in response.headers
            )
            return Response(response.status, "", "HTTP/1.1", headers, response.body, response.wire_bytes)

        return answer

    assert slugs(await signed_in("session.token-integrity", answers=routed)) == {"refused"}


async def test_a_random_route_beside_a_random_identifier_is_no_part_of_the_token(signed_in: SignedIn) -> None:
    """As a balancer that writes a hash of the server after the dot: nothing that can be read has to be signed."""

    def routed(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            response = script(with_cookie(request, lambda value: value.partition(".")[0]))  # type: ignore[operator]
            headers = tuple(
                (name, value.replace("; Path", ".5f4dcc3b5aa765d61d8327deb882cf99b0c1a2d3; Path", 1))
                if name.lower() == "set-cookie"
                else (name, value)
                for name, value in response.headers
            )
            return Response(response.status, "", "HTTP/1.1", headers, response.body, response.wire_bytes)

        return answer

    assert slugs(await signed_in("session.token-integrity", answers=routed)) == {"refused"}


async def test_a_session_closed_by_each_altered_token_is_opened_anew_a_few_times_only(signed_in: SignedIn) -> None:
    """A server that ends a session whose token was tampered with, until we give up: nothing is accused."""

    def severe(script: Script, _clock: VirtualClock) -> Script:
        known: set[str] = set()
        ended: set[str] = set()

        def answer(request: Request) -> Response:
            token = dict(request.headers).get("Cookie", "")
            for other in known - {token}:
                if token and len(token) == len(other) and sum(a != b for a, b in zip(token, other, strict=True)) < 3:
                    ended.add(other)
            if token in ended:
                return script(Request(request.method, request.url))  # type: ignore[operator]
            response = script(request)  # type: ignore[operator]
            for name, value in response.headers:
                if name.lower() == "set-cookie":
                    known.add(value.partition(";")[0])
            return response

        return answer

    outcomes = await signed_in("session.token-integrity", answers=severe)
    assert slugs(outcomes) <= {"refused", "inconclusive"}
    assert not any(outcome.failed for outcome in outcomes)


async def test_a_ban_in_the_middle_concludes_nothing(signed_in: SignedIn) -> None:
    def banning(script: Script, _clock: VirtualClock) -> Script:
        asked = [0]

        def answer(request: Request) -> Response:
            asked[0] += request.parts.path == "/profil"
            return page("slow down", status=429) if asked[0] > 18 else script(request)  # type: ignore[operator]

        return answer

    (outcome,) = await signed_in("session.token-integrity", answers=banning)
    assert outcome.reason is Reason.RATE_LIMITED


@pytest.mark.parametrize(
    ("header", "token", "altered"),
    [
        ("Bearer abc", "abc", "Bearer xyz"),
        ("abc", "abc", "xyz"),
    ],
)
def test_a_header_keeps_its_scheme(header: str, token: str, altered: str) -> None:
    session = Session(None, None, Jar(), headers=(("Authorization", header),))  # type: ignore[arg-type]
    bearing = Bearing("Authorization", is_cookie=False)
    assert bearing.token(session) == token
    assert bearing.put(session, "xyz").headers == (("Authorization", altered),)
    assert not bearing.put(session, "").headers[0][1].endswith(" ")


@pytest.mark.parametrize("header", ["Basic YTpi", "Digest username=a"])
def test_credentials_are_no_token(header: str) -> None:
    session = Session(None, None, Jar(), headers=(("Authorization", header),))  # type: ignore[arg-type]
    assert not Bearing("Authorization", is_cookie=False).is_token(session)


class Caching:
    """As Tomcat's manager: credentials go with every request, and the cookie that it gives opens the account alone."""

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.credentials = "Basic " + base64.b64encode(b"alice:Right-1234").decode()

    def __call__(self, request: Request) -> Response:
        headers = dict(request.headers)
        held = headers.get("Cookie", "").removeprefix("JSESSIONID=")
        if held not in self.live and headers.get("Authorization") != self.credentials:
            return page("non", status=401, headers=(("WWW-Authenticate", 'Basic realm="Gestion"'),))
        given = () if held in self.live else (("Set-Cookie", f"JSESSIONID={self._opened()}; Path=/; HttpOnly"),)
        return page("<title>Gestion</title><h1>Applications</h1><a href=/liste>Liste</a>", headers=given)

    def _opened(self) -> str:
        token = secrets.token_hex(16).upper()
        self.live.add(token)
        return token


@pytest.mark.parametrize(
    ("check", "slugs_found"),
    [("session.token-integrity", {"refused"}), ("session.logout", {"no-control", "credentials-alone"})],
)
async def test_a_cookie_beside_credentials_is_judged_without_them(check: str, slugs_found: set[str]) -> None:
    accounts = {"a": Account("a", "alice", Secret("Right-1234"))}
    clock = VirtualClock()
    task = run_check(check, Caching(), url="https://portal.example/", accounts=accounts, clock=clock)
    outcomes = await asyncio.wait_for(task, 20)
    assert slugs(outcomes) == slugs_found
