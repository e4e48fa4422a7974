"""What browser checks conclude from what was captured: no browser, no network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.browser.cache_authenticated import Shown, judge, kept_by
from pgssi_checks.browser.obsolete_tech import Found, is_json_p, judge_script
from pgssi_checks.browser.own_texts import filled_in
from pgssi_checks.browser.residual_data import Back, judge_back, judge_kept
from pgssi_checks.browser.storage import judge as judge_storage
from pgssi_checks.browser.third_party import frames_in, judge_frames
from pgssi_probe.browser import Dump, Frame, Kept, Landing, Place
from pgssi_probe.check.harness import exchange, page
from pgssi_probe.compare.marks import Marks
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.discovery.site import Page

HOME = "https://portal.example/"
TOKEN = "eyJhbGciOi.abc.def"
ALICE = Marks(declared=frozenset({"VAL-1234"}), name="alice.martin")


def entry(place: Place, value: str, name: str = "k") -> Kept:
    return Kept(place, HOME, name, value, len(value))


def shown(body: str, url: str = HOME) -> Landing:
    answer = exchange(url, page(body))
    return Landing(url, answer, Page(answer, parse_html(body, url)))


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({}, "private"),
        ({"Cache-Control": "no-store"}, None),
        ({"Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private"}, None),
        ({"Cache-Control": "private, max-age=600"}, "private"),
        ({"Cache-Control": "max-age=600"}, "shared"),
        ({"Cache-Control": "public"}, "shared"),
        ({"Cache-Control": "s-maxage=60"}, "shared"),
        ({"Cache-Control": "no-cache, must-revalidate, max-age=0"}, "private"),
        ({"Expires": "Wed, 11 Jan 1984 05:00:00 GMT"}, "private"),
        ({"Expires": "Wed, 11 Jan 2040 05:00:00 GMT", "Date": "Sun, 22 Nov 2026 05:00:00 GMT"}, "shared"),
        ({"Expires": "never"}, "private"),
    ],
)
def test_who_may_keep_an_answer(headers: dict[str, str], kept: str | None) -> None:
    assert kept_by(page("x", headers=headers)) == kept


def test_shared_caches_respect_authorization_unless_told_otherwise() -> None:
    assert kept_by(page("x", headers={"Cache-Control": "max-age=600"}), authorised=True) == "private"
    assert kept_by(page("x", headers={"Cache-Control": "public, max-age=600"}), authorised=True) == "shared"


@given(st.text(max_size=200))
def test_any_cache_control_is_read(value: str) -> None:
    assert kept_by(page("x", headers={"Cache-Control": value})) in {None, "private", "shared"}


def test_only_what_shows_the_account_is_judged() -> None:
    answers = [
        Shown(exchange(HOME + "a", page("x")), "Dossier VAL-1234"),
        Shown(exchange(HOME + "b", page("x")), "Bonjour Alice.Martin"),
        Shown(exchange(HOME + "c", page("x")), "Mentions légales"),
        Shown(exchange(HOME + "d", page("x", headers={"Cache-Control": "public"})), "VAL-1234"),
        Shown(exchange(HOME + "e", page("x", headers={"Cache-Control": "no-store"})), "VAL-1234"),
        Shown(exchange(HOME + "f", page("x", status=404)), "VAL-1234"),
    ]
    found = {slug: [one.url[-1] for one in exchanges] for slug, exchanges in judge(answers, ALICE).items()}
    assert found == {"no-store-missing": ["a"], "named-without-no-store": ["b"], "shared": ["d"], "protected": ["e"]}


def test_fields_that_are_filled_in_are_read() -> None:
    body = "<input type=email value='a@exemple.invalid'><input type=hidden value='b@exemple.invalid'><input value=c>"
    assert filled_in(page(body)) == "a@exemple.invalid"


def test_a_token_in_storage_is_seen_wrapped_or_not_and_its_cookie_is_at_its_place() -> None:
    dump = Dump(
        (
            entry(Place.LOCAL, f'{{"access":"{TOKEN}"}}', "auth"),
            entry(Place.COOKIE, TOKEN, "session"),
            entry(Place.COOKIE, "VAL-1234", "who"),
            entry(Place.DATABASE, "rien"),
        )
    )
    found = judge_storage(dump, frozenset({TOKEN}), ALICE)
    assert {slug: [one.name for one in entries] for slug, entries in found.items()} == {
        "token": ["auth"],
        "personal-data-in-cookie": ["who"],
    }


def test_what_is_left_after_signing_out() -> None:
    assert judge_kept(Dump((entry(Place.COOKIE, TOKEN),)), frozenset({TOKEN}), ALICE) == {}
    left = judge_kept(Dump((entry(Place.SESSION, TOKEN), entry(Place.CACHE, "VAL-1234"))), frozenset({TOKEN}), ALICE)
    assert set(left) == {"token-left", "data-left"}


def test_back_is_judged_on_what_it_shows() -> None:
    before, left = [shown("<p>alice.martin</p>", HOME + "me")], shown("<p>Au revoir</p>")
    proof = judge_back([Back(shown("<p>VAL-1234</p>"), 1)], before, left, ALICE)
    hint = judge_back([Back(shown("<p>alice.martin</p>", HOME + "me"), 2)], before, left, ALICE)
    assert proof is not None
    assert proof[0] == "back-shows"
    assert hint is not None
    assert (hint[0], hint[1].presses) == ("back-names", 2)
    form = "<p>alice.martin</p><form><input type=password name=p></form>"
    assert judge_back([Back(shown(form, HOME + "me"), 1)], before, left, ALICE) is None
    assert judge_back([Back(shown("<p>alice.martin</p>", HOME + "me"), 1)], before, before[0], ALICE) is None


def test_frames_as_written_in_the_page() -> None:
    body = (
        '<iframe src="https://carte.example/a?b=1&amp;c=2" title="x > y"></iframe>'
        "<iframe src='//carte.example/b' SANDBOX></iframe><iframe srcdoc='x'></iframe>"
        '<iframe src="/own" sandbox="allow-scripts allow-same-origin"></iframe>'
    )
    answer = exchange(HOME, page(body))
    frames = frames_in(Page(answer, parse_html(body, HOME)))
    assert frames == [
        Frame("https://carte.example/a?b=1&c=2", None),
        Frame("https://carte.example/b", ""),
        Frame(HOME + "own", "allow-scripts allow-same-origin"),
    ]
    assert judge_frames((frame, HOME) for frame in frames) == {
        "frame-open": ["https://carte.example/a?b=1&c=2"],
        "frame-escapes": [HOME + "own"],
    }


@given(st.text(max_size=300))
def test_any_markup_has_its_frames_read(text: str) -> None:
    answer = exchange(HOME, page("<iframe " + text))
    frames_in(Page(answer, parse_html("", HOME)))


@pytest.mark.parametrize(
    ("script", "slugs"),
    [
        ('openDatabase("a", "1", "b", 1)', {"web-sql"}),
        ("if (window.openDatabase) { }", set()),
        ('document.domain = "example.org"', {"document-domain"}),
        ("if (document.domain == x) { }", set()),
        ("""u.write('<script>document.domain="' + d + '";<\\/script>')""", set()),
    ],
)
def test_scripts_of_another_age(script: str, slugs: set[str]) -> None:
    found: dict[str, Found] = {}
    judge_script(HOME + "a.js", script, exchange(HOME + "a.js", page(script)), found)
    assert set(found) == slugs


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://a.example/data?callback=show", True),
        ("https://a.example/maps/api/js?callback=initMap", False),
        ("https://a.example/lib.js?callback=x", False),
        ("https://a.example/data?cb=1", False),
    ],
)
def test_json_p_is_data_that_call(url: str, is_one: bool) -> None:
    assert is_json_p(url) is is_one


def test_credentials_that_scripts_keep_in_a_cookie_are_in_storage() -> None:
    """User name and password for HTTP Basic, encoded twice in a cookie that scripts read (RabbitMQ); the same value in
    a cookie that they cannot read is none of theirs, and one that carries the session by itself is at its place."""
    basic = "YWxpY2U6QWxpY2UtcGFzcy0yMDI2cQ=="
    held = entry(Place.COOKIE, "2258:YWxpY2U6QWxpY2UtcGFzcy0yMDI2cQ%253D%253D|7a:1", "m")
    hidden = replace(held, script=False)
    sent = frozenset({basic})
    assert set(judge_storage(Dump((held,)), sent, ALICE, sent)) == {"token"}
    assert set(judge_kept(Dump((held,)), sent, ALICE, sent)) == {"token-left"}
    assert not judge_storage(Dump((hidden,)), sent, ALICE, sent)
    assert not judge_storage(Dump((held,)), sent, ALICE), "carried by a cookie: no header"
