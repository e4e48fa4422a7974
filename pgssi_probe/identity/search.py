"""`SIGN_IN`: where and how one signs in, found once a run by reading pages. No credential is posted here: only, in an
active run, the button of a page that signs in elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe.check.context import CheckContext, Collector, CollectorContext
from pgssi_probe.discovery.address import absolute
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.descriptions import DESCRIPTIONS, Descriptions
from pgssi_probe.discovery.site import Site
from pgssi_probe.identity import oidc
from pgssi_probe.identity.described import personal_addresses, sign_ins, token_header
from pgssi_probe.identity.doors import at_door, door_of, other_doors
from pgssi_probe.identity.endpoints import EndpointSearch
from pgssi_probe.identity.forms import loose_names
from pgssi_probe.identity.page_search import Candidate, PageSearch, runs_scripts
from pgssi_probe.identity.plan import BY_HEADER, Driver, SignInPlan
from pgssi_probe.identity.providers import provider_of
from pgssi_probe.identity.schemes import schemes_offered
from pgssi_probe.identity.session import Session, same_party
from pgssi_probe.identity.steps import Step
from pgssi_probe.identity.vocabulary import CAPTCHA
from pgssi_probe.model.outcome import Level

MAX_BUTTONS: Final = 2
MAX_REQUESTS: Final = 110


@dataclass
class Search:
    """One search for the sign-in page in progress."""

    ctx: CollectorContext
    pages: PageSearch
    door: str = ""

    async def plan(self) -> SignInPlan:
        asked = self.pages.declared("driver") or "auto"
        url = self._declared_url()
        for address in (url, self.ctx.target.url):
            if address and provider_of(address):
                self.pages.left(address)
                return self._made(None, url=address, reason="federated")
        where = url or self.pages.declared("signed_in_url") or self.ctx.target.url
        if asked == "auto" and self._certificates_only():
            asked = Driver.CERTIFICATE
        if asked in BY_HEADER | {Driver.CERTIFICATE}:
            return self._made(Driver(asked), url=where, found_by="declared")
        if asked == Driver.COMMAND:
            command = self.ctx.declared.get("login.command")
            words = tuple(str(word) for word in command) if isinstance(command, list | tuple) else ()
            return self._made(Driver.COMMAND if words else None, url=where, command=words, reason="no_command")
        if asked == Driver.HAR:
            har = self.pages.declared("har")
            return self._made(Driver.HAR if har else None, url=where, har=har or "", reason="no_har")
        provider = await oidc.as_target(self.ctx, Session(self.ctx.network, self.ctx.clock))
        self.pages.steps += provider.steps
        if provider.found is not None:
            found = provider.found
            return self._made(Driver.OIDC, url=found.authorization, provider=found, found_by="discovery")
        site: Site = await self.ctx.collect(SITE)
        if asked == Driver.JSON:
            return await self._json(site, url)
        if url is not None:
            await self.pages.visit(url, "declared")
        else:
            await self.pages.search(site)
        if self.pages.best is None and self.ctx.allows(Level.ACTIVE):
            for button in list(self.pages.buttons)[:MAX_BUTTONS]:
                await self.pages.press(button)
        if asked == Driver.BROWSER:
            return self._browser(site, url)
        if self.pages.best is not None:
            return self._by_page(self.pages.best)
        if asked == "auto":
            return await self._otherwise(site, url)
        return self._made(None, url=url or "", reason=self._reason())

    async def _otherwise(self, site: Site, url: str | None) -> SignInPlan:
        """No form to fill in: a challenge, an API behind a scripted page, at last a browser."""
        if self.pages.challenged is not None and self.pages.challenged.response is not None:
            offered = schemes_offered(self.pages.challenged.response.all("www-authenticate"))
            for driver in (Driver.DIGEST, Driver.BASIC):
                if driver in offered:
                    return self._made(driver, url=self.pages.challenged.url, found_by="challenge")
        if not self.pages.providers and self.pages.left_scope is None and self._is_scripted(site):
            if self.ctx.allows(Level.ACTIVE):
                found = await self._json(site, None)
                found = found if found.usable else await self._described(site)
                if found.usable:
                    return found
            if await self._has_browser():
                return self._browser(site, url)
        if url is None and site.home_page is None and self.ctx.allows(Level.ACTIVE) and not self.pages.providers:
            # An API by itself: its description tells, else its endpoint stands at a usual place.
            found = await self._described(site)
            found = found if found.usable else await self._json(site, None)
            if found.usable:
                return found
        if url is None and self.pages.scripted is None:
            self.pages.steps += await oidc.offered(self.ctx, Session(self.ctx.network, self.ctx.clock))
        return self._made(None, url=url or "", reason=self._reason(site))

    def _is_scripted(self, site: Site) -> bool:
        if self.pages.scripted is not None:
            return True
        return site.home_page is not None and runs_scripts(site.home_page)

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
            scripted=runs_scripts(best.page),
            federated=elsewhere,
        )

    def _browser(self, site: Site, url: str | None) -> SignInPlan:
        page = url or (self.pages.scripted.url if self.pages.scripted else site.home.url)
        return self._made(Driver.BROWSER, url=page, page_url=page, found_by="scripted")

    async def _has_browser(self) -> bool:
        from pgssi_probe.browser import BROWSER

        return not (await self.ctx.collect(BROWSER)).missing

    def _declared_url(self) -> str | None:
        url = self.pages.declared("url")
        return absolute(url, self.ctx.target.url) if url else None

    def _made(self, driver: Driver | None, **values: object) -> SignInPlan:
        if driver is not None:
            values["reason"] = ""
        return SignInPlan(
            driver,
            username_field=self.pages.declared("username_field"),
            password_field=self.pages.declared("password_field"),
            providers=tuple(self.pages.providers),
            steps=tuple(self.pages.steps),
            door=self.door,
            referral=dict(self.pages.referral),
            left=urlsplit(self.pages.left_scope).netloc if self.pages.left_scope else "",
            **values,  # type: ignore[arg-type]
        )

    def _reason(self, site: Site | None = None) -> str:
        if self.pages.providers:
            return "federated"
        if self.pages.left_scope is not None:
            return "out_of_scope"
        if any(step.result == "provider" for step in self.pages.steps):
            return "no_client"
        scripted = self.pages.scripted is not None or (site is not None and self._shell(site))
        return "scripted" if scripted else "no_form"

    @staticmethod
    def _shell(site: Site) -> bool:
        """Whether the home page says next to nothing without its scripts."""
        page = site.home_page
        bare = page is not None and len(page.document.text) < 200 and not page.document.links
        return bare and page is not None and runs_scripts(page)

    async def _json(self, site: Site, url: str | None) -> SignInPlan:
        page = self.pages.scripted or site.home_page
        page_url = page.url if page else site.home.url
        named = loose_names(page.document) if page else {}
        if url is not None:
            return self._made(
                Driver.JSON, url=url, endpoints=(url,), page_url=page_url, named=named, found_by="declared"
            )
        search = EndpointSearch(self.ctx, site, (page,) if page else ())
        how, endpoints = await search.find()
        self.pages.steps += search.steps
        if not endpoints:
            return self._made(None, reason="scripted" if self.pages.scripted else "no_endpoint")
        return self._made(
            Driver.JSON, url=endpoints[0], endpoints=endpoints, page_url=page_url, named=named, found_by=how
        )

    async def _described(self, site: Site) -> SignInPlan:
        """By the description of an API that is shown without an account."""
        read: Descriptions = await self.ctx.collect(DESCRIPTIONS)
        for one in read.found:
            taken = sign_ins(one.document, one.url, self.ctx.network.in_scope)
            endpoints = tuple(each.url for each in taken if not self.ctx.excluded(each.url))
            self.pages.steps.append(Step("described", one.url, 200, "endpoint" if endpoints else "no_endpoint"))
            if endpoints:
                page = self.pages.scripted or site.home_page
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


async def _gather(ctx: CollectorContext) -> SignInPlan:
    return await Search(ctx, PageSearch(ctx, other_doors(ctx.declared, "", ctx.target.url))).plan()


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
        behind = replace(at_door(own, label), excluded=own.excluded)
        return await Search(behind, PageSearch(behind, others), door).plan()

    return await ctx.collect(replace(SIGN_IN, name=f"{SIGN_IN.name}:{door}", gather=gather))
