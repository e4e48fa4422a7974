"""The form by which a signed-in user changes their own password. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from pgssi_checks.login.password_rules import new_password_fields
from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Form, FormField, Page

MUTE: Final = frozenset({"hidden", "submit", "button", "image", "reset"})
TYPED: Final = frozenset({"text", "email", "tel", "", "username"})


@dataclass(frozen=True, slots=True)
class ChangeForm:
    """`current` takes the password in use, each of `new` the one that replaces it."""

    page: Page
    form: Form
    current: FormField
    new: tuple[FormField, ...]

    def typed(self, current: str, new: str) -> dict[str, str]:
        return {self.current.name: current, **{field.name: new for field in self.new}}

    def takes(self, length: int) -> bool:
        return all(field.maxlength is None or field.maxlength >= length for field in self.new)


def change_form(page: Page) -> ChangeForm | None:
    """The form of a page that asks for the password in use and for another one, and changes nothing else: what it holds
    besides goes back as it came."""
    parts = urlsplit(page.url)
    words = words_of(f"{unquote_plus(parts.path)} {unquote_plus(parts.query)} {page.document.title}")
    for form in page.document.forms:
        passwords = [field for field in form.fields if field.kind == "password" and field.name]
        new = new_password_fields(form, words)
        current = [field for field in passwords if field not in new]
        others = [field for field in form.fields if field.kind not in MUTE | {"password"} and field.name]
        harmless = all(field.kind in TYPED and field.value for field in others)
        if form.method == "POST" and form.action and harmless and len(current) == 1 and 1 <= len(new) <= 2:
            return ChangeForm(page, form, current[0], tuple(new))
    return None
