"""Notices found, incomplete, linked, missing, or not to be judged."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pgssi_probe.check.harness import Answer, page, redirect, run_check
from pgssi_probe.model.outcome import Outcome, Reason, Strength

HOME = "https://portal.example/"
PROSE = "<p>" + "Le portail vous donne accès à vos résultats et à vos rendez-vous. " * 10 + "</p>"
MENU = "<nav><a href=/>Accueil</a></nav>"
LEGAL = (
    "<title>Mentions légales</title><p>Éditeur du site : Centre hospitalier d’Exemple, 1 rue du Test, 99999 Exemple, "
    "téléphone 01 99 00 00 00, SIREN 000 000 000.</p><p>Directrice de la publication : A. Exemple, directrice.</p>"
    "<p>Hébergeur : Exemple Nuage, 2 rue du Test, 99999 Exemple.</p>"
)
PRIVACY = (
    "<p>Finalités : soins. Durée de conservation : vingt ans. Destinataires : l’équipe de soins. Vos droits d’accès "
    "et de rectification s’exercent auprès du délégué à la protection des données. Réclamation : CNIL.</p>"
)
TERMS = (
    "<p>Les présentes conditions fixent les règles du service. "
    + "Vous gardez votre mot de passe secret. " * 5
    + "</p>"
)


async def outcome(check: str, script: Mapping[str, Answer]) -> Outcome:
    (one,) = await run_check(check, script)
    return one


def site(footer: str, pages: Mapping[str, Answer] | None = None) -> dict[str, Answer]:
    return {HOME: page(f"<title>Portail</title>{MENU}{PROSE}<footer>{footer}</footer>"), **(pages or {})}


async def test_found_through_the_footer() -> None:
    one = await outcome(
        "content.legal-notices",
        site("<a href=/ml>Mentions légales</a>", {f"{HOME}ml": page(LEGAL)}),
    )
    assert (one.slug, one.strength) == ("found", Strength.HINT)
    assert one.facts["pages"] == [f"{HOME}ml"]
    assert one.facts["phone"] is True
    assert one.evidence


@pytest.mark.parametrize(
    ("footer", "address"),
    [
        ("<a href=/fr/mentions-legales><img src=/i.png></a>", "fr/mentions-legales"),
        ("<a href='/?page=mentions-legales'>Infos</a>", "?page=mentions-legales"),
        ("<a href=/infos>Informations pratiques</a>", "infos"),
    ],
)
async def test_found_by_its_address_or_its_title(footer: str, address: str) -> None:
    assert (await outcome("content.legal-notices", site(footer, {HOME + address: page(LEGAL)}))).slug == "found"


async def test_found_behind_a_redirect_and_two_links_away() -> None:
    pages = {
        f"{HOME}a-propos": page(f"{PROSE}<a href=/ml>Mentions légales</a>"),
        f"{HOME}ml": redirect("/fr/ml"),
        f"{HOME}fr/ml": page(LEGAL.replace("<title>Mentions légales</title>", "")),
    }
    assert (await outcome("content.legal-notices", site("<a href=/a-propos>À propos</a>", pages))).slug == "found"


async def test_incomplete_names_what_is_there_and_what_is_not() -> None:
    without = LEGAL.replace("Directrice de la publication : A. Exemple, directrice.", "")
    one = await outcome("content.legal-notices", site("<a href=/ml>Mentions légales</a>", {f"{HOME}ml": page(without)}))
    assert (one.slug, one.strength) == ("incomplete", Strength.HINT)
    assert (one.facts["director"], one.facts["publisher"], one.facts["host"]) == (False, True, True)
    assert "directeur de la publication : non" in one.sentence.fr
    assert "publication director: no" in one.sentence.en


@pytest.mark.parametrize(
    ("link", "pages"),
    [
        ("<a href=/mentions.pdf>Mentions légales (PDF)</a>", {}),
        ("<a href='https://www.ailleurs.example/legal'>Mentions légales</a>", {}),
        ("<a href=/ml>Mentions légales</a>", {"ml": page("%PDF-1.7", content_type="application/pdf")}),
        ("<a href=/ml>Mentions légales</a>", {"ml": page("<div id=app></div><script src=/a.js></script>")}),
        ("<a href='#'>Mentions légales</a>", {}),
        (
            "<a href=/ml>Mentions légales</a>",
            {"robots.txt": page("User-agent: *\nDisallow: /ml", content_type="text/plain")},
        ),
    ],
    ids=["document", "another site", "served as PDF", "drawn by a script", "dialogue", "closed to robots"],
)
async def test_linked_but_not_read(link: str, pages: Mapping[str, Answer]) -> None:
    one = await outcome("content.legal-notices", site(link, {HOME + path: answer for path, answer in pages.items()}))
    assert one.slug == "linked"
    assert one.facts["links"]


async def test_a_notice_inside_the_home_page() -> None:
    assert (
        await outcome("content.legal-notices", site(f"<a href='#ml'>Mentions légales</a><section id=ml>{LEGAL}"))
    ).slug == "found"


@pytest.mark.parametrize(
    "check", ["content.legal-notices", "content.privacy-notice", "content.cgu", "content.hds-mention"]
)
async def test_missing_is_a_hint(check: str) -> None:
    one = await outcome(check, site("<a href=/rien>Plan</a>"))
    assert (one.slug, one.strength) == ("missing", Strength.HINT)


async def test_a_link_that_leads_nowhere_is_named() -> None:
    one = await outcome("content.legal-notices", site("<a href=/ml>Mentions légales</a>"))
    assert one.slug == "missing"
    assert one.facts["broken"] == [f"{HOME}ml"]


@pytest.mark.parametrize(
    "home",
    [
        page(
            "<title>App</title><div id=root></div><noscript>JavaScript est nécessaire.</noscript>"
            "<script src=/m.js></script>"
        ),
        page(""),
        page("Erreur", status=500),
        page("{}", content_type="application/json"),
        redirect("https://ailleurs.example/"),
    ],
    ids=["shell", "empty", "error", "data", "elsewhere"],
)
@pytest.mark.parametrize(
    "check",
    [
        "content.legal-notices",
        "content.privacy-notice",
        "content.cgu",
        "content.hds-mention",
        "content.support-contact",
    ],
)
async def test_nothing_to_read_accuses_nobody(check: str, home: Answer) -> None:
    one = await outcome(check, {HOME: home})
    assert one.reason is Reason.NO_SAMPLE


async def test_privacy_found_and_incomplete() -> None:
    footer = "<a href=/rgpd>Protection des données</a>"
    assert (await outcome("content.privacy-notice", site(footer, {f"{HOME}rgpd": page(PRIVACY)}))).slug == "found"
    partial = page(PRIVACY.replace("Réclamation : CNIL.", "").replace("Durée de conservation : vingt ans.", ""))
    one = await outcome("content.privacy-notice", site(footer, {f"{HOME}rgpd": partial}))
    assert one.slug == "incomplete"
    assert (one.facts["complaint"], one.facts["retention"], one.facts["dpo"]) == (False, False, True)


async def test_terms_found() -> None:
    footer = "<a href=/u>Conditions générales d’utilisation</a>"
    assert (await outcome("content.cgu", site(footer, {f"{HOME}u": page(TERMS)}))).slug == "found"


async def test_hds_quoted() -> None:
    one = await outcome("content.hds-mention", site("Données hébergées par Exemple, certifié HDS."))
    assert one.slug == "found"
    assert one.facts["quote"] == "Données hébergées par Exemple, certifié HDS."


async def test_evidence_holds_only_the_lines_that_carry_the_proof() -> None:
    from pgssi_checks.content.reading import excerpt
    from pgssi_probe.check.harness import exchange
    from pgssi_probe.discovery.parse import parse_page

    read = await parse_page(exchange(HOME, page("<p>Hébergeur : X</p><p>Autre chose</p>")))
    assert read is not None
    assert excerpt(read, "hebergeur") == "Hébergeur : X"
