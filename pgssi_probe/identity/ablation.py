"""Which cookies and headers carry a session: each is left out in turn, and the oracle says what remains."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pgssi_probe.identity.oracle import Oracle, State
from pgssi_probe.identity.session import Session


@dataclass(frozen=True, slots=True)
class Carrier:
    """`needed`: without it the session is out. Otherwise it is one of several that each suffice (`suffices`)."""

    kind: Literal["cookie", "header", "certificate"]
    name: str
    needed: bool
    suffices: bool = False


Renew = Callable[[], Awaitable[Session]]
"""Opens another session of the same account."""


async def carriers(session: Session, oracle: Oracle, renew: Renew | None = None) -> tuple[Carrier, ...]:
    """What carries a signed-in session, proved: forks of it are tried, it stays as it is itself.

    Some applications close a session that comes without one of its cookies (Roundcube, phpMyAdmin). Where `renew` is
    given, a session that a trial closed is replaced, in place, by another, which also shows that the address was not
    shut out. Empty when nothing could be proved: the session was not in at the start or at the end, or some answer said
    nothing. Costs at most 2 + 3 × the number of cookies and headers in requests, and a sign-in for each closing.
    """
    if await oracle.state(session.fork()) is not State.IN:
        return ()
    sent = tuple(dict.fromkeys(c.name for c in session.jar.cookies_for(oracle.url, session.clock.now()) if c.name))

    async def seen(trial: Callable[[], Session]) -> State:
        state = await oracle.state(trial())
        if state is State.OUT and renew is not None and await oracle.state(session.fork()) is State.OUT:
            session.become(await renew())
        return state

    found = [
        Carrier("cookie", name, needed=True)
        for name in sent
        if await seen(partial(session.without_cookie, name)) is State.OUT
    ]
    found += [
        Carrier("header", name, needed=True)
        for name in dict.fromkeys(session.header_names)
        if await seen(partial(session.without_header, name)) is State.OUT
    ]
    if session.certificate is not None and await seen(session.without_certificate) is State.OUT:
        found.append(Carrier("certificate", "TLS", needed=True))
    if not found:
        found = [
            Carrier("cookie", name, needed=False, suffices=True)
            for name in sent
            if await seen(partial(session.with_only, name)) is State.IN
        ]
    if found and await oracle.state(session.fork()) is not State.IN:
        return ()
    return tuple(found)


async def reopening(session: Session, oracle: Oracle) -> frozenset[str]:
    """Cookies kept after the visit that open the account anew, each by itself: what « remember me » leaves.

    To be asked before `carriers`: some serve once, and the session that remains has an old one then, beside its own.
    One request for each cookie that the browser keeps.
    """
    kept = session.jar.cookies_for(oracle.url, session.clock.now())
    names = dict.fromkeys(cookie.name for cookie in kept if cookie.name and cookie.expires is not None)
    return frozenset([name for name in names if await oracle.state(session.with_only(name)) is State.IN])
