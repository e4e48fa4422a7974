"""One sign-in in progress: what is sent on the way, within bounds that no page can move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import JsonValue

from pgssi_probe.discovery.danger import is_dangerous_link
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Form, Page
from pgssi_probe.identity.judging import Judgement, SignInState
from pgssi_probe.identity.plan import SignInPlan
from pgssi_probe.identity.providers import provider_of
from pgssi_probe.identity.session import MAX_HOPS, Session, origin_of, same_party
from pgssi_probe.model.account import Secret
from pgssi_probe.net.exchange import Exchange, Request

MAX_EXCHANGES: Final = 28
"""Requests of one sign-in, whatever the pages ask for [ours]: an authorisation with consent takes about twelve."""
MAX_GIVEN: Final = 8
"""How often the credentials of the account itself are handed over in one sign-in [ours]: an API of which neither the
address nor the names are known takes a few."""


class Endless(Exception):
    """The pages lead on and on."""


class Federated(Exception):
    """The way leads to a national provider, where nothing is tried."""


class AskedAgain(Exception):
    """The credentials would be handed over more often than allowed."""


@dataclass
class Attempt:
    """The visitor, the credentials, and what was exchanged. `own`: the credentials are those of the account.

    `returns` recognises the address to which a provider sends back; `returned` is that address once it was met.
    """

    plan: SignInPlan
    session: Session
    username: str
    password: Secret
    totp: Secret | None
    own: bool = True
    home: str = ""
    """Origin of the target."""
    label: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    landing: Page | None = None
    returns: Callable[[str], bool] | None = None
    returned: str = ""
    facts: dict[str, JsonValue] = field(default_factory=dict)
    given: int = 0
    codes: int = 0
    again: bool = False
    """A one-time code was handed over that had been given before."""
    posted: dict[str, str] = field(default_factory=dict, repr=False)
    """What a page would have posted to the address of return."""

    async def follow(self, request: Request) -> tuple[Exchange, ...]:
        """Send, go where it leads within the scope, and once where the page leads by itself.

        Raises Endless, Federated.
        """
        chain = await self._chain(request)
        refresh = self._refresh()
        if refresh is not None and not self.returned:
            chain = (*chain, *await self._chain(Request("GET", refresh)))
        return chain

    async def hand_over(self, request: Request) -> tuple[Exchange, ...]:
        """The same for a request that carries the credentials: one wrong password is one attempt, whatever the page
        asks for. Raises AskedAgain too."""
        if self.given >= (MAX_GIVEN if self.own else 1):
            raise AskedAgain
        self.given += 1
        return await self.follow(request)

    async def _chain(self, request: Request) -> tuple[Exchange, ...]:
        left = MAX_EXCHANGES - len(self.exchanges)
        if left <= 0:
            raise Endless
        if provider_of(request.url) is not None:
            raise Federated
        chain = await self.session.follow(
            request, min(MAX_HOPS, left - 1), stop=self._stops, repeats=1 if self.own else 0
        )
        self.exchanges += chain
        self.landing = await parse_page(chain[-1])
        return chain

    def _stops(self, url: str) -> bool:
        if self.returns is not None and self.returns(url):
            self.returned = url
            return True
        return False

    def _refresh(self) -> str | None:
        """Where a page that only says "you are signed in" leads by itself; None for one that has a form to fill."""
        if self.landing is None or self.landing.document.asks_password:
            return None
        links = (link for link in self.landing.document.links if "refresh" in link.rel)
        url = next((link.url for link in links if not is_dangerous_link(link)), None)
        usable = url is not None and url != self.landing.url and self.session.network.in_scope(url)
        return url if usable and url is not None and provider_of(url) is None else None

    async def code(self, secret: Secret) -> str:
        """The code of now, or of the next step where this one is known to be spent. Raises BadTotpSecret."""
        given, clock = self.plan.codes, self.session.clock
        await clock.sleep(given.wait(self.label, clock.now()))
        now = clock.now()
        self.again = self.again or given.given(self.label, now)
        return given.take(self.label, secret.reveal(), now)

    def held(self) -> dict[str, str]:
        """The cookies of the visitor, to see whether they changed."""
        return {f"{cookie.name};{cookie.domain};{cookie.path}": cookie.value for cookie in self.session.jar}

    def carry(self, headers: tuple[tuple[str, str], ...], url: str) -> None:
        """Send these headers from now on, to the origin of `url` only."""
        self.session.headers = headers
        self.session.origin = origin_of(url)

    def safe(self, form: Form, page: Page) -> Form | Judgement:
        """The form when credentials may go where it sends them: within the scope, no national provider, not in clear
        from a page that came encrypted (the same address is then tried encrypted). Wrong ones go to the target only."""
        if provider_of(form.action) is not None:
            return Judgement(SignInState.UNKNOWN, "federated")
        action = form.action
        parts, own = urlsplit(action), urlsplit(page.url)
        if parts.scheme == "http" and own.scheme == "https":
            if parts.hostname != own.hostname:
                return Judgement(SignInState.UNKNOWN, "clear_text")
            action = urlunsplit(("https", own.netloc, parts.path, parts.query, ""))
        if not action or not self.session.network.in_scope(action):
            return Judgement(SignInState.UNKNOWN, "out_of_scope")
        if not self.own and self.home and not same_party(action, self.home):
            return Judgement(SignInState.UNKNOWN, "not_ours")
        return replace(form, action=action)
