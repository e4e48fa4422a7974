"""What the two checks of the family do during a run: one false address announced, nothing else, nothing judged."""

from __future__ import annotations

from pgssi_probe.check.harness import exchange, page, run_check, slugs
from pgssi_probe.model.outcome import Reason
from pgssi_probe.net.exchange import Request, Response


async def test_one_read_announces_an_address_that_nobody_has() -> None:
    sent: list[Request] = []

    def site(request: Request) -> Response:
        sent.append(request)
        return page("<h1>Accueil</h1>")

    assert slugs(await run_check("assist.trace-crosscheck", site)) == {"ready"}
    announced = [dict(request.headers).get("X-Forwarded-For") for request in sent]
    assert announced.count("203.0.113.77") == 1
    assert all(request.method == "GET" for request in sent)


async def test_the_other_sends_nothing_and_counts() -> None:
    sent: list[Request] = []

    def site(request: Request) -> Response:
        sent.append(request)
        return page("no", status=403)

    answered = [(200, "ok"), (403, "no"), (500, "?")]
    transcript = [exchange("https://portal.example/", page(body, status=status)) for status, body in answered]
    (outcome,) = await run_check("assist.alert-crosscheck", site, transcript=transcript)
    assert (outcome.slug, outcome.facts["count"], sent) == ("ready", 2, [])


async def test_nothing_to_raise_an_alarm_is_nothing_to_judge() -> None:
    (outcome,) = await run_check("assist.alert-crosscheck", {}, transcript=[])
    assert outcome.reason is Reason.NO_SAMPLE
