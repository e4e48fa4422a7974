"""Signing in to a JSON API: what is posted, and what of the answer carries the session. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote

from pgssi_probe.discovery.site import Page
from pgssi_probe.identity.plan import Taken
from pgssi_probe.identity.session import Session, origin_of
from pgssi_probe.net.exchange import Headers, Response

USUAL_ENDPOINTS: Final = (
    "/api/login", "/api/auth/login", "/api/v1/login", "/api/v1/auth/login", "/api/auth", "/api/sessions",
    "/api/session", "/api/token", "/api/auth/token", "/api/authenticate", "/api/v1/auth", "/api/users/login",
    "/api/user/login", "/api/connexion", "/api/v1/connexion", "/api/signin", "/api/auth/signin", "/auth/login",
    "/rest/user/login", "/rest/login", "/login",
)  # fmt: skip
USER_KEYS: Final = ("username", "user", "login", "email", "identifier", "identifiant", "name")
PASSWORD_KEYS: Final = ("password", "pass", "passwd", "mot_de_passe", "motDePasse")
TOKEN_KEYS: Final = (
    "access_token", "accesstoken", "token", "jwt", "auth_token", "authtoken", "bearer", "id_token", "jeton",
    "sessiontoken", "session_token",
)  # fmt: skip
MAX_DEPTH: Final = 4
MAX_TOKEN: Final = 8192
_CSRF_NAME = re.compile(r"csrf|xsrf", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{8,8192}")
_REFUSAL_KEYS = ("error", "errors", "erreur", "error_description", "exception", "fault")


def shapes(
    url: str, user_key: str | None, password_key: str | None, named: Mapping[str, str] = MappingProxyType({})
) -> tuple[Taken, ...]:
    """What to post, likeliest first: keys with what they stand for. `named` are the names of the fields on the page.

    Without declared names the first carries the usual ones all together, so that one request is one attempt; the others
    are for an API that refuses keys it does not know, or takes a form (RFC 6749 §4.3.2).
    """
    if user_key is not None or password_key is not None:
        names = {user_key or "username": "username", password_key or "password": "password"}
        return (Taken(url, names), Taken(url, names, as_form=True))
    own = {name: meaning for meaning, name in named.items()}
    everything = {**dict.fromkeys(USER_KEYS, "username"), **dict.fromkeys(PASSWORD_KEYS, "password"), **own}
    plain = {"username": "username", "password": "password"}
    likely = (everything, own if len(own) == 2 else plain, plain, {"email": "username", "password": "password"})
    different = [names for number, names in enumerate(likely) if names not in likely[:number]]
    return (*(Taken(url, names) for names in different), Taken(url, {"grant_type": "password", **plain}, as_form=True))


def encoded(body: dict[str, str]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def parsed(response: Response | None) -> Any:
    """The JSON of a response, whatever its media type says; None when it is none."""
    if response is None or len(response.body) > 1_000_000:
        return None
    try:
        return json.loads(response.text)
    except (ValueError, RecursionError):
        return None


def token_in(data: Any, depth: int = 0) -> str | None:
    """The bearer token of an answer: under one of the usual keys, the shallowest first."""
    if not isinstance(data, dict) or depth > MAX_DEPTH:
        return None
    folded = {str(key).lower(): value for key, value in list(data.items())[:200]}
    for key in TOKEN_KEYS:
        value = folded.get(key)
        if isinstance(value, str) and _TOKEN.fullmatch(value):
            return value
    inner = (token_in(value, depth + 1) for value in folded.values())
    return next((token for token in inner if token is not None), None)


def says_refused(data: Any) -> bool:
    """Whether an answer with status 200 says no: an error of JSON-RPC, `success: false` and the like."""
    if not isinstance(data, dict):
        return False
    folded = {str(key).lower(): value for key, value in list(data.items())[:200]}
    if any(folded.get(key) for key in _REFUSAL_KEYS):
        return True
    if any(folded.get(key) is False for key in ("success", "ok", "authenticated", "valid", "result", "logged_in")):
        return True
    return str(folded.get("status", "")).lower() in {"error", "fail", "failed", "ko"}


def csrf_headers(session: Session, url: str, page: Page | None = None) -> Headers:
    """The token of a CSRF cookie, else of a meta tag of the page, in the headers by which the usual frameworks ask for
    it back."""
    sent = session.jar.cookies_for(url, session.clock.now())
    value = next((cookie.value for cookie in sent if _CSRF_NAME.search(cookie.name)), None)
    if not value and page is not None:
        metas = page.document.metas
        value = next((meta.content for meta in metas if _CSRF_NAME.search(meta.name) and len(meta.content) > 7), None)
    own = (("Origin", origin_of(url)), ("Accept", "application/json"))
    if not value or not value.isprintable():
        return own
    plain = unquote(value)
    plain = plain if plain.isascii() and plain.isprintable() else value
    return (*own, ("X-CSRF-Token", plain), ("X-XSRF-TOKEN", plain), ("X-CSRFToken", plain))
