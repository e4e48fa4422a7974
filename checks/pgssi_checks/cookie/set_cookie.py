"""Set-Cookie lines as browsers store them (RFC 6265bis §5.6 and §5.7). Values stay in memory, and are never shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_LINE = 8_192
SAME_SITE = frozenset({"strict", "lax", "none"})


@dataclass(frozen=True, slots=True)
class SetCookie:
    """One line. `attributes` maps lower-case names to raw values, the last of a name winning; booleans map to ""."""

    name: str
    value: str = field(repr=False)
    attributes: Mapping[str, str]

    @property
    def secure(self) -> bool:
        return "secure" in self.attributes

    @property
    def http_only(self) -> bool:
        return "httponly" in self.attributes

    @property
    def same_site(self) -> str:
        """ "strict", "lax", "none", or "" when absent or unknown: browsers then apply their own default."""
        value = self.attributes.get("samesite", "").lower()
        return value if value in SAME_SITE else ""

    @property
    def domain(self) -> str:
        """The Domain attribute without its leading dot, lower case; "" for a host-only cookie."""
        return self.attributes.get("domain", "").removeprefix(".").lower()

    @property
    def path(self) -> str:
        """The Path attribute when it is usable, else ""."""
        value = self.attributes.get("path", "")
        return value if value.startswith("/") else ""

    def lifetime(self, received: datetime) -> float | None:
        """Seconds that the cookie lives after `received`; None for a session cookie. Max-Age prevails over Expires."""
        age = self.attributes.get("max-age", "")
        if age.lstrip("-").isdecimal() and age.isascii() and age.count("-") <= 1:
            return float(age) if len(age) < 18 else (0.0 if age.startswith("-") else 1e18)
        expires = parse_expires(self.attributes.get("expires", ""))
        return (expires - received).total_seconds() if expires else None

    def deletes(self, received: datetime) -> bool:
        """The line removes a cookie rather than sets one."""
        lifetime = self.lifetime(received)
        return lifetime is not None and lifetime <= 0


def parse_expires(text: str) -> datetime | None:
    """The date of an Expires attribute, UTC; None when unreadable. RFC 6265bis is laxer still on separators."""
    if not text or len(text) > 64:
        return None
    try:
        date = parsedate_to_datetime(text.replace("-", " "))
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    try:
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parse_set_cookie(line: str) -> SetCookie | None:
    """One line; None when browsers ignore it: no name and no value, or a control character. Never raises."""
    line = line[:MAX_LINE]
    if any((ord(char) < 0x20 and char != "\t") or char == "\x7f" for char in line):
        return None
    pair, *rest = line.split(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", name
    name, value = name.strip(" \t"), value.strip(" \t")
    if not name and not value:
        return None
    attributes: dict[str, str] = {}
    for part in rest:
        key, _, setting = part.partition("=")
        key = key.strip(" \t").lower()
        if key:
            attributes[key] = setting.strip(" \t")
    return SetCookie(name, value, attributes)


def prefix_of(name: str) -> str:
    """ "__host-", "__secure-", or "": browsers compare prefixes without regard to case."""
    lowered = name.lower()
    return next((prefix for prefix in ("__host-", "__secure-") if lowered.startswith(prefix)), "")


def prefix_is_kept(cookie: SetCookie, *, over_https: bool) -> bool:
    """Does the cookie fulfil what its name promises (RFC 6265bis §4.1.3)? Otherwise browsers drop it."""
    prefix = prefix_of(cookie.name)
    if not prefix:
        return True
    if not cookie.secure or not over_https:
        return False
    return prefix == "__secure-" or (not cookie.domain and cookie.attributes.get("path") == "/")
