"""`SIGN_IN`: where and how one signs in, found once a run by reading pages. No credential is posted here: only, in an
active run, the button of a page that signs in elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from pgssi_probe.check.context import CheckContext, Collector, CollectorContext
from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.collect import SITE, location
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.descriptions import DESCRIPTIONS, Descriptions
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Page, Site
from pgssi_probe.identity import oidc
from pgssi_probe.identity.described import personal_addresses, sign_ins, token_header
from pgssi_probe.identity.doors import at_door, door_of, leads_to, other_doors
from pgssi_probe.identity.endpoints import EndpointSearch
from pgssi_probe.identity.forms import SignInForm, filled, loose_names, sign_in_button, sign_in_form
from pgssi_probe.identity.plan import BY_HEADER, Driver, SignInPlan
from pgssi_probe.identity.providers import asked_of, provider_of
from pgssi_probe.identity.schemes import schemes_offered
from pgssi_probe.identity.session import Session, origin_of, same_party
from pgssi_probe.identity.steps import Step
from pgssi_probe.identity.vocabulary import CAPTCHA, OTHER_FORM, SIGN_OUT, address_words, leads_to_sign_in
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
MAX_BUTTONS: Final = 2
MAX_REQUESTS: Final = 110
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
class Search:
    """One search for the sign-in page in progress."""

    ctx: CollectorContext
    door: str = ""
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

    async def plan(self) -> SignInPlan:
        asked = self.declared("driver") or "auto"
        url = self._declared_url()
        for address in (url, self.ctx.target.url):
            if address and provider_of(address):
                self._left(address)
                return self._made(None, url=address, reason="federated")
        where = url or self.declared("signed_in_url") or self.ctx.target.url
        if asked == "auto" and self._certificates_only():
            asked = Driver.CERTIFICATE
        if asked in BY_HEADER | {Driver.CERTIFICATE}:
            return self._made(Driver(asked), url=where, found_by="declared")
        if asked == Driver.COMMAND:
            command = self.ctx.declared.get("login.command")
            words = tuple(str(word) for word in command) if isinstance(command, list | tuple) else ()
            return self._made(Driver.COMMAND if words else None, url=where, command=words, reason="no_command")
        if asked == Driver.HAR:
            har = self.declared("har")
            return self._made(Driver.HAR if har else None, url=where, har=har or "", reason="no_har")
        provider = await oidc.as_target(self.ctx, Session(self.ctx.network, self.ctx.clock))
        self.steps += provider.steps
        if provider.found is not None:
            found = provider.found
            return self._made(Driver.OIDC, url=found.authorization, provider=found, found_by="discovery")
        site: Site = await self.ctx.collect(SITE)
        if asked == Driver.JSON:
            return await self._json(site, url)
        if url is not None:
            await self._visit(url, "declared")
        else:
            await self._search(site)
        if self.best is None and self.ctx.allows(Level.ACTIVE):
            for button in list(self.buttons)[:MAX_BUTTONS]:
                await self._press(button)
        if asked == Driver.BROWSER:
            return self._browser(site, url)
        if self.best is not None:
            return self._by_page(self.best)
        if asked == "auto":
            return await self._otherwise(site, url)
        return self._made(None, url=url or "", reason=self._reason())

    async def _otherwise(self, site: Site, url: str | None) -> SignInPlan:
        """No form to fill in: a challenge, an API behind a scripted page, at last a browser."""
        if self.challenged is not None and self.challenged.response is not None:
            offered = schemes_offered(self.challenged.response.all("www-authenticate"))
            for driver in (Driver.DIGEST, Driver.BASIC):
                if driver in offered:
                    return self._made(driver, url=self.challenged.url, found_by="challenge")
        if not self.providers and self.left_scope is None and self._is_scripted(site):
            if self.ctx.allows(Level.ACTIVE):
                found = await self._json(site, None)
                found = found if found.usable else await self._described(site)
                if found.usable:
                    return found
            if await self._has_browser():
                return self._browser(site, url)
        if url is None and site.home_page is None and self.ctx.allows(Level.ACTIVE) and not self.providers:
            # An API by itself: its description tells, else its endpoint stands at a usual place.
            found = await self._described(site)
            found = found if found.usable else await self._json(site, None)
            if found.usable:
                return found
        if url is None and self.scripted is None:
            self.steps += await oidc.offered(self.ctx, Session(self.ctx.network, self.ctx.clock))
        return self._made(None, url=url or "", reason=self._reason(site))

    def _is_scripted(self, site: Site) -> bool:
        if self.scripted is not None:
            return True
        return site.home_page is not None and _runs_scripts(site.home_page)

    def _certificates_only(self) -> bool:
        """Whether the accounts have a certificate and nothing else to sign in with."""
        held = self.ctx.accounts.items()
        accounts = [each for label, each in held if door_of(self.ctx.declared, label) == self.door]
        return bool(accounts) and all(each.certificate is not None and each.password is None for each in accounts)

    def _by_page(self, best: Candidate) -> SignInPlan:
        document, form = best.page.document, best.form
        captcha = any(CAPTCHA.search(f"{f.name} {f.identifier}") for f in form.form.fields) or any(
            CAPTCHA.search(resource.url) for resource in document.resources
        )
        elsewhere = not same_party(form.form.action, self.ctx.target.url)
        driver = Driver.OIDC if best.start != best.page.url else Driver.FORM
        return self._made(
            driver,
            url=best.start,
            form=form,
            found_by=best.how,
            captcha=captcha,
            scripted=_runs_scripts(best.page),
            federated=elsewhere,
        )

    def _browser(self, site: Site, url: str | None) -> SignInPlan:
        page = url or (self.scripted.url if self.scripted else site.home.url)
        return self._made(Driver.BROWSER, url=page, page_url=page, found_by="scripted")

    async def _has_browser(self) -> bool:
        from pgssi_probe.browser import BROWSER

        return not (await self.ctx.collect(BROWSER)).missing

    def _declared_url(self) -> str | None:
        url = self.declared("url")
        return absolute(url, self.ctx.target.url) if url else None

    def _made(self, driver: Driver | None, **values: object) -> SignInPlan:
        if driver is not None:
            values["reason"] = ""
        return SignInPlan(
            driver,
            username_field=self.declared("username_field"),
            password_field=self.declared("password_field"),
            providers=tuple(self.providers),
            steps=tuple(self.steps),
            door=self.door,
            referral=dict(self.referral),
            left=urlsplit(self.left_scope).netloc if self.left_scope else "",
            **values,  # type: ignore[arg-type]
        )

    def _reason(self, site: Site | None = None) -> str:
        if self.providers:
            return "federated"
        if self.left_scope is not None:
            return "out_of_scope"
        if any(step.result == "provider" for step in self.steps):
            return "no_client"
        scripted = self.scripted is not None or (site is not None and self._shell(site))
        return "scripted" if scripted else "no_form"

    @staticmethod
    def _shell(site: Site) -> bool:
        """Whether the home page says next to nothing without its scripts."""
        page = site.home_page
        bare = page is not None and len(page.document.text) < 200 and not page.document.links
        return bare and page is not None and _runs_scripts(page)

    async def _search(self, site: Site) -> None:
        home = [site.home] if site.home.status == 401 else []
        for exchange in (*home, *(page.exchange for page in site.pages), *site.others, *site.absent):
            if exchange.status == 401 and self.challenged is None:
                self.challenged = exchange
        for page in site.pages:
            self._read(page, "page", start_of(way_to(page, site)))
        if self._found():
            return
        for link in self._links(site):
            await self._visit(link, "link")
            if self._found():
                return
        for url, skipped in site.skipped:
            if skipped == "disallowed" and leads_to_sign_in_address(url):
                await self._visit(url, "link")
                if self._found():
                    return
            elif provider_of(url):
                self._left(url)
        if not self.ctx.allows(Level.ACTIVE) or self.scripted is not None or self.providers or home:
            return  # guessing addresses is no visit of a passive run, and needless once the way is known
        for url in self._usual(site):
            await self._visit(url, "usual")
            if self._found() or self.scripted is not None:
                return

    def _found(self) -> bool:
        return self.best is not None and self.best.score >= GOOD

    def _links(self, site: Site) -> Iterator[str]:
        given: dict[str, None] = {}
        for page in site.pages:
            for link in page.document.links:
                if provider_of(link.url):
                    self._left(link.url)
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

    async def _visit(self, url: str, how: str) -> None:
        """Ask for an address as a new visitor, follow where it leads, and look for the form."""
        url = url.partition("#")[0]
        if url in self.seen or self.ctx.excluded(url) or self.asked >= MAX_VISITS:
            return
        self.seen.add(url)
        if provider_of(url) or not self.ctx.network.in_scope(url):
            self._left(url)
            return
        session = Session(self.ctx.network, self.ctx.clock)
        chain = await session.follow(Request("GET", url))
        self.asked += len(chain)
        last = chain[-1]
        self.seen.add(last.url)
        outside = location(last)
        if outside is not None and (provider_of(outside) or not self.ctx.network.in_scope(outside)):
            self._left(outside)
        if last.status == 401 and self.challenged is None:
            self.challenged = last
        page = await parse_page(last)
        result = "left" if outside else "no_page" if page is None else "no_form"
        if page is not None and (last.status or 500) < 500 and self._read(page, how, start_of(chain)):
            result = "form"
        self.steps.append(Step(how, url, last.status, result))

    async def _press(self, url: str) -> None:
        """Press the button of a page as its visitor would, follow where it leads, and look for the form there."""
        session = Session(self.ctx.network, self.ctx.clock)
        page = await parse_page((await session.follow(Request("GET", url)))[-1])
        found = sign_in_button(page.document) if page is not None else None
        if page is None or found is None:
            return
        if provider_of(found[0].action) or not self.ctx.network.in_scope(found[0].action):
            self._left(found[0].action)
            return
        chain = await session.follow(filled(found[0], {}, page.url, button=found[1]))
        outside = location(chain[-1])
        if outside is not None and (provider_of(outside) or not self.ctx.network.in_scope(outside)):
            self._left(outside)
        landing = await parse_page(chain[-1])
        shown = landing is not None and (chain[-1].status or 500) < 400 and self._read(landing, "link", url)
        result = "form" if shown else "left" if outside else "no_form"
        self.steps.append(Step("link", found[0].action, chain[-1].status, result))

    def _left(self, url: str) -> None:
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
            self._left(form.form.action)
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
        return _runs_scripts(page)

    async def _json(self, site: Site, url: str | None) -> SignInPlan:
        page = self.scripted or site.home_page
        page_url = page.url if page else site.home.url
        named = loose_names(page.document) if page else {}
        if url is not None:
            return self._made(
                Driver.JSON, url=url, endpoints=(url,), page_url=page_url, named=named, found_by="declared"
            )
        search = EndpointSearch(self.ctx, site, (page,) if page else ())
        how, endpoints = await search.find()
        self.steps += search.steps
        if not endpoints:
            return self._made(None, reason="scripted" if self.scripted else "no_endpoint")
        return self._made(
            Driver.JSON, url=endpoints[0], endpoints=endpoints, page_url=page_url, named=named, found_by=how
        )

    async def _described(self, site: Site) -> SignInPlan:
        """By the description of an API that is shown without an account."""
        read: Descriptions = await self.ctx.collect(DESCRIPTIONS)
        for one in read.found:
            taken = sign_ins(one.document, one.url, self.ctx.network.in_scope)
            endpoints = tuple(each.url for each in taken if not self.ctx.excluded(each.url))
            self.steps.append(Step("described", one.url, 200, "endpoint" if endpoints else "no_endpoint"))
            if endpoints:
                page = self.scripted or site.home_page
                return self._made(
                    Driver.JSON,
                    url=endpoints[0],
                    endpoints=endpoints,
                    page_url=page.url if page else "",
                    found_by="described",
                    described=taken,
                    token_header=token_header(one.document),
                    personal=personal_addresses(one.document, one.url, self.ctx.network.in_scope),
                )
        return self._made(None, reason="no_endpoint")


def _runs_scripts(page: Page) -> bool:
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


async def _gather(ctx: CollectorContext) -> SignInPlan:
    return await Search(ctx, "", other_doors(ctx.declared, "", ctx.target.url)).plan()


SIGN_IN: Collector[SignInPlan] = Collector(
    name="sign_in", gather=_gather, requests=MAX_REQUESTS, methods=("GET", "HEAD", "OPTIONS", "POST")
)
"""Where and how one signs in."""


async def sign_in_paths(ctx: CheckContext | CollectorContext) -> tuple[str, ...]:
    """Paths of the sign-in pages of the accounts at hand: a redirect there is a refusal, whoever the page is for."""
    plans = [await plan_of(ctx, label) for label in ctx.accounts]
    return tuple(dict.fromkeys(plan.path for plan in plans if plan.path not in {"", "/"}))


async def plan_of(ctx: CheckContext | CollectorContext, label: str) -> SignInPlan:
    """Where and how an account signs in: at its own door, or as everybody."""
    door = door_of(ctx.declared, label)
    if not door:
        return await ctx.collect(SIGN_IN)

    async def gather(own: CollectorContext) -> SignInPlan:
        others = other_doors(own.declared, label, own.target.url)
        return await Search(replace(at_door(own, label), excluded=own.excluded), door, others).plan()

    return await ctx.collect(replace(SIGN_IN, name=f"{SIGN_IN.name}:{door}", gather=gather))
