"""Asking politely: once more for what stumbled, no further when told to stop, and no conclusion from silence."""

from collections.abc import Callable

import pytest

from pgssi_checks.disclosure.asking import Asked, ask, unanswered
from pgssi_probe.check import Failure, Reason, Request, Response
from pgssi_probe.check.harness import exchange, page, scripted
from pgssi_probe.registry import check

ORIGIN = "https://portal.example/"
FOUND = page("here")
ABSENT = page("no", status=404)


async def asked(answer: Callable[[Request], Response | Failure], count: int = 20) -> tuple[Asked[int], list[Request]]:
    run = scripted(check("disclosure.files").metadata, answer, url=ORIGIN)
    wanted = [(number, Request("GET", f"{ORIGIN}{number}")) for number in range(count)]
    return await ask(run.context, wanted), run.network.sent


async def test_everything_is_asked_once_in_order() -> None:
    got, sent = await asked(lambda _: ABSENT)
    assert [number for number, _ in got.answers] == list(range(20))
    assert (got.reason, len(sent)) == (None, 20)


@pytest.mark.parametrize("stumble", [page("", status=503), page("", status=429), Failure.RESET])
async def test_what_stumbles_is_asked_once_more(stumble: Response | Failure) -> None:
    seen: set[str] = set()

    def answer(request: Request) -> Response | Failure:
        if request.url in seen or not request.url.endswith("7"):
            return FOUND
        seen.add(request.url)
        return stumble

    got, sent = await asked(answer)
    assert got.reason is None
    assert all(each.status == 200 for _, each in got.answers)
    assert len(sent) == 22


@pytest.mark.parametrize(
    ("stumble", "reason"),
    [
        (page("", status=503), Reason.SERVER_ERROR),
        (Failure.RESPONSE_TIMEOUT, Reason.TIMEOUT),
        (Failure.TLS, Reason.TLS_FAILED),
    ],
)
async def test_what_goes_on_stumbling_allows_no_conclusion(stumble: Response | Failure, reason: Reason) -> None:
    got, _ = await asked(lambda request: stumble if request.url.endswith(("3", "7")) else ABSENT)
    assert got.reason is reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page("", status=429), Reason.RATE_LIMITED),
        (Failure.STOPPED, Reason.RUN_ABORTED),
        (Failure.BUDGET, Reason.BUDGET_EXHAUSTED),
    ],
)
async def test_being_told_to_stop_is_obeyed(answer: Response | Failure, reason: Reason) -> None:
    got, sent = await asked(lambda _: answer, count=100)
    assert got.reason is reason
    assert len(sent) == 4


async def test_never_more_than_declared() -> None:
    allowed = check("disclosure.files").metadata.sends.requests
    _, sent = await asked(
        lambda request: page("", status=503) if request.url.endswith("1") else ABSENT, count=allowed - 3
    )
    assert len(sent) == allowed


async def test_enough_is_enough() -> None:
    run = scripted(check("disclosure.files").metadata, lambda _: FOUND, url=ORIGIN)
    wanted = [(number, Request("GET", f"{ORIGIN}{number}")) for number in range(12)]
    got = await ask(run.context, wanted, enough=lambda _, answers: len(answers) >= 4)
    assert len(got.answers) == 4
    assert got.reason is None


async def test_what_the_engagement_excludes_is_left_out() -> None:
    run = scripted(check("disclosure.files").metadata, lambda _: FOUND, url=ORIGIN)
    wanted = [(0, Request("GET", "https://other.example/")), (1, Request("GET", ORIGIN))]
    got = await ask(run.context, wanted)
    assert ([number for number, _ in got.answers], got.reason) == ([1], None)
    nothing = await ask(run.context, wanted[:1])
    assert (nothing.answers, nothing.reason) == ((), Reason.OUT_OF_SCOPE)


def test_few_missing_answers_are_borne() -> None:
    good, bad = exchange(ORIGIN, FOUND), exchange(ORIGIN, Failure.RESET)
    assert unanswered([]) is Reason.NO_SAMPLE
    assert unanswered([good] * 95 + [bad] * 5) is None
    assert unanswered([good] * 94 + [bad] * 6) is Reason.CONNECTION_FAILED
