"""What only the higher role is offered, and whether it is open to everybody: then no role is at stake, but the session.

A page that nobody in particular gets is public, unless it offers to sign out: pages meant for everybody do not.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pgssi_checks.authz.choosing import Chosen, is_only_words
from pgssi_checks.authz.lines import lines_of
from pgssi_checks.authz.viewers import Stage
from pgssi_probe.check import Exchange
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import find_logout
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory
from pgssi_probe.inventory.references import references
from pgssi_probe.inventory.templates import template

HIGHER: Final = "high"
ENOUGH: Final = 2
"""Lines that the higher role alone was shown that make a proof [ours]."""


class Openness(StrEnum):
    """Who gets what the higher role alone was offered."""

    CLOSED = "closed"
    """Not everybody."""
    FUNCTION = "function"
    """Everybody gets a page of a session: it offers to sign out."""
    PUBLIC = "public"
    """Everybody gets a page that offers nothing of the kind."""
    DATA = "data"
    """Everybody gets data or a document, which do not tell whether they are meant for all."""


def of_role_alone(inventory: Inventory) -> list[Endpoint]:
    """What the higher role was offered, and neither another visitor nor anything of its kind was."""
    lower = set(inventory.visits) - {HIGHER}
    # What a description told the lower role of, and refused it, is no kind of record that it is offered.
    offered = (one for one in inventory.endpoints if one.shown_to & lower)
    shared = {template(one, found) for one in offered if (found := references(one))}
    return [
        one
        for one in inventory.seen_by(HIGHER)
        if not one.shown_to & lower and template(one, references(one)) not in shared
    ]


async def openness(answer: Exchange, reserved: frozenset[str], enough: int = ENOUGH) -> Openness:
    """What an answer to nobody is, given the lines that it ought not to hold."""
    if answer.status != 200 or len(await lines_of(answer) & reserved) < enough:
        return Openness.CLOSED
    page = await parse_page(answer)
    if page is None:
        return Openness.DATA
    return Openness.PUBLIC if find_logout(page.document) is None else Openness.FUNCTION


async def opens_as_function(stage: Stage, chosen: Chosen, original: Exchange, answer: Exchange) -> int:
    """How many lines that neither nobody nor an ordinary account was ever shown stand in a page of the higher role that
    nobody got; 0 when it is no page of that role, or may be meant for all."""
    endpoint, found = chosen
    high = stage.viewers.get(HIGHER)
    ordinary = [one for label, one in stage.viewers.items() if label not in {HIGHER, ANONYMOUS}]
    if high is None or not ordinary or not is_only_words(endpoint, found):
        return 0
    if not any(one is endpoint for one in of_role_alone(stage.inventory)):
        return 0
    reserved = await stage.reserved(high, stage.viewers[ANONYMOUS], original)
    for one in ordinary:
        reserved &= await stage.reserved(high, one, original)
    told = len(await lines_of(answer) & reserved)
    return told if await openness(answer, reserved) is Openness.FUNCTION else 0
