"""A cookie jar as a browser keeps it (RFC 6265bis), explicit, bounded, on an injected clock.

Nothing here sends. Public suffixes are not known: a `Domain` of one label is refused, and the scope keeps cookies from
travelling to hosts of others anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

MAX_COOKIES: Final = 180
MAX_PAIR: Final = 4096
"""Characters of name and value together (RFC 6265bis §5.6)."""
MAX_ATTRIBUTE: Final = 1024
MAX_AGE: Final = timedelta(days=400)
"""The longest life that a browser grants (RFC 6265bis §5.5)."""

_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DELIMITERS = re.compile(r"[\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)")
_DAY = re.compile(r"(\d{1,2})(?!\d)")
_YEAR = re.compile(r"(\d{2,4})(?!\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Cookie:
    """`domain` is lower case without leading dot. `expires` is UTC, None for a cookie of the session."""

    name: str
    value: str
    domain: str
    path: str = "/"
    host_only: bool = True
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    expires: datetime | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.name, self.domain, self.path

    def expired(self, now: datetime) -> bool:
        return self.expires is not None and self.expires <= now

    def sent_to(self, url: str, now: datetime) -> bool:
        """Whether a browser sends it with a request of the same site to an absolute URL (RFC 6265bis §5.8.3)."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        same = host == self.domain if self.host_only else domain_matches(host, self.domain)
        return (
            same
            and path_matches(parts.path or "/", self.path)
            and (not self.secure or is_trustworthy(url))
            and not self.expired(now)
        )


def domain_matches(host: str, domain: str) -> bool:
    """RFC 6265bis §5.1.3. Addresses match only themselves."""
    return host == domain or (host.endswith("." + domain) and not _is_address(host))


def path_matches(path: str, cookie_path: str) -> bool:
    """RFC 6265bis §5.1.4."""
    if path == cookie_path:
        return True
    return path.startswith(cookie_path) and (cookie_path.endswith("/") or path[len(cookie_path)] == "/")


def default_path(url: str) -> str:
    """The directory of the path, without its final slash (RFC 6265bis §5.1.4)."""
    path = urlsplit(url).path
    return path.rpartition("/")[0] or "/" if path.startswith("/") else "/"


def is_trustworthy(url: str) -> bool:
    """https, or this very machine, which browsers trust as much (Secure Contexts §3.1)."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme == "https" or host == "localhost" or host.endswith(".localhost"):
        return True
    return _is_address(host) and ip_address(host).is_loopback


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def parse_date(text: str) -> datetime | None:
    """The lenient date of `Expires` (RFC 6265bis §5.1.1); None when it is none."""
    clock: tuple[int, int, int] | None = None
    day = month = year = None
    for token in _DELIMITERS.split(text[:MAX_ATTRIBUTE]):
        if clock is None and (found := _TIME.match(token)):
            clock = (int(found[1]), int(found[2]), int(found[3]))
        elif day is None and (found := _DAY.match(token)):
            day = int(found[1])
        elif month is None and token[:3].lower() in _MONTHS:
            month = _MONTHS.index(token[:3].lower()) + 1
        elif year is None and (found := _YEAR.match(token)):
            year = int(found[1])
    if clock is None or day is None or month is None or year is None:
        return None
    year += 1900 if 70 <= year <= 99 else 2000 if year <= 69 else 0
    try:
        return datetime(year, month, day, clock[0], clock[1], clock[2], tzinfo=UTC) if year >= 1601 else None
    except ValueError:
        return None


def parse_set_cookie(line: str, url: str, now: datetime) -> Cookie | None:
    """The cookie of a Set-Cookie line that came from `url`; None when a browser would ignore it (RFC 6265bis §5.6)."""
    if _CONTROLS.search(line):
        return None
    pair, *written = line.split(";")
    name, equals, value = (part.strip(" \t") for part in pair.partition("="))
    if not equals:
        name, value = "", name
    if not (name or value) or len(name) + len(value) > MAX_PAIR:
        return None
    attributes: dict[str, str] = {}
    for attribute in written:
        key, _, given = (part.strip(" \t") for part in attribute.partition("="))
        if len(given) <= MAX_ATTRIBUTE:
            attributes[key.lower()] = given
    host = (urlsplit(url).hostname or "").lower()
    domain = attributes.get("domain", "").lower().removeprefix(".")
    if domain and domain != host and ("." not in domain or not domain_matches(host, domain)):
        return None
    path = attributes.get("path", "")
    cookie = Cookie(
        name=name,
        value=value,
        domain=domain or host,
        path=path if path.startswith("/") else default_path(url),
        host_only=not domain or _is_address(host),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=attributes.get("samesite", "").lower(),
        expires=_expiry(attributes, now),
    )
    return cookie if _is_allowed(cookie, url, "domain" in attributes and bool(domain), path) else None


def _is_allowed(cookie: Cookie, url: str, names_domain: bool, path: str) -> bool:
    if cookie.secure and not is_trustworthy(url):
        return False
    name = cookie.name.lower() or cookie.value.lower()
    if name.startswith("__secure-"):
        return cookie.secure and bool(cookie.name)
    if name.startswith("__host-"):
        return cookie.secure and not names_domain and path == "/" and bool(cookie.name)
    return True


def _expiry(attributes: dict[str, str], now: datetime) -> datetime | None:
    age = attributes.get("max-age")
    if age is not None and re.fullmatch(r"-?\d{1,20}", age):
        seconds = int(age)
        return now + min(timedelta(seconds=min(seconds, 10**9)), MAX_AGE) if seconds > 0 else now
    date = parse_date(attributes["expires"]) if "expires" in attributes else None
    return min(date, now + MAX_AGE) if date else None


class Jar:
    """Cookies by name, domain and path, in order of creation."""

    def __init__(self, cookies: Iterable[Cookie] = ()) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {cookie.key: cookie for cookie in cookies}

    def __iter__(self) -> Iterator[Cookie]:
        return iter(tuple(self._cookies.values()))

    def __len__(self) -> int:
        return len(self._cookies)

    def store(self, url: str, lines: Iterable[str], now: datetime) -> tuple[str, ...]:
        """Take the Set-Cookie lines of an answer from `url`. Gives the names that were set anew, changed or deleted."""
        touched: dict[str, None] = {}
        for line in lines:
            cookie = parse_set_cookie(line, url, now)
            if cookie is None:
                continue
            before = self._cookies.get(cookie.key)
            if cookie.expired(now):
                if self._cookies.pop(cookie.key, None) is not None:
                    touched[cookie.name] = None
                continue
            if before is None and len(self._cookies) >= MAX_COOKIES:
                self._cookies.pop(next(iter(self._cookies)))
            self._cookies[cookie.key] = cookie
            if before is None or before.value != cookie.value:
                touched[cookie.name] = None
        return tuple(touched)

    def cookies_for(self, url: str, now: datetime) -> tuple[Cookie, ...]:
        """What a browser sends to an absolute URL: longest path first, then oldest."""
        found = [cookie for cookie in self._cookies.values() if cookie.sent_to(url, now)]
        return tuple(sorted(found, key=lambda cookie: -len(cookie.path)))

    def header(self, url: str, now: datetime) -> str:
        """The value of the Cookie header; "" when there is none to send."""
        sent = self.cookies_for(url, now)
        return "; ".join(f"{cookie.name}={cookie.value}" if cookie.name else cookie.value for cookie in sent)

    def names(self, now: datetime) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cookie.name for cookie in self._cookies.values() if not cookie.expired(now)))

    def value(self, name: str) -> str | None:
        """The value of the first cookie of that name."""
        return next((cookie.value for cookie in self._cookies.values() if cookie.name == name), None)

    def fork(self) -> Jar:
        """A copy that goes its own way."""
        return Jar(self._cookies.values())

    def without(self, name: str) -> Jar:
        """A copy without the cookies of a name."""
        return Jar(cookie for cookie in self._cookies.values() if cookie.name != name)

    def only(self, names: Iterable[str]) -> Jar:
        """A copy with the cookies of these names and no other."""
        kept = frozenset(names)
        return Jar(cookie for cookie in self._cookies.values() if cookie.name in kept)

    def with_value(self, name: str, value: str, url: str) -> Jar:
        """A copy in which every cookie of the name has this value; one is made for the host of `url` if there is none.

        Nothing is checked: this is how a tampered or fixed value is put in place.
        """
        changed = [replace(cookie, value=value) if cookie.name == name else cookie for cookie in self._cookies.values()]
        if not any(cookie.name == name for cookie in changed):
            changed.append(Cookie(name, value, (urlsplit(url).hostname or "").lower()))
        return Jar(changed)
