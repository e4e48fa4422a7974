"""Finding the pages that speak of a topic, and knowing when there was nothing to read. Pure functions of the site."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from pydantic import JsonValue

from pgssi_checks.content.wording import Topic, plain
from pgssi_probe.discovery.address import upgraded
from pgssi_probe.discovery.collect import location
from pgssi_probe.discovery.danger import words_of
from pgssi_probe.discovery.site import Link, Page, Site
from pgssi_probe.net.exchange import Exchange

MAX_REDIRECTS: Final = 10
MAX_URLS: Final = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """What the site holds on a topic.

    `pages` were read. `unread` are links to what was not: a document, another site, a page left out of the walk, a
    page that only a browser can draw. `broken` are addresses of links that answered with an error.
    """

    pages: tuple[Page, ...]
    unread: tuple[str, ...]
    broken: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text of the pages, folded by `plain`."""
        return plain("\n".join(page.document.text for page in self.pages))


class Map:
    """The site as a visitor meets it: which page a link leads to, and after how many clicks."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.home = site.pages[0] if site.pages else None
        self.pages: Mapping[str, Page] = {page.url: page for page in site.pages}
        self._others: Mapping[str, Exchange] = {one.url: one for one in (*site.entry, *site.others)}
        self._common = set(_lines(self.home)) if self.home else set()

    def landing(self, url: str) -> str:
        """The address where a link ends, redirects that were met followed."""
        if self.home:
            url = upgraded(url, self.home.url)
        for _ in range(MAX_REDIRECTS):
            exchange = self._others.get(url)
            target = location(exchange) if exchange else None
            if target is None:
                break
            url = target
        return url

    def is_broken(self, url: str) -> bool:
        """The link was followed and nothing readable came."""
        exchange = self._others.get(url)
        return exchange is not None and (exchange.status is None or exchange.status >= 400)

    def own_text(self, page: Page) -> str:
        """The text of a page without the lines that the home page has too: no menu, no footer. Folded by `plain`."""
        lines = _lines(page)
        if page is not self.home:
            lines = [line for line in lines if line not in self._common]
        return plain("\n".join(lines))

    def clicks(self) -> dict[str, int]:
        """Address of each page that was read -> fewest clicks from the home page. Sitemaps are no clicks."""
        if self.home is None:
            return {}
        found = {self.home.url: 0}
        waiting = deque(found)
        while waiting:
            url = waiting.popleft()
            for link in self.pages[url].document.links:
                target = self.landing(link.url)
                if target in self.pages and target not in found:
                    found[target] = found[url] + 1
                    waiting.append(target)
        return found

    def on(self, topic: Topic) -> Reading:
        """The pages on a topic: those whose title names it, and those that a link which names it leads to."""
        pages = {page.url: page for page in self.site.pages if topic.is_named_in(words_of(page.document.title))}
        unread: dict[str, None] = {}
        broken: dict[str, None] = {}
        for link in self._links(topic):
            target = self.landing(link.url)
            if target in self.pages:
                pages.setdefault(target, self.pages[target])
            elif self.is_broken(target):
                broken.setdefault(target)
            else:
                unread.setdefault(target)
        return Reading(tuple(pages.values()), tuple(unread), tuple(broken))

    def _links(self, topic: Topic) -> Iterable[Link]:
        for page in self.site.pages:
            for link in page.document.links:
                if names(link, topic):
                    yield link


def names(link: Link, topic: Topic) -> bool:
    """Whether a link names the topic, in its text or in its address."""
    parts = urlsplit(link.url)
    address = words_of(f"{unquote_plus(parts.path)} {unquote_plus(parts.query)}")
    return topic.is_named_in(words_of(link.text)) or topic.is_named_in(address) or topic.is_named_in(" ".join(link.rel))


def little_to_read(site: Site, min_characters: int) -> bool:
    """Whether the pages show so little that absence means nothing: no page, or the empty shell of a scripted one."""
    if not site.pages:
        return True
    read = sum(len(page.document.text) for page in site.pages)
    forms = (form for page in site.pages for form in page.document.forms)
    asked = any(field.kind not in {"hidden", "submit"} for form in forms for field in form.fields)
    return read < min_characters and not asked


def _lines(page: Page) -> list[str]:
    return [line for line in page.document.text.split("\n") if line]


def listed(urls: Iterable[str]) -> list[JsonValue] | None:
    """Addresses as a fact: each once, capped; None when there is none, which people read as a dash."""
    unique: list[JsonValue] = []
    unique.extend(dict.fromkeys(urls))
    return unique[:MAX_URLS] or None


def excerpt(page: Page, *needles: str) -> str:
    """Nothing but the lines of a page that hold one of the strings found by a pattern, capped."""
    kept = [line[:300] for line in _lines(page) if any(needle in plain(line) for needle in needles)]
    return "\n".join(kept[:10])
