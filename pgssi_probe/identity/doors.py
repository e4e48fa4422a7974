"""Sign-ins of their own: an application may have a door for each role, and every account has one, its own or that of
`[login]`. Accounts that say the same of theirs share it. Pure.

A door is named after the first account that has it; "" is that of `[login]`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from pydantic import JsonValue

from pgssi_probe.check.context import CollectorContext
from pgssi_probe.discovery.address import absolute
from pgssi_probe.engagement.login import LoginSection
from pgssi_probe.model.account import LABELS

LOGINS: Final = "logins"
"""What the engagement says of the accounts that sign in their own way: the keys of `[login]`, by label."""
KEYS: Final = frozenset(f"login.{name}" for name in LoginSection.model_fields)
"""What a door has of its own among what is declared."""

Declared = Mapping[str, JsonValue]


def own_login(declared: Declared, label: str) -> Mapping[str, JsonValue] | None:
    """The keys with which an account signs in its own way; None when it is that of `[login]`."""
    logins = declared.get(LOGINS)
    own = logins.get(label) if isinstance(logins, Mapping) else None
    return own if isinstance(own, Mapping) and own else None


def door_of(declared: Declared, label: str) -> str:
    """The name of the door of an account."""
    own = own_login(declared, label)
    if own is None:
        return ""
    return next(one for one in LABELS if own_login(declared, one) == own)


def told_at(declared: Declared, label: str) -> dict[str, JsonValue]:
    """What is declared, its keys `login.…` being those of the account."""
    own = own_login(declared, label)
    if own is None:
        return dict(declared)
    kept = {name: value for name, value in declared.items() if name not in KEYS}
    return {**kept, **{f"login.{name}": value for name, value in own.items()}}


def at_door(ctx: CollectorContext, label: str) -> CollectorContext:
    """The context of a collection about the door of an account: what is declared of it, and the pages of the other
    doors left out."""
    others = other_doors(ctx.declared, label, ctx.target.url)

    def excluded(url: str) -> bool:
        return ctx.excluded(url) or any(leads_to(url, other) for other in others)

    return replace(ctx, declared=told_at(ctx.declared, label), excluded=excluded) if others or _own(ctx, label) else ctx


def _own(ctx: CollectorContext, label: str) -> bool:
    return own_login(ctx.declared, label) is not None


def other_doors(declared: Declared, label: str, home: str) -> tuple[str, ...]:
    """Addresses of the sign-in pages that the file gives to other doors than that of the account: to visit them may end
    its session. What stands at the same address as its own is not among them."""
    mine = door_of(declared, label)
    own = set(_addresses([told_at(declared, label).get("login.url")], home))
    told = [declared.get("login.url")] if mine else []
    told += [(own_login(declared, one) or {}).get("url") for one in LABELS if door_of(declared, one) != mine]
    return tuple(dict.fromkeys(url for url in _addresses(told, home) if url not in own))


def _addresses(told: Iterable[JsonValue], home: str) -> Iterator[str]:
    for one in told:
        url = absolute(one, home) if isinstance(one, str) and one else None
        if url:
            yield url


def leads_to(url: str, page: str) -> bool:
    """Whether an address is that of a page, whatever it adds to the query."""
    one, other = urlsplit(url), urlsplit(page)
    same = (one.hostname, one.path.rstrip("/")) == (other.hostname, other.path.rstrip("/"))
    return same and set(parse_qsl(other.query)) <= set(parse_qsl(one.query))
