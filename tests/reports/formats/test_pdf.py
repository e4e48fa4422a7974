"""The PDF: printed once, read back by the tools of poppler."""

from __future__ import annotations

import re
import subprocess
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import tinyhtml5

from pgssi_probe.model.extra import ExtraMissing
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.verdict import RuleVerdict
from pgssi_reports.pdf import PdfReporter
from pgssi_reports.pdf.drawing import dress
from tests.reports.formats.conftest import poisoned, shaped  # type: ignore[import-not-found]

pytestmark = pytest.mark.tools

HOSTILE = "<script>alert(1)</script> \x1b[31m\u202e \ud800 http://evil.test/ url(http://evil.test/x.png) \uffff\x00 -->"


def poppler(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    path.write_bytes(PdfReporter().render(short(shaped("full")), "fr"))
    return path


def short(result: RunResult) -> RunResult:
    """Two rules of each verdict stand for the others: each takes long to print."""
    kept: dict[str, list[RuleVerdict]] = {}
    for one in result.verdicts:
        kept.setdefault(one.verdict, []).append(one)
    return result.model_copy(update={"verdicts": tuple(one for group in kept.values() for one in group[:2])})


def objects(path: Path) -> bytes:
    """Every object of the file in clear."""
    content = path.read_bytes()
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    clear = []
    for stream in streams:
        try:
            clear.append(zlib.decompress(stream))
        except zlib.error:
            clear.append(stream)
    return content + b"\n".join(clear)


def test_it_is_a_tagged_document_in_french_with_a_title(printed: Path) -> None:
    about = poppler("pdfinfo", str(printed))
    assert re.search(r"Title: +Contrôle PGSSI-S de portail-patients\.ch-exemple\.test", about)
    assert re.search(r"Tagged: +yes", about)
    assert re.search(r"Page size: +595\.\d+ x 841\.\d+ pts \(A4\)", about)
    inside = objects(printed)
    assert b"/Lang (fr)" in inside
    assert b"<pdfuaid:part>1</pdfuaid:part>" in inside.replace(b"\n", b"") or b"pdfuaid" in inside
    assert b"/DisplayDocTitle true" in inside


def test_lists_hold_items_and_header_cells_say_what_they_head(printed: Path) -> None:
    """ISO 14289-1, 7.5 and 7.6: as poppler reads the tagged structure."""
    above: list[str] = []
    pairs = set()
    for line in poppler("pdfinfo", "-struct", str(printed)).splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        above[depth:] = [line.split()[0] if line.strip() else ""]
        if depth:
            pairs.add((above[depth - 1], above[depth]))
    assert {("L", "LI"), ("LI", "Lbl"), ("LI", "LBody")} <= pairs
    assert {child for parent, child in pairs if parent == "L"} <= {"LI", "L"}
    assert {parent for parent, child in pairs if child == "LI"} == {"L"}
    inside = objects(printed)
    assert len(re.findall(rb"/S /TH\b", inside)) == len(re.findall(rb"/Scope /(?:Column|Row)\b", inside)) > 0


def test_accents_are_drawn_and_can_be_copied(printed: Path) -> None:
    text = poppler("pdftotext", "-layout", str(printed), "-")
    for word in ("Synthèse pour la direction", "écart", "règle", "À", "ô", "ç", "’", "«", "→"):
        assert word in text, word
    fonts = poppler("pdffonts", str(printed)).splitlines()[2:]
    assert fonts
    assert all(" yes yes yes " in row for row in fonts), "every font is embedded, cut down, and maps to Unicode"


def test_the_table_of_contents_gives_the_right_pages(printed: Path) -> None:
    pages = poppler("pdftotext", "-layout", str(printed), "-").split("\f")
    wanted = dict(re.findall(r"(Synthèse pour la direction|Plan d’action|Glossaire)[ .]+(\d+)", pages[0]))
    assert set(wanted) == {"Synthèse pour la direction", "Plan d’action", "Glossaire"}
    for title, number in wanted.items():
        heading = re.compile(rf"^ *(\d+ +)?{re.escape(title)}$", re.MULTILINE)
        assert heading.search(pages[int(number) - 1]), title
    assert f"Page 2 sur {len(pages) - 1}" in pages[1]


def test_it_has_bookmarks(printed: Path) -> None:
    inside = objects(printed)
    assert b"/Outlines" in inside
    assert inside.count(b"/Dest") > 20


def test_nothing_acts_and_nothing_leads_out(printed: Path) -> None:
    inside = objects(printed)
    for name in (
        b"/JavaScript",
        b"/JS ",
        b"/Launch",
        b"/URI",
        b"/EmbeddedFile",
        b"/SubmitForm",
        b"/GoToR",
        b"/AcroForm",
    ):
        assert name not in inside, name


def test_every_picture_that_says_something_says_it_in_words(printed: Path) -> None:
    inside = objects(printed)
    figures = re.findall(rb"<<(?:(?!>>).)*/S /Figure(?:(?!endobj).)*", inside, re.DOTALL)
    assert figures
    assert all(b"/Alt" in figure for figure in figures)


def test_hostile_text_stays_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be fetched")

    monkeypatch.setattr("socket.socket.connect", refused)
    path = tmp_path / "report.pdf"
    sample = shaped("full")
    # What comes from the target; the texts of the guide are ours, and printing takes its time.
    said = ("run", "engagement", "outcomes", "evidence", "chronology")
    hostile = sample.model_copy(update={name: poisoned(getattr(sample, name), HOSTILE) for name in said})
    few = {"verdicts": sample.verdicts[:1], "outcomes": hostile.outcomes[:2] + hostile.outcomes[-2:]}
    hostile = hostile.model_copy(update={**few, "evidence": hostile.evidence[:1] + hostile.evidence[-1:]})
    path.write_bytes(PdfReporter().render(hostile, "en"))
    text = poppler("pdftotext", str(path), "-")
    assert "<script>alert(1)</script>" in re.sub(r"\s+", "", text)
    assert not re.search("[\u202a-\u202e\x1b\x00\ud800]", text)
    inside = objects(path)
    for name in (b"/JavaScript", b"/URI", b"/Launch", b"/EmbeddedFile"):
        assert name not in inside, name
    assert b"/Lang (en)" in inside


def test_a_machine_without_the_extra_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgssi_reports.pdf.find_spec", lambda _: None)
    with pytest.raises(ExtraMissing) as missing:
        PdfReporter().render(shaped("full"), "fr")
    assert (missing.value.extra, missing.value.library) == ("pdf", "")


def test_a_machine_without_the_library_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ExtraMissing) as missing:
        PdfReporter().ready()
    assert (missing.value.extra, missing.value.library) == ("pdf", "Pango")


def page_of(body: str) -> ET.Element:
    root: ET.Element = tinyhtml5.parse(f"<!doctype html><title>x</title>{body}", namespace_html_elements=False)
    return root


SYMBOLS = (
    '<svg class="symbols"><symbol id="sy-a" viewBox="0 0 16 16"><path class="cut" d="M0 0"/>'
    '<path class="fill" d="M1 1"/></symbol></svg>'
)
STYLE = (
    ":root{--ink:#111111;--pale:#eeeeee} .red{color:#ff0000;--ink:#222222} symbol .fill{fill:currentColor}"
    " .cut{stroke:var(--ink)} .big rect{fill:var(--pale)} @media screen{.big rect{fill:#000000}}"
    " @media print{.big text{font-size:12px}} a:hover{color:#00ff00} .s::before{color:#00ff00}"
)


def test_drawings_take_the_paint_of_the_page_with_them() -> None:
    root = page_of(
        f'{SYMBOLS}<p class="red">before<svg class="s" viewBox="0 0 16 16" aria-hidden="true"><use href="#sy-a"></use>'
        "</svg>after</p>"
        '<div class="big"><svg role="img"><title>One</title><desc>two</desc><rect/><text>x</text></svg></div>'
    )
    dress(root, STYLE)
    (symbol,) = root.iter("span")
    assert symbol.get("class") == "drawn s"
    assert symbol.tail == "after"
    import base64

    encoded = re.search(r"base64,([^)]+)", symbol.get("style") or "")
    assert encoded
    picture = base64.b64decode(encoded[1]).decode()
    assert 'fill="#ff0000"' in picture
    assert 'stroke="#222222"' in picture
    assert "class" not in picture
    (drawing,) = root.iter("{http://www.w3.org/2000/svg}svg")
    assert drawing.find("{http://www.w3.org/2000/svg}title").text == "One two"  # type: ignore[union-attr]
    assert drawing.find("{http://www.w3.org/2000/svg}rect").get("fill") == "#eeeeee"  # type: ignore[union-attr]
    assert drawing.find("{http://www.w3.org/2000/svg}text").get("font-size") == "12px"  # type: ignore[union-attr]


def test_a_symbol_that_does_not_exist_draws_nothing() -> None:
    root = page_of('<svg aria-hidden="true"><use href="#sy-none"></use></svg>')
    dress(root, STYLE)
    assert len(list(root.iter("span"))) == 1


def test_variables_that_name_each_other_end() -> None:
    root = page_of('<svg role="img"><title>t</title><rect class="x"/></svg>')
    dress(root, ":root{--a:var(--b);--b:var(--a)} .x{fill:var(--a)}")
    assert next(root.iter("{http://www.w3.org/2000/svg}rect")).get("fill")


def test_the_sample_is_one_of_ours(sample: RunResult) -> None:
    assert len(sample.verdicts) == 65
