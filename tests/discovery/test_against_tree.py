"""The reader of events finds what Beautiful Soup finds in its tree: links, resources, fields, comments and title."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from bs4 import BeautifulSoup, Comment
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.lab import Lab

URL = "https://portal.example/dossier/"
WORDS = st.sampled_from(["a", "b/c", "/d", "?e=1", "https://other.example/f", "../g", "é"])
PIECES = st.one_of(
    WORDS.map(lambda word: f'<a href="{word}">lien {word}</a>'),
    WORDS.map(lambda word: f'<script src="{word}"></script>'),
    WORDS.map(lambda word: f'<img src="{word}">'),
    WORDS.map(lambda word: f'<form action="{word}"><input name="n{len(word)}"><select name=s></select></form>'),
    WORDS.map(lambda word: f"<!-- note {word} -->"),
    st.sampled_from(["<p>texte</p>", "<div>", "</div>", "<table><tr><td>x</table>", "<b><i></b></i>", "&eacute;&lt;"]),
)


def agrees(markup: str, url: str = URL) -> None:
    document = parse_html(markup, url)
    tree = BeautifulSoup(markup, "lxml")
    base = urljoin(url, str(tree.base["href"])) if tree.base is not None and tree.base.get("href") else url
    hrefs = {urljoin(base, str(tag["href"])).partition("#")[0] for tag in tree.find_all("a", href=True)}
    wanted = {href for href in hrefs if href.startswith("http")}
    assert {link.url for link in document.links} >= {href for href in wanted if href.isascii()}
    scripts = {urljoin(base, str(tag["src"])) for tag in tree.find_all("script", src=True)}
    assert {one.url for one in document.resources if one.tag == "script"} >= {url for url in scripts if url.isascii()}
    assert len(document.forms) == len(tree.find_all("form"))
    names = {str(tag["name"]) for tag in tree.find_all(["input", "select", "textarea"], attrs={"name": True})}
    owned = {field.name for form in document.forms for field in (*form.fields, *document.loose_fields)}
    assert {name for name in names if name} <= owned | {field.name for field in document.loose_fields}
    assert len(document.comments) == len(tree.find_all(string=lambda text: isinstance(text, Comment)))


@given(st.lists(PIECES, max_size=12).map("".join))
def test_on_generated_markup(markup: str) -> None:
    agrees(f"<!doctype html><html><head><title>T</title></head><body>{markup}</body></html>")


@pytest.mark.parametrize("path", ["/", "/connexion", "/mentions-legales", "/plan-du-site", "/disponibilites"])
async def test_on_the_pages_of_the_portal(path: str) -> None:
    import httpx

    lab = Lab()
    try:
        transport = httpx.ASGITransport(lab.application)
        async with httpx.AsyncClient(transport=transport, base_url=lab.https_url) as client:
            answer = await client.get(path)
        assert answer.status_code == 200
        agrees(answer.text, lab.https_url + path)
    finally:
        lab.close()
