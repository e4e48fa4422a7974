"""Links that must open nothing any more: one that was used, one that is past its time, both given by the operator.

Asked for as a new visitor would. The same address with an invented secret says what a link that never was gets.
"""

from __future__ import annotations

import secrets
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from pgssi_checks.login.password_rules import new_password_fields
from pgssi_checks.login.samples import sample_of
from pgssi_checks.session.tokens.tampering import randomised
from pgssi_probe.check import CheckContext, Exchange, Level, Observation, Reason, Request, inconclusive
from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Page
from pgssi_probe.identity import Session

SPENT: Final = {
    "login.used-link": ("used-link-works", "used-link-refused"),
    "login.expired-link": ("expired-link-works", "expired-link-refused"),
}
"""Declared name -> slugs when the link still opens, and when it does not."""
HOPS: Final = 4


async def spent_links(ctx: CheckContext) -> list[Observation]:
    """One observation for each link declared, none when the run may only look."""
    found: list[Observation] = []
    for name, (works, refused) in SPENT.items():
        url = ctx.declared.get(name)
        if not isinstance(url, str) or not url or not ctx.allows(Level.ACTIVE):
            continue
        if not ctx.network.in_scope(url):
            found.append(inconclusive(ctx.target.site, Reason.OUT_OF_SCOPE, declare=name))
            continue
        found.append(await _tried(ctx, url, works, refused))
    return found


async def _tried(ctx: CheckContext, url: str, works: str, refused: str) -> Observation:
    """The secret is in the address: neither is kept."""
    token = sample_of(url).token
    opens, last = await _opens(ctx, url)
    if last.response is None or (last.status or 500) >= 500 or last.status == 429:
        return inconclusive(ctx.target.site, Reason.SERVER_ERROR)
    if opens:
        invented, _ = await _opens(ctx, url.replace(token, randomised(token, secrets.SystemRandom())))
        again, _ = await _opens(ctx, url)
        if invented or not again:  # shown to anyone: what is typed there may still be refused
            return inconclusive(ctx.target.site, Reason.NO_SAMPLE)
    kept = ctx.keep_facts("link", {"opens": opens, "status": last.status})
    slug = works if opens else refused
    return Observation(slug=slug, subject=ctx.target.site, facts={"status": last.status}, evidence=(kept,))


async def _opens(ctx: CheckContext, url: str) -> tuple[bool, Exchange]:
    """Whether a form to choose a password is shown there."""
    last = (await Session(ctx.network, ctx.clock).follow(Request("GET", url), HOPS))[-1]
    page = await parse_page(last)
    return page is not None and last.status == 200 and _asks_for_a_new_password(page), last


def _asks_for_a_new_password(page: Page) -> bool:
    words = words_of(f"{unquote_plus(urlsplit(page.url).path)} {page.document.title}")
    return any(new_password_fields(form, words) for form in page.document.forms)
