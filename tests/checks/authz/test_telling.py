"""What the report shows of an access, without secrets, as one command to paste; and a page open to all is found."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from pgssi_checks.authz.telling import compared, curl, excerpt
from pgssi_probe.check.harness import Script, exchange, page, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.inventory.model import Endpoint, Source
from pgssi_probe.inventory.requests import FORM_TYPE, parameters_of
from pgssi_probe.model.outcome import Outcome, Strength
from pgssi_probe.net.exchange import Request, Response
from pgssi_probe.redact.text import redact_text

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
ORIGIN = "https://portal.example"
SECRET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijk"


def endpoint(path: str, body: bytes = b"", kind: str = "", method: str = "GET", **more: Any) -> Endpoint:
    parameters = parameters_of(ORIGIN + path, body, kind)
    return Endpoint(method, ORIGIN + path, Source.LINK, frozenset({"a"}), parameters, body, kind, **more)


@pytest.mark.parametrize(
    "one",
    [
        endpoint(f"/files/17?token={SECRET}"),
        endpoint("/find", f'{{"id": 17, "password": "x-{SECRET}"}}'.encode(), "application/json", "POST"),
        endpoint("/find", f"id=17&csrf={SECRET}".encode(), FORM_TYPE, "POST"),
        endpoint("/files/17", headers=(("X-Patient", "17"), ("X-Other", f"Bearer {SECRET}"))),
        endpoint("/who?mail=jeanne.martin@exemple.fr&nir=190057512345678"),
    ],
)
def test_no_secret_and_no_personal_data_in_the_command_line(one: Endpoint) -> None:
    line = curl(one, "b")
    for secret in (SECRET, "jeanne", "190057512345678"):
        assert secret not in line
    assert "<session b>" in line
    facts = compared(one, "x", "a", "b", exchange(one.url, page("a")), exchange(one.url, page("a")))
    assert SECRET not in repr(facts)


@pytest.mark.parametrize(
    ("sent", "header"),
    [
        ((("Cookie", f"sid={SECRET}"), ("Accept", "*/*")), "Cookie: <session b>"),
        ((("Authorization", f"Bearer {SECRET}"), ("X-Patient", "17")), "--oauth2-bearer"),
        ((("x-access-token", SECRET),), "x-access-token: <session b>"),
    ],
)
def test_the_session_goes_where_it_went(sent: tuple[tuple[str, str], ...], header: str) -> None:
    one = endpoint("/files/17", headers=(("X-Patient", "17"),))
    asked = exchange(one.url, page("a"))
    answer = replace(asked, request=replace(asked.request, headers=sent))
    words = shlex.split(str(compared(one, "x", "a", "b", asked, answer)["curl"]))
    given = [(before, word) for before, word in pairwise(words) if "<session" in word]
    assert [before if before == "--oauth2-bearer" else word for before, word in given] == [header]
    assert redact_text(shlex.join(words)) == shlex.join(words), "it is stored as it is"
    assert SECRET not in " ".join(words)


@pytest.mark.parametrize("path", ["/a?x=';touch%20/tmp/x;'", "/a$(id)", "/a`id`", "/a\nb"])
def test_the_command_line_is_one_command(path: str) -> None:
    words = shlex.split(curl(endpoint(path), ""))
    assert words[0] == "curl"
    assert len(words) == 6
    assert words[-1].startswith(ORIGIN)


def test_the_excerpt_is_short_and_holds_the_value() -> None:
    said = "x" * 500 + " VAL-1234 " + "y" * 500
    shown = excerpt({"VAL-1234"}, exchange(ORIGIN + "/", page(said)))
    assert shown is not None
    assert "VAL-1234" in shown
    assert len(shown) < 140
    assert excerpt({"VAL-1234"}, exchange(ORIGIN + "/?q=VAL-1234", page(said))) is None, "its own request carried it"


async def test_evidence_of_a_run_holds_no_cookie_and_names_the_one_factor(signed_in: SignedIn) -> None:
    cookies: set[str] = set()

    def listening(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            cookies.update(value.partition("=")[2] for name, value in request.headers if name == "Cookie")
            return script(request)  # type: ignore[operator]

        return answer

    found = await signed_in(
        "authz.idor", "authz.idor/other-record", accounts=("a", "b"), canaries=True, answers=listening
    )
    assert cookies
    written = repr([one.model_dump() for one in found])
    assert not [value for value in cookies if value and value in written]


async def test_a_page_that_shows_everybody_a_declared_value_is_found(signed_in: SignedIn) -> None:
    from pgssi_probe.lab import Lab

    with_canary = Lab()
    value = with_canary.accounts["a"].canaries[0]
    with_canary.close()

    def leaking(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            got = script(request)  # type: ignore[operator]
            if request.parts.path != "/actualites":
                return got
            body = got.body.replace(b"</main>", f"<p>Compte rendu {value}</p></main>".encode())
            return replace(got, body=body, wire_bytes=len(body))

        return answer

    found = await signed_in("authz.forced-browsing", accounts=("a",), canaries=True, answers=leaking)
    assert slugs(found) == {"open-record"}
    assert {one.strength for one in found} == {Strength.PROOF}
    assert "/actualites" in found[0].subject.name
