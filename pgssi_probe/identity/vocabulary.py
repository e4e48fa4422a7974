"""The words by which pages say sign in, sign out, refused, wait: French and English, accents and case aside.

Patterns are matched on `words_of(text)`: lower-case words without accents, single spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Document, Link


def _any(*alternatives: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(alternatives) + r")\b")


SIGN_IN: Final = _any(
    r"log ?in", r"log ?on", r"sign ?in", r"sign ?on", r"sign in to", r"authenticate", r"authentification",
    r"connexion", r"se connecter", r"connectez vous", r"connecter", r"identification", r"s identifier",
    r"identifiez vous", r"mon compte", r"mon espace", r"espace (?:patient|personnel|client|pro|professionnel)",
    r"my account", r"acceder a mon", r"auth", r"sso", r"session new", r"users sign in",
)  # fmt: skip
OTHER_FORM: Final = _any(
    r"register", r"registration", r"sign ?up", r"create (?:an |your )?account", r"inscription", r"s inscrire",
    r"creer (?:un |mon |votre )?compte", r"reset", r"lost ?password", r"forgot(?:ten)?(?: password)?", r"recover(?:y)?",
    r"mot de passe (?:oublie|perdu)", r"reinitialis\w+", r"change (?:my |your )?password",
    r"changer (?:le |mon |de )?mot de passe", r"newsletter", r"lettre d information", r"search", r"recherch\w+",
    r"subscribe", r"s abonner", r"resendpwd",
)  # fmt: skip
SIGN_OUT: Final = _any(
    r"log ?out", r"log ?off", r"sign ?out", r"sign ?off", r"disconnect", r"deconnexion", r"deconnecter",
    r"deconnectez", r"deconnection", r"quitter la session", r"fermer (?:la|ma|votre) session", r"end ?session",
)  # fmt: skip
REFUSED: Final = _any(
    r"incorrecte?s?", r"invalid\w*", r"wrong", r"errone\w*", r"bad (?:credentials|login|password)", r"not match",
    r"do(?:es)? not match", r"ne correspond\w*", r"did not", r"echec", r"echoue\w*", r"failed", r"fails?", r"failure",
    r"denied",
    r"refuse\w*", r"inconnue?s?", r"unknown", r"does not exist", r"n existe pas", r"not recogni[sz]ed",
    r"non reconnu\w*", r"unauthori[sz]ed", r"try again", r"reessaye\w*", r"enter the correct", r"mauvais\w*",
    r"not valid", r"non valide\w*", r"not found", r"introuvable", r"couldn t find", r"not registered",
    r"n est pas enregistre\w*", r"not correct", r"sorry",
)  # fmt: skip
THROTTLED: Final = _any(
    r"too many", r"trop de (?:\w+ )?(?:tentatives|essais|connexions|echecs|demandes)",
    r"plusieurs (?:essais|tentatives)",
    r"(?:reessaye\w*|try again|retry|patiente\w*|wait|attend\w*) (?:\w+ ){0,3}"
    r"(?:dans|in|for|after|later|plus tard|\d+)",
    r"(?:compte|account|adresse|address|acces|access|user|utilisateur|ip) (?:\w+ ){0,5}"
    r"(?:verrouille\w*|bloque\w*|locked|blocked|suspendu\w*|suspended|banned)",
    r"temporairement", r"temporarily", r"rate limit\w*", r"locked out", r"lockout", r"captcha (?:is )?required",
)  # fmt: skip
EXPIRED_FORM: Final = _any(
    r"csrf", r"forgery", r"formulaire (?:\w+ ){0,2}expire",
    r"(?:token|jeton) (?:\w+ ){0,3}(?:expire\w*|invalid\w*|missing)",
    r"page (?:has )?expired", r"cookies? (?:\w+ ){0,4}(?:blocked|disabled|desactives|required|not supported)",
)  # fmt: skip
ALREADY_OPEN: Final = _any(
    r"session (?:\w+ ){0,4}(?:deja|already) (?:\w+ ){0,2}(?:ouverte|open|active|en cours)",
    r"(?:deja|already) (?:connecte|connected|logged in|signed in)",
    r"active session exists", r"autre session (?:\w+ ){0,3}(?:ouverte|active)",
)  # fmt: skip
USER_FIELD: Final = _any(
    r"user ?name", r"user", r"user ?id", r"uid", r"login", r"identifiant", r"e ?mail", r"mail", r"courriel", r"pseudo",
    r"account", r"compte", r"log", r"nom d utilisateur", r"utilisateur", r"matricule", r"rpps", r"u", r"usr", r"uname",
    r"adresse", r"telephone", r"phone", r"ins",
)  # fmt: skip
PASSWORD_FIELD: Final = _any(
    r"pass", r"password", r"passwd", r"passwort", r"pwd", r"pw", r"mdp", r"mot de passe", r"secret", r"p", r"psw",
    r"(?:user|login|auth) ?(?:pass|password|pwd)",
)  # fmt: skip
CODE_FIELD: Final = _any(
    r"otp", r"totp", r"2fa", r"tfa", r"mfa", r"one time (?:code|password)", r"two factor", r"second factor",
    r"second facteur", r"verification", r"authenticator", r"security code", r"code", r"passcode", r"pin", r"token",
    r"sms",
)  # fmt: skip
CONSENT: Final = _any(
    r"autoris\w+", r"accept\w*", r"continue\w*", r"consent\w*", r"allow", r"authori[sz]e", r"grant", r"approve\w*",
    r"approuver", r"confirm\w*", r"yes", r"oui", r"agree", r"d accord",
)  # fmt: skip
REFUSAL: Final = _any(
    r"cancel", r"annuler", r"deny", r"refuse\w*", r"reject", r"no", r"non", r"not", r"don t", r"abort", r"decline",
)  # fmt: skip
GO_BACK: Final = _any(r"previous", r"precedente?", r"retour", r"revenir", r"back", r"annuler", r"cancel")
CAPTCHA: Final = re.compile(r"captcha|turnstile|cf-challenge", re.IGNORECASE)
PERSONAL: Final = _any(
    r"profile?", r"profil", r"my", r"mon", r"mes", r"moi", r"me", r"account", r"compte", r"settings", r"parametres",
    r"preferences", r"dashboard", r"tableau de bord", r"espace", r"user ?info", r"users?", r"password", r"messages?",
)  # fmt: skip


def address_words(url: str) -> str:
    """The words of the path and of the query."""
    parts = urlsplit(url)
    return f"{words_of(unquote_plus(parts.path))} {words_of(unquote_plus(parts.query))}".strip()


def leads_to_sign_in(link: Link) -> bool:
    """Whether a link reads like the one to the sign-in page."""
    said = words_of(link.text[:200])
    there = address_words(link.url)
    if SIGN_OUT.search(said) or SIGN_OUT.search(there) or OTHER_FORM.search(said) or OTHER_FORM.search(there):
        return False
    return bool((len(said.split()) <= 6 and SIGN_IN.search(said)) or SIGN_IN.search(there))


def new_text(before: Document | None, after: Document) -> str:
    """The lines that a page says and that the page before it did not, as words: a message stands there."""
    known = frozenset(before.text.split("\n")) if before else frozenset()
    return words_of(" ".join(_fresh(after.text.split("\n"), known))[:20_000])


def _fresh(lines: Iterable[str], known: frozenset[str]) -> Iterable[str]:
    return (line for line in lines if line not in known)
