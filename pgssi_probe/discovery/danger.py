"""Links that may do something when they are followed: a walk must never touch them (design §5).

A GET should be harmless; applications are not always what they should be. Words are matched whole, in the path, the
query and the text of the link, French accents and letter case aside.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from pgssi_probe.discovery.folding import without_accents
from pgssi_probe.discovery.site import Link

MAX_WORDS_OF_A_BUTTON: Final = 8


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: Final = words("""
    logout logoff signout signoff disconnect deconnexion deconnecter deconnectez deconnection
    delete deleted deletion del remove removal destroy erase wipe purge drop trash truncate
    supprimer supprime suppression effacer retirer detruire vider
    cancel cancellation abort annuler annulation
    pay payment checkout purchase buy payer paiement regler reglement acheter commander
    unsubscribe optout desinscrire desinscription desabonner desabonnement
    terminate deactivate disable revoke resilier resiliation desactiver desactivation revoquer revocation
    shutdown reboot restart uninstall reset reinitialiser redemarrer arreter desinstaller
    toggle basculer approve reject ban unban block unblock approuver rejeter bloquer debloquer
""")

PHRASES: Final = (
    "log out",
    "log off",
    "sign out",
    "sign off",
    "se deconnecter",
    "opt out",
    "add to cart",
    "mettre fin",
    "end session",
    "endsession",
    "kill session",
    "fermer la session",
    "fermer ma session",
)

FORGOTTEN: Final = frozenset(
    {"password", "passwords", "passe", "forgot", "forgotten", "lost", "oublie", "lostpassword"}
)
"""Beside these, to reset means to ask for an e-mail: the page is a form."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def words_of(text: str) -> str:
    """Lower-case words without accents, one space between them."""
    return _NOT_WORD.sub(" ", without_accents(_CAMEL.sub(" ", text)).lower()).strip()


def is_dangerous(url: str, text: str = "", rel: tuple[str, ...] = ()) -> bool:
    """Whether following the link might sign out, delete, cancel, pay, unsubscribe or the like.

    Of the query, names and values count: `?do=logout`. A text longer than a button's is prose and is not read.
    """
    parts = urlsplit(url)
    if "logout" in rel:
        return True
    said = words_of(text[:400])
    candidates = [words_of(unquote_plus(parts.path)), words_of(unquote_plus(parts.query))]
    if len(said.split()) <= MAX_WORDS_OF_A_BUTTON:
        candidates.append(said)
    return any(_names_an_action(candidate) for candidate in candidates)


def is_dangerous_link(link: Link) -> bool:
    """As `is_dangerous`; what scripts send by another method than GET is no address to follow either."""
    return link.method != "GET" or is_dangerous(link.url, link.text, link.rel)


def _names_an_action(words: str) -> bool:
    found = WORDS.intersection(words.split())
    if not FORGOTTEN.isdisjoint(words.split()):
        found -= {"reset", "reinitialiser"}
    return bool(found) or any(f" {phrase} " in f" {words} " for phrase in PHRASES)
