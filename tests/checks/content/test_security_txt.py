"""security.txt, RFC 9116."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.content.security_txt import expiry, parse_security_txt, usable_contact
from pgssi_probe.check.harness import Answer, page, redirect, run_check
from pgssi_probe.model.outcome import Outcome, Reason, Strength
from pgssi_probe.net.exchange import Failure, Request

HOME = "https://portal.example"
WELL_KNOWN = f"{HOME}/.well-known/security.txt"
LEGACY = f"{HOME}/security.txt"
GOOD = "# Merci\nContact: mailto:securite@exemple.invalid\nExpires: 2026-06-30T00:00:00Z\nPreferred-Languages: fr, en\n"
SIGNED = (
    f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{GOOD}- - rappel\n-----BEGIN PGP SIGNATURE-----\n\n"
    "Contact: x\n-----END PGP SIGNATURE-----\n"
)


def text(body: str, content_type: str = "text/plain; charset=utf-8") -> Answer:
    return page(body, content_type=content_type)


async def outcome(script: dict[str, Answer] | Callable[[Request], Answer], url: str = f"{HOME}/") -> Outcome:
    (one,) = await run_check("content.security-txt", script, url=url)
    return one


@pytest.mark.parametrize("body", [GOOD, SIGNED, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD, GOOD.lower()])
async def test_valid(body: str) -> None:
    one = await outcome({WELL_KNOWN: text(body)})
    assert one.slug == "valid"
    assert (one.facts["expires"], one.facts["contacts"]) == ("2026-06-30", 1)
    assert one.facts["signed"] is (body is SIGNED)


async def test_a_redirect_within_the_host_is_followed() -> None:
    assert (await outcome({WELL_KNOWN: redirect("/s.txt"), f"{HOME}/s.txt": text(GOOD)})).slug == "valid"
    assert (await outcome({WELL_KNOWN: redirect(LEGACY), LEGACY: text(GOOD)})).slug == "irregular"
    assert (await outcome({WELL_KNOWN: redirect("https://ailleurs.example/s")})).reason is Reason.OUT_OF_SCOPE


async def test_the_former_place_is_read_and_told() -> None:
    one = await outcome({LEGACY: text(GOOD)})
    assert (one.slug, one.facts["well_known"]) == ("irregular", False)


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        (GOOD.replace("2026-06-30", "2025-06-30"), "expired"),
        (GOOD.replace("Contact", "Policy"), "no-contact"),
        ("Contact: https://exemple.invalid/\n", "no-expires"),
    ],
)
async def test_faults_by_name(body: str, slug: str) -> None:
    one = await outcome({WELL_KNOWN: text(body)})
    assert (one.slug, one.strength) == (slug, Strength.PROOF)


@pytest.mark.parametrize(
    ("body", "content_type", "fact"),
    [
        (GOOD, "text/html", "text_plain"),
        (GOOD, "application/octet-stream", "text_plain"),
        (GOOD + "Expires: 2027-01-01T00:00:00Z\n", "text/plain", "one_expires"),
        (GOOD.replace("2026-06-30T00:00:00Z", "bientôt"), "text/plain", "readable_expires"),
        (GOOD.replace("mailto:", ""), "text/plain", "uris"),
        (GOOD.replace("mailto:securite@", "http://"), "text/plain", "uris"),
    ],
)
async def test_irregular_says_what_is_wrong(body: str, content_type: str, fact: str) -> None:
    one = await outcome({WELL_KNOWN: text(body, content_type)})
    assert one.slug == "irregular"
    names = ("text_plain", "one_expires", "readable_expires", "uris", "https", "well_known")
    assert [name for name in names if not one.facts[name]] == [fact]


async def test_a_file_over_plain_http_is_irregular() -> None:
    one = await outcome({WELL_KNOWN.replace("https", "http"): text(GOOD)}, url=HOME.replace("https", "http"))
    assert (one.slug, one.facts["https"]) == ("irregular", False)


@pytest.mark.parametrize(
    "answer",
    [
        page("<h1>Introuvable</h1>Contact: aide"),
        page("<!doctype html><p>Contact: x", content_type="text/plain"),
        page('{"contact": 1}', content_type="application/json"),
        text("Fichier introuvable"),
        text(""),
        page("Contact: mailto:a@b.example", status=403, content_type="text/plain"),
    ],
    ids=["soft 404", "page called text", "data", "other text", "empty", "refused"],
)
async def test_what_is_no_security_txt_is_absence(answer: Answer) -> None:
    one = await outcome(lambda _: answer)
    assert (one.slug, one.strength) == ("missing", Strength.HINT)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (Failure.RESPONSE_TIMEOUT, Reason.TIMEOUT),
        (Failure.TLS, Reason.TLS_FAILED),
        (Failure.REFUSED, Reason.CONNECTION_FAILED),
        (Failure.BUDGET, Reason.BUDGET_EXHAUSTED),
    ],
)
async def test_silence_is_no_absence(failure: Failure, reason: Reason) -> None:
    assert (await outcome(lambda _: failure)).reason is reason


def test_expiry_needs_a_date_a_time_and_an_offset() -> None:
    assert expiry("2026-06-30T02:00:00+02:00") == datetime(2026, 6, 30, tzinfo=UTC)
    assert expiry("2026-06-30t00:00:00z") == datetime(2026, 6, 30, tzinfo=UTC)
    for wrong in (
        "2026-06-30",
        "2026-06-30T00:00:00",
        "Tue, 30 Jun 2026 00:00:00 GMT",
        "9999-12-31T23:59:59-14:00",
        "",
    ):
        assert expiry(wrong) is None, wrong


def test_contacts() -> None:
    assert usable_contact("HTTPS://exemple.invalid/s")
    assert usable_contact("tel:+33199000001")
    assert not any(map(usable_contact, ("a@b.example", "http://b.example", "https://", "mailto:", "")))


@given(st.text(max_size=200))
def test_never_raises(body: str) -> None:
    parse_security_txt(body)
    parse_security_txt(f"-----BEGIN PGP SIGNED MESSAGE-----\n{body}")
    expiry(body)
