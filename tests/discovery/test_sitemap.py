"""sitemap.xml, from people and from attackers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.discovery.sitemap import MAX_ENTRIES, Sitemap, parse_sitemap

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def test_pages_and_index() -> None:
    pages = (
        f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="{NAMESPACE}"><url><loc> /a&amp;b </loc></url></urlset>'
    )
    assert parse_sitemap(pages.encode()) == Sitemap(pages=("/a&b",))
    index = f'<s:sitemapindex xmlns:s="{NAMESPACE}"><s:sitemap><s:loc>/more.xml</s:loc></s:sitemap></s:sitemapindex>'
    assert parse_sitemap(index.encode()) == Sitemap(sitemaps=("/more.xml",))


def test_a_document_type_is_refused() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><urlset><url><loc>/&b;</loc></url></urlset>'
    external = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><urlset><url><loc>&a;</loc></url></urlset>'
    assert parse_sitemap(laughs.encode()) == Sitemap()
    assert parse_sitemap(external.encode()) == Sitemap()


def test_what_precedes_a_fault_is_kept_and_entries_are_capped() -> None:
    assert parse_sitemap(b"<urlset><url><loc>/a</loc></url><url>") == Sitemap(pages=("/a",))
    many = b"<urlset>" + b"<url><loc>/a</loc></url>" * (MAX_ENTRIES + 5) + b"</urlset>"
    assert len(parse_sitemap(many).pages) == MAX_ENTRIES
    assert parse_sitemap(b"<urlset><url><loc>/" + b"x" * 5000 + b"</loc></url></urlset>") == Sitemap()
    assert parse_sitemap(b"<urlset><url><image:loc/><title><loc>/a</loc></title></url></urlset>").pages == ("/a",)


@given(st.binary(max_size=200))
def test_never_raises(body: bytes) -> None:
    parse_sitemap(body)
    parse_sitemap(b"<urlset><url><loc>" + body)
