"""What a visitor carries: an opaque token, a signed cookie, or a JWT. The list of sessions stays on the server.

A right JWT portal signs with ES256, publishes its key, dates its tokens, verifies all of that, and still asks the list
whether the session lives: signing out ends it at once. Each weakness gives up one of these.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from pgssi_probe.lab.blueprint import TokenPolicy
from pgssi_probe.lab.sessions import Session, SessionPolicy

KEY_SET = "/.well-known/jwks.json"
FOREVER = 30 * 86400.0
"""Seconds of a token whose session has no end."""
RENEWED_AFTER = 60.0
"""Age in seconds from which a token in a cookie is issued again."""
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Public = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Reading:
    """What a token that is accepted says. `age` is in seconds, 0 for one that has no date."""

    listed: str = field(repr=False)
    age: float = 0.0


def to_text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def to_bytes(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _json(value: Mapping[str, Any]) -> str:
    return to_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


@cache
def signing_key(algorithm: str) -> Private:
    """One pair a process: making an RSA key takes a tenth of a second."""
    if algorithm == "RS256":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


@cache
def public_pem(algorithm: str) -> bytes:
    return (
        signing_key(algorithm)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def key_set(policy: TokenPolicy) -> dict[str, Any]:
    """The published keys (RFC 7517)."""
    if policy.algorithm == "HS256":
        return {"keys": []}
    public = signing_key(policy.algorithm).public_key()
    common = {"use": "sig", "alg": policy.algorithm, "kid": policy.key_name}
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"keys": [common | {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}]}
    point = public.public_numbers()
    return {"keys": [common | {"kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}]}


def _number(value: int, size: int = 0) -> str:
    return to_text(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class TokenDesk:
    """Issues what a session is carried by, and reads it back."""

    def __init__(self, policy: TokenPolicy, issuer: str, sessions: SessionPolicy) -> None:
        self._policy = policy
        self._issuer = issuer
        self._sessions = sessions
        self._secret = secrets.token_bytes(32)

    def life(self) -> float:
        """Seconds that a token lives; infinite for one without an end."""
        given = self._policy.life
        return given if given is not None else min(self._sessions.idle, FOREVER)

    def issue(self, session: Session, now: datetime, about: Mapping[str, Any]) -> str:
        """The token of a session. `about` is what a careless portal writes of its user."""
        if session.adopted or self._policy.form == "listed":
            return session.token
        if self._policy.form == "signed":
            head = f"{_json({'sid': session.token})}.{to_text(str(int(now.timestamp())).encode())}"
            return f"{head}.{to_text(self._seal(head))}"
        moment = int(now.timestamp())
        payload: dict[str, Any] = {"iss": self._issuer, "sid": session.token, "iat": moment}
        if session.username is not None:
            payload["sub"] = hashlib.sha256(f"{self._issuer} {session.username}".encode()).hexdigest()[:16]
            payload |= about if self._policy.tells_who else {}
        if math.isfinite(self.life()):
            payload["exp"] = moment + int(self.life())
        signed = (
            f"{_json({'alg': self._policy.algorithm, 'typ': 'JWT', 'kid': self._policy.key_name})}.{_json(payload)}"
        )
        return f"{signed}.{to_text(self._sign(signed.encode('ascii')))}"

    def read(self, token: str, now: datetime) -> Reading | None:
        """The session that a token stands for, dead or alive; None for a token that is refused."""
        try:
            if self._policy.form == "listed":
                return Reading(token)
            if self._policy.form == "signed":
                return self._signed(token, now)
            return self._compact(token, now)
        except (ValueError, KeyError, TypeError, RecursionError):
            return None

    def _signed(self, token: str, now: datetime) -> Reading | None:
        head, _, seal = token.rpartition(".")
        if not self._policy.ignore_signature and not hmac.compare_digest(self._seal(head), to_bytes(seal)):
            return None
        payload, _, date = head.partition(".")
        age = now.timestamp() - int(to_bytes(date))
        return Reading(str(json.loads(to_bytes(payload))["sid"]), max(0.0, age))

    def _seal(self, text: str) -> bytes:
        return hmac.digest(self._secret, text.encode(), "sha256")

    def _compact(self, token: str, now: datetime) -> Reading | None:
        if not _COMPACT.fullmatch(token):
            return None
        signed, _, signature = token.rpartition(".")
        head, _, body = signed.partition(".")
        header, payload = json.loads(to_bytes(head)), json.loads(to_bytes(body))
        if not self._is_genuine(header, signed.encode("ascii"), to_bytes(signature)):
            return None
        end = payload.get("exp", math.inf if math.isinf(self.life()) else 0)
        if payload["iss"] != self._issuer or now.timestamp() >= end:
            return None
        return Reading(str(payload["sid"]), max(0.0, now.timestamp() - payload["iat"]))

    def _sign(self, signed: bytes) -> bytes:
        policy = self._policy
        if policy.algorithm == "HS256":
            return hmac.digest(self._hmac_key(), signed, "sha256")
        key = signing_key(policy.algorithm)
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def _hmac_key(self) -> bytes:
        return self._policy.secret.encode() if self._policy.secret else self._secret

    def _is_genuine(self, header: Mapping[str, Any], signed: bytes, signature: bytes) -> bool:
        policy = self._policy
        algorithm = str(header["alg"])
        if "jku" in header and policy.follow_key_address:
            raise ConnectionError("the address of the keys does not answer")
        if policy.ignore_signature or (policy.accept_none and algorithm.lower() == "none"):
            return True
        if policy.accept_unsigned and not signature and algorithm == policy.algorithm:
            return True
        if policy.accept_any_zero and algorithm == "ES256" and signature == bytes(64):
            return True
        if algorithm == "HS256" and policy.algorithm != "HS256":
            secret = self._strange_secret(header)
            return secret is not None and hmac.compare_digest(hmac.digest(secret, signed, "sha256"), signature)
        if algorithm != policy.algorithm:
            return False
        if algorithm == "HS256":
            return hmac.compare_digest(self._sign(signed), signature)
        given = header.get("jwk") if policy.trust_given_key else None
        return _verified(_from_jwk(given) if given else signing_key(algorithm).public_key(), signed, signature)

    def _strange_secret(self, header: Mapping[str, Any]) -> bytes | None:
        """The secret that a careless portal takes for an HS256 that it never issued."""
        if self._policy.confuse_keys:
            return public_pem(self._policy.algorithm)
        if self._policy.key_name_is_a_path and str(header.get("kid", "")).endswith("/dev/null"):
            return b""
        return None


def _from_jwk(given: Mapping[str, str]) -> Public:
    numbers = {name: int.from_bytes(to_bytes(given[name]), "big") for name in ("n", "e", "x", "y") if name in given}
    if given["kty"] == "RSA":
        return rsa.RSAPublicNumbers(numbers["e"], numbers["n"]).public_key()
    return ec.EllipticCurvePublicNumbers(numbers["x"], numbers["y"], ec.SECP256R1()).public_key()


def _verified(key: Public, signed: bytes, signature: bytes) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            if len(signature) != 64:
                return False
            r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


class RefreshList:
    """Refresh tokens: opaque, each used once. One that comes back after its use ends its session (RFC 9700 §4.14)."""

    def __init__(self) -> None:
        self._live: dict[str, tuple[str, str]] = {}
        self._used: dict[str, str] = {}

    def give(self, session: Session) -> str:
        token = secrets.token_urlsafe(32)
        self._live[token] = (session.token, session.username or "")
        return token

    def take(self, token: str) -> tuple[str, str] | None:
        """The session and the user of a token, which is worth nothing from now on; None for an unknown one."""
        found = self._live.pop(token, None)
        if found is not None:
            self._used[token] = found[0]
        return found

    def replayed(self, token: str) -> str | None:
        """The session of a token that was already used."""
        return self._used.get(token)
