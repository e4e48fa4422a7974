"""Hosts that make a script allow-list void: whoever can write in the page can make them serve a script of their choice.

Short on purpose: what French sites are seen to allow, and what anyone may publish on. Which host does what was read in
the bypass lists of Google's CSP Evaluator (Apache-2.0; copy shipped with Chrome DevTools, read in November 2026), in
"CSP Is Dead, Long Live CSP!" (Weichselbaum et al., ACM CCS 2016) and in the public documentation of each host.
An endpoint may close any day: a match is a hint, to be confirmed by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

REVIEWED = date(2026, 11, 22)


class Means(StrEnum):
    """JSONP: a callback named by the caller. FRAMEWORK: an old AngularJS that evaluates the page's markup.
    PUBLISHING: anyone may put a file there."""

    JSONP = "jsonp"
    FRAMEWORK = "framework"
    PUBLISHING = "publishing"


@dataclass(frozen=True, slots=True)
class Bypass:
    """`host` starting with "*." stands for every name under it."""

    host: str
    means: Means


_HOSTS = {
    Means.JSONP: (
        "accounts.google.com",
        "ajax.googleapis.com",
        "api.flickr.com",
        "api.twitter.com",
        "cdn.syndication.twimg.com",
        "clients1.google.com",
        "cse.google.com",
        "dev.virtualearth.net",
        "googleads.g.doubleclick.net",
        "graph.facebook.com",
        "gum.criteo.com",
        "ib.adnxs.com",
        "maps.google.com",
        "maps.googleapis.com",
        "nominatim.openstreetmap.org",
        "partner.googleadservices.com",
        "securepubads.g.doubleclick.net",
        "translate.googleapis.com",
        "vimeo.com",
        "www.google.com",
        "www.googleapis.com",
        "www.linkedin.com",
        "www.youtube.com",
    ),
    Means.FRAMEWORK: (
        "ajax.aspnetcdn.com",
        "cdnjs.cloudflare.com",
        "code.angularjs.org",
        "www.gstatic.com",
        "yastatic.net",
    ),
    Means.PUBLISHING: (
        "*.amazonaws.com",
        "*.azureedge.net",
        "*.blob.core.windows.net",
        "*.cloudfront.net",
        "*.firebaseapp.com",
        "*.github.io",
        "*.herokuapp.com",
        "*.netlify.app",
        "*.pages.dev",
        "*.vercel.app",
        "*.web.app",
        "*.workers.dev",
        "cdn.jsdelivr.net",
        "esm.sh",
        "storage.googleapis.com",
        "unpkg.com",
        "www.googletagmanager.com",
    ),
}

BYPASSES: tuple[Bypass, ...] = tuple(Bypass(host, means) for means, hosts in _HOSTS.items() for host in hosts)
