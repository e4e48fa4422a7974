"""Signing in at an OpenID provider that is the target, by the authorisation code flow (RFC 6749 §4.1) with PKCE
(RFC 7636), as a client of it would. The code is not taken to the client: it is read from the redirect."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pgssi_probe.identity.drivers.attempt import Attempt
from pgssi_probe.identity.drivers.form import by_form
from pgssi_probe.identity.jsonapi import parsed
from pgssi_probe.identity.judging import Judgement, SignInState
from pgssi_probe.identity.plan import Provider
from pgssi_probe.identity.schemes import bearer
from pgssi_probe.net.exchange import Request


def request_of(provider: Provider, *, state: str, nonce: str, verifier: str, prompt: str = "") -> str:
    """The address of an authorisation request. The challenge is the SHA-256 of `verifier` (RFC 7636 §4.2)."""
    asked = [
        ("response_type", "code"),
        ("client_id", provider.client_id),
        ("redirect_uri", provider.redirect_uri),
        ("scope", provider.scope),
        ("state", state),
        ("nonce", nonce),
        *provider.extra,
    ]
    if provider.pkce:
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        asked += [("code_challenge", challenge), ("code_challenge_method", "S256")]
    if prompt:
        asked = [pair for pair in asked if pair[0] != "prompt"] + [("prompt", prompt)]
    return urlunsplit(urlsplit(provider.authorization)._replace(query=urlencode(asked)))


def silent_request(provider: Provider) -> str:
    """A request that never shows a page: answered by a code when the visitor is signed in, else by an error."""
    fixed = hashlib.sha256(f"pgssi-probe {provider.client_id}".encode()).hexdigest()
    return request_of(provider, state=fixed[:16], nonce=fixed[16:32], verifier=fixed, prompt="none")


async def by_oidc(attempt: Attempt, provider: Provider) -> Judgement:
    state, nonce, verifier = (secrets.token_urlsafe(size) for size in (16, 16, 48))
    attempt.returns = lambda url: url.split("?")[0].split("#")[0] == provider.redirect_uri.split("?")[0]
    judged = await by_form(attempt, request_of(provider, state=state, nonce=nonce, verifier=verifier))
    if not attempt.returned:
        return judged
    answer = answered(attempt.returned) | attempt.posted
    attempt.facts["returned"] = ", ".join(sorted(name[:40] for name in answer)[:12])
    if "error" in answer:
        attempt.facts["error"] = "".join(char for char in answer["error"][:60] if char.isalnum() or char == "_")
        return Judgement(SignInState.UNKNOWN if not attempt.given else SignInState.REFUSED, "provider_error")
    if answer.get("state") != state:
        return Judgement(SignInState.UNKNOWN, "other_state")
    if provider.issuer and answer.get("iss", provider.issuer) != provider.issuer:
        return Judgement(SignInState.UNKNOWN, "other_issuer")  # RFC 9207 §2.4
    if not answer.get("code"):
        return Judgement(SignInState.UNKNOWN, "no_code")
    if provider.public and provider.token:
        return await _token(attempt, provider, answer["code"], nonce, verifier)
    return Judgement(SignInState.SIGNED_IN, "code")


def answered(url: str) -> dict[str, str]:
    """The parameters of the address that a provider sends back to, in its query or its fragment."""
    parts = urlsplit(url)
    return dict((*parse_qsl(parts.query)[:30], *parse_qsl(parts.fragment)[:30]))


async def _token(attempt: Attempt, provider: Provider, code: str, nonce: str, verifier: str) -> Judgement:
    """Change the code for tokens, as a client without a secret does. One that needs its secret keeps its session at the
    provider, which is what is judged then."""
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": provider.redirect_uri,
        "client_id": provider.client_id,
        "code_verifier": verifier,
    }
    kind = ("Content-Type", "application/x-www-form-urlencoded")
    chain = await attempt.follow(Request("POST", provider.token, (kind,), urlencode(asked).encode("ascii")))
    data = parsed(chain[-1].response)
    if chain[-1].status != 200 or not isinstance(data, dict) or not isinstance(data.get("access_token"), str):
        return Judgement(SignInState.SIGNED_IN, "code")
    told = nonce_of(data.get("id_token"))
    if told is not None and told != nonce:
        return Judgement(SignInState.UNKNOWN, "other_nonce")
    attempt.carry(bearer(data["access_token"]), provider.token)
    return Judgement(SignInState.SIGNED_IN, "token")


def nonce_of(token: object) -> str | None:
    """The nonce that an ID token repeats, unverified; None when it cannot be read, "" when there is none."""
    if not isinstance(token, str) or token.count(".") != 2 or len(token) > 20_000:
        return None
    middle = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (ValueError, RecursionError):
        return None
    return str(claims.get("nonce", "")) if isinstance(claims, dict) else None
