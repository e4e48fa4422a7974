"""From the page of the HTML report to PDF/UA-1: table of contents with page numbers, bookmarks, nothing fetched."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final
from xml.etree import ElementTree as ET

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang
from pgssi_reports.html import HtmlReporter
from pgssi_reports.machine import instant, line
from pgssi_reports.pdf.drawing import dress
from pgssi_reports.pdf.structure import complete
from pgssi_reports.words import Words

VARIANT: Final = "pdf/ua-1"


def render(result: RunResult, lang: Lang) -> bytes:
    """The document as bytes."""
    from cssselect2 import ElementWrapper
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    words = Words(lang)
    own = _print_style(words)
    # The page names no address; should it ever do, nothing but what it carries itself is read.
    fetcher = URLFetcher(allowed_protocols=["data"], allow_redirects=False)
    with _quiet():
        document = HTML(string=HtmlReporter().render(result, lang).decode(), url_fetcher=fetcher)
        root = document.etree_element
        _metadata(root, result, words)
        ET.SubElement(root.find("head"), "style").text = own  # the last rule wins
        dress(root, "\n".join(style.text or "" for style in root.iter("style")))
        _plain_elements(root)
        document.wrapper_element = ElementWrapper.from_html_root(root)  # the tree is not the one that it knew
        made: bytes = document.write_pdf(
            finisher=complete,
            pdf_variant=VARIANT,
            pdf_identifier=hashlib.sha256(f"{result.run.id}\0{lang}".encode("utf-8", "replace")).digest()[:16],
        )
    return made


def _plain_elements(root: Any) -> None:
    """Bring elements that serve on a screen only down to what they hold, so that the tagged structure stays plain."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in ("script", "noscript"):
                parent.remove(child)
    for group in (*root.iter("ul"), *root.iter("ol")):
        for place in (group, *group):  # the blanks between items would be pieces of text beside them
            part = "text" if place is group else "tail"
            if not (getattr(place, part) or "").strip():
                setattr(place, part, None)
    for element in root.iter("pre"):
        for attribute in ("tabindex", "role", "aria-label"):
            element.attrib.pop(attribute, None)


def _metadata(root: Any, result: RunResult, words: Words) -> None:
    head = root.find("head")
    moment = instant(result.run.finished)
    for name, content in (
        ("author", f"pgssi-probe {line(result.run.tool_version, 60)}"),
        ("description", words.say("pdf.subject")),
        ("dcterms.created", moment),
        ("dcterms.modified", moment),
    ):
        head.append(ET.Element("meta", {"name": name, "content": content}))


def _print_style(words: Words) -> str:
    """Our style sheet for paper, after that of the page. The words of the margin are the only ones in it."""
    before, between, after = _around(words.say("pdf.page", page="\x00", pages="\x01"))
    numbers = f'"{before}" counter(page) "{between}" counter(pages) "{after}"'
    style = files("pgssi_reports.pdf").joinpath("print.css").read_text("utf-8")
    margin = f"@page {{ @bottom-right {{ content: {numbers}; }} }}"
    return "\n".join((style, margin, "@page :first { @bottom-right { content: none; } }"))


def _around(sentence: str) -> tuple[str, str, str]:
    before, _, rest = sentence.replace("\\", "\\\\").replace('"', '\\"').partition("\x00")
    between, _, after = rest.partition("\x01")
    return before, between, after


@contextmanager
def _quiet() -> Iterator[None]:
    """WeasyPrint warns of each rule meant for browsers: that is neither news nor for the person who reads."""
    names = ("weasyprint", "fontTools")
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
