"""The form that creates an account, and how to hand it in so that it creates none. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from pgssi_checks.login.wrong_passwords import invented_password
from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Form, FormField, Page

TYPED: Final = frozenset({"text", "email", "tel", "search"})
_CREATION = re.compile(
    r"\b(?:inscription|inscrire|inscrivez|creer (?:un|mon|votre) compte|creation de compte|register|registration"
    r"|sign ?up|signup|create (?:an )?account|new account|nouveau compte)\b"
)
_USER = re.compile(r"\b(?:user ?name|user|login|identifiant|pseudo|nick ?name|compte|account|e ?mail|mail|courriel)\b")
_ADDRESS = re.compile(r"\b(?:e ?mail|mail|courriel)\b")
_CAPTCHA = re.compile(r"captcha|turnstile", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Registration:
    """`passwords` are two fields at least: a password and its confirmation, which can be made to disagree."""

    page: Page
    form: Form
    user: FormField
    passwords: tuple[FormField, ...]

    def typed(self, username: str) -> dict[str, str]:
        """What to type: a name, and a confirmation that is not the password. No application makes an account of it."""
        return {self.user.name: username, **{field.name: invented_password() for field in self.passwords}}


def registration_form(pages: Iterable[Page], username: str) -> Registration | None:
    """The first form that creates an account under a name of one's choice, asked to type its password twice."""
    for page in pages:
        parts = urlsplit(page.url)
        words = words_of(f"{unquote_plus(parts.path)} {unquote_plus(parts.query)} {page.document.title}")
        for form in page.document.forms:
            if form.method != "POST" or not form.action or any(_CAPTCHA.search(field.name) for field in form.fields):
                continue
            passwords = tuple(field for field in form.fields if field.kind == "password" and field.name)
            user = _user_field(form, username)
            named = _CREATION.search(f"{words} {words_of(form.action.partition('//')[2])}")
            if named and user is not None and len({field.name for field in passwords}) >= 2:
                return Registration(page, form, user, passwords)
    return None


def _user_field(form: Form, username: str) -> FormField | None:
    typed = [field for field in form.fields if field.kind in TYPED and field.name]
    for field in typed:
        said = words_of(f"{field.name} {field.identifier} {field.placeholder}")
        wants_address = field.kind == "email" or bool(_ADDRESS.search(said))
        if _USER.search(said) and wants_address == ("@" in username):
            return field
    return None
