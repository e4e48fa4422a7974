"""What discovery learned of the site without an account: pages, forms, resources, and pages known not to exist."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pgssi_probe.net.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Link:
    """`url` is absolute, without fragment. `text` is what people read, white space folded, capped."""

    url: str
    text: str
    rel: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormField:
    """`value` is kept for hidden and submit fields only."""

    name: str
    kind: str
    value: str = ""
    autocomplete: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """`action` is absolute. `method` is upper case. Fields include those that point here by `form=`."""

    action: str
    method: str
    fields: tuple[FormField, ...]
    identifier: str = ""

    @property
    def has_password(self) -> bool:
        return any(field.kind == "password" for field in self.fields)


@dataclass(frozen=True, slots=True)
class Resource:
    """A sub-resource that the page asks the browser to load. `url` is absolute; `raw` as written.

    `tag` is the element (script, link, img, iframe, form is never one), `rel` only for link.
    """

    tag: str
    url: str
    raw: str
    rel: tuple[str, ...] = ()
    integrity: str = ""
    crossorigin: str | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Meta:
    """`name` is the lower-case name, http-equiv or property; `source` says which of the three."""

    source: str
    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Document:
    """An HTML page as parsed once, with caps on every list and string."""

    title: str
    language: str
    text: str
    links: tuple[Link, ...]
    forms: tuple[Form, ...]
    resources: tuple[Resource, ...]
    metas: tuple[Meta, ...]
    comments: tuple[str, ...]
    inline_scripts: tuple[str, ...]
    base: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    exchange: Exchange
    document: Document

    @property
    def url(self) -> str:
        return self.exchange.url


class Skipped(StrEnum):
    """Why a known address was not fetched."""

    OUT_OF_SCOPE = "out_of_scope"
    EXCLUDED = "excluded"
    DANGEROUS = "dangerous"
    BUDGET = "budget"
    DISALLOWED = "disallowed"


@dataclass(frozen=True, slots=True)
class Site:
    """`entry` is the chain of exchanges from the target URL to the home page, redirects included.

    `pages` are the HTML pages with status 200, home first. `resources` are the scripts and styles of the scope.
    `absent` are answers to addresses invented for the run. `others` is all else that was fetched.
    """

    entry: tuple[Exchange, ...]
    pages: tuple[Page, ...]
    resources: tuple[Exchange, ...]
    absent: tuple[Exchange, ...]
    robots: Exchange | None
    sitemap: Exchange | None
    others: tuple[Exchange, ...]
    skipped: tuple[tuple[str, Skipped], ...]
    complete: bool
    """False when a cap, a failure or the budget stopped the walk early."""

    @property
    def home(self) -> Exchange:
        return self.entry[-1]

    @property
    def home_page(self) -> Page | None:
        return next((page for page in self.pages if page.exchange is self.home), None)

    @property
    def login_pages(self) -> tuple[Page, ...]:
        return tuple(page for page in self.pages if any(form.has_password for form in page.document.forms))

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Everything that was fetched, each once."""
        seen = {
            id(exchange): exchange
            for exchange in (
                *self.entry,
                *(page.exchange for page in self.pages),
                *self.resources,
                *self.absent,
                *self.others,
                *((self.robots,) if self.robots else ()),
                *((self.sitemap,) if self.sitemap else ()),
            )
        }
        return tuple(seen.values())
