"""Attributes of the session cookie: cookie.flags."""

from __future__ import annotations

import random

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness


@weakness(
    "cookie.flags/secure-missing",
    fr="Cookie de session sans Secure",
    en="Session cookie without Secure",
    takes="cookie-secure",
)
def secure_missing(lab: Blueprint) -> None:
    lab.cookies.name = "session"  # the __Host- prefix demands Secure
    del lab.cookies.attributes["Secure"]


@weakness(
    "cookie.flags/httponly-missing",
    fr="Cookie de session lisible par les scripts",
    en="Session cookie readable by scripts",
    takes="cookie-httponly",
)
def httponly_missing(lab: Blueprint) -> None:
    del lab.cookies.attributes["HttpOnly"]


@weakness(
    "cookie.flags/samesite-missing",
    fr="Cookie de session sans SameSite",
    en="Session cookie without SameSite",
    takes="cookie-samesite",
)
def samesite_missing(lab: Blueprint) -> None:
    del lab.cookies.attributes["SameSite"]


@weakness(
    "cookie.flags/samesite-none",
    fr="Cookie de session envoyé depuis tout site (SameSite=None)",
    en="Session cookie sent from any site (SameSite=None)",
    takes="cookie-samesite",
)
def samesite_none(lab: Blueprint) -> None:
    lab.cookies.attributes["SameSite"] = "None"


@weakness(
    "cookie.flags/domain-wide",
    fr="Cookie de session partagé avec les sous-domaines",
    en="Session cookie shared with subdomains",
    takes="cookie-domain",
)
def domain_wide(lab: Blueprint) -> None:
    lab.cookies.name = "session"  # the __Host- prefix forbids Domain
    lab.cookies.attributes["Domain"] = lab.addresses.host


@weakness(
    "cookie.flags/lifetime-long",
    fr="Cookie de session gardé deux ans",
    en="Session cookie kept two years",
    takes="cookie-lifetime",
)
def lifetime_long(lab: Blueprint) -> None:
    lab.cookies.attributes["Max-Age"] = "63072000"


@weakness(
    "cookie.flags/prefix-misused",
    fr="Préfixe __Host- sur un cookie limité à un chemin",
    en="__Host- prefix on a cookie limited to a path",
)
def prefix_misused(lab: Blueprint) -> None:
    lab.cookies.extra.append("__Host-affichage=large; Path=/aide; Secure; HttpOnly; SameSite=Strict")


@weakness(
    "cookie.flags/secure-missing-ordinary",
    fr="Cookie d'affichage sans Secure",
    en="Display cookie without Secure",
)
def ordinary_secure_missing(lab: Blueprint) -> None:
    lab.cookies.extra.append("affichage=large; Path=/; HttpOnly; SameSite=Lax")


@weakness(
    "cookie.flags/samesite-ordinary",
    fr="Cookie d'affichage sans SameSite",
    en="Display cookie without SameSite",
)
def ordinary_samesite_missing(lab: Blueprint) -> None:
    lab.cookies.extra.append("contraste=fort; Path=/; Secure; HttpOnly")


@weakness(
    "cookie.flags/httponly-missing-random",
    fr="Cookie de valeur aléatoire lisible par les scripts",
    en="Cookie of random value readable by scripts",
)
def random_httponly_missing(lab: Blueprint) -> None:
    value = random.Random(f"cookie-{lab.seed}").randbytes(16).hex()  # noqa: S311
    lab.cookies.extra.append(f"parcours={value}; Path=/; Secure; SameSite=Lax")
