"""What a session check may send is declared, and holds against a portal that makes it work as hard as it can.

The portal hands out cookies to be left out in turn, leads through redirects, and says every other time that one must
wait: each of these makes a check ask again. A check that runs out of its allowance concludes nothing; none should.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script, page, redirect
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome
from pgssi_probe.registry import check, checks

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
CHECKS = [
    name for name in checks() if name.partition(".")[0] in {"session", "csrf"} and name != "session.timeout-absolute"
]
PLAIN_COOKIES = 6
ORACLE_PATH = "/profil"
SPARED = 45
"""Requests in which the oracle is chosen."""
EXPECTED = {"exp-missing", "several-open", "no-token", "sign-in-no-token", "forgery-accepted"}
"""What the two switches and the declared single session make true: nothing else may be accused meanwhile."""
DECLARED = {
    "session.idle-minutes": 15,
    "session.single": True,
    "csrf.page": "/profil",
    "csrf.field": "telephone",
    "csrf.values": ["01 99 00 00 11", "01 99 00 00 12"],
}


class Grim:
    """Answers of the portal, made as costly as they may be without the check giving up. `sent` counts them.

    Pages redirect, one after sign-in gets cookies that must be left out in turn, and from `waits_from` on the page of
    the oracle says to wait, every other time: each look then costs two requests.
    """

    def __init__(self, script: Script, *, waits_from: int) -> None:
        self.script = script
        self.waits_from = waits_from
        self.sent = 0
        self.asked = 0

    def __call__(self, request: Request) -> Response:
        self.sent += 1
        path = request.parts.path
        if request.method == "GET" and self.sent > SPARED:
            if path == ORACLE_PATH:
                self.asked += 1
                if self.sent > self.waits_from and self.asked % 2:
                    return page("wait", status=429)
            elif "?" not in request.url and path not in {"/connexion", "/"}:
                return redirect(f"{request.url}?etape=1", status=302)
        response: Response = self.script(request)  # type: ignore[operator]
        if request.method != "POST" or path != "/connexion":
            return response
        more = tuple(("Set-Cookie", f"plain{number}=x{self.sent}; Path=/; Secure") for number in range(PLAIN_COOKIES))
        headers = (*response.headers, *more)
        return Response(response.status, "", "HTTP/1.1", headers, response.body, response.wire_bytes)


@pytest.mark.parametrize("waits_from", [80, 10_000])
@pytest.mark.parametrize(
    ("name", "weak"), [*((name, "session.jwt/exp-missing") for name in CHECKS), ("csrf", "csrf/no-token")]
)
async def test_a_check_keeps_to_what_it_declares(name: str, weak: str, waits_from: int, signed_in: SignedIn) -> None:
    """`run_check` fails when a check sends more than it declares, or by another method."""
    grim: list[Grim] = []

    def wrapped(script: Script, _clock: VirtualClock) -> Script:
        grim.append(Grim(script, waits_from=waits_from))
        return grim[0]

    outcomes = await signed_in(name, weak, declared=DECLARED, accounts=("a", "b"), answers=wrapped)
    assert outcomes
    assert grim[0].sent > SPARED
    assert not {outcome.slug for outcome in outcomes if outcome.failed} - EXPECTED


@pytest.mark.parametrize("name", [name for name in checks() if name.partition(".")[0] in {"session", "csrf"}])
def test_the_duration_declared_is_that_of_the_requests_at_the_default_rate(name: str) -> None:
    sends = check(name).metadata.sends
    assert sends.seconds >= sends.requests / 10
