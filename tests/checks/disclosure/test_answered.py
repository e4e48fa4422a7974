"""Missing answers, and answers that show nothing."""

from dataclasses import dataclass

import pytest

from pgssi_checks.disclosure.answered import is_nothing, reason_of, silence
from pgssi_probe.check import Exchange, Failure, Reason
from pgssi_probe.check.harness import exchange, page

URL = "https://portal.example/x"


def answered(*answers: object) -> list[Exchange]:
    return [exchange(URL, page("", status=answer) if type(answer) is int else answer) for answer in answers]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((), Reason.NO_SAMPLE),
        ((200, 404, 500), None),
        ((200, 200, Failure.RESET), None),
        ((200, Failure.RESET, Failure.RESET), Reason.CONNECTION_FAILED),
        ((Failure.RESPONSE_TIMEOUT,), Reason.TIMEOUT),
        ((200, 429, 429), Reason.RATE_LIMITED),
        ((200, 429, Failure.TLS), Reason.TLS_FAILED),
        ((200, 200, 200, Failure.BUDGET), Reason.BUDGET_EXHAUSTED),
        ((200, 200, 200, Failure.STOPPED), Reason.RUN_ABORTED),
    ],
)
def test_silence(answers: tuple[object, ...], expected: Reason | None) -> None:
    assert silence(answered(*answers)) is expected


@pytest.mark.parametrize("failure", list(Failure))
def test_every_failure_has_a_reason(failure: Failure) -> None:
    assert reason_of(failure) is not Reason.NO_SAMPLE


@dataclass
class Control:
    """A negative control whose answers are known."""

    alike: bool
    siblings: tuple[Exchange, Exchange] | None

    async def looks_absent(self, _exchange: Exchange) -> bool:
        return self.alike

    async def pair(
        self, _url: str, *, method: str, headers: object, **_caps: object
    ) -> tuple[Exchange, Exchange] | None:
        assert (method, headers) == ("GET", ())
        return self.siblings


OTHERS = (exchange(URL + "1", page("a")), exchange(URL + "2", page("the mark")))


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        (Control(alike=True, siblings=None), True),
        (Control(alike=False, siblings=None), False),
        (Control(alike=False, siblings=OTHERS), True),
        (Control(alike=False, siblings=(OTHERS[0], OTHERS[0])), False),
    ],
)
async def test_what_invented_siblings_show_is_nothing(control: Control, expected: bool) -> None:
    def marked(each: Exchange) -> bool:
        return each.response is not None and "mark" in each.response.text

    assert await is_nothing(control, exchange(URL, page("the mark")), marked) is expected  # type: ignore[arg-type]
