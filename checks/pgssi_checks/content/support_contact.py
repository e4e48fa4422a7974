"""`content.support-contact`: support is reached without signing in, and phishing can be reported (rule GA8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from pgssi_checks.content.notice import MIN_TEXT
from pgssi_checks.content.reading import Map, listed, little_to_read
from pgssi_checks.content.wording import EMAIL, PHISHING, PHONE, REPORT, SUPPORT, SUPPORT_ADDRESS, SUPPORT_LINE, plain
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Page, Site

MAX_CLICKS: Final = "max_clicks"
NEAR: Final = 3
"""Lines below a line about support that still belong to it."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A page where support can be reached, by what, and after how many clicks from the home page."""

    page: Page
    clicks: int
    phone: bool
    email: bool
    form: bool

    @property
    def reachable(self) -> bool:
        return self.phone or self.email or self.form


def contact_on(page: Page, text: str, clicks: int, *, own_page: bool, home: Page | None) -> Contact:
    """What a page offers. On a page about support all its own text counts, elsewhere what stands beside such words."""
    spoken = text if own_page else _beside_support(text)
    common = home.document.contacts if home is not None and home is not page else ()
    schemes = [one.partition(":")[0].lower() for one in page.document.contacts if own_page and one not in common]
    named = SUPPORT_ADDRESS.search("\n".join((text, *page.document.contacts)))
    return Contact(
        page=page,
        clicks=clicks,
        phone=bool(PHONE.search(spoken)) or "tel" in schemes,
        email=bool(EMAIL.search(spoken)) or "mailto" in schemes or named is not None,
        form=own_page and any(_is_message_form(page, index) for index in range(len(page.document.forms))),
    )


def _beside_support(text: str) -> str:
    lines = text.split("\n")
    kept: dict[int, None] = {}
    for index, line in enumerate(lines):
        # An address such as contact@ is no word about support by itself.
        if SUPPORT_LINE.search(EMAIL.sub(" ", line)):
            kept.update(dict.fromkeys(range(index, min(index + NEAR + 1, len(lines)))))
    return "\n".join(lines[index] for index in kept)


def _is_message_form(page: Page, index: int) -> bool:
    form = page.document.forms[index]
    return form.method == "POST" and any(field.kind == "textarea" for field in form.fields)


def contacts(site: Site, max_clicks: int) -> tuple[Contact, ...]:
    """The pages within reach that give a way to support, the nearest first."""
    chart = Map(site)
    about = {page.url for page in chart.on(SUPPORT).pages}
    found = []
    for url, clicks in chart.clicks().items():
        if clicks > max_clicks:
            continue
        page = chart.pages[url]
        own_page = url in about and page is not chart.home
        text = chart.own_text(page) if own_page else plain(page.document.text)
        found.append(contact_on(page, text, clicks, own_page=own_page, home=chart.home))
    return tuple(sorted((one for one in found if one.reachable), key=lambda one: one.clicks))


def phishing_pages(site: Site) -> tuple[Page, ...]:
    """The pages that speak of malicious messages and, close by, of reporting them."""
    return tuple(page for page in site.pages if tells_to_report(plain(page.document.text)))


def tells_to_report(text: str) -> bool:
    """Whether a line about phishing, or one of its neighbours, tells to report it."""
    lines = text.split("\n")
    return any(
        PHISHING.search(line) and REPORT.search("\n".join(lines[max(0, index - 1) : index + 2]))
        for index, line in enumerate(lines)
    )


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    found = contacts(site, ctx.setting(MAX_CLICKS))
    reporting = phishing_pages(site)
    blind = little_to_read(site, ctx.setting(MIN_TEXT))
    cut = any(page.is_cut for page in site.pages)
    if (blind or cut) and not found and not reporting:
        return [inconclusive(ctx.target.site, Reason.BODY_TRUNCATED if cut else Reason.NO_SAMPLE)]
    read = ctx.keep_facts("read", {"read": listed(page.url for page in site.pages)})
    told = [_about_support(ctx, site, found, read), _about_phishing(ctx, reporting, read)]
    if not cut:
        return told
    seen = [one for one in told if one.slug in {"found", "linked", "phishing-report"}]
    return [*seen, inconclusive(ctx.target.site, Reason.BODY_TRUNCATED)] if len(seen) < len(told) else seen


def _about_support(ctx: CheckContext, site: Site, found: tuple[Contact, ...], read: str) -> Observation:
    if not found:
        reading = Map(site).on(SUPPORT)
        facts: dict[str, JsonValue] = {"links": listed(reading.unread), "broken": listed(reading.broken)}
        slug = "linked" if reading.unread else "missing"
        return Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=(read,))
    return Observation(
        slug="found",
        subject=ctx.target.site,
        facts={
            "page": found[0].page.url,
            "pages": listed(one.page.url for one in found),
            "clicks": found[0].clicks,
            "phone": any(one.phone for one in found),
            "email": any(one.email for one in found),
            "form": any(one.form for one in found),
        },
        evidence=(ctx.keep(found[0].page.exchange),),
    )


def _about_phishing(ctx: CheckContext, pages: tuple[Page, ...], read: str) -> Observation:
    if not pages:
        return Observation(slug="no-phishing-report", subject=ctx.target.site, evidence=(read,))
    return Observation(
        slug="phishing-report",
        subject=ctx.target.site,
        facts={"count": len(pages), "page": pages[0].url, "pages": listed(page.url for page in pages)},
        evidence=(ctx.keep(pages[0].exchange),),
    )
