"""What the application offers, as the report lists it: requests without identifiers, and who was shown them."""

from __future__ import annotations

from pydantic import Field

from pgssi_probe.model.outcome import Frozen

MAX_LINES = 400


class ListedRequest(Frozen):
    """Requests of one template. `template` holds `{id}` where a record is named."""

    method: str
    template: str
    count: int = Field(ge=1, description="requests met that have this template")
    parameters: tuple[str, ...] = Field((), description="`place:name`, without values; path segments aside")
    seen_by: tuple[str, ...] = Field((), description="labels of accounts that were shown it; `nobody` without one")
    told_to: tuple[str, ...] = Field((), description="those whom a script or a description told of it only")
    source: str = Field(description="link, form, script, json, openapi, graphql, har, browser…")
    held: str | None = Field(None, description="why it was not asked for: dangerous, writes, repeated, budget…")


class VisitSummary(Frozen):
    """The walk of one visitor. `why` is a state of the sign-in when there was no session, `lost` when it died."""

    label: str
    pages: int
    answers: int
    complete: bool
    why: str = ""


class InventorySummary(Frozen):
    """No value of any parameter is kept, nor what names a record or a person."""

    visits: tuple[VisitSummary, ...]
    requests: tuple[ListedRequest, ...] = Field((), max_length=MAX_LINES)
    hidden: int = Field(0, description="templates left out beyond the cap")
    described_by: tuple[str, ...] = Field((), description="paths of the API descriptions that were read")
