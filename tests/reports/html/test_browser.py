"""The page in a real browser: nothing is fetched or refused by its own policy, everyone can read it, filters work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pgssi_probe.model.text import LANGS
from pgssi_reports.html import HtmlReporter

pytestmark = pytest.mark.tools
LONG = "https://portail.test/" + "x" * 600
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# One rule of each verdict stands for its likes: axe takes a quarter of a minute on all 65.
LESS = """() => {
  const seen = new Set();
  for (const rule of document.querySelectorAll('article.rule')) {
    if (seen.has(rule.dataset.tag)) rule.remove();
    seen.add(rule.dataset.tag);
  }
  document.querySelectorAll('details').forEach((one) => { one.open = true; });
  const known = (link) => document.getElementById(link.hash.slice(1));
  document.querySelectorAll('a[href^="#"]').forEach((link) => { if (!known(link)) link.href = '#rules'; });
}"""
OVERFLOWING = """() => [...document.querySelectorAll('body *')]
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter((one) => !one.closest('.visually-hidden, thead, pre, svg, .skip')).slice(0, 5)
  .map((one) => one.tagName + '.' + one.className + ' ' + one.textContent.slice(0, 60))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", chromium_sandbox=False)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(make, measured, tmp_path_factory) -> dict[str, Path]:
    """A report with every section and picture in each language, with far too long an address; and a bare one."""
    folder = tmp_path_factory.mktemp("report")
    result = measured()
    first = result.outcomes[0]
    long = first.model_copy(update={"subject": first.subject.model_copy(update={"name": LONG})})
    result = result.model_copy(update={"outcomes": (long, *result.outcomes[1:])})
    pages = {lang: HtmlReporter().render(result, lang) for lang in LANGS}
    pages["bare"] = HtmlReporter().render(make(failures=(), passes=(), mandate=None), "fr")
    for name, page in pages.items():
        (folder / f"{name}.html").write_bytes(page)
    return {name: folder / f"{name}.html" for name in pages}


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.close()


@pytest.fixture
def page(window: Page, files: dict[str, Path]) -> Page:
    """The French report, read anew in one window: opening a window costs more than reading."""
    window.emulate_media(media="null", color_scheme="null")
    window.goto("about:blank")
    window.goto(files["fr"].as_uri())
    return window


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 820, 1280])
def test_it_shows_by_itself(browser: Browser, files: dict[str, Path], width: int, scheme) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(files["fr"].as_uri())
    assert said == []
    assert asked == [files["fr"].as_uri()]
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(18, 24, 31)")
    page.close()


@pytest.mark.parametrize(
    ("name", "scheme", "width"),
    [("fr", "light", 1280), ("en", "dark", 320), ("bare", "light", 820)],
)
def test_axe_finds_no_violation(browser: Browser, files: dict[str, Path], name: str, scheme, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(files[name].as_uri())
    page.evaluate(LESS)
    found = Axe().run(page, options=RULES).response
    page.close()
    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found["violations"]] == []
    assert len(found["passes"]) > 25


def test_it_prints_whole(page: Page) -> None:
    page.locator("#find-findings").fill("nothing of the kind")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(23, 33, 43)"
    assert page.locator("nav.contents").is_visible()
    assert not page.locator(".tools").first.is_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("[data-item][hidden], [data-mirror][hidden], details:not([open])").count() == 0
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("[data-item=findings]:not([hidden])").count() == 0


def test_the_page_for_the_direction_is_one_page(browser: Browser, files: dict[str, Path]) -> None:
    """As printed on A4: 297 mm less the margins, at 96 points an inch."""
    for name in ("fr", "en"):
        page = browser.new_page(viewport={"width": 680, "height": 1000})
        page.emulate_media(media="print")
        page.goto(files[name].as_uri())
        assert page.locator("section.synthesis").bounding_box()["height"] < (297 - 12 - 15) / 25.4 * 96
        page.close()


def test_the_keyboard_reaches_the_content_first(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_the_keyboard_works_every_control(page: Page) -> None:
    page.locator("#find-findings").focus()
    page.keyboard.type("pare-feu")
    assert page.locator("[data-item=findings]:not([hidden])").count() == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "critical"
    page.keyboard.press("Space")
    assert not page.locator(".tools input[value=critical]").is_checked()
    page.locator("[data-tools=findings] [data-fold=close]").focus()
    page.keyboard.press("Enter")
    assert page.locator("[data-item=findings] details[open]").count() == 0
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


class TestFilters:
    def test_words_are_sought_without_accents_or_case(self, page: Page) -> None:
        page.locator("#find-findings").fill("FORMEE  pile")
        shown = page.locator("[data-item=findings]:not([hidden])")
        assert shown.count() == 1
        assert "mal formée" in shown.inner_text()

    def test_severities_narrow_the_table_and_the_details_alike(self, page: Page) -> None:
        total = page.locator("[data-item=findings]").count()
        for box in ("major", "important", "minor"):
            page.locator(f"[data-tools=findings] input[value={box}]").uncheck()
        shown = page.locator("[data-item=findings]:not([hidden])")
        assert shown.count() == page.locator("[data-mirror]:not([hidden])").count() == 1
        status = page.locator("[data-tools=findings] [role=status]").inner_text()
        assert status == f"Constats affichés\u00a0: 1 sur {total}"

    def test_an_empty_group_hides_its_heading(self, page: Page) -> None:
        page.locator("#find-findings").fill("pare-feu")
        headings = page.locator("section[aria-labelledby=details] h3")
        assert [heading.is_visible() for heading in headings.all()] == [False, True]

    def test_a_link_to_what_is_hidden_shows_it_again(self, page: Page) -> None:
        page.locator("#find-rules").fill("no rule says this")
        assert page.locator("#rule-DT6").is_hidden()
        page.evaluate("location.hash = '#rule-DT6'")
        page.wait_for_function("!document.querySelector('#rule-DT6').hidden")
        assert page.locator("#find-rules").input_value() == ""

    def test_evidence_is_folded_until_a_link_or_a_reader_asks_for_it(self, page: Page) -> None:
        assert page.locator("details.proof[open]").count() == 0
        piece = page.locator("article.finding figure.evidence").first
        name = piece.get_attribute("id")
        assert not piece.is_visible()
        page.evaluate(f"location.hash = '#{name}'")
        page.wait_for_function("document.querySelectorAll('details.proof[open]').length === 1")
        assert piece.is_visible()
        page.locator("[data-tools=findings] [data-fold=open]").click()
        assert page.locator("article.finding details.proof:not([open])").count() == 0

    def test_verdicts_narrow_the_rules(self, page: Page) -> None:
        for box in page.locator("[data-tools=rules] input[type=checkbox]").all():
            if box.get_attribute("value") != "non_compliant":
                box.uncheck()
        tags = page.locator("[data-item=rules]:not([hidden])").evaluate_all("all => all.map((one) => one.dataset.tag)")
        assert set(tags) == {"non_compliant"}


def test_without_a_script_everything_shows(browser: Browser, files: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files["fr"].as_uri())
    assert not page.locator(".tools").first.is_visible()
    assert page.locator("article.finding pre").first.is_visible()
    assert page.locator("figure.picture details table").first.is_visible()
    context.close()
