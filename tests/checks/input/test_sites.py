"""Checks of inputs on scripted sites: a database reached by a path, a page that breaks, a cache, odd answers."""

from __future__ import annotations

import sqlite3
from html import escape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from pgssi_probe.check.harness import page, run_check, slugs
from pgssi_probe.model.outcome import Reason, Status
from pgssi_probe.net.exchange import Request, Response

PEOPLE = ("alice", "bruno", "chloe")
LINKS = "".join(f"<a href='/api/personnes/{name}'>{name}</a>" for name in PEOPLE)


def people(*, errors: bool) -> object:
    def answer(request: Request) -> Response:
        path = unquote(urlsplit(request.url).path)
        if path == "/":
            return page(LINKS)
        name = path.removeprefix("/api/personnes/")
        if name == path:
            return page("<h1>Absente</h1>", status=404)
        with sqlite3.connect(":memory:") as database:
            database.execute("CREATE TABLE p (nom TEXT, ville TEXT)")
            database.executemany("INSERT INTO p VALUES (?, 'Valombre')", [(one,) for one in PEOPLE])
            try:
                found = database.execute(f"SELECT nom, ville FROM p WHERE nom = '{name}'").fetchall()  # noqa: S608
            except sqlite3.Error as error:
                return page(f"sqlite3.{type(error).__name__}: {error}" if errors else "", status=500 if errors else 404)
        shown = "".join(f"<p>{escape(nom)}</p><p>{escape(ville)}</p>" for nom, ville in found)
        return page(shown, status=200 if found else 404)

    return answer


@pytest.mark.parametrize(("errors", "slug"), [(True, "error"), (False, "conditions")])
async def test_a_database_behind_a_segment(errors: bool, slug: str) -> None:
    found = await run_check("input.sql", people(errors=errors))
    assert slugs(found) == {slug}
    assert found[0].subject.name == "https://portal.example/api/personnes/{id}"


async def test_a_page_that_quotes_an_error_is_not_accused() -> None:
    body = "<a href='/?q=1'>x</a><pre>sqlite3.OperationalError: near \"x\": syntax error</pre>"
    assert slugs(await run_check("input.sql", lambda _request: page(body))) == {"separate"}


async def test_a_server_that_stumbles_by_itself_is_not_accused() -> None:
    count = [0]

    def answer(request: Request) -> Response:
        count[0] += "?" in request.url
        return page("<a href='/?page=1'>x</a>", status=500 if count[0] % 3 == 2 else 200)

    found = await run_check("input.validation", answer)
    assert not any(one.failed for one in found)


async def test_an_error_that_does_not_come_back_is_not_accused() -> None:
    seen: set[str] = set()

    def answer(request: Request) -> Response:
        strange = "?" in request.url and "?page=1" not in request.url and request.url not in seen
        seen.add(request.url)
        return page("<a href='/?page=1'>x</a>", status=500 if strange else 200)

    assert slugs(await run_check("input.validation", answer)) == {"handled"}


async def test_a_refused_value_is_well_handled() -> None:
    def answer(request: Request) -> Response:
        given = parse_qs(urlsplit(request.url).query).get("jour", ["2026-11-23"])[0]
        form = f"<form><input type=date name=jour value='{escape(given)}'></form><a href='/?jour=2026-11-24'>x</a>"
        wrong = given.startswith("2026-02-31") or not given[:4].isdigit()
        return page(form + (f"<p>{escape(given)} : cette date n’existe pas</p>" if wrong else f"<p>Le {given}</p>"))

    assert slugs(await run_check("input.validation", answer)) == {"handled"}


@pytest.mark.parametrize("check", ["input.reflected-xss", "input.sql", "input.validation", "input.open-redirect"])
async def test_a_target_that_asks_to_be_left_alone_is_not_cleared(check: str) -> None:
    count = [0]

    def answer(request: Request) -> Response:
        count[0] += "?" in request.url
        return page("<a href='/?url=/a'>x</a>", status=429 if count[0] > 1 else 200)

    found = await run_check(check, answer)
    assert {one.status for one in found} == {Status.INCONCLUSIVE}
    assert found[0].reason is Reason.RATE_LIMITED


async def test_nothing_is_sent_where_there_is_nothing_to_try() -> None:
    for check in ("input.sql", "input.validation", "input.open-redirect"):
        assert slugs(await run_check(check, {"https://portal.example/": page("<p>x</p>")})) == {"no-parameter"}


async def test_a_name_repeated_as_text_leads_nowhere() -> None:
    def answer(request: Request) -> Response:
        host = dict(request.headers).get("Host", "portal.example")
        return page(f"<p>Vous avez demandé {host}</p>")

    assert slugs(await run_check("input.host-header", answer)) == {"ignored"}


@pytest.mark.parametrize(
    ("said", "slug"),
    [
        ("<h1>Error</h1><p>Invalid post type.</p>", "handled"),
        ("<h1>Erreur</h1><p>Ce dossier n’existe pas.</p>", "handled"),
        ("<h1>Internal Server Error</h1>", "server-error"),
        ("<pre>ValueError: invalid literal for int() with base 10: 'x7y'</pre>", "server-error"),
        ("", "server-error"),
    ],
)
async def test_a_refusal_in_words_is_no_internal_error(said: str, slug: str) -> None:
    def answer(request: Request) -> Response:
        if "?page=" in request.url and "?page=1" not in request.url:
            return page(said, status=500)
        return page("<a href='/?page=1'>x</a>")

    assert slugs(await run_check("input.validation", answer)) == {slug}
