"""Lists of accounts that well-known software gives to anybody: the half of what a sign-in asks for.

An answer is one only by what it holds: a JSON list of records that each name an account. Addresses are those that the
software documents; names are counted and never kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

from pgssi_probe.check import CheckContext, Exchange, Request

ADDRESSES: Final = (
    ("WordPress", "wp-json/wp/v2/users"),
    ("WordPress", "index.php?rest_route=/wp/v2/users"),
    ("Drupal", "jsonapi/user/user"),
    ("Gitea, Forgejo", "api/v1/users/search?limit=5"),
    ("GitLab", "api/v4/users?per_page=5"),
    ("Mastodon", "api/v1/directory?local=true&limit=5"),
    ("Discourse", "directory_items.json?period=all&order=days_visited"),
    ("", "users.json"),
    ("", "api/users"),
    ("", "api/v1/users"),
)
"""Software, address below the root, from the REST reference of each."""
NAMES: Final = frozenset({"username", "login", "user_name", "userlogin", "email", "mail", "acct", "identifiant"})
OF_ACCOUNTS: Final = frozenset(
    {
        "email",
        "mail",
        "role",
        "roles",
        "isadmin",
        "admin",
        "isactive",
        "isstaff",
        "issuperuser",
        "lastlogin",
        "lastloginip",
    }
)
"""Members of an account that are for itself and for who administers it."""
MAX_BODY: Final = 300_000
SHORTEST_PASSWORD: Final = 4
_PASSWORD = re.compile(
    r"^(?:\w{0,20}(?:password|passwd|pwd|mot_?de_?passe)|mdp)(?:_?(?:hash|digest|md5))?$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class AccountList:
    """`software` is "" when the address tells none. `count` is how many accounts the first page names."""

    exchange: Exchange
    software: str
    count: int


def accounts_named(body: bytes) -> int:
    """How many records of a JSON answer name an account; 0 when it is no list of accounts. Pure."""
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        return 0
    return max((sum(map(_names_an_account, records)) for records in _lists(whole)), default=0)


def names_one_of(body: bytes, usernames: Iterable[str]) -> bool:
    """Whether a JSON answer names one of these accounts, whole, in a member that names accounts. Pure."""
    wanted = {name.casefold() for name in usernames}
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        return False
    told = (
        value
        for records in _lists(whole)
        for record in records
        for name, value in record.items()
        if name.lower() in NAMES and isinstance(value, str)
    )
    return any(value.casefold() in wanted for value in told)


def tells_of_accounts(body: bytes) -> bool:
    """Whether records of a JSON answer say more of accounts than a directory of colleagues does: an address of e-mail,
    a right, a state, a password. Pure."""
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return any(
        name.lower().replace("_", "") in OF_ACCOUNTS or _PASSWORD.search(name)
        for records in _lists(whole)
        for record in records
        if _names_an_account(record)
        for one in _inner(record)
        for name in one
    )


def gives_passwords(body: bytes) -> bool:
    """Whether records of a JSON answer name accounts with their passwords, in clear or hashed. Pure."""
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return any(
        isinstance(value, str) and len(value) >= SHORTEST_PASSWORD and len(set(value)) > 2 and _PASSWORD.search(name)
        for records in _lists(whole)
        for record in records
        if _names_an_account(record)
        for one in _inner(record)
        for name, value in one.items()
    )


def _inner(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The record, and the account that it holds."""
    held = [value for name, value in record.items() if name.lower() in {"user", "attributes"}]
    return [record, *(value for value in held if isinstance(value, dict))]


def _lists(whole: Any) -> Iterator[list[Any]]:
    for each in (whole, *(whole.values() if isinstance(whole, dict) else ())):
        if isinstance(each, list) and each and all(isinstance(record, dict) for record in each):
            yield each


def _names_an_account(record: dict[str, Any]) -> bool:
    for one in _inner(record):
        told = {name.lower() for name, value in one.items() if isinstance(value, str) and value}
        if told & NAMES or {"slug", "name", "link"} <= told or "display_name" in told:
            return True
    return False


async def open_account_lists(ctx: CheckContext) -> list[AccountList]:
    """The lists that answer without a session, each address asked for once, and again when it is one."""
    found = []
    for software, address in ADDRESSES:
        request = Request("GET", urljoin(ctx.target.origin + "/", address), max_body=MAX_BODY)
        if not ctx.network.in_scope(request.url):
            continue
        exchange = await ctx.send(request)
        if _count(exchange) and (count := _count(await ctx.send(request))):
            found.append(AccountList(exchange, software, count))
    return found


def _count(exchange: Exchange) -> int:
    response = exchange.response
    if response is None or response.status != 200 or "json" not in response.media_type:
        return 0
    return accounts_named(response.body)
