"""Malformed but harmless requests that make an application show how it fails. Built here, sent by the check.

Nothing is sent to a form, no account is tried, and whatever is not a GET goes to an address that was just invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pgssi_probe.discovery.danger import is_changing_form, is_dangerous, is_dangerous_link
from pgssi_probe.discovery.site import Form, Page, Site
from pgssi_probe.inventory.gleaning import of_form
from pgssi_probe.net.exchange import Headers, Request

EXTENSIONS = ("html", "php", "aspx", "jsp", "json", "do")
FORBIDDEN = ("/.htaccess", "/WEB-INF/web.xml", "/web.config", "/cgi-bin/")
MAX_PARAMETERS = 6
MAX_IDENTIFIERS = 4
MAX_BESIDE = 12
"""Fields sent with a parameter that is changed."""
LONG = 9_000
"""Characters of an over-long query, beyond the usual limit of 8 KiB. Not in the path: Puma then answers in 20 s."""

_DATE_NAME = re.compile(r"date|jour|day|start|end|debut|from|until|naissance|birth", re.IGNORECASE)
INVENTED_METHOD = "PGSSIPROBE"
HUGE = "9" * 25
"""Beyond 64 bits: it names no record of anybody."""
IMPOSSIBLE_DATE = "2026-02-31T99:99:99"
BROKEN_COOKIE = "%00%ff'\"{[(unterminated"


@dataclass(frozen=True, slots=True)
class Provocation:
    """`kind` is what the request gets wrong, as the report tells it."""

    kind: str
    request: Request


def _request(
    url: str,
    *,
    method: str = "GET",
    headers: Headers = (),
    body: bytes = b"",
    origin_form: str | None = None,
) -> Request:
    return Request(method, url, headers, body, origin_form=origin_form, provokes_errors=True)


def _replace(url: str, *, path: str | None = None, query: str = "") -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path if path is None else path, query, ""))


@dataclass(frozen=True, slots=True)
class Known:
    """A reading parameter: address without query, name, value, and the fields that go with it (many a page does nothing
    without the name of its button)."""

    address: str
    name: str
    value: str
    beside: tuple[tuple[str, str], ...] = ()

    def with_(self, *changed: tuple[str, str]) -> str:
        """The address with these fields in place of this one."""
        return _replace(self.address, query=urlencode([*self.beside, *changed], safe="[]"))


def parameters(site: Site, origin: str) -> list[Known]:
    """Known reading parameters, harmless ones only; each name once an address."""
    found: dict[tuple[str, str], Known] = {}
    for page in site.pages:
        for form in page.document.forms:
            if form.method == "GET" and form.action.startswith(origin) and not is_changing_form(form):
                sent = of_form(form)
                pairs = parse_qsl(urlsplit(sent.url).query, keep_blank_values=True) if sent else []
                for name, value in pairs:
                    if not is_dangerous(form.action, name) and name not in _buttons(form):
                        _learn(found, _replace(form.action), name, value, pairs)
        for link in page.document.links:
            if link.url.startswith(origin) and "?" in link.url and not is_dangerous_link(link):
                pairs = parse_qsl(urlsplit(link.url).query, keep_blank_values=True)
                for name, value in pairs[:4]:
                    _learn(found, _replace(link.url), name, value, pairs)
    return list(found.values())


def _buttons(form: Form) -> frozenset[str]:
    return frozenset(field.name for field in form.fields if field.kind in {"submit", "image", "button"})


def _learn(
    found: dict[tuple[str, str], Known], address: str, name: str, value: str, pairs: Iterable[tuple[str, str]]
) -> None:
    whole = list(pairs)
    beside = tuple(pair for pair in whole if pair[0] != name)[:MAX_BESIDE]
    if not is_dangerous(_replace(address, query=urlencode(whole))):
        found.setdefault((address, name), Known(address, name, value, beside))


def _choose(found: Iterable[Known]) -> list[Known]:
    """A few parameters, dates and numbers first, since those are converted and so may break."""

    def rank(one: Known) -> int:
        return 0 if _DATE_NAME.search(one.name) else 1 if one.value.isdigit() else 2

    return sorted(found, key=rank)[:MAX_PARAMETERS]


def _broken_parameters(site: Site, home: str, origin: str) -> Iterator[Provocation]:
    chosen = _choose(parameters(site, origin)) or [Known(_replace(home), "id", ""), Known(_replace(home), "page", "")]
    for one in chosen:
        yield Provocation("array", _request(one.with_((f"{one.name}[]", one.value or "x"))))
        if _DATE_NAME.search(one.name):
            yield Provocation("date", _request(one.with_((one.name, IMPOSSIBLE_DATE))))
        elif one.value.isdigit():
            yield Provocation("type", _request(one.with_((one.name, "x" + one.value))))
    if not any(_DATE_NAME.search(one.name) for one in chosen):
        yield Provocation("date", _request(_replace(home, query=urlencode({"date": IMPOSSIBLE_DATE}))))


def parameter_provocations(site: Site, home: str) -> list[Provocation]:
    """Those of the reading parameters that the pages of a site show; none where they show none."""
    parts = urlsplit(home)
    origin = f"{parts.scheme}://{parts.netloc}"
    return [*_broken_parameters(site, home, origin)] if parameters(site, origin) else []


def identifier_provocations(pages: Iterable[Page], origin: str) -> list[Provocation]:
    """Numbers in the paths of pages, replaced by one that no record and no database can have. One of each shape."""
    found: dict[str, Provocation] = {}
    for page in pages:
        parts = urlsplit(page.url)
        words = parts.path.split("/")
        numbers = [place for place, word in enumerate(words) if word.isascii() and word.isdigit()]
        if not numbers or not page.url.startswith(origin + "/") or is_dangerous(page.url):
            continue
        words[numbers[-1]] = HUGE
        shape = "/".join("#" if word.isdigit() else word for word in words)
        found.setdefault(shape, Provocation("type", _request(parts._replace(path="/".join(words)).geturl())))
    return list(found.values())[:MAX_IDENTIFIERS]


def _broken_cookies(site: Site, home: str) -> Iterator[Provocation]:
    names = {
        value.partition("=")[0].strip()
        for exchange in (*site.entry, *(page.exchange for page in site.pages[:5]))
        for value in (exchange.response.all("set-cookie") if exchange.response else ())
    }
    usable = sorted(name for name in names if re.fullmatch(r"[\w.!#$%&'*+^`|~-]{1,100}", name))
    for name in usable[:4] or ["session"]:
        yield Provocation("cookie", _request(home, headers=(("Cookie", f"{name}={BROKEN_COOKIE}"),)))


def provocations(site: Site, home: str, token: str) -> list[Provocation]:
    """What to send, in order. `home` is the page where the site begins; `token` makes an address that nobody has."""
    parts = urlsplit(home)
    origin = f"{parts.scheme}://{parts.netloc}"
    nowhere = f"{origin}/pgssi-{token}"
    found = [
        Provocation("not-found", _request(nowhere)),
        *(Provocation("not-found", _request(f"{nowhere}.{extension}")) for extension in EXTENSIONS),
        Provocation("not-found", _request(f"{origin}/api/pgssi-{token}", headers=(("Accept", "application/json"),))),
        *(Provocation("forbidden", _request(origin + path)) for path in FORBIDDEN),
        *(
            Provocation("encoding", _request(origin + "/", origin_form=form))
            for form in (f"/pgssi-{token}%zz", f"/%ff%fe-{token}", f"/pgssi-{token}%00.html", f"/%c0%ae%c0%ae/{token}")
        ),
        Provocation("encoding", _request(home, origin_form=f"{parts.path or '/'}?q=%ff%zz")),
        Provocation("method", _request(nowhere, method=INVENTED_METHOD)),
        Provocation("method", _request(home, method=INVENTED_METHOD)),
        Provocation("too-long", _request(_replace(home, query="q=" + "a" * LONG))),
        Provocation("json", _post(nowhere, "application/json", b'{"a": [1, {"b": ')),
        Provocation("content-type", _post(nowhere, "application/x-pgssi-unknown; charset=nonsense", b"\x00\xff\xfe")),
        Provocation("content-type", _post(nowhere, "multipart/form-data", b"--\r\nno boundary")),
        Provocation("xml", _post(nowhere, "application/xml", b"<a><b></a>")),
        Provocation("header", _request(home, headers=(("Accept", "application/;;q=x"), ("Accept-Language", "-,;q=z")))),
        Provocation("header", _request(home, headers=(("Range", "bytes=9-1,x"), ("If-Modified-Since", "x")))),
    ]
    return [
        *found,
        *_broken_cookies(site, home),
        *_broken_parameters(site, home, origin),
        *identifier_provocations(site.pages, origin),
    ]


def _post(url: str, content_type: str, body: bytes) -> Request:
    return _request(url, method="POST", headers=(("Content-Type", content_type),), body=body)
