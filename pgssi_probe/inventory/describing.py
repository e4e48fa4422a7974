"""What describes the application as a whole, read once a run: OpenAPI, GraphQL; and the requests it tells of, filled
with what each account was shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from pgssi_probe.discovery.described import DESCRIBES, MAX_OPERATIONS
from pgssi_probe.discovery.descriptions import (
    DESCRIPTIONS,
    MAX_BODY,
    PLACES,
    Description,
    Descriptions,
    described_by,
)
from pgssi_probe.inventory import graphql, openapi
from pgssi_probe.inventory.gleaning import Found
from pgssi_probe.inventory.requests import GRAPHQL_TYPE, is_json
from pgssi_probe.inventory.values import Pool
from pgssi_probe.inventory.walking import Walking
from pgssi_probe.net.exchange import Request

MAX_MET: Final = 6
MAX_DESCRIPTIONS: Final = 3
MAX_SENT: Final = 40
"""Requests of descriptions that one account sends."""
REQUESTS: Final = len(PLACES) + MAX_MET + 2 * len(graphql.PLACES) + MAX_MET


@dataclass(frozen=True)
class Described:
    """`told_by` are the addresses of what was read."""

    operations: tuple[openapi.Operation, ...] = ()
    schemas: tuple[tuple[str, graphql.Schema], ...] = ()
    told_by: tuple[str, ...] = ()

    def requests(self, pool: Pool) -> Iterator[Found]:
        for operation in self.operations:
            yield from openapi.filled(operation, pool)
        for url, schema in self.schemas:
            yield from graphql.requests(schema, url, pool)


async def described(walking: Walking, home: str, met: Iterable[str]) -> Described:
    """Ask for the descriptions as an account: some are kept from people without one. `met` are addresses known so
    far."""
    known = list(dict.fromkeys(met))
    told: Descriptions = await walking.ctx.collect(DESCRIPTIONS)
    read = [*told.found, *await _kept_for_accounts(walking, home, known, told)]
    in_scope = walking.ctx.network.in_scope
    operations = [
        operation
        for one in read[:MAX_DESCRIPTIONS]
        for operation in openapi.operations(one.document, one.url, in_scope)
        if in_scope(operation.url.split("{")[0])
    ]
    told_by = [one.url for one in read[:MAX_DESCRIPTIONS]]
    schemas: list[tuple[str, graphql.Schema]] = []
    places = [url for url in known if graphql.looks_like_graphql(url)][:MAX_MET]
    for url in dict.fromkeys((*places, *(urljoin(home, place) for place in graphql.PLACES))):
        bare = url.partition("?")[0]
        if any(bare == seen for seen, _ in schemas) or not _may_ask(walking, bare):
            continue
        if url not in places and not await _is_there(walking, url):
            continue
        sent = Request("POST", bare, (("Content-Type", "application/json"),), graphql.introspection())
        answer = await walking.session.send(sent)
        found = graphql.schema(answer.response.body) if answer.response is not None and answer.status == 200 else None
        if found is not None:
            schemas.append((bare, found))
            told_by.append(bare)
    return Described(tuple(operations[:MAX_OPERATIONS]), tuple(schemas), tuple(told_by))


async def _kept_for_accounts(
    walking: Walking, home: str, known: Iterable[str], told: Descriptions
) -> list[Description]:
    """Descriptions that nobody was shown: at addresses that pages of the account speak of, and, where nobody was shown
    any, at the usual places."""
    linked = [url for url in known if DESCRIBES.search(url) and not graphql.looks_like_graphql(url)]
    usual = [] if told.found else [urljoin(home, f"/{place}") for place in PLACES]
    found: list[Description] = []
    read = {one.url for one in told.found}
    for url in dict.fromkeys((*linked[:MAX_MET], *usual)):
        if url in read or len(found) + len(read) >= MAX_DESCRIPTIONS or not _may_ask(walking, url):
            continue
        answer = await walking.session.send(Request("GET", url, max_body=MAX_BODY))
        document = described_by(answer)
        if document is not None and all(one.document != document for one in told.found):
            found.append(Description(url, document))
    return found


def _may_ask(walking: Walking, url: str) -> bool:
    return walking.ctx.network.in_scope(url) and not walking.ctx.excluded(url) and not walking.ended


async def _is_there(walking: Walking, url: str) -> bool:
    """Whether a usual place speaks GraphQL at all: to a GET without a query it complains, in JSON as a rule."""
    answer = await walking.session.get(url)
    response = answer.response
    return (
        response is not None
        and response.status in {200, 400, 405, 415}
        and (response.status != 200 or is_json(response.media_type))
    )


def pool_of(walking: Walking) -> Pool:
    """What the account was shown: records in data, and addresses of its links."""
    pool = Pool()
    for answer in walking.answers:
        if answer.status == 200:
            if answer.request.method == "GET":
                pool.add_address(answer.url)
            if answer.response is not None and is_json(answer.response.media_type):
                pool.add_json(answer.response.body, answer.url)
    for found in walking.found.values():
        if found.method == "GET" and found.complete:
            pool.add_address(found.url)
    return pool


async def ask_described(walking: Walking, told: Described, others: list[Pool]) -> None:
    """Send what reads and can be filled, lists first; their answers give identifiers for the rest."""
    sent: set[tuple[str, str, bytes]] = set()
    walking.limit += MAX_SENT
    for _ in range(2):
        pool = pool_of(walking).without(others)
        requests = list(told.requests(pool))
        walking.learn(requests)
        plain = [one.url for one in requests if _is_plain(one)]
        await walking.go_on(plain)
        for one in requests:
            if one.complete and one.key not in sent and not _is_plain(one) and _reads(one):
                sent.add(one.key)
                await walking.send(one)


def _is_plain(one: Found) -> bool:
    return one.method == "GET" and not one.headers and one.complete


def _reads(one: Found) -> bool:
    return one.method == "GET" or one.media_type == GRAPHQL_TYPE
