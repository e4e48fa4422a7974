"""`content.security-advice` and `content.help`: seen, linked, missing, and what is too thin to say."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from pgssi_checks.content.advising import ADVICE, HELP, advice_on_credentials, advice_on_devices, as_shown
from pgssi_checks.content.wording import plain
from pgssi_probe.browser import Rendered, RenderedPage
from pgssi_probe.browser.kept import Dump
from pgssi_probe.check.harness import Answer, page, run_check, scripted, slugs
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.model.outcome import Reason
from pgssi_probe.registry import check

HOME = "https://portal.example/"
PROSE = "<p>" + "Le portail vous donne accès à vos résultats et à vos rendez-vous. " * 10 + "</p>"
DEVICES = "<ul><li>Gardez votre téléphone à jour.</li><li>Évitez le Wi-Fi public.</li></ul>"
SECRETS = "<ul><li>Ne communiquez votre mot de passe à personne.</li><li>Déconnectez-vous après chaque usage.</li></ul>"


def site(home: str, pages: Mapping[str, Answer] | None = None) -> dict[str, Answer]:
    return {HOME: page(PROSE + home), **{HOME + path: answer for path, answer in (pages or {}).items()}}


@pytest.mark.parametrize(
    "line",
    [
        "Installez les mises à jour de votre appareil",
        "Gardez votre navigateur à jour",
        "Verrouillez votre téléphone par un code",
        "Utilisez un antivirus",
        "Évitez les réseaux Wi-Fi publics",
        "Keep your browser up to date",
        "Lock your phone",
        "Do not use a shared computer",
    ],
)
def test_advice_on_the_device(line: str) -> None:
    assert advice_on_devices(plain(line))


@pytest.mark.parametrize(
    "line",
    [
        "Ne communiquez jamais votre mot de passe",
        "Ne le partagez avec personne",
        "Un mot de passe que vous n'utilisez nulle part ailleurs",
        "Choisissez un mot de passe suffisamment long",
        "Pensez à vous déconnecter à la fin de chaque visite",
        "Never share your password",
        "Use a strong password",
        "Sign out after each visit",
    ],
)
def test_advice_on_passwords(line: str) -> None:
    assert advice_on_credentials(plain(line))


@pytest.mark.parametrize(
    "line",
    [
        "Mot de passe",
        "Mot de passe oublié ?",
        "Se déconnecter",
        "Mettre à jour mon profil",
        "Vos coordonnées sont à jour",
        "Stay logged in",
        "Password",
        "Partagez vos résultats avec votre médecin",
        "Réseau public hospitalier",
    ],
)
def test_ordinary_words_are_no_advice(line: str) -> None:
    found = [*advice_on_devices(plain(line)), *advice_on_credentials(plain(line))]
    assert found == []


@pytest.mark.parametrize("told", [advice_on_devices, advice_on_credentials])
@pytest.mark.parametrize("word", ["mots de passe ", "ne communique ", "installez ", "never share ", "garder "])
def test_no_text_keeps_the_reader_for_long(told, word: str) -> None:
    began = time.perf_counter()
    told((word * 30_000)[:400_000])
    told("\n".join([word * 150] * 200))
    assert time.perf_counter() - began < 2


async def test_advice_on_both() -> None:
    pages = {"conseils": page(PROSE + DEVICES + SECRETS)}
    outcomes = await run_check("content.security-advice", site("<a href=/conseils>Conseils de sécurité</a>", pages))
    assert slugs(outcomes) == {"devices", "credentials"}
    assert {outcome.facts["page"] for outcome in outcomes} == {HOME + "conseils"}


@pytest.mark.parametrize(
    ("home", "expected"),
    [
        (DEVICES, {"devices", "no-credential-advice"}),
        (SECRETS, {"credentials", "no-device-advice"}),
        ("", {"missing"}),
        ("<p>Ne communiquez votre mot de passe à personne.</p>", {"missing"}),
        ("<a href='https://www.cybermalveillance.gouv.fr/'>Bonnes pratiques</a>", {"linked"}),
    ],
)
async def test_what_is_missing_is_named(home: str, expected: set[str]) -> None:
    assert slugs(await run_check("content.security-advice", site(home))) == expected


async def test_advice_far_from_the_home_page_is_not_seen_unless_it_is_announced() -> None:
    far = {
        "sitemap.xml": page("<urlset><url><loc>https://portal.example/c</loc></url></urlset>", content_type="text/xml"),
        "c": page(PROSE + "<p>C</p>" + DEVICES + SECRETS),
    }
    assert slugs(await run_check("content.security-advice", site("", far))) == {"missing"}
    far["c"] = page("<title>Conseils de sécurité</title>" + PROSE + DEVICES + SECRETS)
    assert slugs(await run_check("content.security-advice", site("", far))) == {"devices", "credentials"}


@pytest.mark.parametrize("name", ["content.security-advice", "content.help"])
async def test_an_empty_shell_says_nothing(name: str) -> None:
    (outcome,) = await run_check(name, {HOME: page("<div id=root></div>")})
    assert (outcome.slug, outcome.reason) == ("inconclusive", Reason.NO_SAMPLE)


@pytest.mark.parametrize(
    ("home", "pages", "expected"),
    [
        (
            "<a href=/aide>Aide</a>",
            {"aide": page("<h1>Aide</h1>" + "<p>Pour vous connecter, …</p>" * 20)},
            "found",
        ),
        (
            "<a href=/faq>FAQ</a>",
            {"faq": page("<h1>FAQ</h1>" + "<p>Question et réponse</p>" * 15)},
            "found",
        ),
        ("<a href=/aide>Aide</a>", {"aide": page("<h1>Aide</h1>")}, "missing"),
        ("<a href=/aide>Aide</a>", {}, "missing"),
        ("<a href=/guide.pdf>Guide de l'utilisateur</a>", {}, "linked"),
        ("<p>Nous aidons</p>", {}, "missing"),
    ],
)
async def test_help(home: str, pages: Mapping[str, Answer], expected: str) -> None:
    assert slugs(await run_check("content.help", site(home, pages))) == {expected}


def test_topics() -> None:
    assert ADVICE.is_named_in("conseils de securite")
    assert not ADVICE.is_named_in("securite sociale")
    assert HELP.is_named_in("aide en ligne")
    assert not HELP.is_named_in("aides financieres")


async def test_what_scripts_draw_is_read() -> None:
    run = scripted(check("content.help").metadata, {HOME: page("<div id=root></div>")})
    received = await run.context.collect(SITE)
    drawn = await parse_page(received.home)
    assert drawn is not None
    shown = RenderedPage(page=drawn, asked=(), mixed=(), kept=Dump((), cut=False))
    merged = as_shown(received, Rendered((shown,)))
    assert merged.pages[0] is drawn
    assert len(merged.pages) == len(received.pages)
