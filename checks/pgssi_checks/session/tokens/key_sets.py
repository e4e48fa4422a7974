"""The public keys that a site publishes for its tokens (RFC 7517), and the spellings that a server may hold them in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urljoin

from pgssi_checks.session.tokens.json_token import JsonToken, bytes_of
from pgssi_probe.check import CheckContext, Response

PLACES: Final = ("/.well-known/jwks.json", "/jwks.json", "/.well-known/openid-configuration")
MAX_REQUESTS: Final = 6
MAX_KEYS: Final = 2
MAX_BODY: Final = 200_000


async def published_keys(ctx: CheckContext, token: JsonToken) -> list[Mapping[str, Any]]:
    """Keys of the sets found at the usual addresses, at that of the issuer, and at that which the token itself names,
    within the scope; at most MAX_REQUESTS requests. Those of the token's key name come first."""
    issuer = token.payload.get("iss")
    waiting = [urljoin(ctx.target.origin, place) for place in PLACES]
    if isinstance(token.header.get("jku"), str):
        waiting.insert(0, token.header["jku"][:2000])
    if isinstance(issuer, str) and issuer.startswith(("https://", "http://")):
        waiting.append(f"{issuer[:2000].rstrip('/')}/.well-known/openid-configuration")
    found: list[Mapping[str, Any]] = []
    asked: set[str] = set()
    while waiting and len(asked) < MAX_REQUESTS and not found:
        url = waiting.pop(0)
        if url in asked or not ctx.network.in_scope(url):
            continue
        asked.add(url)
        data = _object((await ctx.get(url, (("Accept", "application/json"),))).response)
        if isinstance(data.get("jwks_uri"), str):
            waiting.insert(0, data["jwks_uri"][:2000])
        keys = data.get("keys")
        found += [key for key in keys[:20] if isinstance(key, dict)] if isinstance(keys, list) else []
    name = token.header.get("kid")
    return sorted(found, key=lambda key: key.get("kid") != name)


def _object(response: Response | None) -> dict[str, Any]:
    if response is None or response.status != 200 or len(response.body) > MAX_BODY:
        return {}
    try:
        data = json.loads(response.text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def spellings(keys: Sequence[Mapping[str, Any]]) -> tuple[bytes, ...]:
    """What a server that takes a public key for a secret would use: its PEM, as written by the usual tools."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    found: dict[bytes, None] = {}
    for key in list(keys)[:MAX_KEYS]:
        public = _public(key)
        if public is None:
            continue
        formats = [serialization.PublicFormat.SubjectPublicKeyInfo]
        if isinstance(public, rsa.RSAPublicKey):
            formats.append(serialization.PublicFormat.PKCS1)
        for form in formats:
            pem = public.public_bytes(serialization.Encoding.PEM, form)
            found[pem] = found[pem.rstrip(b"\n")] = None
    return tuple(found)


def _public(key: Mapping[str, Any]) -> Any:
    """The key; None for what is no RSA key nor one of the three curves of RFC 7518."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    curves = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
    try:
        if key.get("kty") == "RSA":
            n, e = _number(key["n"]), _number(key["e"])
            return rsa.RSAPublicNumbers(e, n).public_key() if n.bit_length() <= 16_384 else None
        if key.get("kty") == "EC" and key.get("crv") in curves:
            return ec.EllipticCurvePublicNumbers(_number(key["x"]), _number(key["y"]), curves[key["crv"]]).public_key()
    except (KeyError, TypeError, ValueError):
        return None
    return None


def _number(text: object) -> int:
    raw = bytes_of(text) if isinstance(text, str) and len(text) < 4096 else None
    if raw is None:
        raise ValueError("not a number")
    return int.from_bytes(raw, "big")
