"""Redirects without end, and pages meant to break whoever reads them."""

from __future__ import annotations

from pgssi_probe.lab.hostile.serving import Visit, behaviour

FORMULA = '=HYPERLINK("http://elsewhere.invalid/","cliquez")'
MARKUP = '<script>alert("pgssi")</script><img src=x onerror=alert(1)>'
BIDI = "\u202etxt.exe\u202c\u2066gnp\u2069"
ANSI = "\x1b[2J\x1b[31mrouge\x1b]0;titre\x07\x1b[8m"
CONTROL = "\x00\x07\x08\x7f\x9b31m"
HOSTILE_STRINGS = (
    FORMULA,
    MARKUP,
    BIDI,
    ANSI,
    CONTROL,
    "'; drop table outcome; --",
    "{{7*7}}${7*7}",
    "@SUM(1+1)",
    "\ufeff\u200b",
)
"""Strings that must never act in a report, a terminal, a spreadsheet or a database."""


@behaviour("redirect-loop")
async def redirect_loop(visit: Visit) -> None:
    """Always another address of the same host."""
    number = int(visit.path.rpartition("/")[2]) if visit.path.rpartition("/")[2].isdecimal() else 0
    await visit.answer(status="302 Found", headers=(f"Location: /tour/{number + 1}".encode(),))


@behaviour("redirect-to-itself")
async def redirect_to_itself(visit: Visit) -> None:
    await visit.answer(status="301 Moved Permanently", headers=(f"Location: {visit.path}".encode("latin-1"),))


@behaviour("redirect-elsewhere")
async def redirect_elsewhere(visit: Visit) -> None:
    await visit.answer(status="302 Found", headers=(b"Location: http://elsewhere.invalid/",))


@behaviour("redirect-to-file")
async def redirect_to_file(visit: Visit) -> None:
    await visit.answer(status="302 Found", headers=(b"Location: file:///etc/hostname",))


@behaviour("redirect-unreadable")
async def redirect_unreadable(visit: Visit) -> None:
    await visit.answer(status="302 Found", headers=(b"Location: http://[::1:bad]:99999999/%zz\xff",))


@behaviour("errors-everywhere")
async def errors_everywhere(visit: Visit) -> None:
    await visit.answer(b"<h1>Erreur</h1>", "500 Internal Server Error")


@behaviour("empty-page")
async def empty_page(visit: Visit) -> None:
    await visit.answer()


@behaviour("nested-tags")
async def nested_tags(visit: Visit) -> None:
    """A hundred kilobytes of open tags."""
    await visit.answer(b"<html><body>" + b"<div>" * 20_000)


@behaviour("tag-soup")
async def tag_soup(visit: Visit) -> None:
    soup = (
        b'<a href="x"<form action=\'<table><form><input name=a><tr><!-- <![CDATA[ </form <script>"</title></p></b>'
        * 2000
    )
    await visit.answer(b"<!DOCTYPE" + soup)


@behaviour("link-flood")
async def link_flood(visit: Visit) -> None:
    await visit.answer(b"".join(b'<a href="/p%d">%d</a>' % (i, i) for i in range(50_000)))


@behaviour("infinite-links")
async def infinite_links(visit: Visit) -> None:
    """A calendar: every month leads to two more, for ever."""
    last = visit.path.rstrip("/").rpartition("/")[2]
    month = int(last) if last.isdecimal() else 0
    links = [f"/calendrier/{month + 1}", f"/calendrier/{month + 100}", f"/calendrier/{month}?jour={month % 28 + 1}"]
    await visit.answer("".join(f'<p><a href="{link}">{link}</a></p>' for link in links).encode())


@behaviour("sitemap-loop")
async def sitemap_loop(visit: Visit) -> None:
    """robots.txt and a site map index that lists itself and ever more of the same."""
    if visit.path.startswith("/robots.txt"):
        await visit.answer(f"Sitemap: {visit.origin}/sitemap.xml\n".encode() * 500, media_type="text/plain")
    elif "sitemap" in visit.path:
        entries = "".join(f"<sitemap><loc>{visit.origin}{visit.path}{i}</loc></sitemap>" for i in range(50))
        await visit.answer(f"<sitemapindex>{entries}</sitemapindex>".encode(), media_type="application/xml")
    else:
        await visit.answer(b"<h1>Accueil</h1>")


@behaviour("entity-bomb")
async def entity_bomb(visit: Visit) -> None:
    """XML whose entities swell a billion times, wherever XML may be read."""
    levels = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    body = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "aaaaaaaaaa">{levels}]>'
    body += "<urlset><url><loc>&l9;</loc></url></urlset>"
    await visit.answer(body.encode(), media_type="application/xml")


@behaviour("bad-charset")
async def bad_charset(visit: Visit) -> None:
    body = b"\xff\xfe<\x00h\x001\x00>\xc3\x28\xa0\xa1\xf0\x28\x8c\xbc\xed\xa0\x80" + "é".encode("latin-1") * 100
    await visit.answer(body, media_type="text/html; charset=x-nonsense; charset=utf-7")


@behaviour("hostile-strings")
async def hostile_strings(visit: Visit) -> None:
    """Markup, escapes, bidirectional marks and formulas in the title, links, forms, cookies, headers and paths."""
    text = "".join(HOSTILE_STRINGS)
    links = "".join(
        f'<a href="/{s}">{s}</a><form action="/{s}"><input name="{s}" value="{s}"></form>' for s in HOSTILE_STRINGS
    )
    body = f"<title>{text}</title><meta name=generator content='{FORMULA} 9.9.9'><!-- {text} -->{links}"
    headers = (
        f"Server: {MARKUP} {FORMULA}/1.2.3".encode(),
        f"X-Powered-By: {BIDI}/4.5.6".encode(),
        f"Set-Cookie: =cmd|calc!A1=1; Path=/; {MARKUP}".encode(),
        "Set-Cookie: session<b>=éé\u202e; Path=/".encode(),
        f"Link: <{visit.origin}/{FORMULA.replace(' ', '')}>; rel=preload".encode(),
    )
    await visit.answer(body.encode("utf-8", "surrogatepass"), headers=headers)
