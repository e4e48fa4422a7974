"""A content whose body was lost on the way is no answer: nothing passes on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgssi_checks.disclosure.asking import unanswered
from pgssi_probe.check import Exchange, Failure, Reason
from pgssi_probe.check.harness import Answer, exchange, page, run_check, slugs
from pgssi_probe.net.exchange import Truncation

URL = "https://portal.example/x"
LOST = (Truncation.CONNECTION_LOST, Truncation.BROKEN_ENCODING, Truncation.TIME_CAP)
OURS = (Truncation.WIRE_CAP, Truncation.DECODED_CAP)


def cut(truncation: Truncation, *, status: int = 200) -> Answer:
    return replace(page("", status=status), truncated=truncation)


def answers(answer: Answer, count: int = 20) -> list[Exchange]:
    return [exchange(URL, answer) for _ in range(count)]


@pytest.mark.parametrize("truncation", LOST)
def test_contents_without_their_bodies_are_no_answers(truncation: Truncation) -> None:
    assert unanswered(answers(cut(truncation))) is Reason.BODY_TRUNCATED


@pytest.mark.parametrize("truncation", LOST)
def test_a_refusal_needs_no_body(truncation: Truncation) -> None:
    assert unanswered(answers(cut(truncation, status=404))) is None


@pytest.mark.parametrize("truncation", OURS)
def test_what_we_cut_ourselves_was_read_far_enough(truncation: Truncation) -> None:
    assert unanswered(answers(cut(truncation))) is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(Failure.RESET, Reason.CONNECTION_FAILED), (page(status=503), Reason.SERVER_ERROR), (page(status=404), None)],
)
def test_other_answers(answer: Answer, reason: Reason | None) -> None:
    assert unanswered(answers(answer)) is reason


@pytest.mark.parametrize("check", ["disclosure.files", "disclosure.directory-listing", "exposure.admin-interfaces"])
async def test_no_check_passes_on_lost_bodies(check: str) -> None:
    home = page("<h1>Accueil</h1><a href='/static/a.html'>a</a>")

    def site(request: object) -> Answer:
        return home if str(getattr(request, "url", "")).endswith(".example/") else cut(Truncation.CONNECTION_LOST)

    outcomes = await run_check(check, site)
    assert slugs(outcomes) == {"inconclusive"}
    assert {outcome.reason for outcome in outcomes} == {Reason.BODY_TRUNCATED}
