"""A page that was not read to its end hides nothing and shows nothing: what is missing may stand further down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgssi_probe.check.harness import page, run_check
from pgssi_probe.model.outcome import Reason, Status
from pgssi_probe.net.exchange import Response, Truncation

HOME = "https://portal.example/"
PROSE = "<p>" + "Le portail vous donne accès à vos résultats et à vos rendez-vous. " * 10 + "</p>"
ABSENCE = [
    "content.cgu",
    "content.hds-mention",
    "content.legal-notices",
    "content.privacy-notice",
    "content.support-contact",
    "browser.sri",
    "https.mixed-content",
    "disclosure.secrets",
]


def cut(response: Response, why: Truncation = Truncation.DECODED_CAP) -> Response:
    return replace(response, truncated=why)


@pytest.mark.parametrize("identifier", ABSENCE)
@pytest.mark.parametrize("why", [Truncation.DECODED_CAP, Truncation.CONNECTION_LOST])
async def test_absence_is_not_concluded_from_the_beginning_of_a_page(identifier: str, why: Truncation) -> None:
    whole = await run_check(identifier, {HOME: page(PROSE)})
    assert all(one.status is not Status.INCONCLUSIVE for one in whole)
    begun = await run_check(identifier, {HOME: cut(page(PROSE), why)})
    assert [(one.status, one.reason) for one in begun] == [(Status.INCONCLUSIVE, Reason.BODY_TRUNCATED)]


async def test_what_was_read_counts_all_the_same() -> None:
    support = page(PROSE + "<p>Support : 01 99 00 00 00</p>")
    outcomes = await run_check("content.support-contact", {HOME: cut(support)})
    assert {(one.slug, one.reason) for one in outcomes} == {
        ("found", None),
        ("inconclusive", Reason.BODY_TRUNCATED),
    }


async def test_a_notice_cut_before_its_end_is_not_incomplete() -> None:
    legal = page(
        "<title>Mentions légales</title><p>Éditeur du site : Centre hospitalier d’Exemple.</p>" + "<p>Suite.</p>" * 90
    )
    script = {HOME: page(PROSE + "<a href=/ml>Mentions légales</a>"), f"{HOME}ml": legal}
    (whole,) = await run_check("content.legal-notices", script)
    assert whole.slug == "incomplete"
    (begun,) = await run_check("content.legal-notices", script | {f"{HOME}ml": cut(legal)})
    assert begun.reason is Reason.BODY_TRUNCATED


async def test_a_security_txt_cut_short_lacks_nothing_for_sure() -> None:
    address = f"{HOME}.well-known/security.txt"
    begun = cut(page("Contact: mailto:a@example.org\n", content_type="text/plain"), Truncation.CONNECTION_LOST)
    (one,) = await run_check("content.security-txt", {HOME: page(PROSE), address: begun})
    assert one.reason is Reason.BODY_TRUNCATED
    empty = cut(page("", content_type="text/plain"), Truncation.CONNECTION_LOST)
    (one,) = await run_check("content.security-txt", {HOME: page(PROSE), address: empty})
    assert one.reason is Reason.BODY_TRUNCATED
    (one,) = await run_check("content.security-txt", {HOME: page(PROSE), address: cut(page(PROSE))})
    assert one.slug == "missing"


async def test_error_pages_cut_short_are_not_plain() -> None:
    lost = cut(page("", status=404), Truncation.CONNECTION_LOST)
    outcomes = await run_check(
        "disclosure.verbose-errors", lambda request: page(PROSE) if request.url == HOME else lost
    )
    assert [one.reason for one in outcomes] == [Reason.BODY_TRUNCATED]
