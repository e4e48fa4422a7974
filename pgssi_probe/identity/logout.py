"""The control that signs out, as a page shows it, and using it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import unescape
from typing import Final
from urllib.parse import urlencode, urlsplit

from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Document, Form, Link, Page
from pgssi_probe.identity.forms import filled
from pgssi_probe.identity.jsonapi import csrf_headers
from pgssi_probe.identity.session import Session, origin_of
from pgssi_probe.identity.vocabulary import SIGN_OUT, address_words
from pgssi_probe.net.exchange import Exchange, Request

ACT: Final = "sign_out"
MAX_WORDS: Final = 8
BUTTONS: Final = frozenset({"submit", "image", "button", "hidden"})
MAX_TEXT_OF_A_FORM: Final = 120
MAX_MARKUP: Final = 400_000
MAX_ADDRESSES: Final = 3
TOKEN: Final = re.compile(r"csrf|xsrf|token|nonce|authenticity|sesskey|form_?key|verification", re.IGNORECASE)
SHORTEST_TOKEN: Final = 8
MAX_TOKENS: Final = 3
_QUOTED = re.compile(r"""["']((?:https?:/)?/[^"'\s<>\\{}]{1,200})["']""")


@dataclass(frozen=True, slots=True)
class LogoutControl:
    """A link or a form that signs out: exactly one of the two."""

    link: Link | None = None
    form: Form | None = None

    @property
    def url(self) -> str:
        return self.link.url if self.link else self.form.action if self.form else ""

    @property
    def kind(self) -> str:
        return "form" if self.form else "link"


def find_logout(document: Document) -> LogoutControl | None:
    """The control of a page that signs out: form first, then link by words, relation or address."""
    for form in document.forms:
        if form.action and _form_signs_out(form):
            return LogoutControl(form=form)
    chosen = max(document.links, key=_signs_out, default=None)  # the first of the best
    return LogoutControl(link=chosen) if chosen is not None and _signs_out(chosen) else None


def _signs_out(link: Link) -> int:
    """How surely a link signs out, 0 for one that does not: by what it leads to, before what it says, which a tab that
    shows another part of the same page says too."""
    said = words_of(link.text[:200])
    short = len(said.split()) <= MAX_WORDS
    there = "logout" in link.rel or SIGN_OUT.search(address_words(link.url)) is not None
    return 2 * there + (short and SIGN_OUT.search(said) is not None)


def addresses_in_data(page: Page) -> tuple[str, ...]:
    """Addresses of the page's own origin that sign out, quoted in its scripts and in the data that they draw controls
    from. At most MAX_ADDRESSES."""
    response = page.exchange.response
    markup = unescape(response.text[:MAX_MARKUP]).replace("\\/", "/") if response is not None else ""
    given: dict[str, None] = {}
    for quoted in _QUOTED.finditer(markup):
        url = absolute(quoted[1], page.url)
        if url and origin_of(url) == origin_of(page.url) and SIGN_OUT.search(address_words(url)):
            given.setdefault(url)
        if len(given) == MAX_ADDRESSES:
            break
    return tuple(given)


def _form_signs_out(form: Form) -> bool:
    if form.has_password:
        return False
    if SIGN_OUT.search(address_words(form.action)):
        return True
    if any(field.kind not in BUTTONS for field in form.fields):
        return False  # something is to be chosen or typed: a menu, not a button
    fields = " ".join(f"{field.name} {field.value[:40]}" for field in form.fields)
    said = words_of(f"{form.identifier} {form.text[:MAX_TEXT_OF_A_FORM]}")
    return bool(SIGN_OUT.search(words_of(fields[:400])) or (len(said.split()) <= MAX_WORDS and SIGN_OUT.search(said)))


async def sign_out(session: Session, page: Page | None, *, url: str | None = None) -> tuple[Exchange, ...] | None:
    """Sign out by the control of a page that the session was shown, the token of its form carried; None without one.

    `url` is a declared address (`login.logout_url`): it is asked by GET, then by POST if that is refused. A page that
    asks to confirm is confirmed once. The exchanges, redirects included.
    """
    control = find_logout(page.document) if page is not None else None
    if control is None and url is None:
        return None
    if control is None or url is not None:
        return await _by_address(session, url or "")
    if control.form is not None and page is not None:
        return await session.follow(replace(filled(control.form, {}, page.url), act=ACT))
    referer = (("Referer", page.url),) if page is not None else ()
    chain = await session.follow(Request("GET", control.url, referer, act=ACT))
    return (*chain, *await _confirmed(session, chain[-1]))


def by_script(session: Session, page: Page) -> tuple[Request, ...]:
    """What the scripts of a page may make of its link to sign out where following it changes nothing: a POST with the
    tokens that the forms of the page carry (phpMyAdmin), or the same address with them (Roundcube). Empty without a
    link."""
    control = find_logout(page.document)
    if control is None or control.link is None:
        return ()
    url, referer = control.link.url, (("Referer", page.url),)
    fields = (field for form in page.document.forms for field in form.fields if field.kind == "hidden")
    held = {one.name: one.value for one in fields if TOKEN.search(one.name) and len(one.value) >= SHORTEST_TOKEN}
    tokens = urlencode(dict(list(held.items())[:MAX_TOKENS]))
    headers = (*csrf_headers(session, url, page), *referer, ("Content-Type", "application/x-www-form-urlencoded"))
    posted = Request("POST", url, headers, tokens.encode("ascii"), act=ACT)
    if not tokens:
        return (posted,)
    joint = "&" if urlsplit(url).query else "?"
    return posted, Request("GET", f"{url}{joint}{tokens}", referer, act=ACT)


async def _by_address(session: Session, url: str) -> tuple[Exchange, ...]:
    if session.header_names:  # an API with a token: people never click there
        posted = await session.follow(Request("POST", url, csrf_headers(session, url), act=ACT))
        if (posted[-1].status or 500) not in {404, 405}:
            return posted
    held = session.fork()
    chain = await session.follow(Request("GET", url, act=ACT))
    if (chain[-1].status or 500) in {400, 403, 405}:
        session.jar = held.jar  # a refusal may take the cookie away and end nothing
        return (*chain, *await session.follow(Request("POST", url, csrf_headers(session, url))))
    return (*chain, *await _confirmed(session, chain[-1]))


async def leave_provider(session: Session, url: str) -> tuple[Exchange, ...]:
    """Sign out of an OpenID provider as a client sends its user to do it, and confirm when its page asks to."""
    chain = await session.follow(Request("GET", url, act=ACT))
    return (*chain, *await _confirmed(session, chain[-1]))


async def _confirmed(session: Session, last: Exchange) -> tuple[Exchange, ...]:
    """A page that asks whether one is sure has a form or a link of its own to sign out."""
    page = await parse_page(last)
    control = find_logout(page.document) if page is not None else None
    if page is None or control is None:
        return ()
    if control.form is not None:
        return await session.follow(filled(control.form, {}, page.url))
    if control.url == last.url:
        return ()
    return await session.follow(Request("GET", control.url, (("Referer", page.url),)))
