"""What describes the application as a whole, read once a run: OpenAPI, GraphQL; and the requests it tells of, filled
with what each account was shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.described import DESCRIBES, MAX_OPERATIONS
from pgssi_probe.discovery.descriptions import (
    DESCRIPTIONS,
    MAX_BODY,
    PLACES,
    Description,
    Descriptions,
    described_by,
)
from pgssi_probe.identity import Session
from pgssi_probe.inventory import graphql, openapi
from pgssi_probe.inventory.gleaning import Found
from pgssi_probe.inventory.requests import GRAPHQL_TYPE, is_json
from pgssi_probe.inventory.values import PLAIN, Pool, folded
from pgssi_probe.inventory.walking import Walking
from pgssi_probe.net.exchange import Request

MAX_MET: Final = 6
MAX_DESCRIPTIONS: Final = 3
MAX_SENT: Final = 40
"""Requests of descriptions that one account sends."""
NAMES_ONESELF: Final = ("sub", "id", "user_id", "userId", "uid")
"""Claims of a token that name who is signed in."""
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


def pool_of(walking: Walking, description: Described | None = None) -> Pool:
    """What the account was shown: records in data, and addresses of its links; and what names the account itself.
    `description` names what stands in addresses."""
    account = walking.ctx.accounts.get(walking.label)
    username = account.username if account is not None else ""
    names = frozenset({username.casefold()} - {""})
    answered = [one for one in walking.answers if one.status == 200 and one.response is not None]
    told = Pool(names=names, me=set(identifiers_of(walking.session)))
    for answer in answered:  # what the account is called in one answer tells whose the records of another are
        if answer.response is not None and is_json(answer.response.media_type):
            told.add_json(answer.response.body, answer.url)
    pool = Pool(names=names, me=told.me)
    if username:
        pool.words = {name: {username: None} for name in ("username", "login", *(["email"] if "@" in username else []))}
    for answer in answered:
        if answer.request.method == "GET":
            pool.add_address(answer.url)
        if answer.response is not None and is_json(answer.response.media_type):
            pool.add_json(answer.response.body, answer.url)
    met = [found.url for found in walking.found.values() if found.method == "GET" and found.complete]
    for url in met:
        pool.add_address(url)
    for name, value in openapi.names_told(description.operations, met) if description is not None else ():
        if folded(name) not in PLAIN:  # `id` names another thing at each address
            pool.add(folded(name), value)
    return pool


def identifiers_of(session: Session) -> Iterator[str]:
    """How the token of a session names the account: `sub`, `user_id`… (RFC 7519 §4.1)."""
    for _, value in session.headers:
        for part in value.rpartition(" ")[2].split(".")[1:2]:
            try:
                claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
            except (ValueError, RecursionError):
                continue
            inner = [claims, *(claims.values() if isinstance(claims, dict) else ())]
            for one in (each for each in inner if isinstance(each, dict)):
                yield from (str(one[name]) for name in NAMES_ONESELF if isinstance(one.get(name), int | str))


async def ask_described(
    walking: Walking, told: Described, others: list[Pool], sent: set[tuple[str, str, bytes]]
) -> None:
    """Send what reads and can be filled, but for what was `sent` before."""
    requests = list(told.requests(pool_of(walking, told).without(others)))
    walking.learn(requests)
    plain = [one.url for one in requests if _is_plain(one) and not is_dangerous(one.url, one.text)]
    await walking.go_on(plain)
    for one in requests:
        if one.complete and one.key not in sent and not _is_plain(one) and _reads(one):
            sent.add(one.key)
            await walking.send(one)


def _is_plain(one: Found) -> bool:
    return one.method == "GET" and not one.headers and one.complete and not one.writes


def _reads(one: Found) -> bool:
    return (one.method == "GET" and not one.writes) or one.media_type == GRAPHQL_TYPE
