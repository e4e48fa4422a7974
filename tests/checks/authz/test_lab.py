"""Access control on the portal: found when the switch is on, silent when it is off, lost where it cannot be known."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from pgssi_probe.check.harness import Script, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome, Reason, Status, Strength
from pgssi_probe.net.exchange import Request, Response

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
ROLES = ("low", "high")
PAIR = ("a", "b")

CASES = [
    ("authz.idor", "other-record", PAIR, True),
    ("authz.idor", "same-answer", PAIR, False),
    ("authz.idor", "traces-of-other", PAIR, False),
    ("authz.idor", "account-list", PAIR, False),
    ("authz.forced-browsing", "open-record", PAIR, True),
    ("authz.forced-browsing", "open-record", ("a",), True),
    ("authz.forced-browsing", "open-page", ("a",), False),
    ("authz.forced-browsing", "open-page", PAIR, False),
    ("authz.forced-browsing", "open-traces", PAIR, False),
    ("authz.forced-browsing", "open-function", ("a", *ROLES), False),
    ("authz.forced-browsing", "sent-with-redirect", PAIR, False),
    ("authz.forced-browsing", "account-list", ("a",), False),
    ("authz.privilege-escalation", "reserved-page", ROLES, False),
    ("authz.privilege-escalation", "reserved-strings", ROLES, False),
    ("authz.privilege-escalation", "described-function", ROLES, False),
    ("authz.privilege-escalation", "sent-with-redirect", ROLES, False),
]


@pytest.mark.parametrize(("check", "slug", "accounts", "canaries"), CASES)
async def test_found_when_on(
    check: str, slug: str, accounts: tuple[str, ...], canaries: bool, signed_in: SignedIn
) -> None:
    found = await signed_in(check, f"{check}/{slug}", accounts=accounts, canaries=canaries)
    assert slug in slugs(found)
    accused = [one for one in found if one.status is Status.FAIL]
    assert accused == [one for one in found if one.slug != "refused"]
    assert slug == "account-list" or accused == list(found)
    for one in accused:
        assert one.evidence
        assert "{" not in one.subject.name.replace("{id}", ""), "one subject for a template, without identifiers"


@pytest.mark.parametrize(
    ("check", "accounts"),
    [
        ("authz.idor", PAIR),
        ("authz.forced-browsing", PAIR),
        ("authz.forced-browsing", ("a",)),
        ("authz.privilege-escalation", ROLES),
        ("authz.privilege-escalation", (*PAIR, *ROLES)),
    ],
)
async def test_silent_when_off(check: str, accounts: tuple[str, ...], signed_in: SignedIn) -> None:
    found = await signed_in(check, accounts=accounts, canaries=True)
    assert slugs(found) == {"refused"}
    assert int(found[0].facts["refused"]) + int(found[0].facts.get("public", 0)) == found[0].facts["asked"]


async def test_administration_that_is_described_and_refused_is_silent(signed_in: SignedIn) -> None:
    usual = await signed_in("authz.privilege-escalation", accounts=ROLES)
    found = await signed_in("authz.privilege-escalation", "mode/described-administration", accounts=ROLES)
    assert slugs(found) == {"refused"}
    assert int(found[0].facts["refused"]) > int(usual[0].facts["refused"]), "the described function was tried"


async def test_a_declared_value_is_a_proof_and_its_absence_a_hint(signed_in: SignedIn) -> None:
    proved = await signed_in("authz.idor", "authz.idor/other-record", accounts=PAIR, canaries=True)
    assert {one.strength for one in proved if one.slug == "other-record"} == {Strength.PROOF}
    guessed = await signed_in("authz.idor", "authz.idor/other-record", accounts=PAIR)
    assert {one.strength for one in guessed} == {Strength.HINT}


async def test_without_the_second_account_nothing_is_concluded(signed_in: SignedIn) -> None:
    for check, accounts in (("authz.idor", ("a",)), ("authz.privilege-escalation", ("low",))):
        found = await signed_in(check, accounts=accounts)
        assert [one.reason for one in found] == [Reason.ACCOUNT_MISSING]


@pytest.mark.parametrize(
    ("check", "accounts", "private", "status"),
    [
        ("authz.idor", PAIR, r"/[0-9a-f]{8}-[0-9a-f-]{27}$", 429),
        ("authz.forced-browsing", PAIR, r"/[0-9a-f]{8}-[0-9a-f-]{27}$", 500),
        ("authz.privilege-escalation", ROLES, r"/gestion", 503),
    ],
)
async def test_what_brakes_or_breaks_is_not_cleared(
    check: str, accounts: tuple[str, ...], private: str, status: int, signed_in: SignedIn
) -> None:
    """Who asks for what another was shown gets an error: nothing may pass on it."""

    def breaking(script: Script, _clock: VirtualClock) -> Script:
        first: dict[str, str] = {}

        def answer(request: Request) -> Response:
            got = script(request)  # type: ignore[operator]
            strange = (
                re.search(private, request.url) and first.setdefault(request.url, request.account) != request.account
            )
            return replace(got, status=status, headers=(), body=b"", wire_bytes=0) if strange else got

        return answer

    found = await signed_in(check, accounts=accounts, answers=breaking)
    assert {one.status for one in found} == {Status.INCONCLUSIVE}
    assert found[0].reason in {Reason.RATE_LIMITED, Reason.SERVER_ERROR}
