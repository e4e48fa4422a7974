"""A real Chromium, for what only a browser shows. Everything it asks for passes the network of the check that visits.

    browser = await ctx.collect(BROWSER)
    if browser.missing: ...                       # "playwright" or "chromium": Reason.BROWSER_MISSING
    async with browser.visit(ctx.network, ctx.clock, session=session, methods=ctx.metadata.sends.methods) as visit:
        landing = await visit.open(url)           # Landing(url, exchange, page, error): `page` as scripts made it
        dump = await visit.kept()                 # cookies, storages, databases, caches, workers
        again = await visit.session()             # Session: cookies, and the credentials that scripts sent in headers

Signing in where a page draws its form by scripts:

    async with browser.visit(ctx.network, ctx.clock, label="a", methods=("GET", "HEAD", "POST")) as visit:
        done = await browser_sign_in(visit, plan.url, account.username, account.password)
    if done.typed: session = done.session         # cookies and Authorization; the oracle says whether it is in
"""

from typing import TYPE_CHECKING

from pgssi_probe.lazily import lazily

if TYPE_CHECKING:
    from pgssi_probe.browser.asked import Asked, Fate, Mixed
    from pgssi_probe.browser.chromium import missing
    from pgssi_probe.browser.kept import Digests, Dump, Kept, Place
    from pgssi_probe.browser.rendered import RENDERED, Frame, Rendered, RenderedPage
    from pgssi_probe.browser.running import BROWSER, Browser
    from pgssi_probe.browser.sign_in import BrowserSignIn, browser_sign_in
    from pgssi_probe.browser.visit import BrowserLost, Landing, Visit
else:
    __getattr__ = lazily(
        __name__,
        {
            "asked": (
                "Asked",
                "Fate",
                "Mixed",
            ),
            "chromium": ("missing",),
            "kept": (
                "Digests",
                "Dump",
                "Kept",
                "Place",
            ),
            "rendered": (
                "RENDERED",
                "Frame",
                "Rendered",
                "RenderedPage",
            ),
            "running": (
                "BROWSER",
                "Browser",
            ),
            "sign_in": (
                "BrowserSignIn",
                "browser_sign_in",
            ),
            "visit": (
                "BrowserLost",
                "Landing",
                "Visit",
            ),
        },
    )

__all__ = [
    "BROWSER",
    "RENDERED",
    "Asked",
    "Browser",
    "BrowserLost",
    "BrowserSignIn",
    "Digests",
    "Dump",
    "Fate",
    "Frame",
    "Kept",
    "Landing",
    "Mixed",
    "Place",
    "Rendered",
    "RenderedPage",
    "Visit",
    "browser_sign_in",
    "missing",
]
