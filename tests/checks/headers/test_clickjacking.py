"""`headers.clickjacking`: what browsers make of frame-ancestors and X-Frame-Options together."""

import pytest

from pgssi_checks.headers.clickjacking import judge_response
from pgssi_probe.check.harness import page, run_check, slugs

HOME = "https://portal.example/"
XFO, CSP = "X-Frame-Options", "Content-Security-Policy"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((), "missing"),
        (((XFO, "DENY"),), "protected"),
        (((XFO, " sameorigin "),), "protected"),
        (((XFO, ""),), "missing"),
        (((XFO, "ALLOW-FROM https://a.fr"),), "xfo-obsolete"),
        (((XFO, "ALLOWALL"),), "xfo-obsolete"),
        (((XFO, "SAMEORIGIN; DENY"),), "xfo-obsolete"),
        (((XFO, "SAMEORIGIN"), (XFO, "SAMEORIGIN")), "protected"),
        (((XFO, "DENY, SAMEORIGIN"),), "protected"),
        (((XFO, "DENY"), (XFO, "ALLOW-FROM https://a.fr")), "protected"),
        (((XFO, "junk"), (XFO, "other")), "xfo-obsolete"),
        (((CSP, "frame-ancestors 'none'"),), "protected"),
        (((CSP, "frame-ancestors"),), "protected"),
        (((CSP, "frame-ancestors 'self' https://partenaire.fr"), (XFO, "ALLOW-FROM x")), "protected"),
        (((CSP, "frame-ancestors *"), (XFO, "DENY")), "ancestors-too-wide"),
        (((CSP, "frame-ancestors https:"),), "ancestors-too-wide"),
        (((CSP, "frame-ancestors *"), (CSP, "frame-ancestors 'self'")), "protected"),
        (((CSP, "frame-ancestors *, frame-ancestors 'self'"),), "protected"),
        (((CSP, "default-src 'none'"),), "missing"),
        (((CSP, "default-src 'none'"), (XFO, "DENY")), "protected"),
        (((CSP + "-Report-Only", "frame-ancestors 'none'"),), "missing"),
    ],
)
def test_one_answer(headers: tuple[tuple[str, str], ...], expected: str) -> None:
    assert judge_response(page("x", headers=headers)) == expected


async def test_a_meta_tag_does_not_protect() -> None:
    metas = ((CSP, "frame-ancestors 'none'"), (XFO, "DENY"))
    head = "".join(f'<meta http-equiv="{name}" content="{content}">' for name, content in metas)
    assert slugs(await run_check("headers.clickjacking", {HOME: page(head)})) == {"missing-on-ordinary"}


async def test_error_pages_are_not_judged() -> None:
    assert slugs(await run_check("headers.clickjacking", {HOME: page("x", headers={XFO: "DENY"})})) == {"protected"}


LOGIN = '<form method="post"><input name="p" type="password"></form>'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h1>Actualités</h1>", "missing-on-ordinary"),
        ('<form method="get" action="/recherche"><input name="q"></form>', "missing-on-ordinary"),
        ('<form method="post" action="/avis"><input name="q"></form>', "missing"),
        (LOGIN, "missing"),
        ('<div id="app"></div><a href="#">Menu</a><form id="search"></form><script src="/app.js"></script>', "missing"),
        ('<p>Horaires</p><a href="/plan">Plan</a><script src="/count.js"></script>', "missing-on-ordinary"),
        (f'<p>{"Actualités du service. " * 9}</p><script src="/count.js"></script>', "missing-on-ordinary"),
    ],
)
async def test_pages_where_a_click_acts_weigh_more(body: str, expected: str) -> None:
    assert slugs(await run_check("headers.clickjacking", {HOME: page(body)})) == {expected}
