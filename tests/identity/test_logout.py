"""The control that signs out, and using it."""

from __future__ import annotations

from typing import Any

import pytest

from pgssi_probe.check.harness import page
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.identity import ORACLE, State, find_logout, sign_in, sign_out
from pgssi_probe.net.exchange import Request, Response

ORIGIN = "https://portal.example"


@pytest.mark.parametrize(
    ("markup", "kind"),
    [
        ('<a href="/x">Se déconnecter</a>', "link"),
        ('<a href="/x">Déconnexion</a>', "link"),
        ('<a href="/x">Log out</a>', "link"),
        ('<a href="/wp-login.php?action=logout&n=1"></a>', "link"),
        ('<a href="/x" aria-label="Fermer ma session"><i></i></a>', "link"),
        ('<form method=post action="/deconnexion"><button>OK</button></form>', "form"),
        ('<form method=post action="/s"><button>Se déconnecter</button></form>', "form"),
        ('<form method=post action="/s"><input type=submit value="Sign out"></form>', "form"),
        ('<form><select name=do><option>Log Out</select></form><a href="/doku.php?do=logout">x</a>', "link"),
        ('<a href="/login">Connexion</a>', None),
        ('<a href="/aide">Comment se déconnecter de tous ses appareils à la fin de la journée</a>', None),
        ('<form method=post action="/login"><input name=u><input type=password name=p> Déconnexion auto</form>', None),
        ("<p>Pensez à vous déconnecter</p>", None),
    ],
)
def test_it_is_found_in_both_languages(markup: str, kind: str | None) -> None:
    control = find_logout(parse_html(markup, f"{ORIGIN}/space"))
    assert (control.kind if control else None) == kind


def test_a_tab_of_the_page_that_says_sign_out_is_not_the_control() -> None:
    """The tab shows another part of the same page, where the control is (LemonLDAP::NG)."""
    markup = '<a href="#logout">Se déconnecter</a><div id=logout><a href="/?logout=1">Oui</a></div>'
    control = find_logout(parse_html(markup, f"{ORIGIN}/"))
    assert control is not None
    assert control.url == f"{ORIGIN}/?logout=1"


async def test_signing_out_ends_the_session(visit: Any, app: Any) -> None:
    ctx = visit(app())
    signed = await sign_in(ctx, "a")
    oracle = await ctx.collect(ORACLE)
    old = signed.session.fork()
    chain = await sign_out(signed.session, signed.landing)
    assert chain is not None
    assert [e.status for e in chain] == [302, 200]
    assert await oracle.state(signed.session) is State.OUT
    assert await oracle.state(old) is State.OUT
    assert signed.session.cookie_names == ()


async def test_the_token_of_the_form_is_carried_and_a_question_is_answered_once(visit: Any) -> None:
    form = (
        '<form method=post action="/logout"><input type=hidden name=csrf value=t1><button>Déconnexion</button></form>'
    )
    sent: list[Request] = []

    def script(request: Request) -> Response:
        sent.append(request)
        return page(f"<h1>Êtes-vous sûr ?</h1>{form}" if request.method == "GET" else "<h1>Au revoir</h1>")

    ctx = visit(script)
    from pgssi_probe.discovery.parse import parse_page
    from pgssi_probe.identity import Session

    session = Session(ctx.network, ctx.clock)
    seen = await session.get(f"{ORIGIN}/space")
    chain = await sign_out(session, await parse_page(seen))
    assert chain is not None
    assert chain[0].request.body == b"csrf=t1"
    sent.clear()
    chain = await sign_out(session, None, url=f"{ORIGIN}/logout")
    assert chain is not None
    assert [request.method for request in sent] == ["GET", "POST"]
    assert await sign_out(session, None) is None
