"""The list of hosts that defeat an allow-list: well-formed, dated, without doubles."""

import re
from datetime import date

from pgssi_checks.headers.csp_bypass import BYPASSES, REVIEWED, Means
from pgssi_checks.headers.csp_policy import is_source


def test_every_host_can_be_written_in_a_policy() -> None:
    assert all(is_source(bypass.host) for bypass in BYPASSES)
    assert all(re.fullmatch(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+", bypass.host) for bypass in BYPASSES)


def test_no_host_is_listed_twice_and_each_means_is_used() -> None:
    assert len({bypass.host for bypass in BYPASSES}) == len(BYPASSES)
    assert {bypass.means for bypass in BYPASSES} == set(Means)


def test_the_list_is_dated() -> None:
    assert date(2026, 1, 1) < REVIEWED
