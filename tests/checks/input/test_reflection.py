"""Places in a page, and what got out of them: encoded output is never accused, raw output always is."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.input.markup import tokens
from pgssi_checks.input.reflected_xss import shown_where
from pgssi_checks.input.reflection import got_out, spots
from pgssi_checks.input.script_text import pieces

MARKER, MARK = "pgbcdfghjk12", "pgzzzzzzzz34"


def in_script(value: str) -> str:
    return json.dumps(value)[1:-1].replace("<", "\\u003c").replace(">", "\\u003e").replace("'", "\\u0027")


def in_template(value: str) -> str:
    return in_script(value).replace("`", "\\u0060").replace("$", "\\u0024")


def in_url(value: str) -> str:
    return "/chemin?" + escape(value)


def word(value: str) -> str:
    return "".join(one for one in value if one.isalnum())


Encoder = Callable[[str], str]
PLACES: dict[str, tuple[str, Encoder]] = {
    "text": ("<p>{}</p>", escape),
    "text-svg": ("<svg><title>{}</title></svg>", escape),
    "text-select": ("<select><option>{}</option></select>", escape),
    "double-quoted": ('<input value="{}">', escape),
    "single-quoted": ("<input value='{}'>", escape),
    "unquoted": ("<input value={}>", word),
    "title": ("<title>{}</title>", escape),
    "textarea": ("<textarea>{}</textarea>", escape),
    "style": ("<style>.a{{b:{}}}</style>", word),
    "noscript": ("<noscript>{}</noscript>", escape),
    "template": ("<template><b>{}</b></template>", escape),
    "comment": ("<!-- {} -->", escape),
    "script-string": ('<script>var a = "{}";</script>', in_script),
    "script-string-single": ("<script>var a = /[/'\"]/g, b = '{}';</script>", in_script),
    "script-template": ("<script>var a = `x${{b + `y`}} {}`;</script>", in_template),
    "script-comment": ("<script>/* {} */ f(1)</script>", word),
    "script-code": ("<script>f(1 / 2, {})</script>", word),
    "script-hidden": ("<script><!-- <script>'</script> {} --></script>", word),
    "data": ('<script type="application/json">{{"a": "{}"}}</script>', in_script),
    "address": ('<a href="{}">x</a>', in_url),
    "event-string": ("<b onclick=\"f('{}')\">x</b>", lambda value: escape(in_script(value))),
    "srcdoc": ('<iframe srcdoc="&lt;p&gt;{}"></iframe>', lambda value: escape(escape(value))),
    "tag": ("<p {}>x</p>", word),
}
AROUND = ("{}", "<!DOCTYPE html><html><body>{}</body></html>", "<p a='>' b=\"<!--\">x<br/>{}<i>", "<svg><b>{}</b><a><")


@pytest.mark.parametrize("name", PLACES)
def test_raw_gets_out(name: str) -> None:
    shape, _ = PLACES[name]
    for around in AROUND[:3]:
        page = around.replace("{}", shape)
        found = spots(page.format(MARKER) if around != "" else "", MARKER)
        assert found, "the word is seen where it came back"
        values = [way.replace("%", MARK) for spot in found for way in spot.ways]
        values = [value if value.startswith("javascript:") else "x" + value for value in values]
        assert any(got_out(page.format(value), MARK) for value in values)


@pytest.mark.parametrize("name", PLACES)
def test_encoded_does_not(name: str) -> None:
    shape, encode = PLACES[name]
    every = {way for raw, _ in PLACES.values() for spot in spots(raw.format(MARKER), MARKER) for way in spot.ways}
    for around in AROUND[:3]:
        page = around.replace("{}", shape)
        for way in every:
            assert got_out(page.format(encode(MARKER + way.replace("%", MARK))), MARK) is None, way


@given(
    st.lists(st.sampled_from([name for name, (_, encode) in PLACES.items() if encode is escape]), max_size=6),
    st.text(st.sampled_from("<>\"'`/\\ =&;!-%x$(){}\n") | st.characters(codec="utf-8"), max_size=40),
)
def test_pages_of_encoded_output_are_never_accused(names: list[str], noise: str) -> None:
    value = noise + f"\"'><{MARK}> {MARK}=1 --></script></title></textarea><{MARK}>`-{MARK}()-`" + noise
    page = "".join(PLACES[name][0].format(escape(value)) for name in names)
    assert got_out(page, MARK) is None


@given(st.text(st.sampled_from("<>\"'`/\\ =&;!-[]CDATAscriptsvgtemplate\n\t"), max_size=200))
def test_tokens_of_anything_are_in_order(text: str) -> None:
    at = 0
    for token in tokens(text):
        assert at <= token.start < token.end <= len(text)
        at = token.end
    end = 0
    for piece in pieces(text):
        assert piece.start == end < piece.end
        end = piece.end
    assert end == len(text)


def test_json_shown_as_a_page_is_a_page() -> None:
    page = json.dumps({"recherche": MARKER, "autre": "<i>"})
    assert [spot.context for spot in spots(page, MARKER)] == ["text"]
    assert got_out(json.dumps({"recherche": f"<{MARK}>"}), MARK) == "element"


@pytest.mark.parametrize(
    "page",
    [
        f"<textarea></textareax><{MARK}></textarea>",
        f"<script>'<!--<script></script><{MARK}>",
        f"<p title='<{MARK}>'>",
        f"<p <{MARK}",
        f"<!-- --!x> <{MARK}> -->",
        f"<svg><![CDATA[<{MARK}>]]></svg>",
        f"<template><{MARK}></template>",
        f"<script>a = '\\'-{MARK}()-'</script>",
        f"<script>a = b / c; d = '/'; // {MARK}()\n</script>",
        f"<script type=text/template>{MARK}()</script>",
        f"<a href='https://x/?javascript:{MARK}'>",
        f"<img alt='javascript:{MARK}'>",
    ],
)
def test_what_looks_like_it_is_not(page: str) -> None:
    assert got_out(page, MARK) is None


@pytest.mark.parametrize(
    "page",
    [
        f"<!--><{MARK}>",
        f"<!--a--!><{MARK}>",
        f"<title></title ><{MARK}>",
        f"<svg><title><{MARK}>",
        f"<svg><style><{MARK}>",
        f"<![CDATA[><{MARK}>",
        f"<p a=b/><{MARK}/>",
        f"<a href=' java\nscript:{MARK}'>",
        f"<a href='&#106;avascript:{MARK}'>",
        f"<iframe srcdoc='&lt;{MARK}&gt;'>",
        f"<b onclick='a=&quot;&quot;;{MARK}()'>",
    ],
)
def test_what_browsers_read_is_read(page: str) -> None:
    assert got_out(page, MARK) is not None


def test_the_evidence_shows_the_place_where_the_value_got_out() -> None:
    page = '<a href="/x?type=pgzz11%20pgaa22%3D1">' + "<p>x</p>" * 60 + "<input value=pgzz11 pgaa22=1>"
    shown = shown_where(page, " %=1 ", "pgaa22")
    assert "<input value=pgzz11 pgaa22=1>" in shown
    assert "href" not in shown
    assert "pgaa22" in shown_where(page, "><%>", "pgaa22")
