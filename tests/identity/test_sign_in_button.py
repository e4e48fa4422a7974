"""Sign-in by a button that is a form, as OmniAuth draws it: pressed in an active run, and never beyond the scope."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from pgssi_probe.check.harness import page, redirect
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.identity import SIGN_IN, Driver, sign_in
from pgssi_probe.identity.forms import sign_in_button
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.exchange import Request, Response

ORIGIN = "https://portal.example"
BUTTON = (
    '<form action="/auth/openid_connect" method="post"><input type="hidden" name="authenticity_token" value="{}">'
    "<button>Se connecter</button></form>"
)


def behind_a_button(app: Any, leads_to: str) -> Any:
    """`app`, whose sign-in page is reached by POST only, with the token of the page."""
    it = app(home="<h1>Bienvenue</h1>" + BUTTON.format("t0k3n"))

    def answer(request: Request) -> Response | None:
        if request.parts.path != "/auth/openid_connect":
            return (
                page("", status=404)
                if (request.parts.path, request.method) == ("/login", "GET") and not it.open
                else None
            )
        right = parse_qs(request.body.decode()).get("authenticity_token") == ["t0k3n"]
        it.open = right and request.method == "POST"
        return redirect(leads_to, status=302) if it.open else page("", status=404)

    it.open = False
    it.before = answer
    return it


async def test_the_button_is_pressed_and_the_form_behind_it_filled(visit: Any, app: Any) -> None:
    ctx = visit(behind_a_button(app, "/login"))
    plan = await ctx.collect(SIGN_IN)
    assert (plan.driver, plan.url) == (Driver.OIDC, f"{ORIGIN}/")
    assert (await sign_in(ctx, "a")).signed_in


async def test_a_national_provider_is_named_and_not_visited(visit: Any, app: Any) -> None:
    it = behind_a_button(app, "https://oidc.franceconnect.gouv.fr/api/v2/authorize?client_id=x&state=abc")
    plan = await visit(it).collect(SIGN_IN)
    assert (plan.reason, plan.providers, plan.referral["client_id"]) == ("federated", ("FranceConnect",), "x")
    assert not [request for request in it.sent if "franceconnect" in request.url]


async def test_nothing_is_pressed_in_a_passive_run(visit: Any, app: Any) -> None:
    it = behind_a_button(app, "/login")
    plan = await visit(it, level=Level.PASSIVE).collect(SIGN_IN)
    assert not plan.usable
    assert {request.method for request in it.sent} <= {"GET", "HEAD"}


@pytest.mark.parametrize(
    "form",
    [
        '<form action="/logout" method="post"><button>Sign out</button></form>',
        '<form action="/auth/search" method="post"><input name="q"><button>Go</button></form>',
        '<form action="/signup" method="post"><button>Sign up</button></form>',
        '<form action="/auth/x" method="post"><button>x</button></form><input type="password">',
        '<form action="/basket" method="post"><button>Buy</button></form>',
    ],
)
def test_other_forms_are_no_such_button(form: str) -> None:
    assert sign_in_button(parse_html(form, ORIGIN + "/")) is None
