"""`disclosure.directory-listing`: the listings of a dozen servers, and pages that resemble them."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.disclosure.listings import directories, read_listing
from pgssi_probe.check import Failure, Request, Response
from pgssi_probe.check.harness import NOT_FOUND_BODY, page, run_check, scripted, slugs
from pgssi_probe.registry import check

CHECK = "disclosure.directory-listing"
ORIGIN = "https://portail.example"
URL = ORIGIN + "/fichiers/"

LISTINGS = {
    "Apache": '<html><head><title>Index of /fichiers</title></head><body><h1>Index of /fichiers</h1><table><tr><th>'
    '<a href="?C=N;O=D">Name</a></th></tr><tr><td><img src="/icons/back.gif"></td><td><a href="/">Parent Dire'
    'ctory</a></td>'
    '</tr><tr><td><a href="dump.sql">dump.sql</a></td></tr></table><address>Apache</address></body></html>',
    "Apache, plain": '<html><head><title>Index of /fichiers</title></head><body><h1>Index of /fichiers</h1>\n<ul><li>'
    '<a href="/"> Parent Directory</a></li>\n<li><a href="dump.sql"> dump.sql</a></li></ul></body></html>',
    "nginx": '<html><head><title>Index of /fichiers/</title></head><body><h1>Index of /fichiers/</h1><hr><pre>'
    '<a href="../">../</a>\n<a href="dump.sql">dump.sql</a>    02-Nov-2026 09:14    1204\n</pre><hr></body></html>',
    "lighttpd": '<html><head><title>Index of /fichiers/</title></head><body><h2>'
    'Index of /fichiers/</h2><div class="list"'
    '>'
    '<table><thead><tr><th class="n">Name</th></tr></thead><tr><td class="n"><a href="dump.sql">dump.sql</a></td></tr>',
    "IIS": '<html><head><title>portail - /fichiers/</title></head><body><H1>portail - /fichiers/</H1><hr><pre>'
    '<A HREF="/">[To Parent Directory]</A><br><br> 11/2/2026  9:14 AM  1204 <A HREF="/fichiers/dump.sql">dump.sql</A>',
    "Python": '<html><head><title>Directory listing for /fichiers/</title></head><body><h1>Directory listing for /fichi'
    'ers/'
    '</h1><hr><ul><li><a href="dump.sql">dump.sql</a></li></ul><hr></body></html>',
    "Node.js": '<html><head><title>listing directory /fichiers/</title></head><body class="directory"><ul id="files">'
    '<li><a href="/fichiers/dump.sql" class="icon icon-sql" title="dump.sql">dump.sql</a></li></ul></body></html>',
    "Tomcat": "<html><head><title>Directory Listing For [/fichiers/]</title></head><body><h1>Directory Listing For "
    '[/fichiers/]</h1><td><strong>Filename</strong></td><a href="/fichiers/dump.sql"><tt>dump.sql</tt></a></b'
    'ody></html>',
    "Jetty": '<html><head><title>Directory: /fichiers/</title></head><body><h1 class="title">Directory: /fichiers/</h1>'
    '<table class="listing"><tr><td class="name"><a href="/fichiers/dump.sql">dump.sql</a></td></tr></table><'
    '/body></html>',
    "Go": '<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n<a href="dump.sql">dump.sql'
    '</a>\n</pre>',
}  # fmt: skip

BUCKET = '<ListBucketResult xmlns="x"><Name>b</Name><Contents><Key>dump.sql</Key></Contents></ListBucketResult>'

NOT_LISTINGS = {
    "an article": "<title>Index of /fichiers</title><h1>Index of /fichiers</h1><p>How to read the index of a book.</p>",
    "a page of files": '<title>Nos fichiers</title><ul><li><a href="dump.sql">dump</a></li></ul>',
    "a plan": '<title>Plan du site</title><a href="/fichiers/a.pdf">A</a>',
    "a parent": '<a href="../">Parent Directory</a>',
    "pre": '<html><body><p>x</p><pre><a href="a">a</a> </pre></body></html>',
    "nothing": "",
}


@pytest.mark.parametrize("server", LISTINGS)
def test_listings(server: str) -> None:
    found = read_listing(page(LISTINGS[server]), URL)
    assert found is not None
    assert found.server == server.split(",")[0]
    assert (found.entries, found.sensitive) == (1, ("sql",))


def test_object_storage() -> None:
    found = read_listing(page(BUCKET, content_type="application/xml"), URL)
    assert found is not None
    assert found.entries >= 1
    assert "sql" in found.sensitive


@pytest.mark.parametrize("name", NOT_LISTINGS)
def test_pages_that_are_no_listings(name: str) -> None:
    assert read_listing(page(NOT_LISTINGS[name]), URL) is None


@pytest.mark.parametrize("status", [301, 401, 403, 404, 500])
def test_only_an_answer_that_succeeds_lists(status: int) -> None:
    assert read_listing(page(LISTINGS["nginx"], status=status), URL) is None


def test_directories_come_from_what_the_site_loads_then_from_usage() -> None:
    found = directories(
        ORIGIN, [ORIGIN + "/a/b/c.js?v=1", ORIGIN + "/a/d.css", "https://other.example/x/y.js", ORIGIN + "/x"], 20
    )
    assert found[:2] == [ORIGIN + "/a/b/", ORIGIN + "/a/"]
    assert ORIGIN + "/uploads/" in directories(ORIGIN, [], 40)
    assert ORIGIN + "/" not in found
    assert len(found) == len(set(found)) == 20


def serving(listed: str, body: str) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        path = urlsplit(request.url).path
        if path == "/":
            return page('<link rel="stylesheet" href="/fichiers/css/a.css">')
        return page(body) if path == listed else page(NOT_FOUND_BODY, status=404)

    return answer


async def test_a_listed_directory_is_told_without_the_names_of_its_files() -> None:
    body = LISTINGS["nginx"].replace("dump.sql", "ordonnance-durand.pdf")
    registered = check(CHECK)
    run = scripted(registered.metadata, serving("/fichiers/", body), url=ORIGIN + "/")
    (observation,) = await registered.observe()(run.context)
    assert observation.slug == "listing"
    assert observation.facts["paths"] == ["/fichiers/"]
    assert observation.facts["sensitive"] == ["pdf"]
    assert "durand" not in repr(observation)
    assert "durand" not in " ".join(str(piece["excerpt"]) for piece in run.evidence.kept.values())


async def test_what_robots_would_rather_hide_is_asked_for() -> None:
    def answer(request: Request) -> Response:
        if urlsplit(request.url).path == "/robots.txt":
            return page("User-agent: *\nDisallow: sauvegardes/\nDisallow: /*.bak/", content_type="text/plain")
        return serving("/sauvegardes/", LISTINGS["Apache"])(request)

    (outcome,) = await run_check(CHECK, answer, url=ORIGIN + "/")
    assert outcome.facts["paths"] == ["/sauvegardes/"]


async def test_no_listing_passes() -> None:
    assert slugs(await run_check(CHECK, serving("/none", ""), url=ORIGIN + "/")) == {"none"}


async def test_a_site_that_lists_whatever_is_asked_is_not_accused() -> None:
    def everything(request: Request) -> Response:
        return page(LISTINGS["Python"]) if urlsplit(request.url).path != "/" else page("<h1>Accueil</h1>")

    assert slugs(await run_check(CHECK, everything, url=ORIGIN + "/")) == {"none"}


async def test_silence_is_no_pass() -> None:
    def deaf(request: Request) -> Response | Failure:
        return page("<h1>Accueil</h1>") if urlsplit(request.url).path == "/" else Failure.RESET

    (outcome,) = await run_check(CHECK, deaf, url=ORIGIN + "/")
    assert outcome.slug == "inconclusive"


@given(st.text(max_size=400), st.sampled_from(sorted(LISTINGS)))
def test_nothing_breaks_the_reading(noise: str, server: str) -> None:
    for body in (noise, LISTINGS[server][: len(noise)] + noise, noise + LISTINGS[server]):
        read_listing(page(body), URL)


@pytest.mark.parametrize(
    "unit", ["<a href=", '<a href="a">', "<title>Index of /", "<Key>", "<pre>", "<ListBucketResult>"]
)
def test_a_hostile_page_of_a_megabyte_is_read(unit: str) -> None:
    read_listing(page('<title>Index of /x</title><h1>Index of /x</h1><hr><pre><a href="../">' + unit * 150_000), URL)
    read_listing(page(BUCKET[:30] + unit * 150_000, content_type="application/xml"), URL)
