"""Hidden fields of a form, taken afresh from its page before it is sent: a token serves once, or lasts a session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from pgssi_probe.check import Exchange
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Document
from pgssi_probe.inventory.gleaning import of_form
from pgssi_probe.inventory.model import Endpoint, Place, Visit
from pgssi_probe.inventory.requests import FORM_TYPE

Ask = Callable[[str], Awaitable[Exchange]]
"""Asks for a page as the visitor who sends the form."""


def names(endpoint: Endpoint) -> frozenset[str]:
    pairs = parse_qsl(endpoint.body.decode("utf-8", "replace"), keep_blank_values=True)
    return frozenset(name for name, _ in pairs)


def hidden_in(document: Document, endpoint: Endpoint) -> dict[str, str] | None:
    """What the form of a page would send in its hidden fields; None when the page has no such form."""
    wanted, path = names(endpoint), urlsplit(endpoint.url).path
    for form in document.forms:
        found = of_form(form)
        if found is None or found.method != endpoint.method or urlsplit(found.url).path != path:
            continue
        sent = dict(reversed(parse_qsl(found.body.decode("utf-8", "replace"), keep_blank_values=True)))
        if sent.keys() == wanted:
            return {one.name: one.value for one in found.fields if one.kind == "hidden"}
    return None


@dataclass
class Held:
    """One form: the page that bears it, its last hidden values, and whether they were the same twice."""

    page: str
    values: dict[str, str]
    steady: bool = False


class Forms:
    """The forms that were sent, each with the page that it stands on."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str, frozenset[str]], Held | None] = {}

    def forget(self) -> None:
        """After another sign-in, the tokens of the session before are worth nothing."""
        for one in self._held.values():
            if one is not None:
                one.steady, one.values = False, {}

    def page_of(self, endpoint: Endpoint, visit: Visit) -> str:
        """Address of the page that bears the form; "" when none was seen."""
        held = self._known(endpoint, visit)
        return held.page if held is not None else ""

    async def fresh(self, endpoint: Endpoint, visit: Visit, kept: str, ask: Ask) -> Endpoint:
        """The form as its page gives it now; `kept` is the field that is tried, and is left alone.

        The page is asked for each time, until it gave the same values twice.
        """
        if endpoint.method != "POST" or endpoint.media_type != FORM_TYPE:
            return endpoint
        held = self._known(endpoint, visit)
        if held is None:
            return endpoint
        if not held.steady:
            got = await ask(held.page)
            page = await parse_page(got) if got.status == 200 else None
            now = hidden_in(page.document, endpoint) if page is not None else None
            if now is not None:
                held.steady, held.values = now == held.values, now
        pairs = parse_qsl(endpoint.body.decode("utf-8", "replace"), keep_blank_values=True)
        made = [(name, held.values[name] if name in held.values and name != kept else value) for name, value in pairs]
        return replace(endpoint, body=urlencode(made).encode())

    def _known(self, endpoint: Endpoint, visit: Visit) -> Held | None:
        key = (visit.label, endpoint.url, names(endpoint))
        if key not in self._held:
            self._held[key] = None
            for page in visit.pages:
                found = hidden_in(page.document, endpoint)
                if found is not None:
                    hidden = {one.name for one in endpoint.at(Place.FORM) if one.kind == "hidden"}
                    self._held[key] = Held(page.url, found, steady=not hidden)
                    break
        return self._held[key]
