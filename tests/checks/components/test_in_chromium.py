"""Libraries whose version only the code that runs tells: read in a browser, judged as others; nothing is changed."""

from __future__ import annotations

import pytest

from pgssi_probe.browser import Browser
from pgssi_probe.check.harness import page, run_check
from pgssi_probe.model.outcome import Outcome
from pgssi_probe.net.exchange import Request, Response

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOME = "https://portal.example/"
RUNS = {
    "jQuery 3.4.1": "const v = [3, 4, 1].join('.'); window.jQuery = Object.assign(() => 0, {fn: {jquery: v}});",
    "Bootstrap 3.3.7": "class T { static get VERSION() { return [3, 3, 7].join('.'); } }"
    "window.bootstrap = {Tooltip: T};",
    "Lodash 4.17.4": "window._ = Object.assign(() => 0, {VERSION: [4, 17, 4].join('.'), forOwn() {}});",
    "Underscore.js 1.8.3": "window._ = Object.assign(() => 0, {VERSION: [1, 8, 3].join('.')});",
    "AngularJS 1.5.0": "window.angular = {version: {full: [1, 5, 0].join('.')}};",
    "Vue.js 2.6.0": "document.body.innerHTML = '<div id=app></div>';"
    "document.getElementById('app').__vue_app__ = {version: [2, 6, 0].join('.')};",
    "Moment.js 2.18.1": "window.moment = () => 0; moment.version = [2, 18, 1].join('.');",
}


async def judged(chromium: Browser | None, code: str, asked: list[str] | None = None) -> tuple[Outcome, ...]:
    script = f"/{hash(code) & 0xFFFF_FFFF:x}.js"  # of each test alone: the browser remembers scripts

    def answer(request: Request) -> Response:
        if asked is not None:
            asked.append(request.url)
        if request.url == HOME:
            return page(f"<html lang=fr><body><h1>Portail</h1><script src={script}></script></body></html>")
        return page(code, content_type="text/javascript") if request.url.endswith(script) else page("", status=404)

    collected = {"browser": chromium} if chromium is not None else {}
    return await run_check("components.js-libraries", answer, collected=collected)


@pytest.mark.parametrize("other", ["Lodash 4.17.4", "Underscore.js 1.8.3"])
async def test_what_runs_tells_its_version(chromium: Browser, other: str) -> None:
    """The last two share a name, and so stand on pages of their own."""
    alone = other.startswith("Underscore")
    code = RUNS[other] if alone else "".join(f"{{ {code} }}" for name, code in RUNS.items() if "Underscore" not in name)
    found = await judged(chromium, f"(() => {{ {code} }})()")
    assert {one.subject.name for one in found} == ({other} if alone else RUNS.keys() - {"Underscore.js 1.8.3"})
    for one in found:
        assert one.failed
        assert one.facts["read_in"] == "running"
        assert one.facts["urls"] == [HOME]
        assert len(one.evidence) == 2


async def test_a_version_without_known_vulnerability_is_clean(chromium: Browser) -> None:
    (found,) = await judged(chromium, "window.jQuery = {fn: {jquery: [3, 7, 1].join('.')}}")
    assert (found.slug, found.facts["libraries"]) == ("clean", ["jQuery 3.7.1"])


async def test_nothing_is_told_without_a_browser() -> None:
    (found,) = await judged(None, RUNS["jQuery 3.4.1"])
    assert found.slug == "unknown"


async def test_what_the_file_says_too_is_told_once(chromium: Browser) -> None:
    code = "/*! jQuery v3.4.1 | (c) JS Foundation */ window.jQuery = {fn: {jquery: '3.4.1'}};"
    (found,) = await judged(chromium, code)
    assert found.facts["read_in"] == "running"
    assert len(found.facts["urls"]) == 2  # type: ignore[arg-type] # a list


@pytest.mark.parametrize(
    "code",
    [
        "Object.defineProperty(window, 'React', {get() { fetch('/touched'); return {version: '16.0.0'}; }})",
        "window.React = new Proxy({}, {get() { navigator.sendBeacon('/touched'); return '16.0.0'; }})",
        "Object.defineProperty(window, 'React', {get() { for (;;) {} }})",
        "window.axios = {VERSION: '1'.repeat(5000)}; window.jQuery = {fn: {jquery: '<b>3.4.1</b>'}}; window.Vue = 12",
    ],
)
async def test_reading_changes_nothing_and_ends(chromium: Browser, code: str) -> None:
    asked: list[str] = []
    (found,) = await judged(chromium, code, asked)
    assert found.slug == "unknown"
    assert not any("touched" in url for url in asked)
