"""What discovery learned of the site without an account: pages, forms, resources, and pages known not to exist."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pgssi_probe.net.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Link:
    """`url` is absolute, without fragment. `text` is what people read, white space folded, capped.

    `method` is GET, or what scripts send instead where the link says so (`data-method="delete"`).
    """

    url: str
    text: str
    rel: tuple[str, ...] = ()
    method: str = "GET"
    asks_first: bool = False
    """Whether people are asked if they are sure (`data-confirm`, `confirm(…)`) before it is followed."""


@dataclass(frozen=True, slots=True)
class Button:
    """What sends a form, with what people read on it. `name` is "" when the application is not told of it."""

    name: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class FormField:
    """`kind` is the type of an input, or `select`, `textarea`.

    `value` is what a browser would send if nobody touched the field: kept for hidden fields, buttons, boxes and the
    chosen option of a list, and for what people type only in a form that asks for a password. `checked` is for boxes,
    radio buttons, and lists with a chosen option.
    """

    name: str
    kind: str
    value: str = ""
    autocomplete: str = ""
    required: bool = False
    identifier: str = ""
    placeholder: str = ""
    pattern: str = ""
    minlength: int | None = None
    maxlength: int | None = None
    checked: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """`action` is absolute, "" when it is no web address (`javascript:`, `mailto:`). `method` is upper case.

    Fields include those that point here by `form=`. `text` is what people read inside, capped: labels, captions of
    buttons.
    """

    action: str
    method: str
    fields: tuple[FormField, ...]
    identifier: str = ""
    enctype: str = ""
    autocomplete: str = ""
    text: str = ""
    buttons: tuple[Button, ...] = ()

    @property
    def has_password(self) -> bool:
        return any(field.kind == "password" for field in self.fields)


@dataclass(frozen=True, slots=True)
class Resource:
    """A sub-resource that the page asks the browser to load. `url` is absolute; `raw` as written.

    `tag` is the element (script, link, img, iframe, form is never one), `rel` only for link. `kind` is the `type`
    attribute, or `as` for a link that has one. `data:` addresses are left out.
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
    """An HTML page as parsed once, with caps on every list and string.

    `text` is what people read, one line per block, without scripts, styles and templates. `contacts` are the `mailto:`
    and `tel:` addresses as written. `elements` are the names of all elements. `cut` says that a cap was reached.
    """

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
    doctype: str = ""
    contacts: tuple[str, ...] = ()
    elements: frozenset[str] = frozenset()
    loose_fields: tuple[FormField, ...] = ()
    """Fields that belong to no form, as scripted pages have."""
    cut: bool = False

    @property
    def asks_password(self) -> bool:
        """A password can be typed here, in a form or not."""
        return any(form.has_password for form in self.forms) or any(f.kind == "password" for f in self.loose_fields)


@dataclass(frozen=True, slots=True)
class Page:
    exchange: Exchange
    document: Document

    @property
    def url(self) -> str:
        return self.exchange.url

    @property
    def is_cut(self) -> bool:
        """The page goes on further than was read: what it does not show proves nothing."""
        return self.document.cut or self.exchange.truncated is not None


class Skipped(StrEnum):
    """Why a known address was not fetched."""

    OUT_OF_SCOPE = "out_of_scope"
    EXCLUDED = "excluded"
    DANGEROUS = "dangerous"
    BUDGET = "budget"
    DISALLOWED = "disallowed"
    REPEATED = "repeated"
    """One more page of a shape of which enough were seen: a calendar, a catalogue."""
    NOT_A_PAGE = "not_a_page"
    """A file that is no page: an archive, an image, a document. It stays among the links of its page."""
    INCOMPLETE = "incomplete"
    """A request that a description tells of, for which no value is known."""


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
