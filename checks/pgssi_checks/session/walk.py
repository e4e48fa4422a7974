"""A short walk through the pages of a signed-in account: reads only, never a link that may act."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urldefrag

from pgssi_probe.check import CheckContext, Exchange, Request
from pgssi_probe.discovery.frontier import Frontier, is_notable
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Page
from pgssi_probe.identity import Session
from pgssi_probe.identity.doors import leads_to, other_doors


@dataclass(frozen=True, slots=True)
class Walk:
    """`pages` are the HTML pages with status 200, in the order met; `exchanges` all that came, redirects included."""

    pages: tuple[Page, ...]
    exchanges: tuple[Exchange, ...]


async def walk(ctx: CheckContext, session: Session, starts: Iterable[str], most: int) -> Walk:
    """Pages of the account first, then those that everybody has: notices, help, sign-in.

    At most `most` addresses asked for with the session, from `starts` on; two answers at the same address are one.

    Redirects are followed, within the scope, and count among the requests but not among the addresses: a declaration
    that allows N pages must allow about 2 N requests.
    """
    others = other_doors(ctx.declared, session.label, ctx.target.url)

    def elsewhere(url: str) -> bool:
        """Whether an address is the sign-in of another role, which may end the session."""
        return any(leads_to(url, other) for other in others)

    own, common = (Frontier(ctx.network.in_scope, elsewhere) for _ in range(2))
    waiting = list(
        dict.fromkeys(urldefrag(url)[0] for url in starts if ctx.network.in_scope(url) and not elsewhere(url))
    )
    for url in waiting:
        own.seen(url)
        common.seen(url)
    pages: dict[str, Page] = {}
    exchanges: list[Exchange] = []
    asked = 0
    while asked < most and (waiting or (waiting := [one.url for one in own.take(1) or common.take(1)])):
        chain = await session.follow(Request("GET", waiting.pop(0)), hops=2, stop=elsewhere)
        asked += 1
        exchanges.extend(chain)
        last = chain[-1]
        if last.status != 200 or last.url in pages:
            continue
        page = await parse_page(last)
        if page is None:
            continue
        pages[last.url] = page
        own.seen(last.url)
        common.seen(last.url)
        for link in page.document.links:
            (common if is_notable(link) else own).offer(link, depth=1)
    return Walk(tuple(pages.values()), tuple(exchanges))
