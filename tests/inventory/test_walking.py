"""The walk of an account: what it follows, what it lists and leaves, what ends it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from pgssi_probe.check.harness import page, redirect
from pgssi_probe.discovery.site import Skipped
from pgssi_probe.inventory.collect import INVENTORY, MAX_WALKED
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Source
from pgssi_probe.net.exchange import Request, Response

Gather = Callable[..., Awaitable[Inventory]]
Make = Callable[..., Any]


def endpoint(inventory: Inventory, path: str, method: str = "GET") -> Endpoint:
    return next(
        one
        for one in inventory.endpoints
        if one.method == method and urlsplit(one.url)._replace(scheme="", netloc="").geturl() == path
    )


async def test_what_each_account_alone_was_shown(office: Make, answer_html: Make, inventory_of: Gather) -> None:
    def inside(name: str, request: Request) -> Response | None:
        path = urlsplit(request.url).path
        if path == "/list":
            return answer_html("".join(f'<a href="/files/{name}-{n}">{n}</a>' for n in (1, 2)))
        return answer_html(f"dossier de {name}") if path.startswith("/files/") else None

    app = office(inside=inside, space='<a href="/list">Dossiers</a>')
    found = await inventory_of(app, "a", "b")
    assert endpoint(found, "/files/alice-1").shown_to == {"a"}
    assert endpoint(found, "/files/bob-2").seen_by == {"b"}
    assert endpoint(found, "/list").seen_by == {"a", "b"}
    assert ANONYMOUS in endpoint(found, "/login").seen_by
    assert {urlsplit(one.url).path for one in found.signed_in_only} >= {"/files/alice-1", "/list", "/space"}
    assert all(visit.complete for visit in found.visits.values())


async def test_dangerous_links_are_listed_and_never_followed(
    office: Make, answer_html: Make, inventory_of: Gather
) -> None:
    links = ("/logout", "/records/3/delete", "/rdv/4/annuler", "/panier?action=payer")
    space = "".join(f'<a href="{link}">Voir</a>' for link in links) + '<a href="/sure/1">Supprimer le dossier</a>'
    app = office(inside=lambda _name, _request: answer_html("fait"), space=space)
    found = await inventory_of(app)
    for link in (*links, "/sure/1"):
        one = endpoint(found, link)
        assert one.held is Skipped.DANGEROUS
        assert not one.reads
        assert not app.asked(urlsplit(link).path)


async def test_sessions_that_keep_ending_end_the_walk_and_it_is_said(
    office: Make, answer_html: Make, inventory_of: Gather
) -> None:
    def inside(name: str, request: Request) -> Response:
        if name and "pale" in request.url:
            app.live.clear()
        return answer_html("une page " + request.url + "".join(f'<a href="/p{w}/x">p</a>' for w in WORDS))

    app = office(inside=inside, space="".join(f'<a href="/s{w}/x">s</a>' for w in WORDS))
    found = await inventory_of(app)
    visit = found.visits["a"]
    assert visit.why == "lost"
    assert not visit.complete
    # Each time four refusals and one look: no more is asked with a dead session.
    ended = [one for one in app.sent if one.account == "a" and "pale" in one.url]
    after = [one for one in app.sent[app.sent.index(ended[-1]) + 1 :] if one.account == "a"]
    assert len(after) <= 16


async def test_a_page_that_ends_the_session_is_left_and_the_walk_goes_on_in_a_new_one(
    office: Make, answer_html: Make, inventory_of: Gather
) -> None:
    def inside(name: str, request: Request) -> Response:
        if name and urlsplit(request.url).path == "/svertpale/x":
            app.live.clear()
        return answer_html("une page de l'espace, " + request.url)

    app = office(inside=inside, space="".join(f'<a href="/s{w}/x">s</a>' for w in WORDS))
    found = await inventory_of(app)
    visit = found.visits["a"]
    assert visit.why == ""
    walked = {urlsplit(one.url).path for one in visit.pages}
    # All but the first that was refused: it may be what ended the session, by leading to the sign-in page.
    assert len({f"/s{word}/x" for word in WORDS} - walked) == 1
    ends = endpoint(found, "/svertpale/x")
    assert ends.held is Skipped.DANGEROUS
    assert not ends.reads
    assert sum(one.url.endswith("/svertpale/x") for one in visit.answers) == 1


async def test_sign_in_pages_that_forget_who_opens_them_are_opened_last(
    office: Make, answer_html: Make, inventory_of: Gather
) -> None:
    def inside(name: str, request: Request) -> Response | None:
        return answer_html("le dossier " + request.url) if "/s" in urlsplit(request.url).path else None

    def outside(request: Request) -> Response | None:
        if request.method == "GET" and urlsplit(request.url).path == "/login":
            app.live.clear()  # PHP: session_start(); $_SESSION = [];
        return None

    links = '<a href="/login">Changer de compte</a>' + "".join(f'<a href="/s{w}/x">s</a>' for w in WORDS)
    app = office(inside=inside, outside=outside, space=links)
    found = await inventory_of(app)
    walked = [urlsplit(one.url).path for one in found.visits["a"].answers]
    assert set(walked) >= {f"/s{word}/x" for word in WORDS}
    assert walked[-1] == "/login"
    assert found.visits["a"].complete


async def test_pages_that_are_forbidden_do_not_end_it(office: Make, answer_html: Make, inventory_of: Gather) -> None:
    def inside(_name: str, request: Request) -> Response:
        path = urlsplit(request.url).path
        return answer_html("bien", status=200 if path.startswith("/open") else 403)

    space = "".join(f'<a href="/closed{n}/x">c</a>' for n in range(8)) + '<a href="/open/x">o</a>'
    visit = (await inventory_of(office(inside=inside, space=space))).visits["a"]
    assert visit.why == ""
    assert any(one.url.endswith("/open/x") for one in visit.pages)


async def test_a_calendar_and_a_catalogue_do_not_eat_the_budget(
    office: Make, answer_html: Make, inventory_of: Gather
) -> None:
    def inside(_name: str, request: Request) -> Response | None:
        path = urlsplit(request.url).path
        if path.startswith("/agenda/"):
            day = int(path.rpartition("/")[2])
            return answer_html(f"jour {day}" + "".join(f'<a href="/agenda/{day + n}">j</a>' for n in range(1, 30)))
        if path.startswith("/catalogue"):
            return answer_html(path + "".join(f'<a href="/catalogue/{word}">c</a>' for word in WORDS))
        return answer_html("mon dossier") if path == "/dossier/derniers-resultats" else None

    space = '<a href="/agenda/1">a</a><a href="/catalogue/">c</a><a href="/dossier/derniers-resultats">d</a>'
    app = office(inside=inside, space=space)
    found = await inventory_of(app)
    walked = [urlsplit(one.request.url).path for one in found.visits["a"].answers]
    assert "/dossier/derniers-resultats" in walked
    assert sum(path.startswith("/agenda/") for path in walked) <= 4
    assert sum(path.startswith("/catalogue") for path in walked) <= 14
    assert endpoint(found, "/agenda/9").held is Skipped.REPEATED


WORDS = [first + second for first in ("rouge", "vert", "bleu", "noir") for second in ("clair", "sombre", "pale", "vif")]


async def test_endless_new_pages_are_bounded(office: Make, answer_html: Make, inventory_of: Gather) -> None:
    def inside(_name: str, request: Request) -> Response:
        mark = str(abs(hash(request.url)))
        word = "".join(chr(ord("a") + int(digit)) for digit in mark)
        return answer_html(word + "".join(f'<a href="/{word}{n}/{word}/x{word}">s</a>' for n in "abcdefghij"))

    app = office(inside=inside, space='<a href="/a/b">s</a>')
    found = await inventory_of(app, declared={"discovery.pages": 12})
    visit = found.visits["a"]
    assert not visit.complete
    assert len([one for one in app.sent if one.account == "a"]) < 12 * 3 // 2 + 60
    assert len(found.endpoints) < 2_001


async def test_redirects_in_a_circle_end(office: Make, inventory_of: Gather) -> None:
    from pgssi_probe.check.harness import redirect

    def inside(_name: str, request: Request) -> Response | None:
        number = urlsplit(request.url).path.rpartition("/")[2]
        if not number.isdecimal():
            return None
        return redirect(f"/r/{(int(number) + 1) % 5}", status=302)

    app = office(inside=inside, space='<a href="/r/0">r</a>')
    await inventory_of(app)
    assert len(app.asked("/r/1")) <= 2


@pytest.mark.parametrize(
    "body",
    [
        "[" * 200_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "[" + ",".join(f'"/p/{n}/x{n}"' for n in range(40_000)) + "]",
        '{"results": [' + ",".join(f'{{"id": {n}}}' for n in range(50_000)) + "]}",
        '"\\ud800"',
    ],
    ids=["open", "deep", "addresses", "records", "surrogate"],
)
async def test_giant_and_broken_json_is_survived(body: str, office: Make, inventory_of: Gather) -> None:
    from pgssi_probe.check.harness import page

    def inside(_name: str, request: Request) -> Response | None:
        return page(body, content_type="application/json") if urlsplit(request.url).path == "/api/list" else None

    app = office(inside=inside, space='<a href="/api/list">l</a>')
    found = await inventory_of(app)
    assert found.visits["a"].why == ""
    assert len([one for one in app.sent if one.account == "a"]) <= MAX_WALKED + 60


async def test_one_person_under_two_labels_signs_in_once(office: Make, answer_html: Make, inventory_of: Gather) -> None:
    app = office(
        inside=lambda _n, r: answer_html("x") if r.url.endswith("/p/1") else None, space='<a href="/p/1">p</a>'
    )
    found = await inventory_of(app, "a", "low")
    assert endpoint(found, "/p/1").seen_by == {"a", "low"}
    assert found.visits["low"].label == "low"
    assert {one.account for one in app.asked("/p/1")} <= {"a", ""}


async def test_an_account_that_cannot_sign_in_is_said(office: Make, inventory_of: Gather) -> None:
    found = await inventory_of(office(outside=lambda r: None if r.method == "GET" else _refused()), "a", "b")
    assert {found.visits[label].session for label in ("a", "b")} == {None}
    assert all(found.visits[label].why and not found.visits[label].complete for label in ("a", "b"))


def _refused() -> Response:
    from pgssi_probe.check.harness import page

    return page("<!doctype html><p>Identifiant ou mot de passe incorrect.<form method=post><input name=user>"
                "<input type=password name=pass></form>")  # fmt: skip


async def test_the_scripts_of_signed_in_pages_are_read(office: Make, answer_html: Make, inventory_of: Gather) -> None:
    from pgssi_probe.check.harness import page

    def inside(name: str, request: Request) -> Response | None:
        match urlsplit(request.url).path:
            case "/espace.js":
                return page('fetch("/api/moi"); const x = `/api/dossiers/${id}`', content_type="text/javascript")
            case "/api/moi":
                return page(f'{{"nom": "{name}"}}', content_type="application/json")
        return None

    app = office(inside=inside, space='<script src="/espace.js"></script>')
    found = await inventory_of(app)
    assert endpoint(found, "/api/moi").source is Source.LINK, "it was answered: more than told"
    assert endpoint(found, "/api/dossiers/").told_to == {"a"}
    assert len(app.asked("/espace.js")) == 1


def test_the_plan_counts_what_it_may_send() -> None:
    assert INVENTORY.requests >= 4 * MAX_WALKED


async def test_a_link_that_deletes_by_another_method_hides_no_record(
    office: Make, answer_html: Make, inventory_of: Gather
) -> None:
    def inside(_name: str, request: Request) -> Response | None:
        path = urlsplit(request.url).path
        return answer_html("fiche") if path.startswith("/records/") else None

    links = '<a rel=nofollow data-method=delete href="/records/3">Supprimer</a><a href="/records/3">Fiche 3</a>'
    app = office(inside=inside, space=links + '<a data-method=put href="/records/4?locked=1">Verrouiller</a>')
    found = await inventory_of(app)
    assert endpoint(found, "/records/3").held is None
    assert endpoint(found, "/records/3").reads
    assert not endpoint(found, "/records/3", "DELETE").reads
    assert not endpoint(found, "/records/4?locked=1", "PUT").reads
    assert app.asked("/records/3")
    assert not app.asked("/records/4")


async def test_the_code_of_signed_in_pages_is_kept_and_names_server_pages(
    office: Make, answer_html: Make, inventory_of: Gather
) -> None:
    code = "x.open('GET', 'lire_dossier.php?id=' + n); y.open('POST', 'save_dossier.php', true)"

    def inside(_name: str, request: Request) -> Response | None:
        path = urlsplit(request.url).path
        if path == "/js/dossier.js":
            return page(code, content_type="text/javascript")
        if path == "/dossiers/liste":
            return answer_html('<script src="/js/dossier.js"></script>')
        return answer_html("{}") if path.endswith(".php") else None

    app = office(inside=inside, space='<a href="/dossiers/liste">Dossiers</a>')
    found = await inventory_of(app)
    assert [one.response.text for one in found.visits["a"].scripts if one.response] == [code]
    assert not [one for one in found.visits["a"].answers if one.url.endswith(".js")]
    assert app.asked("/dossiers/lire_dossier.php")
    assert endpoint(found, "/dossiers/save_dossier.php").held is Skipped.INCOMPLETE
    assert not app.asked("/dossiers/save_dossier.php")


async def test_a_form_by_get_that_changes_something_is_listed_and_not_sent(
    office: Make, answer_html: Make, inventory_of: Gather
) -> None:
    password = "<form action=/account><input type=password name=new><input type=submit name=go value=OK></form>"
    change = "<form action=/prefs><input name=theme><button name=save value=1>Valider</button></form>"
    search = "<form action=/find><input name=q><input type=submit name=Submit value=Envoyer></form>"
    mine = answer_html(password + change + search)
    app = office(inside=lambda _name, request: mine if "/mine" in request.url else answer_html("fait"))
    app.space += '<a href="/mine">Mon compte</a>'
    found = await inventory_of(app)
    for path in ("/account?new=&go=OK", "/prefs?theme=&save=1"):
        assert endpoint(found, path).held is Skipped.DANGEROUS
        assert not app.asked(urlsplit(path).path)
    assert app.asked("/find")


async def test_what_answers_with_a_redirect_only_is_asked_for_once(
    office: Make, answer_html: Make, inventory_of: Gather
) -> None:
    def inside(name: str, request: Request) -> Response | None:
        return redirect("/space", status=302) if name and "/task/" in request.url else None

    app = office(inside=inside, space="".join(f'<a href="/task/{n}/begin">Commencer</a>' for n in (3, 4, 5)))
    found = await inventory_of(app, "a", "b")
    tasks = [one for one in found.endpoints if "/task/" in one.url]
    assert len(tasks) == 3
    assert not any(one.reads for one in tasks)
    walked = [one for visit in found.visits.values() for one in visit.answers if "/task/" in one.url]
    assert len(walked) == 1
