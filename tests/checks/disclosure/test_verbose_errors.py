"""`disclosure.verbose-errors` on scripted sites: what is sent, what is accused, what is not."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from pgssi_checks.disclosure.provocations import INVENTED_METHOD, provocations
from pgssi_probe.check import Failure, Level, Request, Response
from pgssi_probe.check.harness import NOT_FOUND_BODY, exchange, page, run_check, scripted, slugs
from pgssi_probe.discovery.site import Document, Form, FormField, Link, Page, Site
from pgssi_probe.registry import check

CHECK = "disclosure.verbose-errors"
HOME = "https://portal.example/"
HELP = "https://portal.example/aide"

TRACE = (
    "Traceback (most recent call last):\n"
    '  File "/srv/portail/vues.py", line 42, in rendez_vous\n    jour = lire(request)\n'
    '  File "/srv/portail/dates.py", line 7, in lire\n    return date.fromisoformat(x)\n'
    "ValueError: Invalid isoformat string"
)


def site(provoked: Callable[[Request], Response | None], *, help_page: str = "<p>Aide</p>") -> Callable[..., Response]:
    """A small portal: a home page with a dated search, a help page, and an answer of one's own to the rest."""

    def answer(request: Request) -> Response:
        given = provoked(request)
        if given is not None:
            return given
        path = urlsplit(request.url).path
        if request.method in {"GET", "HEAD"} and request.origin_form is None:
            if path == "/":
                return page('<a href="/aide">Aide</a><form action="/rdv"><input name="jour"></form>')
            if path == "/aide":
                return page(help_page)
        return page(NOT_FOUND_BODY, status=404)

    return answer


async def test_a_site_with_plain_errors_passes() -> None:
    (outcome,) = await run_check(CHECK, site(lambda _: None))
    assert outcome.slug == "plain"
    assert outcome.facts["statuses"] == [200, 404]


async def test_a_trace_on_an_impossible_date_is_proof() -> None:
    def broken(request: Request) -> Response | None:
        return page(f"<pre>{TRACE}</pre>", status=500) if "jour=2026-02-31" in request.url else None

    (outcome,) = await run_check(CHECK, site(broken))
    assert outcome.slug == "stack-trace-python"
    assert outcome.strength == "proof"
    assert outcome.facts["provoked_by"] == ["date"]
    assert outcome.facts["statuses"] == [500]
    assert outcome.facts["technology"] == ["Python"]


async def test_evidence_holds_the_trace_and_little_more() -> None:
    def broken(request: Request) -> Response | None:
        return (
            page(f"<p>{'mot ' * 9000}</p><pre>{TRACE}</pre>", status=500)
            if "%5B%5D" in request.url or "[]" in request.url
            else None
        )

    registered = check(CHECK)
    run = scripted(registered.metadata, site(broken))
    (observation,) = await registered.observe()(run.context)
    excerpt = run.evidence.kept[observation.evidence[0]]["excerpt"]
    assert excerpt.startswith("Traceback")
    assert len(excerpt) < 1000


async def test_a_help_page_that_quotes_a_trace_is_not_accused() -> None:
    """Even when the site answers everything with that page."""

    def everything(request: Request) -> Response | None:
        return page(f"<h1>Aide</h1><pre>{TRACE}</pre>")

    (outcome,) = await run_check(CHECK, everything)
    assert outcome.slug == "plain"


async def test_a_page_that_quotes_one_error_excuses_no_other() -> None:
    def broken(request: Request) -> Response | None:
        other = TRACE.replace("line 42", "line 77")
        assert other != TRACE
        return page(f"<pre>{other}</pre>", status=500) if "jour=2026-02-31" in request.url else None

    assert slugs(await run_check(CHECK, site(broken, help_page=f"<pre>{TRACE}</pre>"))) == {"stack-trace-python"}


WARNING = (
    '<br />\n<b>Warning</b>:  Undefined array key "pid" in <b>/srv/app/panel.php</b> on line <b>8</b><br />\n<p>Aide'
)


UNCAUGHT = (
    "<br />\n<b>Fatal error</b>:  Uncaught Error: Call to a member function nom() on null in /srv/app/menu.php:32\n"
    "Stack trace:\n#0 /srv/app/index.php(7): entete()\n#1 {main}\n"
    "  thrown in <b>/srv/app/menu.php</b> on line <b>32</b><br />\n"
)


@pytest.mark.parametrize("written", [WARNING, UNCAUGHT])
async def test_an_error_that_php_wrote_into_an_ordinary_page_is_told(written: str) -> None:
    (outcome,) = await run_check(CHECK, site(lambda _: None, help_page=written))
    assert (outcome.slug, outcome.facts["provoked_by"]) == ("stack-trace-php", ["ordinary"])
    quoted = written.replace("<", "&lt;").replace(">", "&gt;")
    assert slugs(await run_check(CHECK, site(lambda _: None, help_page=f"<pre>{quoted}</pre>"))) == {"plain"}


async def test_the_other_fields_of_a_form_go_with_the_one_that_is_wrong() -> None:
    """Pages of PHP often do nothing without the name of the button."""

    def answer(request: Request) -> Response | None:
        parts = urlsplit(request.url)
        if parts.path == "/":
            fields = '<input name="jour"><input type=hidden name=lieu value=3><button name=voir value=Voir>'
            return page(f'<form action="/rdv">{fields}</form>')
        failed = "jour=2026-02-31" in parts.query and "lieu=3" in parts.query and "voir=Voir" in parts.query
        return page(f"<pre>{TRACE}</pre>") if failed else None

    assert slugs(await run_check(CHECK, site(answer))) == {"stack-trace-python"}


async def test_a_number_of_a_path_that_no_database_has_is_tried() -> None:
    sent: list[str] = []

    def answer(request: Request) -> Response | None:
        path = urlsplit(request.url).path
        sent.append(path)
        if path == "/":
            return page('<a href="/rdv/17">a</a><a href="/rdv/18">b</a><a href="/rdv/19/delete">c</a>')
        if path == "/rdv/" + "9" * 25:
            return page(f"<pre>{TRACE}</pre>", status=500)
        return page("<p>Un rendez-vous") if path.startswith("/rdv/") else None

    assert slugs(await run_check(CHECK, site(answer))) == {"stack-trace-python"}
    assert sent.count("/rdv/" + "9" * 25) == 1
    assert {one for one in sent if one.startswith("/rdv/")} <= {"/rdv/17", "/rdv/18", "/rdv/" + "9" * 25}


async def test_a_page_that_only_mentions_the_words_is_not_accused() -> None:
    def mention(request: Request) -> Response | None:
        if "jour" in request.url:
            return page("<p>Traceback (most recent call last): is what Python writes. DEBUG = True</p>", status=400)
        return None

    assert slugs(await run_check(CHECK, site(mention))) == {"plain"}


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("not-found", lambda request: request.method == "GET" and request.url.endswith(".php")),
        ("encoding", lambda request: request.origin_form is not None),
        ("method", lambda request: request.method == INVENTED_METHOD),
        ("too-long", lambda request: len(request.url) > 9000),
        ("json", lambda request: request.body.startswith(b'{"a"')),
        ("content-type", lambda request: b"\x00" in request.body),
        ("xml", lambda request: request.body.startswith(b"<a>")),
        ("cookie", lambda request: any(name == "Cookie" for name, _ in request.headers)),
        ("header", lambda request: any(name == "Range" for name, _ in request.headers)),
        ("array", lambda request: "jour[]=" in request.url or "jour%5B%5D=" in request.url),
    ],
)  # fmt: skip
async def test_each_provocation_is_judged(kind: str, wanted: Callable[[Request], bool]) -> None:
    def broken(request: Request) -> Response | None:
        return page(TRACE, status=500, content_type="text/plain") if wanted(request) else None

    (outcome,) = await run_check(CHECK, site(broken))
    assert outcome.slug == "stack-trace-python"
    assert kind in outcome.facts["provoked_by"]


async def test_several_leaks_are_several_outcomes() -> None:
    def broken(request: Request) -> Response | None:
        if request.method == "POST":
            return page("ORA-00933: SQL command not properly ended", status=500, content_type="text/plain")
        if request.origin_form:
            return page("cannot open /var/www/portail/x.php", status=400, content_type="text/plain")
        return None

    assert slugs(await run_check(CHECK, site(broken))) == {"sql-error", "file-path"}


async def test_silence_is_no_pass() -> None:
    def deaf(request: Request) -> Response | Failure:
        return page("<p>Accueil</p>") if request.url == HOME and not request.headers else Failure.RESET

    (outcome,) = await run_check(CHECK, deaf)
    assert (outcome.slug, outcome.reason) == ("inconclusive", "connection_failed")


async def test_a_limiter_is_no_pass() -> None:
    def limited(request: Request) -> Response:
        return page("<p>Accueil</p>") if request.url == HOME else page("wait", status=429)

    (outcome,) = await run_check(CHECK, limited)
    assert (outcome.slug, outcome.reason) == ("inconclusive", "rate_limited")


async def test_nothing_more_is_sent_once_the_run_is_stopped() -> None:
    sent = []

    def stopped(request: Request) -> Response | Failure:
        if request.provokes_errors:
            sent.append(request)
            return Failure.STOPPED
        return page("<p>Accueil</p>")

    (outcome,) = await run_check(CHECK, stopped)
    assert (outcome.slug, outcome.reason, len(sent)) == ("inconclusive", "run_aborted", 1)


def captured(*pages: Page) -> Site:
    return Site((pages[0].exchange,), pages, (), (), None, None, (), (), complete=True)


def made(
    url: str, *, links: tuple[Link, ...] = (), forms: tuple[Form, ...] = (), cookies: tuple[str, ...] = ()
) -> Page:
    answer = page("", headers=tuple(("Set-Cookie", cookie) for cookie in cookies))
    return Page(exchange(url, answer), Document("", "", "", links, forms, (), (), (), ()))


def test_provocations_are_harmless() -> None:
    """Whatever is not a GET aims at an invented address, but the invented method on the home page."""
    fields = (FormField("debut", "date"), FormField("page", "number", "2"))
    links = (Link(HOME + "fiche?id=12", "Fiche"), Link(HOME + "session?do=logout&x=1", "Quitter"))
    forms = (
        Form(HOME + "rdv", "GET", fields),
        Form(HOME + "connexion", "GET", (FormField("user", "text"), FormField("pass", "password"))),
        Form(HOME + "contact", "POST", (FormField("message", "text"),)),
        Form("https://other.example/q", "GET", (FormField("q", "text"),)),
    )
    built = provocations(captured(made(HOME, links=links, forms=forms, cookies=("sid=1; Path=/",))), HOME, "feed")
    requests = [provocation.request for provocation in built]
    assert len(requests) <= check(CHECK).metadata.sends.requests
    assert {request.method for request in requests} <= set(check(CHECK).metadata.sends.methods)
    for request in requests:
        assert request.provokes_errors
        assert request.url.startswith(HOME)
        if request.method == "POST":
            assert "/pgssi-feed" in request.url
        for never in ("logout", "connexion", "contact", "pass"):
            assert never not in request.url
    asked = " ".join(request.url for request in requests)
    assert "debut=2026-02-31" in asked
    assert "id=x12" in asked
    assert "fiche?id[]=12" in asked
    assert any((name, value[:4]) == ("Cookie", "sid=") for request in requests for name, value in request.headers)


def test_no_site_makes_more_requests_than_declared() -> None:
    names = tuple(FormField(f"date{number}", "date", str(number)) for number in range(50))
    cookies = tuple(f"c{number}=1" for number in range(50))
    built = provocations(captured(made(HOME, forms=(Form(HOME, "GET", names),), cookies=cookies)), HOME, "feed")
    assert len(built) <= check(CHECK).metadata.sends.requests


async def test_the_check_is_active() -> None:
    assert check(CHECK).metadata.level is Level.ACTIVE
