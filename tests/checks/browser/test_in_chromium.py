"""Each weakness that shows in a browser, switched on in the portal, is found; the hardened portal is accused of
nothing, whether pages are drawn by the server or by scripts."""

from __future__ import annotations

from contextlib import closing

import pytest

from pgssi_probe.browser.crossing import Shelf
from pgssi_probe.check.harness import page, run_check
from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab
from pgssi_probe.lab.weaknesses import registered
from pgssi_probe.model.outcome import Status
from pgssi_probe.registry import check

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIGNED_IN = ("browser.storage", "browser.residual-data", "browser.cache-authenticated")
FAILURES = [
    f"{name}/{slug}"
    for name in SIGNED_IN
    for slug, declared in check(name).metadata.outcomes.items()
    if declared.status is Status.FAIL
]


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("browser.residual-data", ()),
        ("browser.residual-data", ("mode/single-page",)),
        ("browser.storage", ("mode/single-page",)),
        ("browser.residual-data", ("mode/single-page-cookie",)),
        ("browser.storage", ("mode/single-page-cookie",)),
        ("browser.cache-authenticated", ("mode/jwt-cookie",)),
    ],
    ids=str,
)
async def test_a_hardened_portal_is_accused_of_nothing(name: str, mode: tuple[str, ...], on_portal) -> None:
    outcomes = await on_portal(name, *mode)
    assert {outcome.status for outcome in outcomes} == {Status.PASS}, [o.slug for o in outcomes]


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_weakness_is_found(failure: str, on_portal) -> None:
    assert failure in registered(), "no such switch"
    name, _, slug = failure.partition("/")
    outcomes = await on_portal(name, failure)
    assert slug in {outcome.slug for outcome in outcomes if outcome.failed}


async def test_trackers_are_seen_before_consent(lab_answers, chromium) -> None:
    for weak in ("set", "called", None):
        chromium.shelf = Shelf()
        with closing(Lab([f"content.cookies-consent/{weak}"] if weak else [], clock=VirtualClock())) as lab:
            outcomes = await run_check(
                "content.cookies-consent",
                lab_answers(lab),
                url=lab.https_url + "/",
                collected={"browser": chromium},
            )
        assert {outcome.slug for outcome in outcomes} == {weak or "none"}


HOME = "https://portal.example/"
ADDED = """
const add = (tag, values) => document.head.append(Object.assign(document.createElement(tag), values));
add('script', {src: 'http://other.example/plain.js'});
add('script', {src: 'https://cdn.example/library.js'});
add('iframe', {src: 'https://frames.example/map'});
"""


async def test_what_scripts_add_is_seen_in_a_browser_only(chromium) -> None:
    script = {
        HOME: page("<!doctype html><title>x</title><script src=/add.js></script><p>Bonjour"),
        HOME + "add.js": page(ADDED, content_type="text/javascript"),
    }
    for name, slug in (
        ("https.mixed-content", "active"),
        ("browser.sri", "missing"),
        ("browser.third-party", "frame-open"),
    ):
        seen = await run_check(name, script, collected={"browser": chromium})
        unseen = await run_check(name, script)
        assert slug in {outcome.slug for outcome in seen}
        assert not [outcome for outcome in unseen if outcome.failed]
