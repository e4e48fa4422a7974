"""The cookies of a session, into a browser and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pgssi_probe.identity.jar import Cookie, Jar

SAME_SITE: Final = {"strict": "Strict", "lax": "Lax", "none": "None"}


def to_browser(jar: Jar, now: datetime, really: datetime) -> list[dict[str, Any]]:
    """Parameters of Network.setCookies. `now` is the clock of the session and `really` that of the browser: they differ
    in tests, and a cookie must not expire for that."""
    return [_given(cookie, now, really) for cookie in jar if not cookie.expired(now) and cookie.name]


def _given(cookie: Cookie, now: datetime, really: datetime) -> dict[str, Any]:
    scheme = "https" if cookie.secure else "http"
    given: dict[str, Any] = {
        "name": cookie.name,
        "value": cookie.value,
        "url": f"{scheme}://{cookie.domain}{cookie.path}",
        "path": cookie.path,
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    }
    if not cookie.host_only:
        given["domain"] = "." + cookie.domain
    if cookie.same_site in SAME_SITE and (cookie.same_site != "none" or cookie.secure):
        given["sameSite"] = SAME_SITE[cookie.same_site]
    if cookie.expires is not None:
        given["expires"] = (really + (cookie.expires - now)).timestamp()
    return given


def from_browser(cookies: Iterable[Mapping[str, Any]], now: datetime, really: datetime) -> Jar:
    """The jar of what a context holds, as Playwright gives it."""
    return Jar(_taken(cookie, now, really) for cookie in cookies)


def _taken(cookie: Mapping[str, Any], now: datetime, really: datetime) -> Cookie:
    domain = str(cookie["domain"])
    expires = float(cookie.get("expires", -1))
    left = datetime.fromtimestamp(min(expires, 4e9), UTC) - really if expires > 0 else None
    return Cookie(
        name=str(cookie["name"]),
        value=str(cookie["value"]),
        domain=domain.removeprefix(".").lower(),
        path=str(cookie.get("path", "/")),
        host_only=not domain.startswith("."),
        secure=bool(cookie.get("secure")),
        http_only=bool(cookie.get("httpOnly")),
        same_site=str(cookie.get("sameSite", "")).lower(),
        expires=now + max(left, timedelta()) if left is not None else None,
    )
