"""The pages of a site where people sign in, known by their password field or by their name."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from pgssi_checks.content.wording import plain
from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Page, Site

MAX_PAGES: Final = 8

_NAMED = re.compile(
    r"\b(?:connexion|connecter|connectez vous|identification|identifier|identifiez vous|authentification"
    r"|login|log in|logon|sign ?in|signin|wp login|authenticate|sso)\b"
)
_HELP = re.compile(r"\b(?:aide|help|faq|conseils?|documentation|article|actualites?|news|premiere connexion|comment)\b")


def sign_in_pages(site: Site) -> list[Page]:
    """Pages that ask a password first, then pages whose address or title names sign-in, help pages left out."""
    asking = [page for page in site.pages if page.document.asks_password]
    named = [page for page in site.pages if page not in asking and is_named(page)]
    return [*asking, *named][:MAX_PAGES]


def is_named(page: Page) -> bool:
    parts = urlsplit(page.url)
    words = words_of(plain(unquote_plus(f"{parts.path} {parts.query}")) + " " + page.document.title)
    return bool(_NAMED.search(words)) and not _HELP.search(words)
