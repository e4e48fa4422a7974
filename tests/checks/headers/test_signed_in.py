"""Headers of the pages behind the sign-in, which are often set by something else than those of the sign-in page."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from pgssi_probe.check.harness import Answer, Script, page
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome, Status
from pgssi_probe.net.exchange import Request, Response

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
GUARDS = {"x-frame-options", "content-security-policy", "referrer-policy"}


def unguarded(script: Script, _clock: VirtualClock) -> Script:
    """The portal, whose page of results has lost its headers."""
    assert callable(script)

    def answer(request: Request) -> Answer:
        got = script(request)
        if isinstance(got, Response) and got.status == 200 and request.parts.path == "/resultats":
            return replace(got, headers=tuple(one for one in got.headers if one[0].lower() not in GUARDS))
        return got

    return answer


@pytest.mark.parametrize(
    ("check", "slug"),
    [("headers.clickjacking", "missing"), ("headers.csp", "missing"), ("headers.referrer", "missing")],
)
async def test_a_page_of_the_space_is_judged_too(signed_in: SignedIn, check: str, slug: str) -> None:
    found = {one.slug: one for one in await signed_in(check, answers=unguarded)}
    told = next(one for name, one in found.items() if name.startswith(slug))
    assert [url.rpartition("/")[2] for url in told.facts["urls"]] == ["resultats"]  # type: ignore[union-attr]
    assert told.evidence


async def test_what_a_script_only_seems_to_name_is_not_judged(signed_in: SignedIn) -> None:
    """A word of a script taken for an address: its 404 is no file of the space."""

    def answers(script: Script, _clock: VirtualClock) -> Script:
        assert callable(script)

        def answer(request: Request) -> Answer:
            if request.parts.path == "/resultats/g":
                return replace(page("Unknown resource", status=404), headers=())
            got = script(request)
            if isinstance(got, Response) and got.status == 200 and request.parts.path == "/resultats":
                body = got.body.replace(b"</body>", b'<a href="/resultats/g">g</a></body>')
                return replace(got, body=body, wire_bytes=len(body))
            return got

        return answer

    assert "content-type-missing" not in {one.slug for one in await signed_in("headers.security", answers=answers)}


@pytest.mark.parametrize("check", ["headers.clickjacking", "headers.csp", "headers.referrer", "headers.security"])
async def test_the_hardened_portal_is_not_accused_behind_its_sign_in(signed_in: SignedIn, check: str) -> None:
    assert {one.status for one in await signed_in(check)} == {Status.PASS}
