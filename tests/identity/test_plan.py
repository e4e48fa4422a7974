"""Finding the sign-in page by reading."""

from __future__ import annotations

from typing import Any

import pytest

from pgssi_probe.check.harness import exchange, page, redirect
from pgssi_probe.identity import SIGN_IN, Driver, SignInPlan
from pgssi_probe.identity.endpoints import endpoints_in, takes_posts
from pgssi_probe.identity.providers import provider_of
from pgssi_probe.identity.search import MAX_REQUESTS
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.exchange import Request, Response

ORIGIN = "https://portal.example"
FORM = (
    '<form method=post action="/do"><input name=user><input type=password name=pass>'
    "<button>Se connecter</button></form>"
)
REGISTER = (
    '<h1>Inscription</h1><form method=post action="/register"><input name=login><input type=password name=p1 '
    "autocomplete=new-password><input type=password name=p2 autocomplete=new-password><button>Créer</button></form>"
)


def html(body: str, **options: Any) -> Response:
    return page(f"<!doctype html><html lang=fr><title>Portail</title><body>{body}", **options)


PLACES = {
    "on the home page": ({"/": html(FORM)}, "/"),
    "behind a link": ({"/": html('<a href="/x7">Connexion</a>'), "/x7": html(FORM)}, "/x7"),
    "behind an English link": ({"/": html('<a href="/x7">Sign in</a>'), "/x7": html(FORM)}, "/x7"),
    "where home redirects": ({"/": redirect("/entrer", status=302), "/entrer": html(FORM)}, "/entrer"),
    "at a usual address": ({"/": html("<p>Bonjour</p>"), "/login.php": html(FORM)}, "/login.php"),
    "where a protected page leads": (
        {
            "/": html("<p>Bonjour</p>"),
            "/admin/": redirect("/z?next=/admin/", status=302),
            "/z?next=/admin/": html(FORM),
        },
        "/z?next=/admin/",
    ),
    "beside a registration": (
        {"/": html('<a href="/r">Inscription</a><a href="/c">Connexion</a>'), "/r": html(REGISTER), "/c": html(FORM)},
        "/c",
    ),
    "where robots may not go": (
        {
            "/": html('<a href="/login">Connexion</a>'),
            "/robots.txt": page("User-agent: *\nDisallow: /login", content_type="text/plain"),
            "/login": html(FORM),
        },
        "/login",
    ),
}


@pytest.mark.parametrize("where", PLACES)
async def test_the_form_is_found(visit: Any, where: str) -> None:
    pages, expected = PLACES[where]
    plan = await visit({ORIGIN + path: answer for path, answer in pages.items()}).collect(SIGN_IN)
    assert (plan.driver, plan.url) == (Driver.FORM, ORIGIN + expected)
    assert plan.form.password.name == "pass"


async def test_nothing_is_posted_and_the_search_is_bounded(visit: Any) -> None:
    sent: list[Request] = []

    def script(request: Request) -> Response:
        sent.append(request)
        return html("".join(f'<a href="/login/{len(sent)}/{n}">Connexion</a>' for n in range(50)))

    plan = await visit(script).collect(SIGN_IN)
    assert (plan.driver, plan.reason) == (None, "no_form")
    assert {request.method for request in sent} == {"GET"}
    assert len(plan.steps) <= MAX_REQUESTS


async def test_a_passive_run_guesses_no_address(visit: Any) -> None:
    plan = await visit({f"{ORIGIN}/": html("x"), f"{ORIGIN}/login": html(FORM)}, level=Level.PASSIVE).collect(SIGN_IN)
    assert plan.driver is None


async def test_declarations_win(visit: Any) -> None:
    declared = {"login.url": f"{ORIGIN}/c2", "login.username_field": "second", "login.password_field": "pw"}
    odd = "<form method=post><input name=first><input name=second><input type=text name=pw></form>"
    plan = await visit({f"{ORIGIN}/": html(FORM), f"{ORIGIN}/c2": html(odd)}, declared=declared).collect(SIGN_IN)
    assert plan.url == f"{ORIGIN}/c2"
    assert (plan.form.username.name, plan.form.password.name) == ("second", "pw")


async def test_a_federated_sign_in_is_told_and_left_alone(visit: Any) -> None:
    link = '<a href="https://wallet.esw.esante.gouv.fr/auth?client_id=x">Pro Santé Connect</a>'
    plan = await visit({f"{ORIGIN}/": html(link)}).collect(SIGN_IN)
    assert (plan.driver, plan.reason, plan.providers) == (None, "federated", ("Pro Santé Connect",))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://auth.esw.esante.gouv.fr/x", "Pro Santé Connect"),
        ("https://oidc.franceconnect.gouv.fr/api/v2", "FranceConnect"),
        ("https://fcp-low.integ01.dev-franceconnect.fr/", "FranceConnect"),
        ("https://esante.gouv.fr.evil.example/", None),
        ("https://notfranceconnect.gouv.fr/", None),
    ],
)
def test_the_national_providers(url: str, name: str | None) -> None:
    assert provider_of(url) == name


def test_endpoints_in_scripts() -> None:
    found = endpoints_in(['fetch("/api/v2/login",{method:"POST"}); a="/static/login.css"; go("/app/signin")'])
    assert found == ("/api/v2/login", "/app/signin")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (page("", status=405), True),
        (page("", status=405, headers=(("Allow", "GET"),)), False),
        (page("{}", status=401, content_type="application/json"), True),
        (page("{}", status=404, content_type="application/json"), False),
        (html("x", status=401), False),
        (html("x"), False),
    ],
)
def test_an_endpoint_waits_for_a_post(answer: Response, expected: bool) -> None:
    assert takes_posts(exchange(f"{ORIGIN}/api/login", answer)) is expected


def test_people_sign_in_on_the_page_and_not_at_an_address_that_was_guessed_in_vain() -> None:
    plan = SignInPlan(Driver.JSON, url=f"{ORIGIN}/api/login", page_url=f"{ORIGIN}/")
    assert plan.place == f"{ORIGIN}/api/login"
    plan.basic_at.append(f"{ORIGIN}/api/whoami")
    assert plan.place == f"{ORIGIN}/"
