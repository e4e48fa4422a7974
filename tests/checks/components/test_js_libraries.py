"""`components.js-libraries`: what scripts and addresses say, what the list says of it, and what is never accused."""

from __future__ import annotations

import json
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.components.js_list import LIST, UnreadableList, from_retire, vulnerability_list, written
from pgssi_checks.components.js_marks import in_address, in_browser, in_code, libraries
from pgssi_checks.components.js_version import rebuilt, version_of
from pgssi_probe.browser.rendered import version_reader
from pgssi_probe.check.harness import page, run_check, slugs
from pgssi_probe.clock import VirtualClock

HOME = "https://portal.example/"
JQUERY = "/*! jQuery v{} | (c) OpenJS Foundation */\n!function(e){{}}(window);"


def portal(src: str, code: str | None = None, inline: str = "") -> dict[str, object]:
    script = f"<script>{inline}</script>" if inline else ""
    site = {HOME: page(f'<html lang=fr><body><h1>Portail</h1><script src="{src}"></script>{script}</body></html>')}
    if code is not None:
        site[HOME.rstrip("/") + src] = page(code, content_type="text/javascript")
    return site


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.9.0b1", "1.9.0"),
        ("3.0.0-beta1", "3.0.0-rc.2"),
        ("3.0.0-rc.2", "3.0"),
        ("1.9.9", "1.12.0"),
        ("17.0.0-next.0", "17.0.0"),
        ("2.999.999", "3.0.0-alpha"),
    ],
)
def test_versions_are_ordered(lower: str, higher: str) -> None:
    one, two = version_of(lower), version_of(higher)
    assert one is not None
    assert two is not None
    assert one < two


def test_final_zeros_change_nothing() -> None:
    assert version_of("3.0") == version_of("3.0.0") == version_of("3.0.0+dfsg")
    assert version_of("latest") is None


@pytest.mark.parametrize(
    ("text", "mark"),
    [("3.6.1", ""), ("3.0.0-rc.1", ""), ("1.8.3+dfsg", "+dfsg"), ("1.8.3-debian", "-debian"), ("1.8.3-lts", "-lts")],
)
def test_a_build_of_somebody_else_is_told(text: str, mark: str) -> None:
    assert rebuilt(text) == mark


@pytest.mark.parametrize(
    ("address", "library", "version"),
    [
        ("https://cdn.example/npm/vue@2.6.0/dist/vue.js", "vue", "2.6.0"),
        ("https://cdn.example/ajax/libs/jquery/3.4.1/jquery.min.js", "jquery", "3.4.1"),
        ("/static/jquery-1.8.3.min.js", "jquery", "1.8.3"),
        ("/static/jquery-ui-1.12.1.custom.min.js", "jquery-ui", "1.12.1"),
        ("/static/angular-1.5.0-rc.1.min.js", "angularjs", "1.5.0-rc.1"),
        ("https://cdn.example/npm/@angular/core@12.0.0/x.js", "@angular/core", "12.0.0"),
    ],
)
def test_an_address_names_a_version(address: str, library: str, version: str) -> None:
    found = in_address(address)
    assert found is not None
    assert (found.library.key, found.shown) == (library, version)


@pytest.mark.parametrize(
    "address",
    [
        "/wp-includes/js/jquery/jquery.min.js?ver=1.2.3",
        "/static/jquery.js",
        "/static/jquery-3.min.js",
        "/static/jquery.form-1.2.3.js",
        "/static/myjquery-1.8.3.js",
        "/static/angular-17.3.0.js",
        "/static/tribute-5.1.3.min.js",
        "https://[broken/jquery-1.8.3.js",
        "/jquery/1.8.3",
    ],
)
def test_an_address_that_names_no_version(address: str) -> None:
    assert in_address(address) is None


@pytest.mark.parametrize(
    ("code", "library", "version"),
    [
        (JQUERY.format("3.6.1"), "jquery", "3.6.1"),
        ("/*!\n * jQuery JavaScript Library v1.12.4\n */", "jquery", "1.12.4"),
        ('var f={constructor:e,jquery:"3.5.1",length:0}', "jquery", "3.5.1"),
        ("/*!\n  * Bootstrap v3.4.1 (https://getbootstrap.com/)\n", "bootstrap", "3.4.1"),
        ("/* =====\n * bootstrap-transition.js v2.3.2\n * http", "bootstrap", "2.3.2"),
        (
            "/**\n * @license\n * lodash 3.10.1 (Custom Build) | Underscore.js 1.8.3 underscorejs.org",
            "lodash",
            "3.10.1",
        ),
        ("//! moment.js\n//! version : 2.18.1\n//! authors", "moment.js", "2.18.1"),
        ("x" * 90_000 + "\n/*! DataTables 1.10.20\n", "jquery.datatables", "1.10.20"),
    ],
)
def test_a_script_says_its_version(code: str, library: str, version: str) -> None:
    assert [(one.library.key, one.shown) for one in in_code(code)] == [(library, version)]


def test_a_bundle_holds_several() -> None:
    code = JQUERY.format("3.6.1") + "/*! jQuery UI - v1.13.2 - 2022-07-14 */"
    assert {one.library.key for one in in_code(code)} == {"jquery", "jquery-ui"}


@pytest.mark.parametrize(
    "code",
    [
        "/*! jQuery v" * 160_000,
        "* jPlayer Plugin for jQuery" * 75_000,
        "jQuery Migrate v" + "1." * 990_000,
        '{jquery:"' + "1" * 1_990_000,
        ("* @license" + " " * 20) * 66_000,
        'name="mustache.js",' * 105_000,
        "/*! jQuery v1.2" + "-a" * 990_000,
    ],
)
def test_no_script_keeps_the_reader_for_long(code: str) -> None:
    began = time.perf_counter()
    in_code(code)
    assert time.perf_counter() - began < 3


@given(st.text(max_size=200))
def test_nothing_written_raises(text: str) -> None:
    in_address(text)
    in_address("/" + text + "-1.2.3.js")
    in_code("/*! jQuery v" + text)
    version_of(text)
    rebuilt(text)


def test_the_list_is_dated_and_knows_every_library_that_is_recognised() -> None:
    known = vulnerability_list()
    assert known.dated >= date(2026, 8, 20)
    assert known.source == "Retire.js"
    # Recognised though the list has nothing against them: what is said of them is that.
    assert {one.key for one in libraries()} - known.libraries.keys() <= {"jquery-migrate"}
    assert len({one.key for one in libraries()}) == len(libraries())


@pytest.mark.parametrize(
    ("library", "version", "identifier", "touched"),
    [
        ("jquery", "3.4.1", "CVE-2020-11022", True),
        ("jquery", "3.5.0", "CVE-2020-11022", False),
        ("jquery", "3.6.1", "CVE-2020-11022", False),
        ("bootstrap", "3.4.1", "CVE-2024-6485", True),
        ("bootstrap", "5.3.3", "CVE-2024-6485", False),
        ("lodash", "4.17.4", "CVE-2019-10744", True),
    ],
)
def test_known_facts(library: str, version: str, identifier: str, *, touched: bool) -> None:
    wanted = version_of(version)
    assert wanted is not None
    named = {name for one in vulnerability_list().of(library, wanted) for name in one.identifiers}
    assert (identifier in named) is touched


def test_a_file_of_retire_js_is_read_as_it_is(tmp_path) -> None:
    path = tmp_path / "jsrepository-v4.json"
    entry = {"below": "9.9.9", "atOrAbove": "3.6.1", "severity": "high", "identifiers": {"CVE": ["CVE-2030-1"]}}
    path.write_text(json.dumps({"jquery": {"vulnerabilities": [entry, {"severity": "high"}]}}), encoding="utf-8")
    wanted = version_of("3.6.1")
    assert wanted is not None
    assert [one.identifiers for one in vulnerability_list(path).of("jquery", wanted)] == [("CVE-2030-1",)]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"a": 1}', '{"libraries": {"a": [[1]]}, "date": "x", "source": "s"}', "[" * 5000, "{"]
)
def test_a_file_that_is_no_list(tmp_path, text: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableList):
        vulnerability_list(path)


def test_the_list_shipped_is_what_the_script_writes() -> None:
    known = vulnerability_list()
    assert written(known.libraries, known.dated) == LIST.read_text(encoding="utf-8")
    assert dict(from_retire({"dont check": {"vulnerabilities": [{"below": "1.0"}]}})) == {}


async def test_a_vulnerable_version_is_a_hint_with_its_date_and_its_fix() -> None:
    (outcome,) = await run_check("components.js-libraries", portal("/app.js", JQUERY.format("3.4.1")))
    assert (outcome.slug, outcome.strength) == ("vulnerable", "hint")
    assert outcome.subject.name == "jQuery 3.4.1"
    assert outcome.facts["fixed_in"] == "3.5.0"
    assert outcome.facts["read_in"] == "content"
    assert "CVE-2020-11022" in str(outcome.facts["identifiers"])


async def test_where_a_branch_has_ended_the_next_one_is_advised() -> None:
    (outcome,) = await run_check("components.js-libraries", portal("/b.js", "/*!\n * Bootstrap v3.4.1 (https://x)"))
    assert outcome.facts["fixed_in"] in {"4.0", "5.0"}


async def test_what_the_file_says_wins_over_its_name() -> None:
    outcomes = await run_check("components.js-libraries", portal("/jquery-1.8.3.min.js", JQUERY.format("3.7.1")))
    assert slugs(outcomes) == {"clean"}


async def test_a_script_of_another_site_is_read_by_its_address() -> None:
    outcomes = await run_check("components.js-libraries", portal("https://cdn.example/npm/jquery@3.4.1/dist/jquery.js"))
    assert slugs(outcomes) == {"vulnerable"}
    assert outcomes[0].facts["read_in"] == "address"


async def test_the_same_version_twice_is_said_once() -> None:
    site = portal("/app.js", JQUERY.format("3.4.1"), inline=JQUERY.format("3.4.1"))
    (outcome,) = await run_check("components.js-libraries", site)
    assert len(outcome.facts["urls"]) == 2  # type: ignore[arg-type] # a list


@pytest.mark.parametrize("src", ["/javascript/jquery/jquery.js", "/static/jquery-3.4.1+dfsg.js"])
async def test_a_build_of_a_distribution_is_milder(src: str) -> None:
    code = JQUERY.format("3.4.1") if "dfsg" not in src else "void 0"
    outcomes = await run_check("components.js-libraries", portal(src, code))
    assert slugs(outcomes) == {"vulnerable-packaged"}


@pytest.mark.parametrize("src", ["/javascript/jQuery/jquery.js", "/javascript/jquery.js", "/javascript/own/jquery.js"])
async def test_a_folder_of_the_application_is_no_package_of_a_distribution(src: str) -> None:
    assert slugs(await run_check("components.js-libraries", portal(src, JQUERY.format("3.4.1")))) == {"vulnerable"}


async def test_an_unknown_library_is_accused_of_nothing() -> None:
    outcomes = await run_check("components.js-libraries", portal("/tribute-1.0.0.js", "/* tribute */"))
    assert slugs(outcomes) == {"unknown"}


async def test_an_old_list_clears_nobody_and_still_accuses() -> None:
    clock = VirtualClock()
    day = vulnerability_list().dated
    await clock.advance((date(day.year + 1, day.month, day.day) - clock.now().date()).total_seconds())
    fine = await run_check("components.js-libraries", portal("/a.js", JQUERY.format("3.7.1")), clock=clock)
    bad = await run_check("components.js-libraries", portal("/a.js", JQUERY.format("3.4.1")), clock=clock)
    assert (slugs(fine), slugs(bad)) == ({"old-list"}, {"vulnerable"})


async def test_a_newer_list_is_used_and_an_unreadable_one_is_said(tmp_path) -> None:
    path = tmp_path / "newer.json"
    told = {"jquery": {"vulnerabilities": [{"below": "4.0.0", "severity": "high", "identifiers": {}}]}}
    path.write_text(json.dumps(told), encoding="utf-8")
    site = portal("/a.js", JQUERY.format("3.7.1"))
    newer = await run_check("components.js-libraries", site, declared={"components.js-list": str(path)})
    assert slugs(newer) == {"vulnerable-high"}
    missing = await run_check("components.js-libraries", site, declared={"components.js-list": str(tmp_path / "no")})
    assert slugs(missing) == {"clean", "list-unreadable"}


def test_every_name_that_is_read_is_that_of_a_library() -> None:
    names = [name for library in libraries() for name in library.running]
    assert len(names) == len(set(names))
    for name in names:
        assert f"'{name}'" in version_reader()
        found = in_browser(name, "1.2.3")
        assert found is not None
        assert name in found.library.running
    assert in_browser("nobody", "1.2.3") is None
