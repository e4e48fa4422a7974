"""`login.idp-buttons`: national means of identification offered by the sign-in pages (GA2, GA3).

Redirects to a provider are read, never followed; nothing is ever attempted there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from pgssi_checks.content.reading import listed
from pgssi_checks.login.providers import Authorisation, Seen, authorisation, offered, provider_at, starts
from pgssi_checks.login.sign_in_pages import sign_in_pages
from pgssi_probe.check import CheckContext, Exchange, Level, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE, location
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Page, Site

Read = tuple[Authorisation, Exchange]


def redirects(exchanges: Iterable[Exchange]) -> list[Read]:
    """Authorisation requests among answers, each provider and client once."""
    found: dict[tuple[str, str], Read] = {}
    for exchange in exchanges:
        target = location(exchange)
        read = authorisation(target) if target else None
        if read is not None:
            found.setdefault((read.provider.identifier, read.client_id), (read, exchange))
    return list(found.values())


def same_host(url: str, home: str) -> bool:
    """Whether a return address belongs to the application that was asked for."""
    try:
        return urlsplit(url).hostname == urlsplit(home).hostname
    except ValueError:
        return False


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    pages = sign_in_pages(site) or await _declared_or_usual(ctx)
    seen = [one for page in pages for one in offered(page)]
    reads = redirects([*site.exchanges, *await _hops(ctx, pages)])
    if not seen and not reads and (providers := await _providers(ctx)):
        return [_led_to(ctx, site, providers)]
    if not seen and not reads:
        return [_nothing(ctx, site, pages)]
    return [_offered(ctx, seen, reads, pages), *_requests(ctx, reads)]


async def _declared_or_usual(ctx: CheckContext) -> list[Page]:
    """The sign-in page that no page of the site led to: declared, or at a usual address."""
    from pgssi_probe.identity import SIGN_IN, Driver  # only here: it brings all that signs in

    plan = await ctx.collect(SIGN_IN)
    url = plan.page_url or plan.url
    shown = plan.driver in {Driver.FORM, Driver.JSON, Driver.BROWSER, Driver.OIDC}
    page = await parse_page(await ctx.get(url)) if shown and url else None
    return [page] if page is not None else []


async def _providers(ctx: CheckContext) -> Sequence[str]:
    """Those that the sign-in leads to, where the run looks for it: maybe from addresses that no page shows."""
    if not ctx.allows(Level.ACTIVE) or not ctx.accounts:
        return ()
    from pgssi_probe.identity import SIGN_IN

    return (await ctx.collect(SIGN_IN)).providers


def _led_to(ctx: CheckContext, site: Site, providers: Sequence[str]) -> Observation:
    """The sign-in leads to a national provider, though no page shows a button for it."""
    facts = {"providers": [*providers], "pages": listed([site.home.url]), "signs": ["address"]}
    return Observation(slug="offered", subject=ctx.target.site, facts=facts, evidence=(ctx.keep(site.home),))


async def _hops(ctx: CheckContext, pages: Iterable[Page]) -> list[Exchange]:
    """The first answer behind each button of the application, and one hop more when it stays in the application."""
    wanted: dict[str, None] = {}
    for page in pages:
        urls = [link.url for link in page.document.links] + [form.action for form in page.document.forms if form.action]
        own = [url for url in urls if ctx.network.in_scope(url) and not is_dangerous(url)]
        wanted |= dict.fromkeys(starts(page.document, own))
    answers: list[Exchange] = []
    for url in list(wanted)[: int(ctx.setting("buttons_max"))]:
        answer = await ctx.get(url)
        answers.append(answer)
        target = location(answer)
        if target and provider_at(target) is None and ctx.network.in_scope(target) and not is_dangerous(target):
            answers.append(await ctx.get(target))
    return answers


def _offered(ctx: CheckContext, seen: list[Seen], reads: list[Read], pages: list[Page]) -> Observation:
    names = dict.fromkeys([one.provider.name for one in seen] + [read.provider.name for read, _ in reads])
    signs = {one.sign for one in seen} | ({"address"} if reads else set())
    showing = [page for page in pages if page.url in {one.url for one in seen}]
    kept = ctx.keep(showing[0].exchange) if showing else ctx.keep(reads[0][1])
    return Observation(
        slug="offered" if signs & {"address", "button", "image"} else "named",
        subject=ctx.target.site,
        facts={"providers": [*names], "pages": listed(one.url for one in seen), "signs": [*sorted(signs)]},
        evidence=(kept,),
    )


def _requests(ctx: CheckContext, reads: list[Read]) -> Iterable[Observation]:
    for read, exchange in reads:
        facts = {
            "provider": read.provider.name,
            "endpoint": read.endpoint,
            "client_id": read.client_id,
            "redirect_uri": read.redirect_uri,
            "returns_here": same_host(read.redirect_uri, ctx.target.url),
            "acr_values": read.acr_values or None,
            "scope": read.scope or None,
            "state": read.state,
            "nonce": read.nonce,
            "pkce": read.pkce,
            "test": read.test,
        }
        whole = read.state and (read.nonce or read.pkce)
        yield Observation(
            slug="request-read" if whole else "request-unbound",
            subject=ctx.target.site.model_copy(update={"kind": "endpoint", "name": read.endpoint}),
            facts=facts,
            evidence=(ctx.keep(exchange),),
        )


def _nothing(ctx: CheckContext, site: Site, pages: list[Page]) -> Observation:
    """No means seen accuses only an application whose operator says that there is one: users decide what is due.
    Otherwise there is no button to judge."""
    if not pages:
        return inconclusive(ctx.target.site, Reason.NO_SAMPLE)
    if any(page.is_cut for page in pages):
        return inconclusive(ctx.target.site, Reason.BODY_TRUNCATED)
    facts = {"pages": listed(page.url for page in pages), "count": len(pages), "complete": site.complete}
    slug = "not-found" if ctx.declared.get("login.national-sign-in") is True else "none-seen"
    return Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=(ctx.keep(pages[0].exchange),))
