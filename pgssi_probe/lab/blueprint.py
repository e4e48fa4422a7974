"""What a demonstration portal is made of, before it is built: the only thing that a weakness may change.

A `Blueprint` starts hardened. Each weakness edits one or two of its parts, and the portal is then built from the
result: the pages never ask which weaknesses are on.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pgssi_probe.lab.sessions import Session, SessionPolicy

Interceptor = Callable[[Request], Awaitable[Response | None]]
"""Runs before routing: may change the request's scope, wait, or answer in place of the portal."""

Html = str | Callable[[Request], str]
"""HTML, or what makes it for a request."""

HeaderRewrite = Callable[[Request, Response], None]
"""Runs last on every answer, to change its headers with the request at hand."""

ErrorBody = Callable[[Request, int, Exception | None], str | None]
"""The text shown for an error in place of the portal's own page; None keeps the portal's page."""

TWO_YEARS = 63_072_000


@dataclass(frozen=True, kw_only=True)
class LabAddresses:
    """Where a portal listens. Addresses are origins without a trailing slash."""

    https_url: str
    http_url: str
    ca_file: str = ""

    @property
    def host(self) -> str:
        return self.https_url.split("//", 1)[1].rsplit(":", 1)[0]


@dataclass
class HeaderPolicy:
    """Response headers of the HTTPS listener, whatever the answer: page, API, file, redirect or error."""

    every: dict[str, str] = field(
        default_factory=lambda: {
            "Strict-Transport-Security": f"max-age={TWO_YEARS}; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
    )
    csp: dict[str, str] = field(
        default_factory=lambda: {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self'",
            "font-src": "'self'",
            "connect-src": "'self'",
            "object-src": "'none'",
            "base-uri": "'none'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
        }
    )
    csp_name: str = "Content-Security-Policy"
    private: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "no-store"})
    """Added where the answer depends on a session, or carries a form token."""
    signed_out: dict[str, str] = field(default_factory=lambda: {"Clear-Site-Data": '"cache", "cookies", "storage"'})
    """Added to the answer that ends a session."""
    repeated: list[tuple[str, str]] = field(default_factory=list)
    """Appended as they are, even when the name is already there."""
    rewrites: list[HeaderRewrite] = field(default_factory=list)

    def apply(self, request: Request, response: Response) -> None:
        headers = response.headers
        for name, value in self.every.items():
            headers[name] = value
        if self.csp:
            headers[self.csp_name] = "; ".join(f"{name} {value}".strip() for name, value in self.csp.items())
        for name, value in self.repeated:
            headers.append(name, value)
        for rewrite in self.rewrites:
            rewrite(request, response)


@dataclass
class CookiePolicy:
    """How the session cookie is written. An attribute whose value is empty is written alone (`Secure`)."""

    name: str = "__Host-session"
    attributes: dict[str, str] = field(
        default_factory=lambda: {"Path": "/", "Secure": "", "HttpOnly": "", "SameSite": "Strict"}
    )
    extra: list[str] = field(default_factory=list)
    """Other `Set-Cookie` values, sent with the home page."""

    def header(self, value: str, *, expired: bool = False) -> str:
        attributes = self.attributes | ({"Max-Age": "0"} if expired else {})
        parts = [f"{self.name}={value}", *(f"{k}={v}" if v else k for k, v in attributes.items())]
        return "; ".join(parts)


@dataclass
class PlainListener:
    """The plain HTTP port: nothing but a permanent redirect to HTTPS, unless `serves` says so."""

    status: int = 308
    target: Callable[[str, str], str] = lambda origin, path: origin + path
    """HTTPS origin, path and query -> `Location`."""
    headers: list[tuple[str, str]] = field(default_factory=list)
    serves: Callable[[Request], bool] = lambda _request: False
    """Whether the portal itself answers a request over plain HTTP."""
    body: bytes = b""
    """Sent with the redirect."""


@dataclass
class ErrorPolicy:
    """How a refusal or a failure is shown. By default: the portal's own page, the same whatever the cause."""

    bad_input: int = 400
    """Status of an answer to malformed input. 500 makes the portal behave as if it had not been checked."""
    body: ErrorBody | None = None
    media_type: str = "text/html; charset=utf-8"
    shown_as: dict[int, int] = field(default_factory=dict)
    """Status decided by the portal -> status sent."""


@dataclass
class TokenPolicy:
    """What carries a session. `listed` tokens are random and mean nothing; the other forms say which session it is."""

    form: Literal["listed", "signed", "jwt"] = "listed"
    carriage: Literal["cookie", "header"] = "cookie"
    """`header`: only `Authorization: Bearer` opens a session, by the JSON API."""
    algorithm: Literal["ES256", "RS256", "HS256"] = "ES256"
    key_name: str = "portail-1"
    secret: str = ""
    """Of HS256; empty for 256 random bits."""
    life: float | None = None
    """Seconds; None for the idle delay, infinite for a token without an end."""
    tells_who: bool = False
    """Write personal data in the token."""
    refresh_outlives: bool = False
    """A refresh token still opens the account when its session has ended."""
    ignore_signature: bool = False
    accept_none: bool = False
    accept_unsigned: bool = False
    accept_any_zero: bool = False
    """Take a signature of ECDSA made of zeros for a right one (CVE-2022-21449)."""
    confuse_keys: bool = False
    """Take the public key for the secret of an HS256."""
    trust_given_key: bool = False
    """Verify with the key that the token brings."""
    key_name_is_a_path: bool = False
    follow_key_address: bool = False


@dataclass
class SignInPolicy:
    """Braking of repeated failures (AA7: two seconds, doubled, at most five minutes) and what is asked."""

    first_delay: float = 2.0
    longest_delay: float = 300.0
    free_failures: int = 0
    throttle_key: Callable[[Request, str], str] = lambda _request, username: username.casefold()
    silent: bool = False
    """Refuse with the words of a wrong password, instead of saying that one must wait."""
    right_password_passes: bool = False
    """Let the right password in while one is told to wait."""
    any_password: bool = False
    """Let any password in for an account that exists."""
    unknown_user_message: str = "refused"
    reset_tells: bool = False
    """Say, to who asks for a new password, that no account has this name."""
    second_factor: bool = False
    check_csrf: bool = True
    bare_forms: Literal["none", "sign-in", "all"] = "none"
    check_unknown_user: bool = True
    """Spend the same time on a user who does not exist."""
    server_checks_password: bool = True
    password_history: bool = False
    """Refuse the passwords that the account had before."""
    changes_a_day: int | None = None
    drops_after_change: bool = False
    """Close the connection, without a word, once a password is changed."""
    shortest_password: int = 12
    longest_password: int = 256


@dataclass
class ResetPolicy:
    """Links by which a forgotten password is replaced. `life` in seconds."""

    life: float = 15 * 60
    single_use: bool = True
    in_clear: bool = False
    """Write the link in http."""
    secret: Callable[[str, int, datetime], str] = lambda _username, _number, _now: secrets.token_urlsafe(32)
    """User name, number of links sent before, and now -> what the link holds."""


@dataclass
class AccessPolicy:
    """Who may read what."""

    open_records: frozenset[str] = frozenset()
    """Tables whose records any patient may read; of the others, only those of their own."""
    staff_only: bool = True
    """The staff pages are for the staff."""
    sender_shown: bool = False
    """Messages show the address of the patient they are for."""
    glimpse: bool = False
    """A patient who is refused a staff page is shown its last lines."""
    public_paths: tuple[str, ...] = ()
    """Prefixes of private pages served without a session, as the first patient."""
    sent_with_redirect: tuple[str, ...] = ()
    """Prefixes of pages that whoever is refused gets all the same, in the body of a redirect to the sign-in page."""
    more_described: dict[str, Any] = field(default_factory=dict)
    """Paths added to the description of the API."""


@dataclass
class InputPolicy:
    """How the values received are used."""

    echo: Callable[[str], str] = escape
    """Search words -> HTML shown in the results page."""
    next_page: Callable[[str], str | None] = lambda path: (
        path if path.startswith("/") and not path.startswith(("//", "/\\")) else None
    )
    """Where to go after signing in -> accepted `Location`; None falls back to the home of the space."""
    known_hosts: bool = True
    """Refuse a request whose Host is not ours."""
    link_origin: Callable[[Request, str], str] = lambda _request, origin: origin
    """Origin written in absolute links (site map, security.txt)."""


@dataclass(frozen=True)
class CertificatePlan:
    """The leaf certificate. `starts` and `ends` are days from now."""

    starts: float = -1
    ends: float = 90
    names: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    common_name: str = "localhost"
    self_signed: bool = False
    key: Literal["ec-256", "rsa-2048", "rsa-1024"] = "ec-256"
    for_servers: bool = True
    must_staple: bool = False


@dataclass
class TlsPolicy:
    """The certificate shown and the protocol offered by the HTTPS listener. `options` are those of OpenSSL."""

    certificate: CertificatePlan = CertificatePlan()
    lowest: Literal["TLSv1", "TLSv1.2", "TLSv1.3"] = "TLSv1.2"
    highest: Literal["TLSv1.2", "TLSv1.3"] = "TLSv1.3"
    ciphers: str = "ECDHE+AESGCM:ECDHE+CHACHA20"
    options: int = 0
    no_renegotiation: bool = True


@dataclass(frozen=True)
class PublishedFile:
    """A file served as it is, to anyone."""

    content: bytes
    media_type: str = "text/plain; charset=utf-8"
    status: int = 200


@dataclass
class Blueprint:
    """Every part of the portal that a weakness may change, hardened at the start."""

    addresses: LabAddresses
    seed: int = 0
    headers: HeaderPolicy = field(default_factory=HeaderPolicy)
    cookies: CookiePolicy = field(default_factory=CookiePolicy)
    plain: PlainListener = field(default_factory=PlainListener)
    errors: ErrorPolicy = field(default_factory=ErrorPolicy)
    sessions: SessionPolicy = field(default_factory=SessionPolicy)
    tokens: TokenPolicy = field(default_factory=TokenPolicy)
    sign_in: SignInPolicy = field(default_factory=SignInPolicy)
    resets: ResetPolicy = field(default_factory=ResetPolicy)
    access: AccessPolicy = field(default_factory=AccessPolicy)
    inputs: InputPolicy = field(default_factory=InputPolicy)
    tls: TlsPolicy = field(default_factory=TlsPolicy)
    application: bool = False
    """Private pages are one page, drawn by a script from the API; the session is a cookie that the script cannot read,
    beside one with the form token, which it sends back in a header."""
    routes: list[Route] = field(default_factory=list)
    """Looked up before the portal's own."""
    files: dict[str, PublishedFile] = field(default_factory=dict)
    """Exact path -> file, looked up before the portal's own pages."""
    interceptors: list[Interceptor] = field(default_factory=list)
    markup: dict[str, list[Html]] = field(default_factory=dict)
    """Place of a page (see the templates: `slot("…")`) -> HTML inserted there."""
    form_actions: dict[str, str] = field(default_factory=dict)
    """Name of a form -> address it is sent to, instead of its own."""
    hidden_pages: set[str] = field(default_factory=set)
    """Public pages, by name, that exist no more; links to them go too."""
    hidden_sections: set[str] = field(default_factory=set)
    """Parts of public pages (see the templates: `shown("…")`) that are left out."""
    asset_integrity: bool = True
    security_txt: Callable[[list[str], datetime], list[str] | None] = lambda lines, _now: lines
    """Right lines of security.txt, and now -> lines served; None removes the file."""
    on_sign_in: list[Callable[[Session], None]] = field(default_factory=list)

    def insert(self, place: str, *html: Html) -> None:
        """Add HTML at a named place of the pages."""
        self.markup.setdefault(place, []).extend(html)

    def publish(self, path: str, content: str | bytes, media_type: str = "text/plain; charset=utf-8") -> None:
        """Serve a file, as it is, at a path."""
        raw = content.encode() if isinstance(content, str) else content
        self.files[path] = PublishedFile(raw, media_type)

    def hide(self, pages: Iterable[str]) -> None:
        """Remove public pages, and what links to them."""
        self.hidden_pages.update(pages)
