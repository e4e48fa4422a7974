"""Requests that write: sent only where they are declared harmless, made whole, with fresh tokens, counted."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_checks.input.points import VALUES, as_cookie, curl, points
from pgssi_checks.input.ready import is_kept_back, may_be_sent, ready, sample
from pgssi_probe.check.harness import page, redirect, run_check, slugs
from pgssi_probe.discovery.site import Skipped
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Parameter, Place, Source, Visit
from pgssi_probe.inventory.requests import FORM_TYPE, parameters_of
from pgssi_probe.model.outcome import Reason, Status
from pgssi_probe.net.exchange import Request, Response

HOME = "https://portal.example"
NOBODY = frozenset({ANONYMOUS})


def post(path: str, body: bytes, media_type: str = FORM_TYPE, **more: Any) -> Endpoint:
    url = HOME + path
    found = parameters_of(url, body, media_type)
    return Endpoint("POST", url, Source.FORM, NOBODY, found, body, media_type, reads=False, **more)


def test_only_what_is_declared_is_sent() -> None:
    search = post("/dossiers/12/recherche", b"q=&envoi=1")
    assert not may_be_sent(search, ())
    assert is_kept_back(search, ())
    assert may_be_sent(search, ("POST /dossiers/*/recherche",))
    assert not may_be_sent(search, ("/dossiers/*",))
    assert not may_be_sent(post("/a", b"q=", held=Skipped.DANGEROUS), ("/a",))
    assert not may_be_sent(post("/a", b"<x/>", "application/xml"), ("/a",))
    put = Endpoint("PUT", HOME + "/a", Source.FORM, NOBODY, (), b"q=", FORM_TYPE, reads=False)
    assert not may_be_sent(put, ("/a", "PUT /a"))


@pytest.mark.parametrize(
    ("path", "body", "line", "sent"),
    [
        ("/index.php?page=search", b"q=", "/index.php?page=search*", True),
        ("/index.php?page=search-all&l=fr", b"q=", "POST /index.php?page=search*", True),
        ("/index.php?page=delete", b"q=", "/index.php?page=search*", False),
        ("/index.php", b"q=", "/index.php?page=search*", False),
        ("/index.php?page=search&page=delete", b"q=", "/index.php?page=search*", False),
        ("/doku.php", b"do=search&q=", "/doku.php?do=search", True),
        ("/doku.php", b"do=save&q=", "/doku.php?do=search", False),
        ("/doku.php?do=search", b"do=save&q=", "/doku.php?do=search", False),
        ("/doku.php?do=searches", b"q=", "/doku.php?do=search", False),
        ("/doku.php?do=a.search", b"q=", "/doku.php?do=*search", True),
        ("/doku.php?do=search", b"q=", "/doku.php?", False),
        ("/doku.php?do=search", b"q=", "/doku.php", True),
        ("/other.php?do=search", b"q=", "/doku.php?do=search", False),
    ],
)
def test_of_a_front_controller_one_page_is_declared(path: str, body: bytes, line: str, *, sent: bool) -> None:
    assert may_be_sent(post(path, body), (line,)) is sent


def test_the_field_that_names_the_page_is_left_alone() -> None:
    endpoint = post("/index.php?page=search&lang=fr", b"mode=list&q=x")
    inventory = Inventory({ANONYMOUS: Visit(ANONYMOUS, None)}, (endpoint,))
    tried = [one.name for one in points(inventory, lines=["/index.php?page=search&mode=*"])]
    assert sorted(tried) == ["lang", "q"]
    assert sorted(one.name for one in points(inventory, lines=["/index.php"])) == ["lang", "mode", "page", "q"]


def test_a_form_is_made_whole() -> None:
    parameters = (Parameter(Place.FORM, "jour", "", "date"), Parameter(Place.FORM, "mdp", "", "password"))
    made = ready(Endpoint("POST", HOME + "/", Source.FORM, NOBODY, parameters, b"jour=&mdp=&vide=", FORM_TYPE))
    sent = parse_qs(made.body.decode(), keep_blank_values=True)
    assert sent["jour"] == ["2026-11-23"]
    assert len(sent["mdp"][0]) > 10
    assert sent["vide"] == [""], "what no form speaks of stays as it is"
    assert sample("courriel", "text").endswith(".invalid")


def test_json_is_made_whole_and_each_value_is_a_point() -> None:
    body = b'{"filtre": {"nom": null, "page": 2}, "tri": ["nom"], "token": "x"}'
    endpoint = post("/api/recherche", body, "application/json")
    visits = {ANONYMOUS: Visit(ANONYMOUS, None)}
    found = points(Inventory(visits, (endpoint,)), where=VALUES, lines=["/api/recherche"])
    assert [point.name for point in found] == ["/filtre/nom", "/filtre/page", "/tri/0"]
    sent = json.loads(found[0].request("x'").body)
    assert sent == {"filtre": {"nom": "x'", "page": 2}, "tri": ["nom"], "token": "x"}
    assert found[0].place == "POST /api/recherche [/filtre/nom]"
    assert points(Inventory(visits, (endpoint,)), where=VALUES) == []


def test_the_line_holds_neither_token_nor_password() -> None:
    request = Request("POST", HOME + "/f", (("Content-Type", FORM_TYPE),), b"csrf_token=abc123&q=a%27&password=p4ss")
    line = curl(request, "", "q")
    assert "abc123" not in line
    assert "p4ss" not in line
    assert "--data-raw 'csrf_token=<>&q=a%27&password=<>'" in line


def test_a_cookie_keeps_its_separators() -> None:
    assert as_cookie("a'\"; b\x00é") == "a'\"%3B b%00%C3%A9"


def searching(*, steady: bool, answer_by: str = "page") -> tuple[Any, list[Request]]:
    """A search form with a token, whose results are shown in place or after a redirect."""
    asked: list[Request] = []
    tokens: list[str] = []
    last = [""]

    def answer(request: Request) -> Response:
        asked.append(request)
        path = urlsplit(request.url).path
        if path == "/resultats":
            return page(f"<p>{last[0]}</p>")
        if path != "/":
            return page("<h1>Absente</h1>", status=404)
        if request.method == "POST":
            given = parse_qs(request.body.decode(), keep_blank_values=True)
            if given["jeton"][0] not in tokens or "ok" not in given:
                return page("<h1>Refus</h1>", status=403)
            if not steady:
                tokens.remove(given["jeton"][0])
            last[0] = given["mot"][0]
            return redirect("/resultats", status=302) if answer_by == "redirect" else page(f"<p>{last[0]}</p>")
        tokens.append("t0" if steady else f"t{len(asked)}")
        hidden = f"<input type=hidden name=jeton value={tokens[-1]}>"
        return page(f"<form method=post action=/>{hidden}<input name=mot><button name=ok value=1>x</button></form>")

    return answer, asked


@pytest.mark.parametrize("steady", [True, False])
@pytest.mark.parametrize("answer_by", ["page", "redirect"])
async def test_the_token_is_taken_afresh_from_its_page(steady: bool, answer_by: str) -> None:
    answer, asked = searching(steady=steady, answer_by=answer_by)
    found = await run_check("input.reflected-xss", answer, declared={"input.harmless": ["/"]})
    assert slugs(found) <= {"unescaped", "executed"}
    assert found[0].subject.name == "https://portal.example/ [mot]"
    posts = [place for place, one in enumerate(asked) if one.method == "POST"]
    before = [asked[place - 1].method for place in posts]
    if not steady:
        assert set(before) == {"GET"}, "a token that serves once is asked for each time"


async def test_nothing_is_posted_without_a_declaration() -> None:
    answer, asked = searching(steady=True)
    found = await run_check("input.reflected-xss", answer)
    assert {one.method for one in asked} <= {"GET", "HEAD"}
    assert found[0].facts["unsent"] == 1


async def test_a_form_that_is_always_refused_clears_nothing() -> None:
    def answer(request: Request) -> Response:
        if request.method == "POST":
            return page("<h1>Refus</h1>", status=403)
        return page("<form method=post action=/><input name=mot></form>")

    for check in ("input.sql", "input.validation"):
        (outcome,) = await run_check(check, answer, declared={"input.harmless": ["/"]})
        assert outcome.status is Status.INCONCLUSIVE
        assert outcome.reason is Reason.NO_SAMPLE


async def test_what_was_not_tried_is_told_beside_what_was_found() -> None:
    count = [0]

    def answer(request: Request) -> Response:
        given = parse_qs(urlsplit(request.url).query).get("url", [""])[0]
        count[0] += "autre=" in request.url
        if "autre=" in request.url and count[0] > 1:
            return page("", status=429)
        if ".invalid" in given:
            return redirect(given, status=302)
        return page("<a href='/?url=/a'>x</a><a href='/b?autre=/c'>y</a>")

    found = await run_check("input.open-redirect", answer)
    assert [one.slug for one in found] == ["followed", "inconclusive"]
    assert found[1].reason is Reason.RATE_LIMITED
