"""What was learned of the application, and by whom: endpoints with their parameters, and the pages of each visitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe.discovery.site import Page, Skipped
from pgssi_probe.identity import Session
from pgssi_probe.net.exchange import Exchange, Headers

ANONYMOUS = ""
"""Label of the visitor without an account."""


class Source(StrEnum):
    """Where an address was learned."""

    LINK = "link"
    FORM = "form"
    SCRIPT = "script"
    """Written in a script or in an attribute that scripts read."""
    JSON = "json"
    ROBOTS = "robots"
    SITEMAP = "sitemap"
    OPENAPI = "openapi"
    GRAPHQL = "graphql"
    HAR = "har"
    BROWSER = "browser"
    """Asked for by a page while a browser showed it."""
    DECLARED = "declared"


TELLING: Final = frozenset({Source.SCRIPT, Source.OPENAPI, Source.GRAPHQL, Source.HAR, Source.BROWSER, Source.DECLARED})
"""Sources that speak of requests to whoever reads them, allowed to make them or not."""


class Place(StrEnum):
    """Where in a request a value stands."""

    PATH = "path"
    QUERY = "query"
    FORM = "form"
    JSON = "json"
    GRAPHQL = "graphql"
    HEADER = "header"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True)
class Parameter:
    """`name` is that of the field; the number of the segment, from 0, for a path; a pointer of RFC 6901 inside JSON and
    inside the variables of GraphQL (`/filter/patients/0/id`). `value` is a sample, "" when none was seen. `kind` is
    what a form or a description says of it: `number`, `date`, `email`, `hidden`…; "" when nothing does.
    """

    place: Place
    name: str
    value: str = ""
    kind: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One request that a visitor can make. `url` is absolute, with its query, as it was met.

    `body` is what would be sent as it was met, of type `media_type`. `held` says why the walk did not ask for it; None
    when it may be asked for. `reads` is True when asking changes nothing by all that is known: GET and HEAD that are
    not dangerous, and GraphQL queries.
    """

    method: str
    url: str
    source: Source
    seen_by: frozenset[str]
    parameters: tuple[Parameter, ...] = ()
    body: bytes = b""
    media_type: str = ""
    headers: Headers = ()
    """Headers of the application's own (`X-Patient-Id`) that the page or a recording sent; never credentials."""
    held: Skipped | None = None
    reads: bool = True
    told_to: frozenset[str] = frozenset()
    """Those of `seen_by` to whom a script or a description told of it, and who were never shown it."""

    record_parts: tuple[int, ...] = ()
    """Numbers, from 0, of the segments of its path that, by a description, name one record among many: words too."""
    for_staff: str = ""
    """The word by which a description says that it is a function of administration, "" when none does."""

    @property
    def shown_to(self) -> frozenset[str]:
        """Who was offered it by a page, or was answered."""
        return self.seen_by - self.told_to

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"

    def at(self, place: Place) -> tuple[Parameter, ...]:
        return tuple(parameter for parameter in self.parameters if parameter.place is place)


@dataclass(frozen=True, slots=True)
class Visit:
    """The walk of one visitor. `session` is signed in, None for nobody and for an account that could not sign in.

    `pages` are HTML with status 200; `answers` every exchange, those of `pages`, JSON and documents included, in order;
    `scripts` are the code that its pages load and nobody's do, kept apart since everybody may read it.
    `complete` is False when a cap, a failure, a lost session or the budget ended it early.
    """

    label: str
    session: Session | None = field(repr=False)
    pages: tuple[Page, ...] = ()
    answers: tuple[Exchange, ...] = ()
    complete: bool = True
    why: str = ""
    """When there is no session though the account is declared: a state of the sign-in, for the report."""
    scripts: tuple[Exchange, ...] = ()

    def answer_to(self, url: str, headers: Headers = ()) -> Exchange | None:
        """The answer to GET of an address, with these headers at least; None when the visitor did not ask for it."""
        wanted = set(headers)
        return next(
            (
                one
                for one in self.answers
                if one.url == url and one.request.method == "GET" and wanted <= set(one.request.headers)
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Inventory:
    """`visits` by label, that of nobody included. `endpoints` are unique by method, address and shape of the body."""

    visits: Mapping[str, Visit]
    endpoints: tuple[Endpoint, ...]
    described_by: tuple[str, ...] = ()
    """Addresses of the OpenAPI and GraphQL descriptions that were read."""

    def seen_by(self, label: str) -> tuple[Endpoint, ...]:
        return tuple(endpoint for endpoint in self.endpoints if label in endpoint.seen_by)

    @property
    def signed_in_only(self) -> tuple[Endpoint, ...]:
        """What some account learned and nobody did without one."""
        return tuple(one for one in self.endpoints if one.seen_by and ANONYMOUS not in one.seen_by)
