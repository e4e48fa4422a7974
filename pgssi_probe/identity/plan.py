"""`SIGN_IN`: where and how one signs in, found once a run by reading pages only. Nothing is posted here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urljoin, urlsplit

from pgssi_probe.check.context import Collector, CollectorContext
from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.collect import SITE, location
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Page, Site
from pgssi_probe.identity.forms import SignInForm, sign_in_form
from pgssi_probe.identity.jsonapi import USUAL_ENDPOINTS
from pgssi_probe.identity.providers import provider_of
from pgssi_probe.identity.schemes import schemes_offered
from pgssi_probe.identity.session import Session
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
MAX_REQUESTS: Final = 70
GOOD: Final = 6.0
"""Score of a form from which no other page is looked at: user name, password, POST and one word of sign-in."""
MAX_SCRIPT: Final = 2_000_000
_QUOTED_PATH = re.compile(
    r"[\"'`](/?[A-Za-z0-9_./-]{0,80}(?:login|signin|authenticate|connexion|session|token)[A-Za-z]{0,10}/?)[\"'`]"
)


class Driver(StrEnum):
    """How credentials are handed over."""

    FORM = "form"
    JSON = "json"
    BASIC = "basic"
    DIGEST = "digest"
    BEARER = "bearer"


@dataclass(frozen=True, slots=True)
class Step:
    """What was looked at on the way. `kind` is a key of the catalogue under `identity.step`; `result` under
    `identity.result`. `status` is None when nothing was asked for."""

    kind: str
    url: str
    status: int | None = None
    result: str = ""


@dataclass(frozen=True, slots=True)
class SignInPlan:
    """`driver` is None when no way was found; `reason` says why then, a key under `identity.reason`.

    `url` is the page of the form, the endpoint of the API, or an address that asks for credentials. `page_url` is a
    page to read first, for its cookies. `providers` are the national ones that the site offers or leads to.
    """

    driver: Driver | None
    url: str = ""
    page_url: str = ""
    form: SignInForm | None = None
    username_field: str | None = None
    password_field: str | None = None
    reason: str = ""
    found_by: str = ""
    captcha: bool = False
    providers: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    accepted: list[dict[str, str]] = field(default_factory=list, compare=False, repr=False)
    """Names under which a JSON API took credentials once: `username` and `password` stand for the values."""

    @property
    def usable(self) -> bool:
        return self.driver is not None

    @property
    def path(self) -> str:
        """Path of the sign-in page: landing there means to be signed out."""
        return urlsplit(self.url).path if self.driver in {Driver.FORM, None} else urlsplit(self.page_url or "").path


@dataclass
class Search:
    """One search for the sign-in page in progress."""

    ctx: CollectorContext
    steps: list[Step] = field(default_factory=list)
    providers: dict[str, None] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    best: tuple[float, Page, SignInForm, str] | None = None
    challenged: Exchange | None = None
    left_scope: str | None = None
    scripted: Page | None = None
    asked: int = 0

    def declared(self, name: str) -> str | None:
        value = self.ctx.declared.get(f"login.{name}")
        return str(value) if value else None

    async def plan(self) -> SignInPlan:
        asked = self.declared("driver") or "auto"
        url = self._declared_url()
        if asked in {Driver.BASIC, Driver.DIGEST, Driver.BEARER}:
            where = url or self.declared("signed_in_url") or self.ctx.target.url
            return self._made(Driver(asked), url=where, found_by="declared")
        site: Site = await self.ctx.collect(SITE)
        if asked == Driver.JSON:
            return await self._json(site, url)
        if url is not None:
            await self._visit(url, "declared")
        else:
            await self._search(site)
        if self.best is not None:
            _, page, form, how = self.best
            captcha = any(CAPTCHA.search(f"{f.name} {f.identifier}") for f in form.form.fields) or any(
                CAPTCHA.search(resource.url) for resource in page.document.resources
            )
            return self._made(Driver.FORM, url=page.url, form=form, found_by=how, captcha=captcha)
        if asked == "auto" and self.challenged is not None and self.challenged.response is not None:
            offered = schemes_offered(self.challenged.response.all("www-authenticate"))
            for driver in (Driver.DIGEST, Driver.BASIC):
                if driver in offered:
                    return self._made(driver, url=self.challenged.url, found_by="challenge")
        return self._made(None, url=url or "", reason=self._reason())

    def _declared_url(self) -> str | None:
        url = self.declared("url")
        return absolute(url, self.ctx.target.url) if url else None

    def _made(self, driver: Driver | None, **values: object) -> SignInPlan:
        return SignInPlan(
            driver,
            username_field=self.declared("username_field"),
            password_field=self.declared("password_field"),
            providers=tuple(self.providers),
            steps=tuple(self.steps),
            **values,  # type: ignore[arg-type]
        )

    def _reason(self) -> str:
        if self.providers:
            return "federated"
        if self.left_scope is not None:
            return "out_of_scope"
        return "scripted" if self.scripted is not None else "no_form"

    async def _search(self, site: Site) -> None:
        for exchange in site.exchanges:
            if exchange.status == 401 and self.challenged is None:
                self.challenged = exchange
        for page in site.pages:
            self._read(page, "page")
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
        if not self.ctx.allows(Level.ACTIVE):
            return  # guessing addresses is no visit of a passive run
        for url in self._usual(site):
            await self._visit(url, "usual")
            if self._found():
                return

    def _found(self) -> bool:
        return self.best is not None and self.best[0] >= GOOD

    def _links(self, site: Site) -> Iterator[str]:
        given: dict[str, None] = {}
        for page in site.pages:
            for link in page.document.links:
                provider = provider_of(link.url)
                if provider:
                    self.providers[provider] = None
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
        if url in self.seen or self.ctx.excluded(url) or self.asked >= MAX_REQUESTS - 10:
            return
        self.seen.add(url)
        if not self.ctx.network.in_scope(url):
            self._left(url)
            return
        session = Session(self.ctx.network, self.ctx.clock)
        chain = await session.follow(Request("GET", url))
        self.asked += len(chain)
        last = chain[-1]
        self.seen.add(last.url)
        outside = location(last)
        if outside is not None and not self.ctx.network.in_scope(outside):
            self._left(outside)
        if last.status == 401 and self.challenged is None:
            self.challenged = last
        page = await parse_page(last)
        result = "left" if outside else "no_page" if page is None else "no_form"
        if page is not None and (last.status or 500) < 500 and self._read(page, how):
            result = "form"
        self.steps.append(Step(how, url, last.status, result))

    def _left(self, url: str) -> None:
        provider = provider_of(url)
        if provider:
            self.providers[provider] = None
        else:
            self.left_scope = url

    def _read(self, page: Page, how: str) -> bool:
        form = sign_in_form(page.document, self.declared("username_field"), self.declared("password_field"))
        if form is None or not form.form.action:
            if page.document.asks_password and self.scripted is None:
                self.scripted = page  # a script reads fields that a form could not send
            return False
        if not self.ctx.network.in_scope(form.form.action):
            self._left(form.form.action)
            return False
        score = form.score + (1.0 if leads_to_sign_in_address(page.url) else 0.0)
        if self.best is None or score > self.best[0]:
            self.best = (score, page, form, how)
        return True

    async def _json(self, site: Site, url: str | None) -> SignInPlan:
        page_url = site.home.url
        if url is not None:
            return self._made(Driver.JSON, url=url, page_url=page_url, found_by="declared")
        tried: set[str] = set()
        for how, candidate in self._endpoints(site):
            if candidate in tried or self.asked >= MAX_REQUESTS - 10 or self.ctx.excluded(candidate):
                continue
            tried.add(candidate)
            exchange = await self.ctx.get(candidate, (("Accept", "application/json"),))
            self.asked += 1
            answers = takes_posts(exchange)
            self.steps.append(Step(how, candidate, exchange.status, "endpoint" if answers else "no_endpoint"))
            if answers:
                return self._made(Driver.JSON, url=candidate, page_url=page_url, found_by=how)
        return self._made(None, reason="no_endpoint")

    def _endpoints(self, site: Site) -> Iterator[tuple[str, str]]:
        for place in dict.fromkeys((self.ctx.target.origin + "/", urljoin(site.home.url, "."))):
            for path in USUAL_ENDPOINTS:
                yield "usual", urljoin(place, path.lstrip("/"))
        for path in endpoints_in(self._scripts(site)):
            url = absolute(path if path.startswith("/") else f"/{path}", site.home.url)
            if url is not None and not is_dangerous(url):
                yield "script", url

    @staticmethod
    def _scripts(site: Site) -> Iterator[str]:
        for page in site.pages:
            yield from page.document.inline_scripts
        for resource in site.resources:
            if resource.response is not None:
                yield resource.response.text[:MAX_SCRIPT]


def leads_to_sign_in_address(url: str) -> bool:
    """Whether the words of an address are those of a sign-in page."""
    words = address_words(url)
    return bool(SIGN_IN_WORDS.search(words)) and not OTHER_FORM.search(words) and not SIGN_OUT.search(words)


def endpoints_in(scripts: Iterable[str], most: int = 12) -> tuple[str, ...]:
    """Paths of scripts that read like the endpoint of a sign-in, those below `api` first."""
    found: dict[str, None] = {}
    for script in scripts:
        for match in _QUOTED_PATH.finditer(script[:MAX_SCRIPT]):
            found.setdefault(match[1])
            if len(found) >= 10 * most:
                break
    return tuple(sorted(found, key=lambda path: "api" not in path))[:most]


def takes_posts(exchange: Exchange) -> bool:
    """Whether the answer to a GET shows an endpoint that waits for a POST: 405, or an error told in JSON but 404."""
    response = exchange.response
    if response is None:
        return False
    if response.status == 405:
        return "POST" in (response.header("allow") or "POST").upper()
    return response.status in {400, 401, 403, 415, 422} and response.media_type.endswith("json")


async def _gather(ctx: CollectorContext) -> SignInPlan:
    return await Search(ctx).plan()


SIGN_IN: Collector[SignInPlan] = Collector(name="sign_in", gather=_gather, requests=MAX_REQUESTS)
"""Where and how one signs in."""
