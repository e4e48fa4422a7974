"""What carries a session: the forms that are right (`mode/…`), session.jwt, refresh tokens.

A weakness of JWTs makes the portal one whose cookie is a JWT; `mode/jwt-header` beside it moves the token to a header.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pgssi_probe.lab.blueprint import Blueprint, TokenPolicy
from pgssi_probe.lab.weaknesses.registry import weakness


@weakness(
    "mode/signed-cookie",
    fr="Cookie de session signé, au contenu lisible",
    en="Signed session cookie with readable content",
    takes="token-form",
)
def signed_cookie(lab: Blueprint) -> None:
    lab.tokens.form = "signed"


@weakness("mode/jwt-cookie", fr="Session portée par un JWT en cookie", en="Session carried by a JWT in a cookie")
def jwt_cookie(lab: Blueprint) -> None:
    lab.tokens.form = "jwt"


@weakness(
    "mode/jwt-header",
    fr="Session portée par un JWT dans Authorization, renouvelable, par l'API seule",
    en="Session carried by a JWT in Authorization, renewable, by the API alone",
    takes="token-carriage",
)
def jwt_header(lab: Blueprint) -> None:
    lab.tokens.form, lab.tokens.carriage = "jwt", "header"


@weakness(
    "session.logout/refresh-still-valid",
    fr="Le jeton de renouvellement survit à la déconnexion",
    en="The refresh token outlives sign-out",
    takes="token-carriage",
)
def refresh_outlives(lab: Blueprint) -> None:
    jwt_header(lab)
    lab.tokens.refresh_outlives = True


def _jwt(identifier: str, *, fr: str, en: str, takes: str = "") -> Callable[[Callable[[TokenPolicy], None]], None]:
    def declare(change: Callable[[TokenPolicy], None]) -> None:
        @weakness(identifier, fr=fr, en=en, takes=takes)
        def apply(lab: Blueprint) -> None:
            lab.tokens.form = "jwt"
            change(lab.tokens)

    return declare


@_jwt("session.jwt/none-accepted", fr="JWT sans algorithme accepté", en="JWT without an algorithm accepted")
def none_accepted(tokens: TokenPolicy) -> None:
    tokens.accept_none = True


@_jwt("session.jwt/signature-ignored", fr="Signature du JWT non vérifiée", en="Signature of the JWT not verified")
def signature_ignored(tokens: TokenPolicy) -> None:
    tokens.ignore_signature = True


@_jwt("session.jwt/unsigned-accepted", fr="JWT à signature vide accepté", en="JWT with an empty signature accepted")
def unsigned_accepted(tokens: TokenPolicy) -> None:
    tokens.accept_unsigned = True


@_jwt(
    "session.jwt/zero-signature-accepted",
    fr="Signature ECDSA nulle acceptée",
    en="Zero ECDSA signature accepted",
    takes="token-algorithm",
)
def zero_accepted(tokens: TokenPolicy) -> None:
    tokens.accept_any_zero = True


@_jwt(
    "session.jwt/key-confusion",
    fr="Clé publique prise pour un secret HMAC",
    en="Public key taken for an HMAC secret",
    takes="token-algorithm",
)
def key_confusion(tokens: TokenPolicy) -> None:
    tokens.algorithm = "RS256"
    tokens.confuse_keys = True


@_jwt(
    "session.jwt/weak-secret",
    fr="JWT signé par un secret connu",
    en="JWT signed with a known secret",
    takes="token-algorithm",
)
def weak_secret(tokens: TokenPolicy) -> None:
    tokens.algorithm = "HS256"
    tokens.secret = "changeme"  # noqa: S105 (the weakness)


@_jwt("session.jwt/exp-missing", fr="JWT sans date de fin", en="JWT without an end", takes="token-life")
def exp_missing(tokens: TokenPolicy) -> None:
    tokens.life = math.inf


@_jwt("session.jwt/exp-long", fr="JWT valable trente jours", en="JWT valid for thirty days", takes="token-life")
def exp_long(tokens: TokenPolicy) -> None:
    tokens.life = 30 * 86400


@_jwt("session.jwt/sensitive-payload", fr="Données personnelles dans le JWT", en="Personal data in the JWT")
def sensitive_payload(tokens: TokenPolicy) -> None:
    tokens.tells_who = True


@_jwt(
    "session.jwt/given-key-accepted",
    fr="JWT vérifié avec la clé qu'il apporte",
    en="JWT verified with the key that it brings",
)
def given_key(tokens: TokenPolicy) -> None:
    tokens.trust_given_key = True


@_jwt(
    "session.jwt/key-name-followed",
    fr="Le nom de clé du JWT est pris pour un chemin",
    en="The key name of the JWT is taken for a path",
)
def key_name_followed(tokens: TokenPolicy) -> None:
    tokens.key_name_is_a_path = True


@_jwt(
    "session.jwt/key-address-followed",
    fr="L'adresse de clé écrite dans le JWT est suivie",
    en="The key address written in the JWT is followed",
)
def key_address_followed(tokens: TokenPolicy) -> None:
    tokens.follow_key_address = True
