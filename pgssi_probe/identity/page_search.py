"""Finding the form to sign in with by reading pages, as a new visitor; and what else they show on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from pgssi_probe.check.context import CollectorContext
from pgssi_probe.discovery.collect import location
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Page, Site
from pgssi_probe.identity.doors import leads_to
from pgssi_probe.identity.forms import SignInForm, filled, sign_in_button, sign_in_form
from pgssi_probe.identity.plan import Driver
from pgssi_probe.identity.providers import asked_of, provider_of
from pgssi_probe.identity.session import Session, origin_of
from pgssi_probe.identity.steps import Step
from pgssi_probe.identity.vocabulary import OTHER_FORM, SIGN_OUT, address_words, leads_to_sign_in
from pgssi_probe.identity.vocabulary import SIGN_IN as SIGN_IN_WORDS
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.exchange import Exchange, Request

USUAL_PAGES: Final = (
    "login", "connexion", "signin", "sign-in", "user/login", "accounts/login/", "users/sign_in", "auth/login",
    "account/login", "se-connecter", "identification", "authentification", "admin/", "wp-login.php", "login.php",
    "login.jsp", "index.php/login", "my/", "mon-compte", "mon-espace", "profile",
)  # fmt: skip
"""Sign-in pages, and protected ones that lead there, tried last."""
MAX_LINKS: Final = 6
MAX_VISITS: Final = 60
GOOD: Final = 6.0
"""Score of a form from which no other page is looked at: user name, password, POST and one word of sign-in."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A form to sign in with. `start` is where the way to it begins."""

    score: float
    page: Page
    form: SignInForm
    how: str
    start: str


@dataclass
class PageSearch:
    """Pages looked at for a sign-in form, and what else they show of how one signs in."""

    ctx: CollectorContext
    others: tuple[str, ...] = ()
    """Pages that the engagement gives to other doors."""
    steps: list[Step] = field(default_factory=list)
    providers: dict[str, None] = field(default_factory=dict)
    referral: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    best: Candidate | None = None
    challenged: Exchange | None = None
    left_scope: str | None = None
    scripted: Page | None = None
    asked: int = 0
    buttons: dict[str, None] = field(default_factory=dict)
    """Pages with a button that signs in elsewhere by a form."""

    def declared(self, name: str) -> str | None:
        value = self.ctx.declared.get(f"login.{name}")
        return str(value) if value else None

    async def search(self, site: Site) -> None:
        home = [site.home] if site.home.status == 401 else []
        for exchange in (*home, *(page.exchange for page in site.pages), *site.others, *site.absent):
            if exchange.status == 401 and self.challenged is None:
                self.challenged = exchange
        for page in site.pages:
            self._read(page, "page", start_of(way_to(page, site)))
        if self.found():
            return
        for link in self._links(site):
            await self.visit(link, "link")
            if self.found():
                return
        for url, skipped in site.skipped:
            if skipped == "disallowed" and leads_to_sign_in_address(url):
                await self.visit(url, "link")
                if self.found():
                    return
            elif provider_of(url):
                self.left(url)
        if not self.ctx.allows(Level.ACTIVE) or self.scripted is not None or self.providers or home:
            return  # guessing addresses is no visit of a passive run, and needless once the way is known
        for url in self._usual(site):
            await self.visit(url, "usual")
            if self.found() or self.scripted is not None:
                return

    def found(self) -> bool:
        return self.best is not None and self.best.score >= GOOD

    def _links(self, site: Site) -> Iterator[str]:
        given: dict[str, None] = {}
        for page in site.pages:
            for link in page.document.links:
                if provider_of(link.url):
                    self.left(link.url)
                elif leads_to_sign_in(link) and not is_dangerous(link.url, link.text, link.rel):
                    given.setdefault(link.url)
        return iter(list(given)[:MAX_LINKS])

    def _usual(self, site: Site) -> Iterator[str]:
        """Below the directory of the target first, then below its root."""
        places = dict.fromkeys(
            (urljoin(site.home.url, "."), urljoin(self.ctx.target.url, "."), self.ctx.target.origin + "/")
        )
        for path in USUAL_PAGES:
            for place in places:
                yield urljoin(place, path)

    async def visit(self, url: str, how: str) -> None:
        """Ask for an address as a new visitor, follow where it leads, and look for the form."""
        url = url.partition("#")[0]
        if url in self.seen or self.ctx.excluded(url) or self.asked >= MAX_VISITS:
            return
        self.seen.add(url)
        if provider_of(url) or not self.ctx.network.in_scope(url):
            self.left(url)
            return
        session = Session(self.ctx.network, self.ctx.clock)
        chain = await session.follow(Request("GET", url))
        self.asked += len(chain)
        last = chain[-1]
        self.seen.add(last.url)
        outside = location(last)
        if outside is not None and (provider_of(outside) or not self.ctx.network.in_scope(outside)):
            self.left(outside)
        if last.status == 401 and self.challenged is None:
            self.challenged = last
        page = await parse_page(last)
        result = "left" if outside else "no_page" if page is None else "no_form"
        if page is not None and (last.status or 500) < 500 and self._read(page, how, start_of(chain)):
            result = "form"
        self.steps.append(Step(how, url, last.status, result))

    async def press(self, url: str) -> None:
        """Press the button of a page as its visitor would, follow where it leads, and look for the form there."""
        session = Session(self.ctx.network, self.ctx.clock)
        page = await parse_page((await session.follow(Request("GET", url)))[-1])
        found = sign_in_button(page.document) if page is not None else None
        if page is None or found is None:
            return
        if provider_of(found[0].action) or not self.ctx.network.in_scope(found[0].action):
            self.left(found[0].action)
            return
        chain = await session.follow(filled(found[0], {}, page.url, button=found[1]))
        outside = location(chain[-1])
        if outside is not None and (provider_of(outside) or not self.ctx.network.in_scope(outside)):
            self.left(outside)
        landing = await parse_page(chain[-1])
        shown = landing is not None and (chain[-1].status or 500) < 400 and self._read(landing, "link", url)
        result = "form" if shown else "left" if outside else "no_form"
        self.steps.append(Step("link", found[0].action, chain[-1].status, result))

    def left(self, url: str) -> None:
        provider = provider_of(url)
        if provider:
            self.providers[provider] = None
            self.referral = self.referral or asked_of(url)
        else:
            self.left_scope = url

    def _read(self, page: Page, how: str, start: str) -> bool:
        form = sign_in_form(page.document, self.declared("username_field"), self.declared("password_field"))
        if form is not None and self._goes_by_script(page, form):
            self.scripted = self.scripted or page
            return False
        if form is None or not form.form.action:
            if sign_in_button(page.document) is not None:
                self.buttons.setdefault(page.url)
            if page.document.asks_password and self.scripted is None:
                self.scripted = page  # a script reads fields that a form could not send
            return False
        if provider_of(form.form.action) or not self.ctx.network.in_scope(form.form.action):
            self.left(form.form.action)
            return False
        score = form.score + (1.0 if leads_to_sign_in_address(page.url) else 0.0)
        if any(leads_to(start, other) or leads_to(page.url, other) for other in self.others):
            score = min(score, GOOD) - GOOD  # the sign-in of another role: taken when there is no other
        if self.best is None or score > self.best.score:
            self.best = Candidate(score, page, form, how, start)
        return True

    def _goes_by_script(self, page: Page, form: SignInForm) -> bool:
        """Whether a script sends the form: as it stands, it would put the password into an address."""
        if form.password is None or form.form.method == "POST" or self.declared("driver") == Driver.FORM:
            return False
        return runs_scripts(page)


def runs_scripts(page: Page) -> bool:
    document = page.document
    return bool(document.inline_scripts) or any(resource.tag == "script" for resource in document.resources)


def way_to(page: Page, site: Site) -> tuple[Exchange, ...]:
    """The redirects of the walk that led to a page, and the page."""
    leading = {target: one for one in site.exchanges if (target := location(one)) is not None}
    chain = [page.exchange]
    while len(chain) < 10 and (before := leading.get(chain[0].url)) is not None and before not in chain:
        chain.insert(0, before)
    return tuple(chain)


def start_of(chain: tuple[Exchange, ...]) -> str:
    """Where to begin again to come to the last page of a chain: at its first address when the chain went to another
    origin, or carries an authorisation request that serves once; else at the last."""
    last = chain[-1].url
    crossed = any(origin_of(exchange.url) != origin_of(last) for exchange in chain)
    return chain[0].url if crossed or any(is_authorisation(exchange.url) for exchange in chain[1:]) else last


def is_authorisation(url: str) -> bool:
    """Whether an address is an authorisation request of OAuth 2.0 (RFC 6749 §4.1.1) or a request of SAML."""
    names = {name for name, _ in parse_qsl(urlsplit(url).query)}
    return {"client_id", "response_type"} <= names or "SAMLRequest" in names


def leads_to_sign_in_address(url: str) -> bool:
    """Whether the words of an address are those of a sign-in page."""
    words = address_words(url)
    return bool(SIGN_IN_WORDS.search(words)) and not OTHER_FORM.search(words) and not SIGN_OUT.search(words)
