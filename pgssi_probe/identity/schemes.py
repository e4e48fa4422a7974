"""HTTP authentication: Basic (RFC 7617), Digest (RFC 7616), Bearer (RFC 6750). Pure."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe.model.account import Secret
from pgssi_probe.net.exchange import Headers, Request

_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][A-Za-z0-9-]*)\s+(?=[A-Za-z-]+\s*=)")
_PARAMETER = re.compile(r'([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_HASHES: Final[dict[str, Callable[[bytes], str]]] = {
    "MD5": lambda data: hashlib.md5(data).hexdigest(),  # noqa: S324 (what the server asks for)
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data).hexdigest(),
}
_OTHER_SCHEMES: Final = frozenset({"basic", "digest", "bearer", "negotiate", "ntlm", "hoba", "mutual", "dpop"})
_STRENGTH: Final = ("SHA-256", "SHA-512-256", "MD5")


def schemes_offered(values: Iterable[str]) -> frozenset[str]:
    """The schemes of WWW-Authenticate headers, lower case."""
    return frozenset(word.lower() for value in values for word in re.findall(r"(?:^|,\s*)([A-Za-z-]+)(?=\s|$)", value))


def basic(username: str, password: Secret) -> Headers:
    pair = f"{username}:{password.reveal()}".encode()
    return (("Authorization", "Basic " + base64.b64encode(pair).decode("ascii")),)


def bearer(token: str, scheme: str = "Bearer") -> Headers:
    return (("Authorization", f"{scheme} {token}"),)


def token_scheme(challenge: str) -> str:
    """The scheme of a challenge when a token may be what it asks for under another name than Bearer, as written."""
    match = re.match(r"\s*([A-Za-z][A-Za-z0-9-]{1,30})(?=[\s,]|$)", challenge)
    return match[1] if match and match[1].lower() not in _OTHER_SCHEMES else ""


def digest_challenge(values: Iterable[str]) -> dict[str, str] | None:
    """The parameters, names in lower case, of the strongest Digest challenge that we can answer."""
    found: dict[str, dict[str, str]] = {}
    for value in values:
        places = [(match.start(), match.end(), match[1].lower()) for match in _SCHEME.finditer(value[:8192])]
        for number, (_, start, scheme) in enumerate(places):
            if scheme != "digest":
                continue
            end = places[number + 1][0] if number + 1 < len(places) else len(value)
            given = {
                name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else bare
                for name, quoted, bare in _PARAMETER.findall(value[start:end])
            }
            algorithm = given.get("algorithm", "MD5").upper().removesuffix("-SESS")
            if algorithm in _HASHES and given.get("nonce"):
                found.setdefault(algorithm, given)
    return next((found[name] for name in _STRENGTH if name in found), None)


def digest_answer(
    challenge: dict[str, str], username: str, password: Secret, method: str, uri: str, count: int, cnonce: str
) -> str:
    """The value of the Authorization header (RFC 7616 §3.4); the protection space is the whole origin."""
    written = challenge.get("algorithm", "MD5")
    hashed = _HASHES[written.upper().removesuffix("-SESS")]

    def h(text: str) -> str:
        return hashed(text.encode())

    realm, nonce = challenge.get("realm", ""), challenge["nonce"]
    secret = h(f"{username}:{realm}:{password.reveal()}")
    if written.upper().endswith("-SESS"):
        secret = h(f"{secret}:{nonce}:{cnonce}")
    request = h(f"{method}:{uri}")
    offers = [offer.strip().lower() for offer in challenge.get("qop", "").split(",")]
    number = f"{count:08x}"
    if "auth" in offers:
        response = h(f"{secret}:{nonce}:{number}:{cnonce}:auth:{request}")
    else:
        response = h(f"{secret}:{nonce}:{request}")
    parts = [f'{name}="{_quoted(value)}"' for name, value in (
        ("username", username), ("realm", realm), ("nonce", nonce), ("uri", uri), ("response", response),
    )]  # fmt: skip
    if "algorithm" in challenge:
        parts.append(f"algorithm={written}")
    if "opaque" in challenge:
        parts.append(f'opaque="{_quoted(challenge["opaque"])}"')
    if "auth" in offers:
        parts += ["qop=auth", f"nc={number}", f'cnonce="{cnonce}"']
    return "Digest " + ", ".join(parts)


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


class DigestAuthoriser:
    """Answers the challenge of an origin, request by request; a new challenge starts the count again."""

    def __init__(self, challenge: dict[str, str], username: str, password: Secret) -> None:
        self._challenge = challenge
        self._username = username
        self._password = password
        self._count = 0

    def __repr__(self) -> str:
        return "DigestAuthoriser(…)"

    def challenged(self, challenge: dict[str, str]) -> None:
        self._challenge, self._count = challenge, 0

    def __call__(self, request: Request) -> Headers:
        self._count += 1
        parts = urlsplit(request.url)
        uri = request.origin_form or (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        cnonce = secrets.token_hex(8)
        value = digest_answer(self._challenge, self._username, self._password, request.method, uri, self._count, cnonce)
        return (("Authorization", value),)
