"""Links that may do something when they are followed: a walk must never touch them.

A GET should be harmless; applications are not always what they should be. Words are matched whole, in the path, the
query and the text of the link, French accents and letter case aside.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from pgssi_probe.discovery.folding import without_accents
from pgssi_probe.discovery.site import Button, Form, Link

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
    activate reactivate enable activer reactiver confirm confirmer validate valider accept decline accepter decliner
    archiver desarchiver publier depublier cloturer cloture marquer restore restaurer
    resend renvoyer regenerate regenerer impersonate impersonation usurper subscribe
    run execute executer flush rebuild reindex clear
""")

ON_RECORD: Final = words("""
    archive unarchive vote upvote downvote like unlike follow unfollow star unstar pin unpin close reopen lock unlock
    publish unpublish refuse acknowledge claim assign complete finish duplicate clone transfer merge
    start stop pause resume collapse expand fold unfold hide unhide copy move
    actualize actualise actualiser refresh rafraichir sync synchronize synchroniser bookmark
""")
"""Words that act right after the identifier of a record, or as the value of a field that names an action: alone they
are as often the name of a page (`/archive`)."""

CHANGING: Final = words("""
    add ajout ajouter appliquer apply change changer create creer creation delete edit editer insert maj modifier modify
    enregistrer poster publish rename renommer save store transfer transferer transfert update upload write virer
""")
"""Words of a button that changes something, and of functions by those names: as links they lead to a form."""

_OF_CALLS: Final = (CHANGING - words("store")) | words("send set notify trigger grant import sync reset reinitialiser")
"""Words of a function that writes, below the address of an API; `/api/store/…` is a shop."""

_ALSO_SEARCHING: Final = words("valider validate confirmer confirm appliquer apply run clear")
"""Words of a button that many a form that only searches has too."""

_SEARCHING = re.compile(
    r"\b(?:search|searches|recherche|rechercher|chercher|find|filter|filtre|filtrer|query|q|mot|mots|keyword|keywords)\b"
)
_API = re.compile(r"/(?:api|rest|rpc|ajax|ws|services?)(?:/|$)", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[0-9]+|[0-9a-fA-F-]{8,}")
_ACTION_FIELD = re.compile(r"action|act|a|do|op|cmd|command|task|todo|method|mode|function|func|event", re.IGNORECASE)

_ANTI_FORGERY = re.compile(
    r"\w*(?:csrf|xsrf|antiforgery|verificationtoken|form_?token|security_?token|request_?token|authenticity_?token"
    r"|nonce|sesskey|sectok|pwg_token|post_key)\w*",
    re.IGNORECASE,
)
"""Names of a parameter that protects against forged requests: a link that carries one acts, its application says."""
_PERHAPS_ANTI_FORGERY = re.compile(r"_?token|hash|confirm_key", re.IGNORECASE)
_RANDOM = re.compile(r"(?=.*[0-9])[\w.~+/=-]{16,}")
_READING: Final = words("""
    view voir list liste lister show afficher display read lire search recherche index home accueil detail details
    browse preview new nouveau add ajouter create creer edit editer editor form formulaire help aide print imprimer
""")
"""Values of a field that names an action: a page, or a form that would be sent by another request."""

PHRASES: Final = (
    "log out",
    "log off",
    "sign out",
    "sign off",
    "se deconnecter",
    "opt out",
    "mettre fin",
    "end session",
    "endsession",
    "kill session",
    "fermer la session",
    "fermer ma session",
    "mark as",
    "mark read",
    "mark all",
    "mark unread",
    "markread",
    "tout marquer",
    "add to cart",
    "add to basket",
    "add to favorites",
    "add to favourites",
    "add to my",
    "add to wishlist",
    "ajouter au",
    "ajouter aux",
    "ajouter a mes",
    "start over",
    "startover",
    "tout recommencer",
    "factory defaults",
    "switch user",
    "login as",
    "prendre la place",
    "generate token",
    "generate key",
)

LISTS: Final = words("cart panier basket favori favoris favorite favorites favourites wishlist bookmark bookmarks")
"""Lists of one's own, to which a link adds."""

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
    if "logout" in rel or _acts_on_a_record(parts.path, parts.query) or _is_writing_call(parts.path):
        return True
    if _carries_a_token(parts.query):
        return True
    said = words_of(text[:400])
    candidates = [words_of(unquote_plus(parts.path)), words_of(unquote_plus(parts.query))]
    if len(said.split()) <= MAX_WORDS_OF_A_BUTTON:
        candidates.append(said)
    return any(_names_an_action(candidate) for candidate in candidates)


def is_dangerous_link(link: Link) -> bool:
    """As `is_dangerous`; what scripts send by another method than GET is no address to follow either, nor what people
    are asked about before."""
    return link.method != "GET" or link.asks_first or is_dangerous(link.url, link.text, link.rel)


def is_changing_form(form: Form) -> bool:
    """Whether sending the form would change something, its method aside: it asks for a password, or a button says so.

    Of several buttons the first one is pressed; the others count where they have no name, by which alone the
    application could tell them apart. A button that many a search has (`Valider`) says nothing in a form that searches.
    """
    if form.has_password:
        return True
    first, *others = form.buttons or (Button(),)
    searches = bool(_SEARCHING.search(words_of(" ".join((urlsplit(form.action).path, *_names(form))))))
    harmless = _ALSO_SEARCHING if searches else frozenset[str]()
    return any(
        bool(((CHANGING | WORDS) - harmless) & {*said.split()}) or any(f" {one} " in f" {said} " for one in PHRASES)
        for said in (words_of(f"{one.name} {one.says[:200]}") for one in (first, *(o for o in others if not o.name)))
    )


def _names(form: Form) -> tuple[str, ...]:
    typed = (field for field in form.fields if field.kind not in {"hidden", "submit", "button", "image", "reset"})
    return tuple("search" if field.kind == "search" else field.name for field in typed)


def _acts_on_a_record(path: str, query: str) -> bool:
    """`/messages/5/archive`, `?action=archive&id=5`, `/favoris/ajouter`."""
    *before, last = path.rstrip("/").split("/") if path else ("", "")
    acting = ON_RECORD & {*words_of(unquote_plus(last)).split()}
    if acting and before and _IDENTIFIER.fullmatch(before[-1]):
        return True
    if {*words_of(unquote_plus(path)).split()} & LISTS and {*words_of(path).split()} & {"add", "ajouter", "ajout"}:
        return True
    return any(
        bool(_ACTION_FIELD.fullmatch(name)) and bool(ON_RECORD & {*words_of(value).split()})
        for name, value in parse_qsl(query)[:30]
    )


def _carries_a_token(query: str) -> bool:
    """`?action=start&task=1&csrf_token=…`: only what changes something is protected against forged requests.

    A name that serves other purposes as well (`token`, `hash`) counts beside an action that is no page.
    """
    fields = parse_qsl(query)[:30]
    if any(_ANTI_FORGERY.fullmatch(name) and value for name, value in fields):
        return True
    if not any(_PERHAPS_ANTI_FORGERY.fullmatch(name) and _RANDOM.fullmatch(value) for name, value in fields):
        return False
    return any(
        bool(_ACTION_FIELD.fullmatch(name)) and bool(value) and _READING.isdisjoint(words_of(value).split())
        for name, value in fields
    )


def _is_writing_call(path: str) -> bool:
    """`/api/updateProfile`, `/rest/users/3/set-role`: an address of an API that is called as a function that writes."""
    begins = _API.search(path)
    return begins is not None and bool(_OF_CALLS & {*words_of(unquote_plus(path[begins.end() :])).split()})


def _names_an_action(words: str) -> bool:
    found = WORDS.intersection(words.split())
    if not FORGOTTEN.isdisjoint(words.split()):
        found -= {"reset", "reinitialiser"}
    return bool(found) or any(f" {phrase} " in f" {words} " for phrase in PHRASES)
