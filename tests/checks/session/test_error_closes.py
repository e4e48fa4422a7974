"""`session.error-closes`: an error that was met, provoked again beside a session that does nothing wrong."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from pgssi_checks.session.error_closes import failing
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script, exchange, page
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome, Reason, Status

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]


async def test_without_an_error_the_rule_is_not_exercised(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.error-closes")
    assert outcome.reason is Reason.NO_SAMPLE


async def test_a_session_closed_by_its_error_passes(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.error-closes", "mode/internal-error")
    assert (outcome.slug, outcome.status) == ("closed", Status.PASS)


async def test_a_session_that_outlives_its_error_is_proved(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.error-closes", "session.error-closes/stays-open")
    assert outcome.slug == "stays-open"
    assert str(outcome.facts["url"]).endswith("/mon-espace/statistiques")


async def test_an_error_that_ends_every_session_is_a_ban(signed_in: SignedIn) -> None:
    def banning(script: Script, _clock: VirtualClock) -> Script:
        failed: list[bool] = []

        def answer(request: Request) -> Response:
            if len(failed) > 1 and request.method == "GET":
                return script(Request("GET", request.url))  # type: ignore[operator]
            response = script(request)  # type: ignore[operator]
            if response.status == 500:
                failed.append(True)
            return response

        return answer

    (outcome,) = await signed_in("session.error-closes", "session.error-closes/stays-open", answers=banning)
    assert outcome.reason in {Reason.BLOCKED, Reason.SESSION_LOST}


def test_only_plain_reads_that_failed_in_the_application_are_repeated() -> None:
    site = "https://portal.example"
    met = [
        exchange(f"{site}/a", page(status=500)),
        exchange(f"{site}/a", page(status=500)),
        exchange(f"{site}/b", page(status=502)),
        exchange(f"{site}/c", page(status=500), method="POST"),
        exchange(f"{site}/delete/1", page(status=500)),
    ]
    assert failing(met) == [f"{site}/a"]
