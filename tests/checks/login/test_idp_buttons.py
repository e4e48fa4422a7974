"""`login.idp-buttons`: recognised by what cannot be mistaken, silent about prose, never outside of the application."""

import pytest

from pgssi_checks.login.providers import authorisation, offered, provider_at, providers
from pgssi_probe.check.harness import exchange, page, redirect, run_check, slugs
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.discovery.site import Page
from pgssi_probe.model.outcome import Reason, Status

HOME = "https://portal.example/"
LOGIN = "https://portal.example/connexion"
FORM = "<form method=post><input name=u><input type=password name=p></form>"
PSC = "https://wallet.esw.esante.gouv.fr/auth?client_id=portail&redirect_uri=https%3A%2F%2Fportal.example%2Fretour%3Fx%3D1&acr_values=eidas1&scope=openid+scope_all&response_type=code"


def login_page(html: str) -> Page:
    response = page(f"<title>Connexion</title>{FORM}{html}")
    return Page(exchange(LOGIN, response), parse_html(response.text, LOGIN))


def seen(html: str) -> dict[str, str]:
    return {one.provider.identifier: one.sign for one in offered(login_page(html))}


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="https://oidc.franceconnect.gouv.fr/api/v2/authorize?x=1">Entrer</a>', {"franceconnect": "address"}),
        (
            '<a href="https://sso.portal.example/auth?idp=https%3A%2F%2Fauth.esw.esante.gouv.fr%2Fauth">Entrer</a>',
            {"pro-sante-connect": "address"},
        ),
        (
            '<button class="fr-connect"><span class="fr-connect__login">S’identifier avec</span>'  # noqa: ISC004
            '<span class="fr-connect__brand">ProConnect</span></button>',
            {"proconnect": "button"},
        ),
        ('<a href=/psc><img src="/img/ProSanteConnect_sombre.svg"></a>', {"pro-sante-connect": "image"}),
        ('<a href=/psc><img src=/b.svg alt="Pro Santé Connect"></a>', {"pro-sante-connect": "image"}),
        ("<button>Se connecter avec Pro Santé Connect</button>", {"pro-sante-connect": "words"}),
        ("<button>S'identifier avec l’appli carte Vitale</button>", {"carte-vitale": "words"}),
        ('<a href="/fc">FranceConnect</a>', {"franceconnect": "words"}),
        ("<p>Bientôt, vous pourrez vous connecter avec Pro Santé Connect.</p>", {}),
        ('<a href="https://esante.gouv.fr/psc">En savoir plus sur Pro Santé Connect</a>', {}),
        ('<a href="https://oidc.franceconnect.gouv.fr.evil.example/">Entrer</a>', {}),
        ('<!-- <button class="fr-connect">FranceConnect</button> -->', {}),
        ("<p>Munissez-vous de votre carte Vitale.</p>", {}),
    ],
)
def test_what_a_page_offers(html: str, expected: dict[str, str]) -> None:
    assert seen(html) == expected


def test_every_provider_has_its_own_hosts() -> None:
    hosts = [host for one in providers() for host in (*one.hosts, *one.test_hosts)]
    assert len(hosts) == len(set(hosts))
    assert all(provider_at(f"https://{host}/x") for host in hosts)
    assert provider_at("https://[bad") is None


def test_an_authorisation_request_is_read_without_its_secrets() -> None:
    read = authorisation(PSC + "&state=SECRET-STATE&nonce=SECRET-NONCE&code_challenge=x")
    assert read is not None
    assert (read.client_id, read.acr_values, read.redirect_uri) == (
        "portail",
        "eidas1",
        "https://portal.example/retour",
    )
    assert (read.state, read.nonce, read.pkce, read.test) == (True, True, True, False)
    assert "SECRET" not in repr(read)
    assert authorisation("https://portal.example/?client_id=x") is None


def site(start: str, answers: dict) -> dict:
    body = f'<title>Connexion</title>{FORM}<a href="{start}">Se connecter avec Pro Santé Connect</a>'
    return {HOME: page(f'<a href="{LOGIN}">Connexion</a>'), LOGIN: page(body), **answers}


async def test_the_redirect_is_read_after_one_hop_and_never_followed() -> None:
    asked = []
    pages = site(
        "/psc/start",
        {
            "https://portal.example/psc/start": redirect("/psc/go", status=302),
            "https://portal.example/psc/go": redirect(PSC + "&state=a&nonce=b", status=302),
        },
    )

    def answer(request):
        asked.append(request.url)
        return pages.get(request.url) or page("", status=404)

    outcomes = await run_check("login.idp-buttons", answer)
    assert slugs(outcomes) == {"offered", "request-read"}
    assert not any("gouv.fr" in url.split("?")[0] for url in asked)
    assert {one.status for one in outcomes} == {Status.PASS}


async def test_a_request_that_nothing_binds_is_a_hint() -> None:
    outcomes = await run_check(
        "login.idp-buttons", site("/psc/start", {"https://portal.example/psc/start": redirect(PSC, status=302)})
    )
    assert slugs(outcomes) == {"offered", "request-unbound"}
    assert {one.strength.value for one in outcomes if one.failed} == {"hint"}


async def test_absence_accuses_only_what_was_declared() -> None:
    plain = {HOME: page(FORM)}
    for declared in ({}, {"login.national-sign-in": False}):
        (silent,) = await run_check("login.idp-buttons", plain, declared=declared)
        assert (silent.slug, silent.status) == ("none-seen", Status.NOT_APPLICABLE)
    (absent,) = await run_check("login.idp-buttons", plain, declared={"login.national-sign-in": True})
    assert (absent.slug, absent.failed, absent.strength.value) == ("not-found", True, "hint")


async def test_a_site_without_a_sign_in_page_gives_nothing() -> None:
    (only,) = await run_check("login.idp-buttons", {HOME: page("<p>Bonjour</p>")})
    assert only.reason is Reason.NO_SAMPLE


async def test_a_hostile_page_gets_few_requests() -> None:
    links = "".join(f'<a href="/psc/{n}">FranceConnect</a>' for n in range(200))

    def answer(request):
        if "/psc/" in request.url:
            return redirect(request.url + "/psc/x", status=302)
        return page(FORM + links)

    await run_check("login.idp-buttons", answer)  # the harness refuses more than is declared


async def test_the_hardened_portal_is_accused_of_nothing(on_lab) -> None:
    assert not [one for one in await on_lab("login.idp-buttons") if one.failed]


async def test_the_portal_with_france_connect(on_lab) -> None:
    outcomes = await on_lab("login.idp-buttons", "mode/france-connect")
    assert slugs(outcomes) == {"offered", "request-read"}
    assert {one.facts["provider"] for one in outcomes if one.slug == "request-read"} == {"FranceConnect"}


async def test_the_portal_with_an_unbound_request(on_lab) -> None:
    outcomes = await on_lab("login.idp-buttons", "login.idp-buttons/request-unbound")
    assert slugs(outcomes) == {"offered", "request-unbound"}


async def test_a_sign_in_page_that_nothing_links_to_is_found_at_a_usual_address() -> None:
    body = f"<title>Connexion</title>{FORM}<button>Se connecter avec Pro Santé Connect</button>"
    (only,) = await run_check("login.idp-buttons", {HOME: page("<p>Bonjour</p>"), HOME + "login": page(body)})
    assert only.slug == "named"
