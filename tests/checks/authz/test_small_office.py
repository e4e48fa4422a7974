"""Access judged on a small application whose pages the test chooses, with two people who each have a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_probe.check.harness import page, redirect, run_check, slugs
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome, Reason, Status
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


def activity(*, told: bool) -> Office:
    """What each did lately, by the number of the person: nothing at all, or something, which everybody is told."""
    menu = "".join(f"<p>Rubrique {number} du menu</p>" for number in range(20))

    def answer(name: str, path: str) -> Response | None:
        owner = owner_of(path, "users/activity")
        if not owner or not name:
            return redirect("/login", status=302) if owner else None
        did = f"<p>Demande n° 7{NUMBERS[owner]} ouverte</p><p>Note à la salle {owner}</p>" if told else ""
        return html(f"{menu}<h1>Activité de {owner}</h1><p>Du 3 au 12 novembre</p>{did}")

    return Office(lambda name: f"<a href='/users/activity/{NUMBERS[name]}'>Mon activité</a>", answer)


async def test_a_page_about_a_person_that_tells_but_the_name_is_no_record() -> None:
    assert "same-answer" not in slugs(await judged("authz.idor", activity(told=False)))
    assert "same-answer" in slugs(await judged("authz.idor", activity(told=True)))


@pytest.mark.parametrize("asker_has_one", [True, False])
async def test_a_page_that_does_not_depend_on_the_identifier_is_nobodys(asker_has_one: bool) -> None:
    """A preview that is the same whatever it is asked for, but for a token and for the identifier that it repeats."""
    tokens = count(1)

    def answer(name: str, path: str) -> Response | None:
        if path not in {"/preview/1", "/preview/2", "/preview/3"}:
            return None
        if not name:
            return redirect("/login", status=302)
        return html(f"<p id='x{next(tokens)}'>Aucun aper\u00e7u disponible ({path[-1]})</p>")

    def home(name: str) -> str:
        links = "".join(f"<a href='/preview/{number}'>Aper\u00e7u</a>" for number in (1, 3))
        return links if name == "alice" else "<a href='/preview/2'>Aper\u00e7u</a>" if asker_has_one else ""

    office = Office(home, answer)
    assert "same-answer" not in slugs(await judged("authz.idor", office))
    assert ("bob", "/preview/1") in office.sent
    assert not [one for one in office.sent if one == ("alice", "/preview/2") and not asker_has_one], "shown to nobody"


async def test_an_empty_document_made_at_each_request_is_nobodys() -> None:
    moments = count(1)

    def answer(name: str, path: str) -> Response | None:
        owner = owner_of(path, "list")
        if not owner or not name:
            return redirect("/login", status=302) if owner else None
        return pdf("Aucune ligne" if owner != name else f"Ligne de {owner}", next(moments))

    def empty(name: str, path: str) -> Response | None:
        got = answer(name, path)
        return pdf("Aucune ligne", next(moments)) if got is not None and got.status == 200 else got

    home = "<a href='/list/{0}'>Liste</a>"
    assert "same-answer" not in slugs(await judged("authz.idor", Office(lambda n: home.format(NUMBERS[n]), empty)))


async def test_one_page_at_which_the_server_fails_does_not_void_the_rest() -> None:
    kinds = ("note", "bill", "visit", "letter", "form")

    def answer(name: str, path: str) -> Response | None:
        for kind in kinds:
            if owner := owner_of(path, kind):
                if owner == name:
                    return html(f"<h1>{kind} de {owner}</h1>")
                return html("<h1>Erreur</h1>", status=500 if kind == "letter" else 403)
        return None

    office = Office(lambda name: "".join(f"<a href='/{one}/{NUMBERS[name]}'>{one}</a>" for one in kinds), answer)
    for check in ("authz.idor", "authz.forced-browsing"):
        found = await judged(check, office)
        passed = next(one for one in found if one.slug == "refused")
        assert passed.facts["asked"] == passed.facts["refused"] >= 8
        told = [one for one in found if one.status is Status.INCONCLUSIVE]
        assert [(one.subject.name.removeprefix(ORIGIN), one.reason) for one in told] == [
            ("/letter/{id}", Reason.SERVER_ERROR)
        ]


PAIR_OF_ROLES = {
    label: Account(label, name, Secret(f"{name}-1234")) for label, name in (("low", "alice"), ("high", "bob"))
}
STAFF = "<h1>Comptes</h1><p>Paul, cr\u00e9\u00e9 en 2019</p><p>Jeanne, cr\u00e9\u00e9e en 2021</p>"


@pytest.mark.parametrize(
    ("body", "open_to", "forced", "climbed"),
    [
        (STAFF + "<a href='/logout'>Se d\u00e9connecter</a>", "anybody", "open-function", "inconclusive"),
        (STAFF, "anybody", "refused", "refused"),
        (STAFF, "accounts", "refused", "reserved-page"),
        (STAFF, "staff", "refused", "refused"),
    ],
    ids=["a function without a session", "a public page", "no look at the role", "closed"],
)
async def test_what_staff_alone_are_offered_is_said_once(body: str, open_to: str, forced: str, climbed: str) -> None:
    def answer(name: str, path: str) -> Response | None:
        if path == "/mine":
            return html(f"<h1>Mes notes</h1><p>Note de {name}</p>") if name else redirect("/login", status=302)
        if path == "/staff/log":
            return html("<h1>Journal</h1>") if name == "bob" else html("<h1>Interdit</h1>", status=403)
        allowed = {"anybody": True, "accounts": bool(name), "staff": name == "bob"}[open_to]
        if path == "/staff/accounts":
            return html(body) if allowed else html("<h1>Interdit</h1>", status=403)
        return None

    links = "<a href='/staff/accounts'>Comptes</a><a href='/staff/log'>Journal</a>"
    office = Office(lambda name: "<a href='/mine'>Notes</a>" + (links if name == "bob" else ""), answer)
    for check, slug in (("authz.forced-browsing", forced), ("authz.privilege-escalation", climbed)):
        found = await run_check(check, office, url=ORIGIN + "/", accounts=PAIR_OF_ROLES)
        assert slug in slugs(found)
        assert len([one for one in found if one.status is Status.FAIL]) == (slug not in {"refused", "inconclusive"})


async def test_an_account_that_cannot_sign_in_does_not_void_what_others_were_shown() -> None:
    office = activity(told=True)
    unknown = {**ACCOUNTS, "high": Account("high", "mallory", Secret("wrong"))}
    found = await run_check("authz.forced-browsing", office, url=ORIGIN + "/", accounts=unknown)
    assert slugs(found) == {"refused"}


@pytest.mark.parametrize(("heading", "accused"), [("Administration", False), ("Acc\u00e8s r\u00e9serv\u00e9", True)])
async def test_a_page_of_staff_with_its_functions_left_out_is_no_disclosure(heading: str, accused: bool) -> None:
    """Under its own heading an emptied page; under another, a refusal that lets something through."""
    help_ = "<p>Les t\u00e2ches de ce portail, par th\u00e8me</p>"
    tasks = "".join(f"<li>G\u00e9rer le th\u00e8me {number}</li>" for number in range(8))
    leak = "<li>G\u00e9rer le th\u00e8me 1</li>" if accused else ""

    def answer(name: str, path: str) -> Response | None:
        if path == "/staff/log":
            return html("<h1>Journal</h1>") if name == "bob" else html("<h1>Interdit</h1>", status=403)
        if path != "/staff/tasks" or not name:
            return redirect("/login", status=302) if path == "/staff/tasks" else None
        if name == "bob":
            return html(f"<h1>Administration</h1>{help_}<ul>{tasks}</ul>")
        return html(f"<h1>{heading}</h1>{help_}{leak}")

    links = "<a href='/staff/tasks'>T\u00e2ches</a><a href='/staff/log'>Journal</a>"
    office = Office(lambda name: links if name == "bob" else "", answer)
    found = await run_check("authz.privilege-escalation", office, url=ORIGIN + "/", accounts=PAIR_OF_ROLES)
    assert ("reserved-strings" in slugs(found)) is accused
