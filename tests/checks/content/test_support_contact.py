"""Support within reach, and how to report a malicious message."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pgssi_checks.content.support_contact import tells_to_report
from pgssi_checks.content.wording import plain
from pgssi_probe.check.harness import Answer, page, run_check
from pgssi_probe.model.outcome import Outcome

HOME = "https://portal.example/"
PROSE = "<p>" + "Le portail vous donne accès à vos résultats et à vos rendez-vous. " * 10 + "</p>"

SITEMAP = "<urlset><url><loc>https://portal.example/c</loc></url></urlset>"


async def outcomes(home: str, pages: Mapping[str, Answer] | None = None) -> dict[str, Outcome]:
    script = {HOME: page(PROSE + home), **{HOME + path: answer for path, answer in (pages or {}).items()}}
    return {one.slug: one for one in await run_check("content.support-contact", script)}


@pytest.mark.parametrize(
    ("home", "pages", "means"),
    [
        ("<p>Assistance : 01 99 00 00 01</p>", {}, "phone"),
        ("<h2>Besoin d’aide ?</h2><p>Du lundi au vendredi</p><p>01 99 00 00 01</p>", {}, "phone"),
        ("<a href='mailto:support@exemple.invalid'>écrire</a>", {}, "email"),
        ("<a href=/contact>Contact</a>", {"contact": page("<p>Écrivez à portail@exemple.invalid</p>")}, "email"),
        ("<a href=/contact>Nous contacter</a>", {"contact": page("<a href='tel:+33199000001'>Appeler</a>")}, "phone"),
        (
            "<a href=/aide>Aide</a>",
            {"aide": page("<form method=post action=/c><textarea name=m></textarea><button>Envoyer</button></form>")},
            "form",
        ),
        ("<p>Need help? Contact us: +44 20 7946 0000</p>", {}, "phone"),
    ],
)
async def test_found(home: str, pages: Mapping[str, Answer], means: str) -> None:
    found = (await outcomes(home, pages))["found"]
    assert {name for name in ("phone", "email", "form") if found.facts[name]} == {means}
    assert found.facts["clicks"] == len(pages)


@pytest.mark.parametrize(
    ("home", "pages"),
    [
        ("<footer>Standard : 01 99 00 00 00</footer>", {}),
        (
            "<a href=/aide>Aide</a><footer>Standard : 01 99 00 00 00</footer>",
            {"aide": page(f"{PROSE}<footer>Standard : 01 99 00 00 00</footer>")},
        ),
        ("<p>Courriel : contact@exemple.invalid, secretariat@exemple.invalid</p>", {}),
        ("<form method=post><textarea name=avis></textarea></form>", {}),
        ("<a href=/contact>Contact</a>", {}),
        (
            "<a href=/a>a</a>",
            {
                "a": page(f"{PROSE}a<a href=/b>b</a>"),
                "b": page(f"{PROSE}b<a href=/c>c</a>"),
                "c": page("<p>Assistance : 01 99 00 00 01</p>"),
                "sitemap.xml": page(SITEMAP, content_type="application/xml"),
            },
        ),
    ],
    ids=[
        "switchboard",
        "help page without contact",
        "general address",
        "form about something else",
        "dead link",
        "too far",
    ],
)
async def test_missing(home: str, pages: Mapping[str, Answer]) -> None:
    assert "missing" in await outcomes(home, pages)


async def test_linked_elsewhere() -> None:
    one = (await outcomes("<a href='https://support.ailleurs.example/'>Assistance</a>"))["linked"]
    assert one.facts["links"] == ["https://support.ailleurs.example/"]


@pytest.mark.parametrize(
    "text",
    [
        "Signaler un hameçonnage à l'assistance",
        "Vous avez reçu un courriel suspect ?\nTransférez-le à securite@exemple.invalid",
        "Message frauduleux : appelez-nous et signalez-le au 33700",
        "Report a phishing e-mail",
    ],
)
def test_reporting_is_recognised(text: str) -> None:
    assert tells_to_report(plain(text))


@pytest.mark.parametrize(
    "text",
    [
        "Méfiez-vous du hameçonnage.",
        "Signaler un changement d'adresse",
        "Le hameçonnage progresse.\n.\n.\nSignaler un décès",
    ],
)
def test_a_warning_alone_is_no_way_to_report(text: str) -> None:
    assert not tells_to_report(plain(text))


async def test_both_questions_are_answered() -> None:
    assert set(await outcomes("<p>Assistance : 01 99 00 00 01. Signalez-nous tout hameçonnage.</p>")) == {
        "found",
        "phishing-report",
    }
    assert set(await outcomes("<p>Rien</p>")) == {"missing", "no-phishing-report"}
