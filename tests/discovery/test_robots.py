"""robots.txt, RFC 9309."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.discovery.robots import MAX_RULES, Robots, parse_robots


def allowed(text: str, path: str) -> bool:
    return parse_robots(text).allows(f"https://h.example{path}")


def test_longest_rule_wins_and_allow_wins_a_tie() -> None:
    text = "User-agent: *\nDisallow: /prive\nAllow: /prive/public\nDisallow: /x\nAllow: /x\n"
    assert not allowed(text, "/prive/a")
    assert allowed(text, "/prive/public/a")
    assert allowed(text, "/x")
    assert allowed(text, "/")


def test_wildcards_and_end() -> None:
    text = "user-agent: *\ndisallow: /*.pdf$\ndisallow: /*?session=*id\ndisallow: /exact$"
    assert not allowed(text, "/a/b.pdf")
    assert allowed(text, "/a/b.pdfx")
    assert not allowed(text, "/a?session=3id")
    assert not allowed(text, "/exact")
    assert allowed(text, "/exact/more")


def test_our_group_comes_before_everyones() -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-agent: PGSSI-Probe\nDisallow: /a\nDisallow:\n"
    assert allowed(text, "/b")
    assert not allowed(text, "/a")


def test_groups_of_one_agent_add_up_and_sitemaps_stand_alone() -> None:
    robots = parse_robots(
        "Sitemap: https://h.example/s.xml # x\nUser-agent: *\nDisallow: /a\n"
        "User-agent: b\nDisallow: /c\nUser-agent: *\nDisallow: /d"
    )
    assert [pattern for pattern, _ in robots.rules] == ["/a", "/d"]
    assert robots.sitemaps == ("https://h.example/s.xml",)


def test_caps_and_cost() -> None:
    robots = parse_robots("User-agent: *\n" + "Disallow: /" + "*a" * 500 + "$\n" + "Disallow: /x\n" * (MAX_RULES + 10))
    assert len(robots.rules) == MAX_RULES
    start = time.process_time()
    robots.allows("https://h.example/" + "a" * 2000 + "b")
    assert time.process_time() - start < 1


@given(st.text(max_size=200), st.text(alphabet="/a*$?", max_size=20))
def test_never_raises(text: str, path: str) -> None:
    parse_robots(text).allows(f"https://h.example/{path}")
    Robots(((path, False),)).allows(f"https://h.example/{path}")
