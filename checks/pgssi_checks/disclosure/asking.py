"""Asking for many addresses: a few together, once more for those that stumbled, no further when told to stop."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pgssi_checks.disclosure.answered import ENDS, TOO_MANY, reason_of
from pgssi_probe.check import CheckContext, Exchange, Reason, Request
from pgssi_probe.net.exchange import Truncation

T = TypeVar("T")

BATCH = 4
MAX_REFUSED_IN_A_ROW = 3
"""Answers "too many requests" in a row after which the target is left alone [ours]."""
FEW = 0.05
"""Share of addresses without an answer of their own beyond which nothing is said of the rest [ours]."""
STUMBLES = frozenset({TOO_MANY, 502, 503, 504})
LOST = frozenset({Truncation.CONNECTION_LOST, Truncation.BROKEN_ENCODING, Truncation.TIME_CAP})
"""Why a body was not read, when that is the target's doing: our own caps leave enough of it to recognise anything."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """The last answer for each thing asked. `reason` says why the absence of a finding would prove nothing, if so."""

    answers: tuple[tuple[T, Exchange], ...]
    reason: Reason | None


def stumbled(exchange: Exchange) -> bool:
    """Whether the answer is not one about the address: none, too many requests, a relay without its application, or a
    content whose body was lost on the way."""
    return exchange.response is None or exchange.response.status in STUMBLES or is_lost(exchange)


def is_lost(exchange: Exchange) -> bool:
    """A success without its body. A refusal says the same without one."""
    return exchange.truncated in LOST and exchange.status is not None and exchange.status < 300


async def ask(
    ctx: CheckContext,
    wanted: Sequence[tuple[T, Request]],
    *,
    enough: Callable[[T, Sequence[tuple[T, Exchange]]], bool] = lambda _thing, _answers: False,
) -> Asked[T]:
    """Send every request, within what the check declares and the engagement allows; what it excludes is left out.

    `enough` says that a thing need not be asked any more.
    """
    wanted = [(thing, request) for thing, request in wanted if ctx.network.in_scope(request.url)]
    if not wanted:
        return Asked((), Reason.OUT_OF_SCOPE)
    allowed = ctx.metadata.sends.requests
    answers: dict[int, tuple[T, Exchange]] = {}
    sent = 0
    places = list(range(len(wanted)))
    for again in (False, True):
        if again:
            places = [place for place, (_, exchange) in answers.items() if stumbled(exchange)]
        for start in range(0, len(places), BATCH):
            known = tuple(answers.values())
            batch = [place for place in places[start : start + BATCH] if again or not enough(wanted[place][0], known)]
            batch = batch[: max(0, allowed - sent)]
            sent += len(batch)
            exchanges = await asyncio.gather(*(ctx.send(wanted[place][1]) for place in batch))
            answers.update({place: (wanted[place][0], got) for place, got in zip(batch, exchanges, strict=True)})
            if reason := _told_to_stop([exchange for _, exchange in answers.values()]):
                return Asked(tuple(answers.values()), reason)
    every = tuple(answers.values())
    return Asked(every, unanswered([exchange for _, exchange in every]))


def _told_to_stop(exchanges: Sequence[Exchange]) -> Reason | None:
    ended = next((exchange.failure for exchange in exchanges if exchange.failure in ENDS), None)
    if ended:
        return reason_of(ended)
    last = exchanges[-MAX_REFUSED_IN_A_ROW:]
    if len(last) == MAX_REFUSED_IN_A_ROW and all(exchange.status == TOO_MANY for exchange in last):
        return Reason.RATE_LIMITED
    return None


def unanswered(exchanges: Sequence[Exchange]) -> Reason | None:
    """Why too few addresses were answered for themselves; None when nearly all were."""
    if not exchanges:
        return Reason.NO_SAMPLE
    missing = [exchange for exchange in exchanges if stumbled(exchange)]
    if len(missing) <= len(exchanges) * FEW:
        return None
    reasons = Counter(_reason(exchange) for exchange in missing)
    return reasons.most_common(1)[0][0]


def _reason(exchange: Exchange) -> Reason:
    if exchange.status == TOO_MANY:
        return Reason.RATE_LIMITED
    if is_lost(exchange):
        return Reason.BODY_TRUNCATED
    return Reason.SERVER_ERROR if exchange.response else reason_of(exchange.failure)
