"""Parts and routes of scripted applications, as the usual tools write them."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.inventory.bundles import parts_of, routes_of

PAGE = "https://portal.example/"


def test_parts_that_are_imported_by_their_name() -> None:
    code = 'import{a}from"./chunk-AB12.js";const r=[{path:"orders",loadComponent:()=>import("./orders-CD34.js")}]'
    assert parts_of(code, PAGE + "main.js", PAGE) == (PAGE + "chunk-AB12.js", PAGE + "orders-CD34.js")


def test_parts_that_are_listed_below_the_base() -> None:
    code = 'm.f||(m.f=["assets/Dossier-1a2b.js","assets/Dossier-1a2b.css","assets/Rdv-3c4d.js"])'
    base = PAGE + "app/"
    assert parts_of(code, base + "assets/index-9f.js", base) == (
        base + "assets/Dossier-1a2b.js",
        base + "assets/Rdv-3c4d.js",
    )


def test_parts_whose_address_webpack_computes() -> None:
    five = 'i.u=e=>"static/js/"+e+"."+{12:"1f2e3d4c",845:"99aa88bb"}[e]+".chunk.js",i.p="/espace/"'
    assert parts_of(five, PAGE + "espace/static/js/main.js", PAGE + "espace/") == (
        PAGE + "espace/static/js/12.1f2e3d4c.chunk.js",
        PAGE + "espace/static/js/845.99aa88bb.chunk.js",
    )
    four = 'return u.p+"js/"+({dossiers:"dossiers"}[e]||e)+"."+{dossiers:"0a1b2c3d",7:"4e5f6a7b"}[e]+".js"'
    assert parts_of(four, PAGE + "js/app.js", PAGE) == (PAGE + "js/dossiers.0a1b2c3d.js", PAGE + "js/7.4e5f6a7b.js")


def test_routes_without_parameters() -> None:
    code = '[{path:"basket"},{path:"/mon-compte/documents"},{path:"order/:id"},{path:"**"},{path:""}]'
    assert routes_of(code) == ("basket", "mon-compte/documents")


@given(st.text(alphabet='{}[]()|+.:"eup/js1,=path>import ', max_size=400))
def test_any_text_is_read(code: str) -> None:
    parts_of(code, PAGE + "main.js", PAGE)
    routes_of(code)


def test_hostile_code_is_read_in_time() -> None:
    begun = time.perf_counter()
    for piece in ('{"a":"b",', '}[e]+".js"', '({x}[e]||e)+"."+', 'import("./', 'path:"a/', '"assets/a/'):
        parts_of(piece * 40_000, PAGE + "main.js", PAGE)
        routes_of(piece * 40_000)
    assert time.perf_counter() - begun < 5
