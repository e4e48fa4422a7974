"""Which form of a page is the one to sign in with, and how a browser would send it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Document, Form, FormField
from pgssi_probe.identity.session import origin_of
from pgssi_probe.identity.vocabulary import (
    CODE_FIELD,
    CONSENT,
    GO_BACK,
    OTHER_FORM,
    REFUSAL,
    SIGN_IN,
    SIGN_OUT,
    USER_FIELD,
    address_words,
)
from pgssi_probe.net.exchange import Request

TEXT_KINDS: Final = frozenset({"text", "email", "tel", "number", "search", ""})
MAX_TEXT_OF_A_FORM: Final = 600
MAX_BUTTON_WORDS: Final = 12
CARRIED: Final = frozenset({"code", "id_token", "SAMLResponse", "SAMLRequest", "wresult", "error"})
_SUBMITS = re.compile(r"\.\s*submit\s*\(")


@dataclass(frozen=True, slots=True)
class SignInForm:
    """A form with the fields to fill. `password` is None for the first of two steps, `username` for the second."""

    form: Form
    username: FormField | None
    password: FormField | None
    code: FormField | None = None
    score: float = 0.0

    @property
    def first_step_only(self) -> bool:
        return self.password is None and self.username is not None


def said_by(field: FormField) -> str:
    """The words of a field's names."""
    return words_of(f"{field.name} {field.identifier} {field.placeholder} {field.autocomplete}")


def sign_in_form(document: Document, username: str | None = None, password: str | None = None) -> SignInForm | None:
    """The form to sign in with, the likeliest first; None when the page has none. `username` and `password` are names
    of fields that the operator declared."""
    found = [form for form in (_candidate(form, username, password) for form in document.forms) if form is not None]
    return max(found, key=lambda candidate: candidate.score, default=None)


def code_form(document: Document) -> SignInForm | None:
    """The form that asks for a one-time code, on a page that asks for no password."""
    if document.asks_password:
        return None
    for form in document.forms:
        code = _code_field(form)
        if code is not None and not SIGN_OUT.search(address_words(form.action)):
            return SignInForm(form, None, None, code)
    return None


def sends_itself(document: Document) -> Form | None:
    """The form of a page that only carries an answer back to the application, which a script sends at once: hidden
    fields and nothing to fill (OAuth 2.0 Form Post Response Mode §2, SAML 2.0 bindings §3.5)."""
    if document.asks_password or len(document.forms) != 1:
        return None
    form = document.forms[0]
    names = {field.name for field in form.fields if field.kind == "hidden"}
    others = {field.kind for field in form.fields} - {"hidden", "submit", "image", "button"}
    carries = bool(CARRIED & names) or any(_SUBMITS.search(script[:20_000]) for script in document.inline_scripts)
    return form if form.method == "POST" and names and not others and carries else None


def consent_form(document: Document) -> tuple[Form, FormField | None] | None:
    """The form by which a provider asks whether the application may know who one is, with the button that says yes."""
    if document.asks_password:
        return None
    for form in document.forms:
        typed = any(field.kind in TEXT_KINDS for field in form.fields)
        there = address_words(form.action)
        if typed or form.method != "POST" or SIGN_OUT.search(there) or OTHER_FORM.search(there):
            continue
        buttons = [field for field in form.fields if field.kind in {"submit", "image"}]
        said = [button for button in buttons if CONSENT.search(words_of(f"{button.name} {button.value}"))]
        refusing = [button for button in said if REFUSAL.search(words_of(f"{button.name} {button.value}"))]
        agreed = next((button for button in said if button not in refusing), None)
        if agreed is not None:
            return form, agreed
        if len(buttons) <= 1 and CONSENT.search(words_of(form.text[:MAX_TEXT_OF_A_FORM])):
            return form, None
    return None


def sign_in_button(document: Document) -> tuple[Form, FormField | None] | None:
    """The form that is nothing but a button to sign in elsewhere, as OmniAuth and Keycloak adapters draw it; None on a
    page with a password to fill in."""
    if document.asks_password:
        return None
    for form in document.forms:
        typed = any(field.kind in TEXT_KINDS | {"textarea", "select", "file"} for field in form.fields)
        there, said = address_words(form.action), words_of(form.text[:MAX_TEXT_OF_A_FORM])
        if form.method != "POST" or not form.action or typed or SIGN_OUT.search(f"{there} {said}"):
            continue
        if OTHER_FORM.search(f"{there} {said}"):
            continue
        buttons = [field for field in form.fields if field.kind in {"submit", "image"}]
        labels = " ".join(words_of(button.value[:80]) for button in buttons)
        if SIGN_IN.search(there) and (len(said.split()) <= MAX_BUTTON_WORDS or SIGN_IN.search(labels)):
            return form, next(iter(buttons), None)
    return None


def loose_names(document: Document) -> dict[str, str]:
    """Names of the fields that a script reads: `username` and `password` -> name, as far as they have one."""
    fields = [*document.loose_fields, *(field for form in document.forms if form.has_password for field in form.fields)]
    password = next((field for field in fields if field.kind == "password"), None)
    if password is None:
        return {}
    before = [field for field in fields[: fields.index(password)] if field.kind in TEXT_KINDS]
    found = {"username": before[-1].name if before else "", "password": password.name}
    return {meaning: name for meaning, name in found.items() if name}


def _candidate(form: Form, username: str | None, password: str | None) -> SignInForm | None:
    passwords = [field for field in form.fields if field.kind == "password" and field.name]
    if password is not None:
        passwords = [field for field in form.fields if field.name == password] or passwords
    user = _user_field(form, username, passwords[0] if passwords else None)
    said = words_of(f"{form.identifier} {form.text[:MAX_TEXT_OF_A_FORM]}")
    there = address_words(form.action)
    score = 2.0 * bool(SIGN_IN.search(there)) + bool(SIGN_IN.search(said)) + (form.method == "POST")
    score -= 3.0 * bool(OTHER_FORM.search(there)) + 2.0 * bool(SIGN_OUT.search(there))
    if OTHER_FORM.search(said) and not SIGN_IN.search(said):
        score -= 1.5
    if not passwords:
        if form.has_password:
            return None  # what is typed there reaches the server by a script alone: no first of two steps
        named = username is not None and user is not None and user.name == username
        if user is None or not (named or (score >= 2.0 and not OTHER_FORM.search(f"{there} {said_by(user)}"))):
            return None
        return SignInForm(form, user, None, None, score)
    score += 4.0 - 3.0 * (len(passwords) - 1)
    score += any("current-password" in field.autocomplete for field in passwords)
    score -= 3.0 * any("new-password" in field.autocomplete for field in passwords)
    score -= 0.5 * max(0, sum(field.kind in TEXT_KINDS for field in form.fields) - 2)
    score += 1.0 if user is not None else -1.0
    if password is not None and passwords[0].name == password:
        score += 10
    return SignInForm(form, user, passwords[0], _code_field(form), score) if score > 0 else None


def _user_field(form: Form, declared: str | None, password: FormField | None) -> FormField | None:
    fields = [field for field in form.fields if field.kind in TEXT_KINDS and field.name]
    if declared is not None:
        return next((field for field in form.fields if field.name == declared), None)
    for wanted in ("username", "email"):
        named = [field for field in fields if wanted in field.autocomplete.split()]
        if named:
            return named[0]
    spoken = [field for field in fields if USER_FIELD.search(said_by(field)) and not _is_code(field)]
    if spoken:
        return spoken[0]
    if password is None:
        return None
    before = [field for field in form.fields[: form.fields.index(password)] if field in fields]
    if before:
        return before[-1]
    lists = (field for field in form.fields if field.kind == "select" and field.name)
    return next((field for field in lists if USER_FIELD.search(said_by(field))), None)


def _is_code(field: FormField) -> bool:
    return "one-time-code" in field.autocomplete or (
        bool(CODE_FIELD.search(said_by(field))) and not USER_FIELD.search(said_by(field))
    )


def _code_field(form: Form) -> FormField | None:
    asked = [f for f in form.fields if f.kind in TEXT_KINDS | {"password"} and f.name and _is_code(f)]
    exact = [field for field in asked if "one-time-code" in field.autocomplete]
    return next(iter(exact or asked), None)


def filled(form: Form, typed: dict[str, str], page_url: str, *, button: FormField | None = None) -> Request:
    """The request of a browser that sends the form with `typed` values, from the page at `page_url`, by
    `button` when it is given.

    What the page filled in goes as it is, with the button that says sign in, else the first;
    boxes that are ticked already, and those that have to be.
    """
    button = button or _button(form)
    grouped = {field.name for field in form.fields if field.kind == "radio" and field.checked}
    pairs: list[tuple[str, str]] = []
    for field in form.fields:
        if field.name in typed:
            pairs.append((field.name, typed[field.name]))
        elif not field.name or field.disabled:
            continue
        elif field.kind == "hidden" or field is button:
            pairs.append((field.name, field.value))
        elif field.kind in {"checkbox", "radio"}:
            due = field.required and field.name not in grouped
            if field.checked or due:
                pairs.append((field.name, field.value or "on"))
                grouped |= {field.name} if field.kind == "radio" else set()
        elif (field.kind == "select" and field.checked) or field.kind in TEXT_KINDS | {"textarea"}:
            pairs.append((field.name, field.value))
    pairs += [(name, value) for name, value in typed.items() if all(name != known for known, _ in pairs)]
    encoded = urlencode(pairs)
    origin = origin_of(page_url)
    if form.method != "POST":
        parts = urlsplit(form.action)
        return Request("GET", urlunsplit(parts._replace(query=encoded)), (("Referer", page_url),))
    headers = (("Content-Type", "application/x-www-form-urlencoded"), ("Origin", origin), ("Referer", page_url))
    if form.enctype == "multipart/form-data":
        kind, body = _multipart(pairs)
        headers = (("Content-Type", kind), *headers[1:])
        return Request("POST", form.action, headers, body)
    return Request("POST", form.action, headers, encoded.encode("ascii"))


def _button(form: Form) -> FormField | None:
    """The button that says sign in, else the first, by which a browser sends a form (HTML, implicit submission): where
    that has no name, none goes with the fields, and another may mean to go back."""
    buttons = [field for field in form.fields if field.kind in {"submit", "image"} and not field.disabled]
    told = [button.says for button in form.buttons] if len(form.buttons) == len(buttons) else []
    for number, field in enumerate(buttons):
        says = told[number] if told else ""
        words = words_of(f"{field.name} {field.value} {says}")
        if field.name and SIGN_IN.search(words) and not GO_BACK.search(words):
            return field
    return next(iter(buttons), None)


def _multipart(pairs: list[tuple[str, str]]) -> tuple[str, bytes]:
    """Media type and body (RFC 7578)."""
    boundary = "pgssi-probe-form-boundary-4f1d2c"
    parts = []
    for name, value in pairs:
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="{quoted}"\r\n\r\n{value}\r\n')
    return f"multipart/form-data; boundary={boundary}", ("".join(parts) + f"--{boundary}--\r\n").encode()
