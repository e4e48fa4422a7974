"""Trackers before any choice, judged on what a browser saw."""

from __future__ import annotations

import pytest

from pgssi_checks.content.cookies_consent import judge, met
from pgssi_checks.content.trackers import called, checked_on, left, trackers
from pgssi_probe.browser import Asked, Dump, Fate, Kept, Place, RenderedPage
from pgssi_probe.check.harness import exchange, page
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.discovery.site import Page

HOME = "https://portal.example/"


def opened(*urls: str, cookies: tuple[str, ...] = ()) -> RenderedPage:
    shown = Page(exchange(HOME, page("x")), parse_html("x", HOME))
    asked = tuple(Asked(url, "GET", "script", Fate.OUT_OF_SCOPE, HOME) for url in urls)
    kept = Dump(tuple(Kept(Place.COOKIE, "portal.example", name, "v", 1) for name in cookies))
    return RenderedPage(shown, asked, (), kept)


@pytest.mark.parametrize(
    ("shown", "slugs"),
    [
        (opened(), set()),
        (opened("https://www.googletagmanager.com/gtm.js?id=G"), {"called"}),
        (opened("https://www.google-analytics.com/collect", cookies=("_ga", "_ga_X1")), {"set"}),
        (opened(cookies=("_pk_id.1.abcd", "_pk_ses.1.abcd")), {"exemptible"}),
        (opened("https://notgoogle-analytics.com/x", cookies=("sessionid", "_gaa", "csrftoken")), set()),
        (opened("https://fonts.googleapis.com/css"), set()),
        (opened(cookies=("mp_4f2a_mixpanel",)), {"set"}),
        (opened(cookies=("mp_theme", "cto_display")), set()),
    ],
)
def test_trackers_met_before_any_choice(shown: RenderedPage, slugs: set[str]) -> None:
    assert set(judge(met([shown]).values())) == slugs


def test_the_table_is_dated_and_each_tracker_can_be_met() -> None:
    assert checked_on() >= "2026-11-22"
    for one in trackers():
        assert one.hosts or one.kept
        assert all(called(f"https://x.{host}/").purpose for host in one.hosts)
    assert left("__Host-session") is None
