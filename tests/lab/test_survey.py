"""Each switch changes what it says and nothing else: answers are compared with those of the hardened portal."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from pgssi_probe.lab.visitor import Visitor
from pgssi_probe.lab.weaknesses import registered

Open = Callable[..., Visitor]
Survey = dict[str, str]

REQUESTS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("home", "GET", "/", {}),
    ("sign-in", "GET", "/connexion", {}),
    ("legal", "GET", "/mentions-legales", {}),
    ("privacy", "GET", "/confidentialite", {}),
    ("terms", "GET", "/cgu", {}),
    ("cookies", "GET", "/cookies", {}),
    ("support", "GET", "/assistance", {}),
    ("phishing", "GET", "/signaler-hameconnage", {}),
    ("advice", "GET", "/conseils-securite", {}),
    ("help", "GET", "/aide", {}),
    ("article", "GET", "/aide/message-d-erreur", {}),
    ("news", "GET", "/actualites", {}),
    ("site-map", "GET", "/plan-du-site", {}),
    ("search", "GET", "/recherche?q=%3Cb%3Eanalyse", {}),
    ("robots", "GET", "/robots.txt", {}),
    ("security-txt", "GET", "/.well-known/security.txt", {}),
    ("style", "GET", "/static/portail.css", {}),
    ("nothing", "GET", "/pgssi-absent", {}),
    ("dotted", "GET", "/.pgssi-absent", {}),
    ("bad-date", "GET", "/disponibilites?date=2026-02-31", {}),
    ("bad-array", "GET", "/?q[]=x", {}),
    ("private", "GET", "/mon-espace", {}),
    ("staff", "GET", "/gestion", {}),
    ("api", "GET", "/api/v1/statut", {}),
    ("api-private", "GET", "/api/v1/moi", {}),
    ("host", "GET", "/robots.txt", {"Host": "elsewhere.invalid"}),
    ("trace", "TRACE", "/", {}),
    ("invented", "PGSSIPROBE", "/", {}),
    ("overridden", "GET", "/", {"X-HTTP-Method-Override": "DELETE"}),
    ("origin-foreign", "GET", "/", {"Origin": "https://elsewhere.invalid"}),
    ("origin-null", "GET", "/", {"Origin": "null"}),
    ("origin-prefix", "GET", "/", {"Origin": "https://localhost.elsewhere.invalid"}),
    ("origin-suffix", "GET", "/", {"Origin": "https://elsewherelocalhost:8443"}),
)
SIGNED_IN = ("/mon-espace", "/resultats", "/profil", "/api/v1/moi")
RANDOM = re.compile(r'(?<=name="csrf" value=")[^"]*|(?<=__Host-session=)[^;]+|(?<=\bsession=)[^;]+')
PAGES = "(?:home|sign-in|legal|privacy|terms|cookies|support|phishing|advice|help|article|news|site-map|search|nothing"
PAGES += "|dotted|bad-date|bad-array|host|trace|invented|overridden|origin-.*|signed-in /(?!api).*)"
REFUSALS = "(?:nothing|dotted|bad-.*|host|trace|invented|api-private)"
HOME = "(?:home|overridden|origin-.*)"

EXPECTED = {
    "https.enforcement/content-over-http": r"plain (GET|HEAD) .*",
    "https.enforcement/login-over-http": r"plain POST .*",
    "https.enforcement/redirect-temporary": r"plain .* status",
    "https.enforcement/redirect-not-https": r"plain .* header location",
    "https.enforcement/redirect-other-host": r"plain .* header location",
    "https.enforcement/content-with-redirect": r"plain .* (body|header content-(type|length))",
    "https.enforcement/cookie-before-https": r"plain .* header set-cookie",
    "https.enforcement/redirect-to-http": rf"{HOME} body",
    "https.enforcement/form-posts-http": r"sign-in body",
    "https.hsts/.*": r".* header strict-transport-security",
    "https.mixed-content/active": rf"{PAGES} body",
    "https.mixed-content/passive": rf"{PAGES} body",
    "https.mixed-content/form-action": rf"{HOME} body",
    "cookie.flags/.*": r".* header set-cookie",
    "headers.csp/.*": r".* header content-security-policy(-report-only)?",
    "headers.security/nosniff-missing.*": r".* header x-content-type-options",
    "headers.security/permissions-policy-missing": r".* header permissions-policy",
    "headers.security/coop-missing": r".* header cross-origin-opener-policy",
    "headers.security/xss-protection-on": r".* header x-xss-protection",
    "headers.security/content-type-missing": r"(help|article) header content-type",
    "headers.security/content-type-inconsistent": r"(api.*|signed-in /api.*) header content-type|site-map body",
    "headers.security/charset-missing": rf"{PAGES} (header content-type|body)",
    "headers.clickjacking/.*": r".* header (x-frame-options|content-security-policy)",
    "headers.referrer/.*": r".* header referrer-policy",
    "headers.cors/.*": r"origin-.* header (access-control-.*|vary)",
    "http.methods/trace": r"trace .*",
    "http.methods/override": r"overridden .*",
    "http.methods/invented-verb": r"invented .*",
    "disclosure.verbose-errors/framework-page": rf"{REFUSALS} (body|header content-type)",
    "disclosure.verbose-errors/server-page": r"signed-in /mon-espace body",
    "disclosure.verbose-errors/.*": r"bad-.* (status|body|header content-type)",
    "disclosure.banners/server-.*": r".* header server",
    "disclosure.banners/powered-by.*": r".* header x-powered-by",
    "disclosure.banners/generator.*": rf"{PAGES} body",
    "disclosure.banners/comment": rf"{PAGES} body",
    "disclosure.banners/error-page": rf"{REFUSALS} (body|header content-type)",
    "disclosure.banners/default-page": r"site-map body|file .*",
    "disclosure.banners/internal-address": r".* header x-backend-server",
    "components.server-versions/.*": r".* header (server|x-powered-by)",
    "disclosure.files/source-map": rf"file .*|{PAGES} body",
    "disclosure.files/.*": r"file .*",
    "disclosure.directory-listing/.*": r"file .*",
    "disclosure.secrets/.*": rf"file .*|{PAGES} body",
    "exposure.admin-interfaces/.*": r"file .*",
    "exposure.nonproduction/.*": r".* body",
}
"""Switch -> what may differ. Written as regular expressions; the first that fits the id is used."""

SEEN_ELSEWHERE = re.compile(
    r"(tls|session|login|authz|browser|csrf|input|content|compat|components\.js-libraries|trap|mode)[./].*"
)
"""Families whose effect is tested in their own files: behaviour over time, several people, or TLS."""


async def survey(visitor: Visitor, plain: Visitor, paths: list[str]) -> Survey:
    """`label status`, `label header name` and `label body` of a round of requests -> what was received."""
    seen: Survey = {}

    async def note(label: str, visitor: Visitor, method: str, path: str, headers: dict[str, str]) -> None:
        response = await visitor.ask(method, path, headers=headers)
        seen[f"{label} status"] = str(response.status_code)
        for name in response.headers:
            seen[f"{label} header {name}"] = RANDOM.sub("#", " | ".join(response.headers.get_list(name)))
        seen.pop(f"{label} header content-length", None)
        seen[f"{label} body"] = RANDOM.sub("#", response.content.decode("latin-1"))

    for label, method, path, headers in REQUESTS:
        await note(label, visitor, method, path, headers)
    for path in paths:
        await note(f"file {path}", visitor, "GET", path, {})
    for method, path in (("GET", "/"), ("HEAD", "/"), ("GET", "/connexion"), ("POST", "/connexion")):
        await note(f"plain {method} {path}", plain, method, path, {})
    await visitor.sign_in("a")
    for path in SIGNED_IN:
        await note(f"signed-in {path}", visitor, "GET", path, {})
    await visitor.sign_out()
    return seen


_hardened: dict[tuple[str, ...], Survey] = {}


async def hardened(visit: Open, paths: list[str]) -> Survey:
    """The survey of the portal without weakness, made once for each list of paths."""
    key = tuple(paths)
    if key not in _hardened:
        _hardened[key] = await survey(visit(), visit(plain=True), paths)
    return _hardened[key]


def expected(identifier: str) -> str | None:
    return next((allowed for name, allowed in EXPECTED.items() if re.fullmatch(name, identifier)), None)


@pytest.mark.parametrize("identifier", [name for name in registered() if not SEEN_ELSEWHERE.fullmatch(name)])
async def test_switch_changes_what_it_says_and_nothing_else(visit: Open, identifier: str) -> None:
    allowed = expected(identifier)
    assert allowed is not None, f"say in EXPECTED what {identifier} changes"
    weak = visit(identifier)
    paths = sorted(weak.lab.blueprint.files)
    before = await hardened(visit, paths)
    after = await survey(weak, visit(identifier, plain=True), paths)
    changed = {what for what in before.keys() | after.keys() if before.get(what) != after.get(what)}
    assert changed
    assert not [what for what in sorted(changed) if not re.fullmatch(allowed, what)]


async def test_two_hardened_portals_cannot_be_told_apart(visit: Open) -> None:
    from pgssi_probe.lab.portal.public import INFORMATION

    paths = [f"/{name}" for name in INFORMATION]
    first = await survey(visit(), visit(plain=True), paths)
    second = await survey(visit(fresh=True), visit(plain=True), paths)
    assert first == second


HEADERS = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
TELLING = {"server", "x-powered-by", "via", "x-aspnet-version", "x-generator"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/"),
        ("GET", "/connexion"),
        ("POST", "/connexion"),
        ("GET", "/static/portail.css"),
        ("GET", "/static/illustration.svg"),
        ("GET", "/robots.txt"),
        ("GET", "/sitemap.xml"),
        ("GET", "/.well-known/security.txt"),
        ("GET", "/security.txt"),
        ("GET", "/favicon.ico"),
        ("GET", "/mon-espace"),
        ("GET", "/api/v1/statut"),
        ("GET", "/api/v1/moi"),
        ("GET", "/absent"),
        ("GET", "/api/absent"),
        ("DELETE", "/"),
        ("GET", "/%ff"),
        ("GET", "/?q=" + "a" * 9000),
        ("TRACE", "/"),
    ],
)
async def test_every_kind_of_answer_is_hardened(visit: Open, method: str, path: str) -> None:
    response = await visit().ask(method, path)
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in response.headers["content-security-policy"]
    assert "permissions-policy" in response.headers
    assert not TELLING & set(response.headers)
    assert not [name for name in response.headers if name.startswith("access-control-")]


async def test_session_cookie_is_hardened_before_and_after_sign_in(visit: Open) -> None:
    visitor = visit()
    lines = (await visitor.get("/connexion")).headers.get_list("set-cookie")
    account = visitor.lab.accounts["a"]
    lines += (await visitor.try_sign_in(account.username, account.password)).headers.get_list("set-cookie")
    lines += (await visitor.sign_out()).headers.get_list("set-cookie")
    assert len(lines) == 3
    for line in lines:
        assert line.startswith("__Host-session=")
        assert line.split("; ")[1:5] == ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]
        assert "Domain" not in line


async def test_home_sets_no_cookie(visit: Open) -> None:
    assert "set-cookie" not in (await visit().get("/")).headers
