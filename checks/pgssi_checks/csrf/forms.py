"""Which forms of a page act, and which of their fields another site could not fill in. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from pgssi_checks.cookie.likeness import ENOUGH_BITS, random_bits
from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Document, Form

SHORTEST_TOKEN: Final = 6
"""A WordPress nonce has ten characters; less than six is a number or a flag."""
TOKEN_NAME: Final = re.compile(
    r"csrf|xsrf|forgery|authenticity|nonce|sectok|requestverification|formkey|form_key|form_token|form_build_id"
    r"|^_?token$|security_?token|anti_?csrf|__viewstate|javax\.faces\.viewstate|jeton|sesskey|crumb|^ticket$|synchroni[sz]er",
    re.IGNORECASE,
)
SCRIPTED: Final = re.compile(r"x-(?:csrf|xsrf)|csrf-?token|xsrf-?token|requestverificationtoken", re.IGNORECASE)
"""Scripts or meta tags that add a token of their own to what they send."""
HARMLESS: Final = re.compile(
    r"\b(?:search|recherche\w*|chercher|filter|filtre\w*|sort|tri|preview|apercu|language|langue|lang|locale|theme"
    r"|log ?out|log ?off|sign ?out|sign ?off|deconnexion|deconnecter|log ?in|log ?on|sign ?in|connexion|se connecter)\b"
)
BY_SCRIPT: Final = re.compile(r"\b(?:ajax|xhr|api|rest|graphql|json|rpc)\b")
"""Addresses to which scripts send, with headers or fields that the form does not show."""
MAX_SCRIPT: Final = 50_000


@dataclass(frozen=True, slots=True)
class ActingForm:
    """A form of a page that changes something when it is sent. `page` is the address where it stands."""

    page: str
    form: Form

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        """The same form met on several pages, or in another session."""
        return urlsplit(self.form.action)._replace(query="", fragment="").geturl(), _names(self.form)


def _names(form: Form) -> tuple[str, ...]:
    return tuple(sorted({field.name for field in form.fields if field.name}))


def acting_forms(page: str, document: Document) -> tuple[ActingForm, ...]:
    """The forms sent by POST, but those that search, sign in or out, choose a language, ask for the password of the
    moment, which another site does not know, or that a script sends."""
    return tuple(
        ActingForm(page, form) for form in document.forms if form.method == "POST" and form.action and _acts(form)
    )


def _acts(form: Form) -> bool:
    if not form.fields or any(f.kind == "password" and "new-password" not in f.autocomplete for f in form.fields):
        return False
    if BY_SCRIPT.search(words_of(urlsplit(form.action).path)):
        return False
    said = f"{words_of(urlsplit(form.action).path)} {words_of(form.identifier)}"
    buttons = " ".join(f"{f.name} {f.value[:40]}" for f in form.fields if f.kind in {"submit", "button"})
    return not HARMLESS.search(said) and not HARMLESS.search(words_of(buttons[:200]))


def token_fields(form: Form, elsewhere: Form | None = None) -> frozenset[str]:
    """Names of the fields that hold a token: called so, or random and other than in another session's form."""
    values = _hidden(form)
    named = {name for name, value in values.items() if len(value) >= SHORTEST_TOKEN and TOKEN_NAME.search(name)}
    if elsewhere is None:
        return frozenset(named)
    others = _hidden(elsewhere)
    random = {
        name
        for name, value in values.items()
        if random_bits(value) >= ENOUGH_BITS and name in others and others[name] != value
    }
    return frozenset(named | random)


def may_hold_a_token(form: Form) -> bool:
    """Whether a hidden value is random enough to be one: another session's form then says whether it changes."""
    return any(random_bits(value) >= ENOUGH_BITS for value in _hidden(form).values())


def _hidden(form: Form) -> dict[str, str]:
    """Hidden fields, and parameters of the address that the form is sent to."""
    inside = {field.name: field.value for field in form.fields if field.kind == "hidden" and field.name}
    return dict(parse_qsl(urlsplit(form.action).query[:4096], max_num_fields=None)[:50]) | inside


def token_by_script(document: Document) -> bool:
    """Whether the page gives its scripts a token to send along: what its forms lack then proves nothing."""
    return any(SCRIPTED.search(meta.name) and meta.content for meta in document.metas) or any(
        SCRIPTED.search(script[:MAX_SCRIPT]) for script in document.inline_scripts
    )


def counterpart(form: ActingForm, others: Sequence[ActingForm]) -> Form | None:
    """The same form among those of another session."""
    return next((other.form for other in others if other.key == form.key), None)
