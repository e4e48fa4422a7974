"""What a page says of the passwords it wants, and what that is worth. Pure.

Entropy is L·log2(N) (CNIL, deliberation 2022-100): L the shortest length allowed, N the signs that must be drawn from,
with the CNIL's 37 special characters. Nothing required beyond a length counts for lower-case letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import log2
from typing import Final

from pgssi_checks.content.wording import plain
from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Document, Form, FormField

KINDS: Final = {"upper": 26, "lower": 26, "digit": 10, "special": 37}
MAX_PASSWORD: Final = 1000
"""Lengths beyond it are no lengths of passwords."""

_CHARACTERS = r"(?:caracteres?|characters?|chars?|signes)"
_LEAST: Final = (
    re.compile(rf"(?:au moins|au minimum|minimum(?: de| of)?|at least|min\.?) (\d{{1,3}}) {_CHARACTERS}"),
    re.compile(rf"(\d{{1,3}}) {_CHARACTERS} (?:au moins|au minimum|minimum|ou plus|or more|or longer)"),
    re.compile(rf"(?:plus court que|shorter than|less than|fewer than|moins de) (\d{{1,3}}) {_CHARACTERS}"),
)
_MOST: Final = (
    re.compile(rf"(?:au plus|au maximum|maximum(?: de| of)?|at most|no more than|up to) (\d{{1,3}}) {_CHARACTERS}"),
    re.compile(rf"(\d{{1,3}}) {_CHARACTERS} (?:au plus|au maximum|maximum)"),
)
_ABOUT = re.compile(r"mot de passe|password|caractere|character|majuscule|upper-?case")
_REQUIRES = re.compile(
    r"\b(?:doit|doivent|devra|must|should|contenir|contient|contain\w*|include\w*|comporte\w*|au moins"
    r"|at least|minimum)\b"
)
_OPTIONAL = re.compile(
    r"\b(?:facultati\w*|optionnel\w*|optional\w*|peut|peuvent|may|can|conseil\w*|recommand\w*|recommend\w*)\b"
)
_KINDS: Final = {
    "upper": re.compile(r"majuscule|upper-?case|capital letter"),
    "lower": re.compile(r"minuscule|lower-?case"),
    "digit": re.compile(r"\bchiffres?\b|\bdigits?\b|\bnumbers?\b|numeri(?:que|c)"),
    "special": re.compile(r"specia(?:l|ux)|symbol|ponctuation|punctuation"),
}
_ONLY_DIGITS = re.compile(r"\^?(?:\[0-9\]|\\d)(?:\{\d+(?:,\d*)?\}|[*+])?\$?")
_NEW = re.compile(
    r"\b(?:new|nouveau|nouvelle|confirm\w*|repeat|again|password ?1|password ?2|pass1|pass2|create|choose)\b"
)
_CURRENT = re.compile(r"\b(?:old|current|actuel|ancien|existing)\b")
_CREATION = re.compile(
    r"\b(?:register|registration|sign ?up|inscription|creer|create|activation|activer|reset|reinitialis\w+"
    r"|change password|changer|premiere connexion|new account|nouveau compte)\b"
)
_PASSWORD_TAG = re.compile(r"<input\b([^>]{0,2000})>", re.IGNORECASE)
_BLOCKED_PASTE = re.compile(r"""\bonpaste\s*=\s*["']?[^"'>]{0,100}(?:return\s+false|preventDefault)""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """`least` and `most` are lengths; None when neither text nor attributes say. `kinds` are those required."""

    least: int | None
    most: int | None
    kinds: frozenset[str]
    only_digits: bool = False

    @property
    def signs(self) -> int:
        if self.only_digits:
            return 10
        return sum(KINDS[kind] for kind in self.kinds) or KINDS["lower"]

    @property
    def bits(self) -> float | None:
        """Entropy of the weakest password that the rules allow; None when no length is stated."""
        return None if self.least is None else self.least * log2(self.signs)


def new_password_fields(form: Form, page_words: str) -> list[FormField]:
    """The fields of a form in which a password is chosen, not given: by autocomplete, name, or the page's topic."""
    passwords = [field for field in form.fields if field.kind == "password"]
    if not passwords:
        return []
    marked = [field for field in passwords if "new-password" in field.autocomplete or _NEW.search(_names(field))]
    if marked:
        return marked
    others = [
        field
        for field in passwords
        if "current-password" not in field.autocomplete and not _CURRENT.search(_names(field))
    ]
    if len(passwords) > 1:
        return others
    said = f"{page_words} {words_of(form.action.partition('//')[2])}"
    return others if _CREATION.search(said) else []


def rules_of(document: Document, form: Form, fields: Iterable[FormField]) -> Rules:
    """What attributes and text require. The longest length stated wins: the strictest rule is the one enforced."""
    chosen = list(fields)
    lines = [line for line in plain(document.text).split("\n") if len(line) <= 600 and _ABOUT.search(line)]
    lines += [line for line in plain(form.text).split("\n") if _ABOUT.search(line)]
    said = [line for line in lines if not _OPTIONAL.search(line)]
    least = [int(match[1]) for line in lines for pattern in _LEAST for match in pattern.finditer(line)]
    most = [int(match[1]) for line in lines for pattern in _MOST for match in pattern.finditer(line)]
    least += [field.minlength for field in chosen if field.minlength]
    most += [field.maxlength for field in chosen if field.maxlength]
    kinds = {kind for line in said if _REQUIRES.search(line) for kind, words in _KINDS.items() if words.search(line)}
    kinds |= {kind for field in chosen for kind in _pattern_kinds(field.pattern)}
    return Rules(
        least=max((length for length in least if 0 < length <= MAX_PASSWORD), default=None),
        most=min((length for length in most if length > 0), default=None),
        kinds=frozenset(kinds),
        only_digits=any(_ONLY_DIGITS.fullmatch(field.pattern) for field in chosen if field.pattern),
    )


def _pattern_kinds(pattern: str) -> set[str]:
    """Kinds that look-aheads of a pattern require: `(?=.*[A-Z])`."""
    looks = re.findall(r"\(\?=\.\*\??(\[[^\]]{1,60}\]|\\d|\\W)", pattern[:500])
    found = {
        "upper": any("A-Z" in look and "a-z" not in look for look in looks),
        "lower": any("a-z" in look and "A-Z" not in look for look in looks),
        "digit": any(look in {"\\d", "[0-9]"} for look in looks),
        "special": any(look == "\\W" or not re.search(r"A-Z|a-z|0-9|\\d", look) for look in looks),
    }
    return {kind for kind, required in found.items() if required}


def _names(field: FormField) -> str:
    return words_of(f"{field.name} {field.identifier} {field.placeholder}")


def blocks_paste(markup: str) -> bool:
    """A password field whose own attribute refuses what is pasted."""
    tags = (match[1] for match in list(_PASSWORD_TAG.finditer(markup[:1_000_000]))[:500])
    return any(
        re.search(r"type\s*=\s*[\"']?password", tag, re.IGNORECASE) and _BLOCKED_PASTE.search(tag) for tag in tags
    )
