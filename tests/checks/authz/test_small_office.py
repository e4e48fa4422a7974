"""Access judged on a small application whose pages the test chooses, with two people who each have a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_probe.check.harness import page, redirect, run_check, slugs
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome
from pgssi_probe.net.exchange import Request, Response

ORIGIN = "https://portal.example"
NUMBERS = {"alice": 1, "bob": 2}
ACCOUNTS = {label: Account(label, name, Secret(f"{name}-1234")) for label, name in (("a", "alice"), ("b", "bob"))}
FORM = (
    '<form method="post" action="/login"><label>Identifiant <input name="user"></label>'
    '<input type="password" name="pass"><button>Se connecter</button></form>'
)
Answer = Callable[[str, str], Response | None]
"""What somebody ("" for nobody) is answered at a path."""


def html(body: str, status: int = 200) -> Response:
    return page(f"<!doctype html><html lang=fr><title>Portail</title><body>{body}", status=status)


@dataclass
class Office:
    """`home` is the page of a person, `answer` the rest of the application."""

    home: Callable[[str], str]
    answer: Answer
    live: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        token = next((value for name, value in request.headers if name == "Cookie"), "").removeprefix("sid=")
        name = self.live.get(token, "")
        self.sent.append((name, parts.path))
        if parts.path == "/login" and request.method == "POST":
            typed = {key: given[0] for key, given in parse_qs(request.body.decode()).items()}
            if typed.get("pass") != f"{typed.get('user')}-1234":
                return html("Identifiant ou mot de passe incorrect." + FORM)
            token = f"t{len(self.sent)}"
            self.live[token] = typed["user"]
            return redirect("/home", status=302, headers=(("Set-Cookie", f"sid={token}; Path=/; Secure; HttpOnly"),))
        if parts.path in {"/", "/login"}:
            return html('<a href="/login">Connexion</a>' if parts.path == "/" else FORM)
        if parts.path == "/home":
            if not name:
                return redirect("/login", status=302)
            return html(f"<h1>Bonjour {name}</h1><a href='/logout'>Se déconnecter</a>{self.home(name)}")
        return self.answer(name, parts.path) or html("<h1>Page introuvable</h1>", status=404)


async def judged(check: str, office: Office) -> tuple[Outcome, ...]:
    return await run_check(check, office, url=ORIGIN + "/", accounts=ACCOUNTS)


def owner_of(path: str, kind: str) -> str:
    return next((name for name, number in NUMBERS.items() if path == f"/{kind}/{number}"), "")


def pdf(text: str, moment: int) -> Response:
    body = f"%PDF-1.4\n1 0 obj\n({text})\nendobj\n/CreationDate (D:20261122{moment:06d})\n%%EOF\n"
    return page(body, content_type="application/pdf")


def bills(*, guarded: bool) -> Office:
    """A bill for each, made anew at each request."""
    moments = count(1)

    def answer(name: str, path: str) -> Response | None:
        owner = owner_of(path, "bill")
        if owner and guarded and name != owner:
            return html("<h1>Interdit</h1>", status=403)
        return pdf(f"Facture de {owner}, 21{NUMBERS[owner]} euros", next(moments)) if owner else None

    return Office(lambda name: f"<a href='/bill/{NUMBERS[name]}'>Ma facture</a>", answer)


@pytest.mark.parametrize(("check", "slug"), [("authz.forced-browsing", "open-page"), ("authz.idor", "same-answer")])
async def test_a_document_of_each_that_everybody_gets_though_it_is_never_twice_the_same(check: str, slug: str) -> None:
    assert slug in slugs(await judged(check, bills(guarded=False)))
    assert "refused" in slugs(await judged(check, bills(guarded=True)))


@pytest.mark.parametrize("check", ["authz.forced-browsing", "authz.idor"])
async def test_a_leaflet_for_all_that_is_made_at_each_request_is_no_record(check: str) -> None:
    moments = count(1)

    def answer(name: str, path: str) -> Response | None:
        if owner := owner_of(path, "note"):
            return html(f"<h1>Note de {owner}</h1>") if owner == name else html("Interdit", status=403)
        # Its digits look like a social security number, and only one account was given it while it walked.
        return pdf("Guide 190057512345678 du patient", next(moments)) if path == "/leaflet/7" else None

    office = Office(lambda name: f"<a href='/note/{NUMBERS[name]}'>N</a><a href='/leaflet/7'>Guide</a>", answer)
    assert slugs(await judged(check, office)) & {"open-record", "open-page", "same-answer", "traces-of-other"} == set()


async def test_a_page_that_is_open_in_another_frame_is_public() -> None:
    words = "".join(f"<p>Article {number} des conditions, que chacun peut lire.</p>" for number in range(60))
    menu = "".join(f"<p>Rubrique {number} du menu</p>" for number in range(4))

    def answer(name: str, path: str) -> Response | None:
        if path == "/rules":
            return html(words + (f"{menu}<p>Compte {name}</p>" if name else "<a href='/login'>Connexion</a>"))
        if path == "/private":
            return html(f"<h1>Privé</h1>{menu}") if name else redirect("/login", status=302)
        return None

    office = Office(lambda _: "<a href='/rules'>Règles</a><a href='/private'>Privé</a>", answer)
    (outcome,) = await judged("authz.forced-browsing", office)
    assert (outcome.slug, outcome.facts["public"]) == ("refused", 1)


async def test_a_record_is_crossed_though_another_link_to_it_deletes() -> None:
    """A list that links to a record, whose page has a "Delete" link to the same address with a method of its own."""

    def answer(name: str, path: str) -> Response | None:
        owner = owner_of(path, "issues")
        if not owner:
            return None
        if owner != name:
            return html("<h1>Accès refusé</h1>", status=403 if name else 404)
        return html(f"<h1>Demande de {name}</h1><a data-method=delete href='{path}'>Supprimer</a>")

    office = Office(lambda name: f"<a href='/issues/{NUMBERS[name]}'>Ma demande</a>", answer)
    assert "refused" in slugs(await judged("authz.idor", office))
    assert {("bob", "/issues/1"), ("alice", "/issues/2")} <= set(office.sent)


async def test_the_pages_of_a_front_controller_are_each_judged() -> None:
    """All pages at one address, told apart by a word of the query: the fifth is no repetition of the first."""
    names = ("agenda", "courrier", "ordonnances", "documents", "patients", "reglages")

    def answer(name: str, path: str) -> Response | None:
        if owner_of(path, "fiche") and name:
            return html(f"<h1>Fiche {path}</h1><p>Traitement commencé en 201{path[-1]}</p><p>Chambre 10{path[-1]}</p>")
        return None

    def served(request: Request) -> Response:
        parts = urlsplit(request.url)
        if parts.path != "/index.php":
            return office(request)
        token = next((value for name, value in request.headers if name == "Cookie"), "").removeprefix("sid=")
        name, shown = office.live.get(token, ""), parse_qs(parts.query)["page"][0]
        if not name:
            return redirect("/login", status=302)
        office.sent.append((name, f"page={shown}"))
        mine = f"<a href='/fiche/{NUMBERS[name]}'>Fiche</a>" if shown == "patients" else ""
        return html(f"<h1>{shown}</h1>{mine}")

    office = Office(lambda _: "".join(f"<a href='/index.php?page={one}'>{one}</a>" for one in names), answer)
    found = await run_check("authz.idor", served, url=ORIGIN + "/", accounts=ACCOUNTS)
    assert {("alice", f"page={one}") for one in names} <= set(office.sent)
    assert "same-answer" in slugs(found)


@pytest.mark.parametrize(("kind", "accused"), [("patient", True), ("advice", False)])
async def test_a_page_about_care_that_is_open_to_all_is_no_public_page(kind: str, accused: bool) -> None:
    def answer(name: str, path: str) -> Response | None:
        number = path[-1]
        return (
            html(f"<h1>{kind} {number}</h1><p>Traitement commencé en 201{number}</p>") if owner_of(path, kind) else None
        )

    office = Office(lambda name: f"<a href='/{kind}/{NUMBERS[name]}'>Fiche</a>", answer)
    assert ("open-page" in slugs(await judged("authz.forced-browsing", office))) is accused
    assert ("same-answer" in slugs(await judged("authz.idor", office))) is accused
