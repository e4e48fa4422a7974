"""`disclosure.files`: every kind of file recognised, every look-alike left alone, nothing kept that should not be."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.disclosure.file_candidates import (
    Candidate,
    Signature,
    backups,
    candidates,
    excerpt_of,
    is_public_script,
    labels_of,
    recognise,
    size_of,
)
from pgssi_checks.disclosure.files import MAX_CANDIDATES, MAX_MAPS
from pgssi_probe.check import Failure, Request, Response
from pgssi_probe.check.harness import NOT_FOUND_BODY, exchange, page, run_check, scripted, slugs
from pgssi_probe.discovery.site import Document, Link, Page, Site
from pgssi_probe.model.outcome import Status
from pgssi_probe.registry import check

CHECK = "disclosure.files"
ORIGIN = "https://portail.example"
TEXT = "text/plain"
BINARY = "application/octet-stream"

PEM = "-----BEGIN PRIVATE KEY-----\n" + "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgdemonstration00\n" * 2
LOG = (
    "[Mon Nov 02 09:14:01 2026] [error] client 203.0.113.5 Mme Durand\n"
    "[Mon Nov 02 09:14:02 2026] [error] client 203.0.113.6 M. Martin\n"
)
ZIP = b"PK\x03\x04\x14\x00\x00\x00"

EXPOSED: dict[str, tuple[str, str, str | bytes, str]] = {
    "git head": ("git", "/.git/HEAD", "ref: refs/heads/main\n", TEXT),
    "git detached": ("git", "/.git/HEAD", "1a" * 20 + "\n", BINARY),
    "git config": ("git", "/.git/config", "[core]\n\tbare = false\n", TEXT),
    "svn": ("version-control", "/.svn/wc.db", b"SQLite format 3\x00" + bytes(80), BINARY),
    "svn entries": ("version-control", "/.svn/entries", "12\n", TEXT),
    "mercurial": ("version-control", "/.hg/requires", "dotencode\nrevlogv1\nstore\n", TEXT),
    "cvs": ("version-control", "/CVS/Entries", "/index.php/1.4/Mon Nov  2 09:14:01 2009//\n", TEXT),
    "env": ("env", "/.env", "APP_ENV=prod\nDB_PASSWORD=demonstration\n", TEXT),
    "env exported": ("env", "/.env", "export SECRET_KEY='demonstration'\n", BINARY),
    "htpasswd": ("credentials", "/.htpasswd", "admin:$apr1$demo0000$0123456789012345678901\n", TEXT),
    "aws": ("credentials", "/.aws/credentials", "[default]\naws_secret_access_key = x\n", TEXT),
    "key": ("credentials", "/server.key", PEM, TEXT),
    "web.config": ("configuration", "/web.config", "<configuration>\n<system.web />", "text/xml"),
    "appsettings": ("configuration", "/appsettings.json", '{"Logging": {}, "AllowedHosts": "*"}', "application/json"),
    "wp-config": ("configuration", "/wp-config.php.bak", "<?php\ndefine( 'DB_PASSWORD', 'x' );", TEXT),
    "wp swap": ("configuration", "/.wp-config.php.swp", b"b0VIM 9.0\x00", BINARY),
    "actuator env": ("configuration", "/actuator/env", '{"propertySources":[]}', "application/json"),
    "compose": ("configuration", "/docker-compose.yml", "services:\n  web:\n    image: portail\n", "text/yaml"),
    "backup": ("backup", "/index.php.bak", "<?php\n$db = new PDO($dsn);\n", TEXT),
    "swap": ("backup", "/.index.php.swp", b"b0VIM 9.0\x00", BINARY),
    "dump": ("dump", "/dump.sql", "-- MySQL dump 10.13\nINSERT INTO patient VALUES ('Durand');\n", TEXT),
    "dump gz": ("dump", "/backup.sql.gz", b"\x1f\x8b\x08\x00", "application/gzip"),
    "sqlite": ("dump", "/db.sqlite3", b"SQLite format 3\x00" + bytes(80), BINARY),
    "archive": ("archive", "/portail.zip", ZIP, "application/zip"),
    "archive of host": ("archive", "/portail.example.tar.gz", b"\x1f\x8b\x08\x00", "application/gzip"),
    "log": ("log", "/error.log", LOG, TEXT),
    "laravel": ("log", "/storage/logs/laravel.log", "[2026-11-02 09:14:01] production.ERROR: x\n", TEXT),
    "ds_store": ("editor-file", "/.DS_Store", b"\x00\x00\x00\x01Bud1\x00\x00", BINARY),
    "idea": ("editor-file", "/.idea/workspace.xml", '<project version="4">\n<component name="x">', "text/xml"),
    "openapi": ("api-description", "/openapi.json", '{"openapi": "3.1.0", "info": {}}', "application/json"),
    "swagger": ("api-description", "/v2/api-docs", '{"swagger":"2.0","paths":{}}', "application/json"),
    "metrics": ("metrics", "/metrics", "# HELP a b\n# TYPE a counter\na 1\n", TEXT),
    "actuator metrics": ("metrics", "/actuator/metrics", '{"names":["jvm.memory.used"]}', "application/json"),
    "actuator index": (
        "heap-dump",
        "/actuator",
        '{"_links":{"self":{"href":"x"},"heapdump":{"href":"https://portail.example/actuator/heapdump"}}}',
        "application/vnd.spring-boot.actuator.v3+json",
    ),
    "composer": ("manifest", "/composer.json", '{"require": {"php": "^8.2"}}', "application/json"),
    "requirements": ("manifest", "/requirements.txt", "django==5.2\nrequests>=2.3\n", TEXT),
    "phpinfo": ("phpinfo", "/info.php", '<title>PHP 8.4 - phpinfo()</title><td class="e">x', "text/html"),
    "installer": ("installer", "/install.php", "<html><title>DokuWiki Installer</title>", "text/html"),
    "readme": ("product-document", "/readme.html", "<html><title>WordPress ReadMe</title>Version 6.1", "text/html"),
    "changelog": ("product-document", "/CHANGELOG.md", "# Changelog\n\n## [4.2.1] - 2026-05-04\n", "text/markdown"),
}  # fmt: skip


def serving(files: Mapping[str, Response], *, absent: Response | None = None) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        path = urlsplit(request.url).path
        if path == "/":
            return page("<h1>Accueil</h1>")
        return files.get(path) or absent or page(NOT_FOUND_BODY, status=404)

    return answer


@pytest.mark.parametrize("name", EXPOSED)
async def test_an_exposed_file_is_told(name: str) -> None:
    slug, path, content, media_type = EXPOSED[name]
    files = {path: page(content, content_type=media_type)}
    outcomes = await run_check(CHECK, serving(files), url=ORIGIN + "/")
    assert [(outcome.slug, outcome.subject.name) for outcome in outcomes] == [(slug, ORIGIN + path)]
    assert outcomes[0].status is Status.FAIL


async def test_a_schema_that_graphql_gives_to_anybody_is_told() -> None:
    answer = page('{"data":{"__schema":{"queryType":{"name":"Query"}}}}', content_type="application/json")
    (outcome,) = await run_check(CHECK, serving({"/graphql": answer}), url=ORIGIN + "/")
    assert outcome.slug == "api-description"
    refused = page('{"errors":[{"message":"introspection is disabled: __schema"}]}', content_type="application/json")
    assert slugs(await run_check(CHECK, serving({"/graphql": refused}), url=ORIGIN + "/")) == {"none"}


async def test_nothing_exposed_passes() -> None:
    (outcome,) = await run_check(CHECK, serving({}), url=ORIGIN + "/")
    assert outcome.slug == "none"
    assert isinstance(outcome.facts["count"], int)
    assert outcome.facts["count"] > 80


@pytest.mark.parametrize("name", EXPOSED)
@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refusal_is_not_presence(name: str, status: int) -> None:
    _, path, content, media_type = EXPOSED[name]
    for candidate in candidates(ORIGIN + "/", EMPTY):
        if urlsplit(candidate.url).path == path:
            answer = exchange(candidate.url, page(content, status=status, content_type=media_type))
            assert recognise(candidate, answer) is None


@pytest.mark.parametrize(
    "body", [NOT_FOUND_BODY.decode(), "<h1>Accueil</h1>", "", "ok", "{}", "[]", "not found", '{"a": 1}']
)
@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "application/json", "application/octet-stream"])
async def test_a_site_that_answers_everything_with_one_page_is_not_accused(body: str, media_type: str) -> None:
    outcomes = await run_check(CHECK, lambda _: page(body, content_type=media_type), url=ORIGIN + "/")
    assert slugs(outcomes) == {"none"}


@pytest.mark.parametrize("name", ["env", "dump", "archive", "openapi", "log", "metrics"])
async def test_a_site_that_answers_everything_with_such_a_file_is_not_accused(name: str) -> None:
    """A catch-all, a honeypot: the invented siblings get the same."""
    _, _, content, media_type = EXPOSED[name]

    def answer(request: Request) -> Response:
        if urlsplit(request.url).path == "/":
            return page("<h1>Accueil</h1>")
        return page(content, content_type=media_type)

    assert slugs(await run_check(CHECK, answer, url=ORIGIN + "/")) == {"none"}


LOOK_ALIKES = {
    "/.git/HEAD": page("<p>ref: refs/heads/main</p>"),
    "/.env": page("# configuration\n", content_type=TEXT),
    "/dump.sql": page("no dump here", content_type=TEXT),
    "/backup.zip": page("PK", content_type="application/zip"),
    "/error.log": page("2026-11-02 09:14 one line only", content_type=TEXT),
    "/index.php.bak": page("<html><p>Page</p></html>"),
    "/index.php~": page("plain text", content_type=TEXT),
    "/openapi.json": page('{"openapi": true}', content_type="application/json"),
    "/metrics": page("<h1>Nos chiffres</h1>"),
    "/actuator": page('{"_links":{"self":{"href":"x"},"health":{"href":"y"}}}', content_type="application/json"),
    "/package.json": page('{"name": "x"}', content_type="application/json"),
    "/info.php": page("<title>Informations pratiques</title>"),
    "/install.php": page("<title>Nos installations sportives en pratique</title>"),
    "/server.key": page("-----BEGIN PRIVATE KEY-----\n[...]\n-----END PRIVATE KEY-----", content_type=TEXT),
    "/readme.html": page("<title>Lisez-moi</title>"),
    "/web.config": page(
        "<configuration>\n<system.webServer>\n<rewrite><rules/></rewrite>\n</system.webServer>\n</configuration>",
        content_type="text/xml",
    ),
    "/heapdump.hprof": page(b"x" * 10, content_type=BINARY),
}


async def test_what_has_the_name_without_the_content_is_not_accused() -> None:
    assert slugs(await run_check(CHECK, serving(LOOK_ALIKES), url=ORIGIN + "/")) == {"none"}


async def test_memory_is_never_downloaded_nor_dumped() -> None:
    """Spring dumps the heap even for HEAD: its own address must not be asked at all."""
    asked: list[Request] = []

    def answer(request: Request) -> Response:
        asked.append(request)
        path = urlsplit(request.url).path
        if path == "/heapdump.hprof":
            return page("", content_type=BINARY, headers=(("Content-Length", "52428800"),))
        return page("<h1>Accueil</h1>") if path == "/" else page(NOT_FOUND_BODY, status=404)

    outcomes = await run_check(CHECK, answer, url=ORIGIN + "/")
    assert slugs(outcomes) == {"heap-dump"}
    assert not any(urlsplit(request.url).path.endswith("/heapdump") for request in asked)
    assert all(request.method == "HEAD" for request in asked if request.url.endswith(".hprof"))


async def test_only_the_beginning_is_read_and_values_are_not_kept() -> None:
    files = {
        "/.env": page("DB_PASSWORD=demonstration-secret\nAPP_ENV=prod\n", content_type=TEXT),
        "/.htpasswd": page("admin:$apr1$demo0000$0123456789012345678901\n", content_type=TEXT),
        "/dump.sql": page("-- MySQL dump\nINSERT INTO patient VALUES ('Durand');", content_type=TEXT),
        "/error.log": page(LOG, content_type=TEXT),
    }
    registered = check(CHECK)
    run = scripted(registered.metadata, serving(files), url=ORIGIN + "/")
    observations = await registered.observe()(run.context)
    assert {observation.slug for observation in observations} == {"env", "credentials", "dump", "log"}
    kept = " ".join(str(piece["excerpt"]) for piece in run.evidence.kept.values())
    for never in ("demonstration", "$apr1", "Durand", "203.0.113"):
        assert never not in kept
    for request in run.network.sent:
        if request.method == "GET" and not request.url.endswith(".map"):
            assert ("Range", "bytes=0-65535") in request.headers


async def test_one_repository_is_one_finding() -> None:
    files = {
        path: page(content, content_type=kind)
        for _, path, content, kind in (EXPOSED["git head"], EXPOSED["git config"])
    }
    outcomes = await run_check(CHECK, serving(files), url=ORIGIN + "/")
    assert [outcome.subject.name for outcome in outcomes] == [ORIGIN + "/.git/HEAD"]


async def test_copies_of_one_file_are_one_finding() -> None:
    description = page('{"openapi": "3.1.0", "info": {}}', content_type="application/json")
    other = page('{"openapi": "3.1.0", "info": {"title": "x"}}', content_type="application/json")
    files = {"/openapi.json": description, "/swagger.json": description, "/api-docs": other}
    outcomes = await run_check(CHECK, serving(files), url=ORIGIN + "/")
    assert [outcome.facts["urls"] for outcome in outcomes] == [
        [ORIGIN + "/openapi.json", ORIGIN + "/swagger.json"],
        [ORIGIN + "/api-docs"],
    ]


async def test_a_limiter_is_obeyed() -> None:
    asked = []

    def limited(request: Request) -> Response:
        asked.append(request)
        return page("<h1>Accueil</h1>") if urlsplit(request.url).path == "/" else page("wait", status=429)

    (outcome,) = await run_check(CHECK, limited, url=ORIGIN + "/")
    assert (outcome.slug, outcome.reason) == ("inconclusive", "rate_limited")
    assert len(asked) < 20


async def test_silence_is_no_pass() -> None:
    def deaf(request: Request) -> Response | Failure:
        return page("<h1>Accueil</h1>") if urlsplit(request.url).path == "/" else Failure.RESPONSE_TIMEOUT

    (outcome,) = await run_check(CHECK, deaf, url=ORIGIN + "/")
    assert (outcome.slug, outcome.reason) == ("inconclusive", "timeout")


def captured(*links: str) -> Site:
    document = Document("", "", "", tuple(Link(link, "") for link in links), (), (), (), (), ())
    home = exchange(ORIGIN + "/", page(""))
    return Site((home,), (Page(home, document),), (), (), None, None, (), (), complete=True)


EMPTY = captured()


def test_backups_of_known_scripts_come_first() -> None:
    found = backups(
        ORIGIN, captured(ORIGIN + "/rdv/liste.php?jour=1", ORIGIN + "/page.html", "https://other.example/x.php")
    )
    assert found[:2] == [ORIGIN + "/rdv/liste.php~", ORIGIN + "/rdv/liste.php.bak"]
    assert ORIGIN + "/rdv/.liste.php.swp" in found
    assert ORIGIN + "/index.php~" in found
    assert all(url.startswith(ORIGIN) for url in found)


def test_the_whole_stays_within_what_is_declared() -> None:
    site = captured(*(f"{ORIGIN}/dossier/page{number}.php" for number in range(50)))
    for target in (ORIGIN + "/", ORIGIN + "/portail/accueil"):
        assert len(candidates(target, site)) <= MAX_CANDIDATES
    assert check(CHECK).metadata.sends.requests > MAX_CANDIDATES + MAX_MAPS


def test_an_application_under_a_path_is_asked_there_too() -> None:
    urls = {candidate.url for candidate in candidates(ORIGIN + "/portail/accueil", EMPTY)}
    assert {ORIGIN + "/.git/HEAD", ORIGIN + "/portail/.git/HEAD", ORIGIN + "/portail/.env"} <= urls


@pytest.mark.parametrize(
    ("host", "label"),
    [
        ("www.portail.chu.fr", "portail"),
        ("chu.fr", "chu"),
        ("localhost", "localhost"),
        ("192.0.2.1", "site"),
        ("[::1]", "site"),
    ],
)
def test_labels(host: str, label: str) -> None:
    assert labels_of(host)["label"] == label


def test_every_failing_outcome_is_looked_for() -> None:
    asked = {candidate.slug for candidate in candidates(ORIGIN + "/", EMPTY)} | {"source-map"}
    declared = {slug for slug, outcome in check(CHECK).metadata.outcomes.items() if outcome.status is Status.FAIL}
    assert asked == declared


def test_sizes() -> None:
    assert size_of(page("x", headers=(("Content-Range", "bytes 0-0/1234"),))) == 1234
    assert size_of(page("x", headers=(("Content-Length", "99"),))) == 99
    assert size_of(page("xyz", headers=(("Content-Length", "-1"),))) == 3
    assert excerpt_of("env", ["DB_PASSWORD=x"]) == "DB_PASSWORD="


@pytest.mark.parametrize(
    "name", ["jquery-3.7.1.min.js", "bootstrap.bundle.min.js", "tribute.min.js", "moment.js", "vue.global.js"]
)
def test_scripts_of_everyone(name: str) -> None:
    assert is_public_script(f"{ORIGIN}/js/{name}")


@pytest.mark.parametrize("name", ["app.min.js", "main.4f3a2b1c.js", "portail.js", "index-B2c4d6e8.js", "recherche.js"])
def test_scripts_of_the_application(name: str) -> None:
    assert not is_public_script(f"{ORIGIN}/js/{name}")


@given(st.binary(max_size=400), st.sampled_from(["text/html", "text/plain", "application/json", BINARY]))
def test_no_content_breaks_the_recognition(body: bytes, media_type: str) -> None:
    for candidate in candidates(ORIGIN + "/", EMPTY):
        recognise(candidate, exchange(candidate.url, page(body, content_type=media_type)))


@pytest.mark.parametrize(
    "unit", ["A=", "<!--", " ", "[", "#", "a: ", "\n", "2026-01-01T00:00", "{", '"', "/a/1.1/b/c/"]
)
def test_a_hostile_file_of_a_megabyte_is_read(unit: str) -> None:
    body = unit * (1_000_000 // len(unit))
    for candidate in candidates(ORIGIN + "/", EMPTY):
        recognise(candidate, exchange(candidate.url, page(body, content_type=TEXT)))


def test_a_signature_without_anything_recognises_nothing() -> None:
    candidate = Candidate("env", ORIGIN + "/x", Signature())
    assert recognise(candidate, exchange(candidate.url, page("x", content_type=TEXT))) is None
