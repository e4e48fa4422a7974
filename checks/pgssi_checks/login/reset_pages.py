"""The pages where one asks for a new password, and the form there that wants nothing but a user name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Form, FormField, Page

TYPED: Final = frozenset({"text", "email", "tel", "search"})
_FORGOTTEN = re.compile(
    r"\b(?:mot de passe (?:oublie|perdu)|oublie|forgot\w*|lost ?password|lost|resendpwd|reset|reinitialis\w+|recover\w*"
    r"|new password|nouveau mot de passe)\b"
)
_ADDRESS = re.compile(r"\b(?:e ?mail|mail|courriel|adresse)\b")
_CAPTCHA = re.compile(r"captcha|turnstile", re.IGNORECASE)


def reset_form(pages: Iterable[Page], username: str) -> tuple[Page, Form, FormField] | None:
    """The first form that asks for a user name to reset its password; None when there is none that can be filled.

    A field that wants an e-mail address is left alone when the user name is none.
    """
    for page in pages:
        parts = urlsplit(page.url)
        words = words_of(f"{unquote_plus(parts.path)} {unquote_plus(parts.query)} {page.document.title}")
        for form in page.document.forms:
            named = _FORGOTTEN.search(words) or _FORGOTTEN.search(words_of(form.action.partition("//")[2]))
            field = _only_field(form)
            if not named or field is None or form.method != "POST" or not form.action or form.has_password:
                continue
            wants_address = field.kind == "email" or bool(_ADDRESS.search(words_of(f"{field.name}")))
            if not wants_address or "@" in username:
                return page, form, field
    return None


def _only_field(form: Form) -> FormField | None:
    if any(_CAPTCHA.search(f"{field.name} {field.identifier}") for field in form.fields):
        return None
    typed = [field for field in form.fields if field.kind in TYPED and field.name]
    return typed[0] if len(typed) == 1 else None
