"""What missing answers mean, in the words of the closed list of reasons; and answers that show nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from pgssi_probe.check import Exchange, Failure, Reason
from pgssi_probe.compare.absence import COMPARED_BODY, AbsenceControl

_REASONS = {
    Failure.DNS: Reason.CONNECTION_FAILED,
    Failure.REFUSED: Reason.CONNECTION_FAILED,
    Failure.CONNECT_TIMEOUT: Reason.TIMEOUT,
    Failure.RESPONSE_TIMEOUT: Reason.TIMEOUT,
    Failure.TLS: Reason.TLS_FAILED,
    Failure.PROTOCOL: Reason.PROTOCOL_ERROR,
    Failure.RESET: Reason.CONNECTION_FAILED,
    Failure.OUT_OF_SCOPE: Reason.OUT_OF_SCOPE,
    Failure.BUDGET: Reason.BUDGET_EXHAUSTED,
    Failure.STOPPED: Reason.RUN_ABORTED,
}
ENDS = frozenset({Failure.BUDGET, Failure.STOPPED})
"""After these nothing more is sent: the run is over."""

TOO_MANY = 429
MOST = 0.5
"""Share of answers below which silence is no sign of anything [ours]."""


def reason_of(failure: Failure | None) -> Reason:
    return _REASONS.get(failure, Reason.CONNECTION_FAILED) if failure else Reason.NO_SAMPLE


def silence(exchanges: Iterable[Exchange]) -> Reason | None:
    """Why nothing can be concluded from these exchanges; None when enough of them were answered for themselves."""
    every = list(exchanges)
    if not every:
        return Reason.NO_SAMPLE
    limited = sum(1 for exchange in every if exchange.status == TOO_MANY)
    if limited > len(every) * MOST:
        return Reason.RATE_LIMITED
    failures = Counter(exchange.failure for exchange in every if exchange.response is None)
    if sum(failures.values()) + limited > len(every) * MOST:
        worst = failures.most_common(1)[0][0] if failures else None
        return reason_of(worst)
    if any(exchange.failure in ENDS for exchange in every):
        return reason_of(next(exchange.failure for exchange in every if exchange.failure in ENDS))
    return None


async def is_nothing(control: AbsenceControl, exchange: Exchange, recognised: Callable[[Exchange], object]) -> bool:
    """Whether what was recognised is what any invented sibling gets: alike as a page, or recognised there too."""
    if await control.looks_absent(exchange):
        return True
    request = exchange.request
    siblings = await control.pair(
        exchange.url,
        method=request.method,
        headers=request.headers,
        max_body=request.max_body or COMPARED_BODY,
    )
    return siblings is not None and any(recognised(sibling) for sibling in siblings)
