"""The page as browsers and readers get it: valid, self-contained, accessible in structure, deaf to hostile text."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from datetime import datetime
from enum import Enum
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup, Tag
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import LANGS, Lang
from pgssi_reports.html import HtmlReporter

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SVG_EMPTY = {"path", "circle", "rect"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</style><style>*{display:none}",
    "</title></head><body onload=x>",
    "</code></pre></figure></article></section></main>",
    "<!-- ", "--> ]]>", "&lt;b&gt; &#60;b&#62; &amp;lt;",
    "{{ 7*7 }} {% include '/etc/passwd' %} {# x #}", "${7*7} #{7*7}",
    "javascript:alert(1)", "https://evil.test/x.png", "url(https://evil.test)",
    "\x1b[2J\x1b[31m", "\u202egnp.exe\u2066", "\x00\x08\x7f\x9b", "\u2028\u2029\ufeff", "\ud800 \udfff",
    "A" * 3000, "é" + "\u0301" * 200, "\r\n\r\nSet-Cookie: x=1", "'; \" ` = < >", "%s %(x)s {0} {x!r:>10}",
]  # fmt: skip
OWN_SCRIPT = files("pgssi_reports.html").joinpath("report.js").read_text("utf-8").strip()
# Fields that the program itself fills from closed lists, and that no target's text can reach.
CLOSED = {"schema_version", "kind", "state", "rule_class", "obligation", "dicp"}


def render(result: RunResult, lang: Lang = "fr") -> str:
    return HtmlReporter().render(result, lang).decode()


def soup(result: RunResult, lang: Lang = "fr") -> BeautifulSoup:
    return BeautifulSoup(render(result, lang), "lxml")


@pytest.fixture(scope="module", params=["full", "empty", "aborted"])
def result(request, make) -> RunResult:
    shapes = {
        "full": {},
        "empty": {"failures": (), "passes": (), "mandate": None},
        "aborted": {"mandate": None, "state": "aborted"},
    }
    return make(**shapes[request.param])


@pytest.fixture(scope="module", params=LANGS)
def lang(request) -> Lang:
    return request.param


@pytest.fixture(scope="module")
def page(result: RunResult, lang: Lang) -> BeautifulSoup:
    return soup(result, lang)


class TestDocument:
    def test_is_the_language_it_says(self, page: BeautifulSoup, lang: Lang) -> None:
        assert page.html is not None
        assert page.html["lang"] == lang
        assert page.h1 is not None
        assert page.title is not None
        assert page.h1.get_text() in page.title.get_text()

    def test_the_same_result_gives_the_same_bytes(self, result: RunResult, lang: Lang) -> None:
        assert HtmlReporter().render(result, lang) == HtmlReporter().render(result, lang)

    def test_ids_are_unique_and_links_lead_somewhere(self, page: BeautifulSoup) -> None:
        ids = Counter(tag["id"] for tag in page.find_all(id=True))
        assert [name for name, count in ids.items() if count > 1] == []
        for tag in page.find_all(href=True):
            assert tag["href"].startswith("#"), tag
            assert tag["href"][1:] in ids, tag
        for attribute in ("aria-labelledby", "aria-describedby"):
            for tag in page.find_all(attrs={attribute: True}):
                assert set(tag[attribute].split()) <= set(ids), tag

    def test_every_element_is_closed(self, result: RunResult, lang: Lang) -> None:
        checker = Balance()
        checker.feed(render(result, lang))
        checker.close()
        assert checker.faults == []
        assert checker.open == []

    def test_nothing_is_left_of_the_templates(self, page: BeautifulSoup) -> None:
        text = page.get_text()
        assert not re.search(r"\{[{%#]|[}%#]\}|html\.[a-z_]+\.|\bNone\b|Undefined", text)


class Balance(HTMLParser):
    """Every start tag has its end tag, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.faults.append(f"<{tag}> repeats an attribute")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID | SVG_EMPTY:
            self.faults.append(f"<{tag}/>")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at line {self.getpos()[0]}")


class TestSelfContained:
    def test_a_strict_policy_allows_this_style_and_this_script_alone(self, result: RunResult) -> None:
        page = soup(result)
        policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
        assert isinstance(policy, Tag)
        directives = dict(part.strip().split(" ", 1) for part in str(policy["content"]).split(";"))
        assert directives["default-src"] == "'none'"
        assert directives["form-action"] == directives["base-uri"] == "'none'"
        for name in ("style", "script"):
            (own,) = page.find_all(name)
            digest = base64.b64encode(hashlib.sha256(own.string.encode()).digest()).decode()
            assert directives[f"{name}-src"] == f"'sha256-{digest}'"
        assert set(directives) == {"default-src", "style-src", "script-src", "img-src", "base-uri", "form-action"}

    def test_the_policy_comes_before_anything_it_governs(self, result: RunResult) -> None:
        page = render(result)
        assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("<body>")

    def test_nothing_is_loaded_run_or_sent(self, page: BeautifulSoup) -> None:
        forbidden = ["link", "img", "iframe", "object", "embed", "form", "video", "base", "textarea", "select"]
        assert page.find_all([*forbidden, "audio", "source", "foreignobject", "image", "animate", "set"]) == []
        for tag in page.find_all(True):
            for name, value in tag.attrs.items():
                assert not name.lower().startswith("on"), tag
                assert name.lower() not in {"style", "src", "srcset", "action", "formaction", "ping", "background"}, tag
                assert not re.search(r"https?:|//|data:|javascript:", str(value)) or name == "content" or (
                    name in {"title", "aria-label"}
                ), tag  # fmt: skip

    def test_the_only_script_is_our_own_and_closes_the_page(self, page: BeautifulSoup) -> None:
        (script,) = page.find_all("script")
        assert script.attrs == {}
        assert script.string == OWN_SCRIPT
        assert script.find_next("section") is None

    def test_controls_that_only_the_script_serves_are_hidden(self, page: BeautifulSoup) -> None:
        for control in page.find_all(["input", "button", "fieldset"]):
            assert control.find_parent(class_="tools").has_attr("hidden")
        assert all(details.has_attr("open") for details in page.find_all("details"))

    def test_the_script_asks_nobody_and_writes_text_only(self) -> None:
        assert not re.search(
            r"fetch|XMLHttp|innerHTML|outerHTML|insertAdjacent|eval|Function\(|import|https?:", OWN_SCRIPT
        )
        assert "</" not in OWN_SCRIPT

    def test_the_style_sheet_loads_nothing(self) -> None:
        css = files("pgssi_reports.html").joinpath("report.css").read_text("utf-8")
        assert not re.search(r"url\(|@import|expression|</", css)

    def test_the_templates_trust_nobody(self) -> None:
        for template in files("pgssi_reports.html").joinpath("templates").iterdir():
            if template.is_dir():  # what was compiled
                continue
            source = template.read_text("utf-8")
            assert not re.search(r"\|\s*safe|autoescape|<script[^>]|style=|\son[a-z]+=|https?:", source), template.name
            assert not re.search(r"=\{\{|=\{%", source), f"{template.name}: an attribute without quotes"


class TestAccessible:
    def test_headings_go_down_one_level_at_a_time(self, page: BeautifulSoup) -> None:
        levels = [int(tag.name[1]) for tag in page.find_all(re.compile(r"^h[1-6]$"))]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))

    def test_landmarks_and_skip_link(self, page: BeautifulSoup) -> None:
        assert len(page.find_all("main")) == len(page.find_all("nav")) == 1
        assert page.body is not None
        first = page.body.find(True)
        assert isinstance(first, Tag)
        assert first["href"] == "#content"
        assert page.find(id="content").name == "main"
        for section in page.main.find_all("section", recursive=False):
            assert section["aria-labelledby"]

    def test_tables_have_captions_and_scopes(self, page: BeautifulSoup) -> None:
        assert page.find_all("table")
        for table in page.find_all("table"):
            assert table.caption is not None
            assert table.caption.get_text(strip=True)
            assert all(cell.get("scope") in {"row", "col"} for cell in table.find_all("th"))
            width = len(table.thead.find_all("th"))
            assert all(len(row.find_all(["td", "th"])) == width for row in table.tbody.find_all("tr"))

    def test_figures_are_named_or_hidden(self, page: BeautifulSoup) -> None:
        for figure in page.find_all("svg"):
            if figure.get("role") == "img":
                assert figure.title.get_text(strip=True)
                assert figure.desc.get_text(strip=True)
            else:
                assert figure["aria-hidden"] == "true"

    def test_colour_is_never_the_only_carrier(self, page: BeautifulSoup) -> None:
        for cell in page.select("a.cell"):
            assert cell.svg is not None
            assert cell.select_one(".visually-hidden").get_text()
        for tag in page.select(".tag"):
            assert tag.get_text(strip=True)
            assert tag.svg is not None


class TestContent:
    @pytest.mark.parametrize("lang", LANGS)
    def test_every_rule_is_on_the_map_and_has_an_entry(self, sample: RunResult, lang: Lang) -> None:
        page = soup(sample, lang)
        ids = [rule.rule for rule in sample.verdicts]
        assert [cell["href"] for cell in page.select("a.cell")] == [f"#rule-{rule}" for rule in ids]
        assert [article["id"] for article in page.select("article.rule")] == [f"rule-{rule}" for rule in ids]
        for rule in sample.verdicts:
            parts = page.select_one(f"#rule-{rule.rule} table tbody").find_all("tr")
            assert len(parts) == len(rule.parts)

    def test_every_finding_is_told_in_full(self, sample: RunResult) -> None:
        page = soup(sample)
        failed = [outcome for outcome in sample.outcomes if outcome.failed]
        assert len(page.select("article.finding")) == len(failed)
        for outcome in failed:
            text = page.select_one(f"#finding-{outcome.id}").get_text(" ", strip=True)
            assert outcome.subject.name in text
            assert outcome.id in text
            assert outcome.check in text

    def test_it_never_passes_for_a_passi_audit(self, result: RunResult) -> None:
        assert "n’est pas un audit PASSI" in soup(result).get_text()
        assert "is not a PASSI audit" in soup(result, "en").get_text()

    def test_it_says_how_to_verify_it(self, result: RunResult) -> None:
        text = soup(result).select_one("#verify").parent.get_text()
        assert "openssl cms -verify -binary -inform DER -in report.html.p7s -content report.html -noverify" in text
        assert "unzip -q dossier.asice" in text
        assert "pyhanko sign validate" in text

    def test_the_mandate_or_its_absence_is_said(self, make) -> None:
        assert "CHX-2026-117" in soup(make()).select_one("header.title").get_text()
        text = soup(make(mandate=None)).select_one("header.title").get_text()
        assert "sans mandat" in text.lower()

    def test_an_incomplete_run_says_so_at_the_top(self, make) -> None:
        assert "Passage incomplet" in soup(make(state="aborted")).select_one("header.title").get_text()
        assert "Passage incomplet" not in render(make())

    def test_nothing_found_is_not_called_compliant(self, make) -> None:
        text = soup(make(failures=(), passes=(), mandate=None)).select_one("section.synthesis").get_text()
        assert "Aucun écart n’est prouvé sur ce qui a pu être observé" in text
        assert "restent à évaluer ou à justifier" in text


def poisoned(value, text: str, name: str = ""):
    """The same result with `text` after every string that is not of a closed list."""
    if isinstance(value, BaseModel):
        update = {key: poisoned(getattr(value, key), text, key) for key in type(value).model_fields}
        return value.model_copy(update=update)
    if isinstance(value, tuple | list):
        return type(value)(poisoned(inner, text, name) for inner in value)
    if isinstance(value, dict):
        return {key: poisoned(inner, text, name) for key, inner in value.items()}
    if isinstance(value, Enum | datetime) or name in CLOSED or not isinstance(value, str):
        return value
    return value + text


def structure(page: str) -> list[tuple[str, tuple[str, ...]]]:
    """Elements and the names of their attributes, in order: what text must never change."""
    seen: list[tuple[str, tuple[str, ...]]] = []

    class Walk(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, tuple(name for name, _ in attrs)))

        def handle_comment(self, data: str) -> None:
            seen.append(("comment", ()))

    walk = Walk()
    walk.feed(page)
    walk.close()
    return seen


@pytest.fixture(scope="module")
def harmless(sample: RunResult) -> list[tuple[str, tuple[str, ...]]]:
    return structure(render(poisoned(sample, "x")))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(sample: RunResult, harmless, text: str) -> None:
    page = render(poisoned(sample, text))
    assert structure(page) == harmless
    assert "\x1b" not in page
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029\ufeff\x00-\x08\x7f-\x9f]", page)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=60) | st.text(alphabet="<>&\"'/=!-{}%#[]()\\ scriptonload\x00\x1b\u202e", max_size=60))
def test_no_text_changes_the_structure(sample: RunResult, harmless, text: str) -> None:
    page = render(poisoned(sample, "x" + text))
    assert structure(page) == harmless


def test_long_text_is_cut(sample: RunResult) -> None:
    assert len(render(poisoned(sample, "A" * 100_000))) < 3_000_000


def test_three_hundred_findings_are_light(make) -> None:
    big = make(repeat=43)
    assert sum(outcome.failed for outcome in big.outcomes) > 300
    assert len(render(big).encode()) < 3_000_000
