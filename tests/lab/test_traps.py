"""The traps: odd but innocent portals, and the modes."""

from __future__ import annotations

import time
from collections.abc import Callable

from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab.visitor import Visitor

Open = Callable[..., Visitor]


async def test_soft_404_answers_200_with_the_same_page(visit: Open) -> None:
    response = await visit("trap/soft-404").get("/.git/config")
    assert response.status_code == 200
    assert "Cette page n’existe pas" in response.text


async def test_dotted_paths_are_forbidden_whether_they_exist_or_not(visit: Open) -> None:
    visitor = visit("trap/dot-paths-403")
    assert {(await visitor.get(path)).status_code for path in ("/.env", "/.xyz", "/a/.b")} == {403}
    assert (await visitor.get("/.well-known/security.txt")).status_code == 200


async def test_everything_redirects_to_sign_in(visit: Open) -> None:
    visitor = visit("trap/sign-in-everywhere")
    for path in ("/", "/.git/config", "/absent"):
        assert (await visitor.get(path)).headers["location"].startswith("/connexion")
    await visitor.sign_in()
    assert (await visitor.get("/absent")).status_code == 404


async def test_texts_that_look_like_leaks(visit: Open) -> None:
    assert (
        "Traceback (most recent call last)" in (await visit("trap/help-traceback").get("/aide/message-d-erreur")).text
    )
    assert "BEGIN PRIVATE KEY" in (await visit("trap/masked-key").get("/actualites")).text


async def test_content_changes_every_time(visit: Open) -> None:
    visitor = visit("trap/random-content")
    assert len({(await visitor.get("/")).text for _ in range(4)}) == 4


async def test_rate_limit_recovers(visit: Open, clock: VirtualClock) -> None:
    visitor = visit("trap/rate-limit")
    statuses = [(await visitor.get("/robots.txt")).status_code for _ in range(60)]
    refused = await visitor.get("/")
    assert statuses.count(200) == 40
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "2"
    await clock.advance(2)
    assert (await visitor.get("/")).status_code == 200


async def test_slow_pages_still_answer(visit: Open) -> None:
    start = time.perf_counter()
    assert (await visit("trap/slow").get("/")).status_code == 200
    assert time.perf_counter() - start >= 0.2


async def test_one_answer_in_five_stumbles(visit: Open) -> None:
    visitor = visit("trap/flaky")
    assert [(await visitor.get("/")).status_code for _ in range(10)] == [200, 200, 200, 200, 503] * 2


async def test_france_connect_is_offered_and_leads_to_the_integration_site(visit: Open) -> None:
    visitor = visit("mode/france-connect")
    assert "FranceConnect" in (await visitor.get("/connexion")).text
    assert (
        "dev-franceconnect.fr/api/v2/authorize" in (await visitor.get("/connexion/franceconnect")).headers["location"]
    )
