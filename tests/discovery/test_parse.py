"""HTML as targets write it, hostile or merely old."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pgssi_probe.check.harness import exchange, page
from pgssi_probe.discovery import folding, form_owner, harvest, parse
from pgssi_probe.discovery.parse import decoded, parse_html, parse_page
from pgssi_probe.discovery.site import Document, Link

URL = "https://portal.example/dir/page"


def names(document: Document, index: int = 0) -> list[str]:
    return [field.name for field in document.forms[index].fields]


def urls(document: Document) -> list[str]:
    return [link.url for link in document.links]


def test_text_is_one_line_per_block_without_code() -> None:
    document = parse_html(
        "<html lang=fr><title> Accueil\n du portail </title><style>p{}</style><p>Bonjour <b>le</b>\n monde<p>Deux"
        "<script>var x = 1</script><template><p>inerte<a href=/t>t</a></template><br>Trois",
        URL,
    )
    assert document.title == "Accueil du portail"
    assert document.language == "fr"
    assert document.text == "Bonjour le monde\nDeux\nTrois"
    assert document.inline_scripts == ("var x = 1",)
    assert document.links == ()


def test_links_are_absolute_without_fragment_and_contacts_apart() -> None:
    document = parse_html(
        "<a href=' ../a\nb#x '>A <b>B</b></a><a href='?q=1'></a><a href=javascript:alert(1)>j</a>"
        "<a href='data:text/html,x'>d</a>"
        "<a href='mailto:aide@chu.example'>m</a><a href='tel:+33123456789'>t</a><a href='ftp://h/x'>f</a>"
        "<a href='https://user:pass@portal.example/'>u</a><a href='//[bad/'>b</a>"
        "<a href='HTTPS://Portal.EXAMPLE:443/é ?q=ü'>i</a>"
        "<area href=/map alt=Plan><a href=/icon><img src=/i.png alt=Aide></a><a name=anchor>no</a>",
        URL,
    )
    assert urls(document) == [
        "https://portal.example/ab",
        "https://portal.example/dir/page?q=1",
        "https://portal.example/%C3%A9%20?q=%C3%BC",
        "https://portal.example/map",
        "https://portal.example/icon",
    ]
    assert [link.text for link in document.links] == ["A B", "", "i", "Plan", "Aide"]
    assert document.contacts == ("mailto:aide@chu.example", "tel:+33123456789")


def test_base_applies_to_links_written_before_it_but_not_to_an_empty_action() -> None:
    document = parse_html("<a href=x>x</a><form></form><form action=y></form><base href=/other/><base href=/no/>", URL)
    assert document.base == "https://portal.example/other/"
    assert urls(document) == ["https://portal.example/other/x"]
    assert [form.action for form in document.forms] == [URL, "https://portal.example/other/y"]


def test_meta_refresh_is_a_meta_and_a_link() -> None:
    document = parse_html("<meta http-equiv=Refresh content=\"0; URL='/next'\"><meta name=Robots content=noindex>", URL)
    assert document.links == (Link("https://portal.example/next", "", ("refresh",)),)
    assert [(meta.source, meta.name, meta.content) for meta in document.metas] == [
        ("http-equiv", "refresh", "0; URL='/next'"),
        ("name", "robots", "noindex"),
    ]


def test_first_of_two_attributes_wins() -> None:
    assert urls(parse_html("<a href=/first href=/second>x</a>", URL)) == ["https://portal.example/first"]


def test_resources_with_their_attributes_and_without_data() -> None:
    document = parse_html(
        "<script src=/a.js integrity=sha384-x crossorigin type=module></script>"
        "<link rel='Stylesheet' href=//cdn.example/a.css><link rel=canonical href=/c><link rel=preload as=font href=/f>"
        "<img src='data:image/png;base64,AA' srcset='/1.png 1x, data:image/png;base64,AA 2x, /3.png 3x'>"
        "<iframe src=/frame></iframe><object data=/o.swf></object><input type=image src=/send.png>",
        URL,
    )
    assert [(one.tag, one.url.removeprefix("https:")) for one in document.resources] == [
        ("script", "//portal.example/a.js"),
        ("link", "//cdn.example/a.css"),
        ("link", "//portal.example/f"),
        ("img", "//portal.example/1.png"),
        ("img", "//portal.example/3.png"),
        ("iframe", "//portal.example/frame"),
        ("object", "//portal.example/o.swf"),
        ("input", "//portal.example/send.png"),
    ]
    script, style, font = document.resources[:3]
    assert (script.integrity, script.crossorigin, script.kind) == ("sha384-x", "", "module")
    assert (style.rel, style.crossorigin, style.raw) == (("stylesheet",), None, "//cdn.example/a.css")
    assert font.kind == "font"
    assert urls(document) == ["https://portal.example/c"]


@pytest.mark.parametrize(
    ("markup", "owned", "loose"),
    [
        (
            "<table><tr><form action=a><td><input name=x></td></tr><tr><td><input name=y></form></table><input name=z>",
            "xy",
            "z",
        ),
        ("<div><form action=a></div><input name=x></form><input name=q>", "x", "q"),
        ("<form action=a><form action=b><input name=x></form><input name=y></form>", "x", "y"),
        ("<form action=a><div></form><input name=x></div><input name=y>", "x", "y"),
        ("<input name=x form=f><form id=f></form><input name=y form=nobody>", "x", "y"),
        ("<form id=f><input name=x></form><form id=f></form><input name=y form=f>", "xy", ""),
        ("<form id=f><input name=x><input name=y form=''>", "x", "y"),
        ("<!-- <form> </form> --><form><input name=x></form>", "x", ""),
        ("<form><textarea name=x></form></textarea><input name=y></form><input name=z>", "xy", "z"),
        ("<form data-x='</form>'><script>'</form>'</script><input name=x>", "x", ""),
        ("<form><input name=x></FORM ><input name=y>", "x", "y"),
    ],
)
def test_owner_of_a_field_is_the_browsers(markup: str, owned: str, loose: str) -> None:
    document = parse_html(markup, URL)
    assert "".join(names(document)) == owned
    assert "".join(field.name for field in document.loose_fields) == loose


def test_the_marks_of_the_parser_leave_no_trace() -> None:
    markup = (
        "<!-- <form></form> --><form title='</form>'><script>'</form>'</script><textarea></form></textarea></form>"
        "<title></form></title><style></form></style>"
    )
    assert "pgssi" not in repr(parse_html(markup, URL))


def test_a_form_tells_what_a_login_driver_needs() -> None:
    document = parse_html(
        "<form method=post action=/login id=l autocomplete=off>"
        "<label>Identifiant<input name=u required autocomplete=username>"
        "</label><input type=Password name=p minlength=12 maxlength=99 pattern='.*\\d'>"
        "<input type=hidden name=csrf value=s3cr3t><select name=s></select><button>Se connecter</button></form>",
        URL,
    )
    (form,) = document.forms
    assert (form.method, form.action, form.identifier) == ("POST", "https://portal.example/login", "l")
    assert form.has_password
    assert document.asks_password
    assert [(field.name, field.kind, field.value) for field in form.fields] == [
        ("u", "text", ""),
        ("p", "password", ""),
        ("csrf", "hidden", "s3cr3t"),
        ("s", "select", ""),
        ("", "submit", ""),
    ]
    password = form.fields[1]
    assert (password.minlength, password.maxlength, password.pattern) == (12, 99, ".*\\d")
    assert form.fields[0].required
    assert form.text == "Identifiant Se connecter"


def test_typed_values_are_not_kept() -> None:
    document = parse_html("<form><input name=nir value=295109912611193><textarea>x</textarea></form>", URL)
    assert [field.value for field in document.forms[0].fields] == ["", ""]
    document = parse_html("<form><input name=domaine value=CHU><input type=password value=x></form>", URL)
    assert [field.value for field in document.forms[0].fields] == ["CHU", ""]
    assert "295109912611193" not in document.text


def test_a_script_action_is_no_address() -> None:
    assert parse_html("<form action='javascript:void(0)'></form>", URL).forms[0].action == ""


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("é".encode(), "text/html; charset=utf-8", "é"),
        ("é".encode("latin-1"), "text/html; charset=iso-8859-1", "é"),
        (b"<meta charset=iso-8859-1>" + "é €".encode("cp1252"), "text/html", "<meta charset=iso-8859-1>é €"),
        ("é".encode("latin-1"), "text/html", "é"),
        ("é".encode(), "text/html", "é"),
        ("é".encode()[:1], "text/html", "Ã"),
        (b"\xef\xbb\xbfx", "text/html; charset=latin-1", "x"),
        ("é".encode("utf-16"), "text/html", "é"),
        (b"x", "text/html; charset=nonsense", "x"),
        (b"<meta charset=utf-16>x", "text/html", "<meta charset=utf-16>x"),
        (b"<meta charset=rot13>x", "text/html", "<meta charset=rot13>x"),
        (b"<meta charset=zlib>x", "text/html", "<meta charset=zlib>x"),
        (b"x", "text/html; charset=hex", "x"),
    ],
)
def test_encodings(body: bytes, content_type: str, expected: str) -> None:
    assert decoded(page(body, content_type=content_type)) == expected


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 20_000,
        "<b>" * 33_000,
        "<table><tr><td>" * 6_600,
        "<form>" * 16_000,
        "<a href=x>" * 10_000,
        "<form><input name=x>" * 5_000,
        "<select><option>" * 6_000,
        "<a " + " ".join(f"a{i}=1" for i in range(16_000)) + ">",
        "<img srcset='" + "a 1x," * 19_000 + "'>",
        "<" * 100_000,
        "<!--" * 25_000,
        "</form" * 16_000,
        "<?" * 50_000,
        "&lt;" * 25_000,
    ],
    ids=lambda markup: markup[:16],
)
def test_a_hostile_page_costs_no_more_than_a_large_one(markup: str) -> None:
    start = time.process_time()
    parse_html(markup, URL)
    assert time.process_time() - start < 5  # measured: at most 0.6 s; html5lib needs minutes for the first


def test_caps_hold_and_are_told() -> None:
    document = parse_html(
        "".join(f"<a href=/{i}>l</a>" for i in range(harvest.MAX_LINKS + 5))
        + "<form><input name=x></form>" * (form_owner.MAX_FORMS + 5)
        + "<!--c-->" * (harvest.MAX_COMMENTS + 5),
        URL,
    )
    assert len(document.links) == harvest.MAX_LINKS
    assert len(document.forms) == form_owner.MAX_FORMS
    assert len(document.comments) == harvest.MAX_COMMENTS
    assert document.cut
    assert parse_html("x" * (parse.MAX_MARKUP + 1), URL).cut
    assert not parse_html("<p>x</p>", URL).cut


MARKUP = """
    <form> </form> <form/id=a/action='?'> <input/name=x/form=a> <input/type=password> <table> <tr> <td> </table>
    <a/href= ' " > < <base/href='//'> <base/href=/x> <template> </template> <script> </script> <title> </title> <!-- -->
    <div> </div> <?xml/version='1.0'?> <?xml <?pgssi-form-end?> <meta/http-equiv=refresh/content='0;url= http://[ ://
    &#x110000; &#xD800; <svg> <math> <![CDATA[ ]]> <plaintext> <img/srcset='a,b,,b,'> é x.html http://x/
"""
PIECES = st.sampled_from([*MARKUP.split(), " ", "\0", "\ud800", "\u202e"])


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=40).map("".join)))
@example("")
@example("index.html")
@example("https://portal.example/")
@example("<?xml version='1.0'?><rss><channel/></rss>")
def test_never_raises_and_stays_bounded(markup: str) -> None:
    document = parse_html(markup, URL)
    assert len(document.text) <= harvest.MAX_TEXT
    assert all(link.url.startswith(("http://", "https://")) and len(link.url) <= 2048 for link in document.links)
    assert all(len(link.text) <= folding.MAX_SHORT for link in document.links)
    assert all(one.url.startswith(("http://", "https://")) for one in document.resources)
    assert parse_html(markup, URL) == document


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.text(max_size=20))
@example(b"x", "UNDEFINED")
@example(b"\xff", "idna")
@example(b"\\x", "unicode_escape")
def test_decoding_never_raises(body: bytes, charset: str) -> None:
    decoded(page(body, content_type=f"text/html; charset={charset}"))
    decoded(page(b"<meta charset=" + charset.encode("utf-8", "replace") + b">" + body, content_type="text/html"))


async def test_only_html_is_a_page_and_a_large_one_is_parsed_too() -> None:
    assert await parse_page(exchange(URL, page("{}", content_type="application/json"))) is None
    large = await parse_page(exchange(URL, page("<p>x</p>" * (parse.THREAD_FROM // 8 + 1))))
    assert large is not None
    assert large.document.text.startswith("x\nx")


@pytest.mark.parametrize(
    ("markup", "doctype"),
    [
        ("<!doctype html><p>", "html"),
        ('<!DOCTYPE html PUBLIC "-//A" "http://b">', 'html PUBLIC "-//A" "http://b"'),
        ('<!DOCTYPE html SYSTEM "about:legacy-compat">', 'html SYSTEM "about:legacy-compat"'),
        ("<!doctype html><!doctype other>", "html"),
        ("<p><template><!doctype html></template>", ""),
    ],
)
def test_the_first_doctype_of_the_page_is_kept(markup: str, doctype: str) -> None:
    assert parse_html(markup, "https://portal.example/").doctype == doctype


def test_nothing_of_a_template_belongs_to_the_page() -> None:
    markup = "<p>a<template><form action=/x><script>b</script><!-- c --><a href=/d>e</a></form></template>f"
    document = parse_html(markup, "https://portal.example/")
    assert document.text == "af"
    assert (document.forms, document.links, document.comments, document.inline_scripts) == ((), (), (), ())
