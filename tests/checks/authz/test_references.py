"""Every way in which a record is named: found when open, silent when closed, and what must not be accused."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pgssi_probe.check.harness import Script, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome, Status, Strength
from pgssi_probe.net.exchange import Request, Response

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
MODE = "mode/every-reference"
READS = {"authz.reads": ["POST /api/v1/factures/consultation"]}
PAIR = ("a", "b")
DOORS = {
    "/factures/{id}": "number",
    "/facture?numero={id}": "number",
    "/factures/code/{id}": "base64",
    "/factures/jeton/{id}": "json_in_base64",
    "/api/v1/factures/consultation (/numero)": "number",
    "/api/v1/facture (X-Numero-Facture)": "number",
    "/api/graphql (/numero)": "number",
    "/resultats/{id}": "uuid",
    "/api/v1/resultats/{id}": "uuid",
    "/documents/{id}": "uuid",
}


def recording(requests: list[Request]) -> Callable[[Script, VirtualClock], Script]:
    def wrapped(script: Script, _clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            requests.append(request)
            return script(request)  # type: ignore[operator]

        return answer

    return wrapped


@pytest.mark.parametrize("canaries", [True, False])
async def test_every_door_that_is_open_is_found(canaries: bool, signed_in: SignedIn) -> None:
    sent: list[Request] = []
    found = await signed_in(
        "authz.idor",
        MODE,
        "authz.idor/other-record",
        accounts=PAIR,
        canaries=canaries,
        declared=READS,
        answers=recording(sent),
    )
    slug = "other-record" if canaries else "same-answer"
    seen = {one.subject.name.partition("8443")[2]: one for one in found if one.slug == slug}
    assert {name: seen[name].facts["forms"] for name in DOORS if name in seen} == {
        name: [form] for name, form in DOORS.items()
    }
    assert {one.strength for one in seen.values()} == {Strength.PROOF if canaries else Strength.HINT}
    bodies = [json.loads(one.body) for one in sent if one.url.endswith("/graphql") and one.body]
    assert bodies
    assert not [one for one in bodies if one["query"].lstrip().startswith("mutation")], "mutations are listed only"


async def test_every_door_that_is_closed_is_silent(signed_in: SignedIn) -> None:
    sent: list[Request] = []
    found = await signed_in("authz.idor", MODE, accounts=PAIR, declared=READS, answers=recording(sent))
    assert slugs(found) == {"refused", "sequential"}
    # Nobody's identifier was invented, nor taken from the example of a description.
    own = {str(number) for number in range(4100, 4108)}
    numbers = {one.url.rpartition("numero=")[2] for one in sent if "numero=" in one.url}
    numbers |= {str(json.loads(one.body)["numero"]) for one in sent if one.url.endswith("consultation") and one.body}
    numbers |= {value for one in sent for name, value in one.headers if name == "X-Numero-Facture"}
    assert numbers
    assert numbers <= own


async def test_a_post_that_is_not_declared_is_never_sent(signed_in: SignedIn) -> None:
    sent: list[Request] = []
    await signed_in("authz.idor", MODE, "authz.idor/other-record", accounts=PAIR, answers=recording(sent))
    posts = {one.parts.path for one in sent if one.method == "POST"}
    assert posts <= {"/connexion", "/api/graphql", "/deconnexion"}


BESIDE = ("trap/shared-directory", "trap/public-objects", "trap/address-with-a-key")


@pytest.mark.parametrize(
    "traps",
    [
        ("trap/refusal-200", *BESIDE),
        ("trap/refusal-redirect",),
        ("trap/own-record-instead", "trap/soft-404"),
    ],
    ids=lambda traps: traps[0],
)
@pytest.mark.parametrize("check", ["authz.idor", "authz.forced-browsing"])
async def test_what_must_not_be_accused(traps: tuple[str, ...], check: str, signed_in: SignedIn) -> None:
    found = await signed_in(check, *traps, accounts=PAIR, declared={"discovery.pages": 24})
    assert "refused" in slugs(found)
    assert not [one for one in found if one.status is Status.FAIL]


async def test_roles_under_traps(signed_in: SignedIn) -> None:
    found = await signed_in("authz.privilege-escalation", "trap/refusal-200", *BESIDE, accounts=("low", "high"))
    assert slugs(found) == {"refused"}


@pytest.mark.parametrize("refusal", ["refusal-200"])
async def test_a_refusal_of_another_kind_does_not_hide_what_is_open(refusal: str, signed_in: SignedIn) -> None:
    """Records are refused softly, invoices not at all."""
    found = await signed_in(
        "authz.idor", MODE, "authz.idor/other-record", f"trap/{refusal}", accounts=PAIR, canaries=True
    )
    named = {one.subject.name.partition("8443")[2] for one in found if one.slug == "other-record"}
    assert "/factures/{id}" in named
    assert "/resultats/{id}" not in named


async def test_a_session_that_dies_on_the_way_clears_nobody(signed_in: SignedIn) -> None:
    """Refusals given to a dead session are asked for again with a live one; when sessions keep dying, nothing is
    concluded."""

    def killing(times: int) -> Callable[[Script, VirtualClock], Script]:
        def wrapped(script: Script, _clock: VirtualClock) -> Script:
            first: dict[str, str] = {}
            dead: list[str] = []

            def answer(request: Request) -> Response:
                cookie = next((value for name, value in request.headers if name == "Cookie"), "")
                crossed = "/resultats/" in request.url and request.account == "b"
                if crossed and request.url in first and len(dead) < times and cookie not in dead:
                    dead.append(cookie)  # the very request that crosses kills the session
                if request.account == "a" and "/resultats/" in request.url:
                    first.setdefault(request.url, cookie)
                if cookie and cookie in dead:
                    bare = tuple(pair for pair in request.headers if pair[0] != "Cookie")
                    return script(_with_headers(request, bare))  # type: ignore[operator]
                return script(request)  # type: ignore[operator]

            return answer

        return wrapped

    once = await signed_in("authz.idor", "authz.idor/other-record", accounts=PAIR, canaries=True, answers=killing(1))
    assert any("/resultats/" in one.subject.name for one in once if one.status is Status.FAIL)
    always = await signed_in("authz.idor", accounts=PAIR, answers=killing(99))
    assert {one.status for one in always} == {Status.INCONCLUSIVE}


def _with_headers(request: Request, headers: tuple[tuple[str, str], ...]) -> Request:
    from dataclasses import replace

    return replace(request, headers=headers)
