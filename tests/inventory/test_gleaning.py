"""What answers speak of: links, forms, scripts, JSON; whatever they say, it is bounded and within the web."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.inventory.gleaning import MAX_CHILDREN, MAX_FOUND, Found, of_document, of_json, of_script
from pgssi_probe.inventory.model import Place, Source
from pgssi_probe.inventory.requests import parameters_of

URL = "https://portal.example/espace/"


def paths(found: list[Found]) -> list[str]:
    return [urlsplit(one.url)._replace(scheme="", netloc="").geturl() for one in found]


def glean(html: str) -> list[Found]:
    return list(of_document(parse_html(html, URL), URL))


def test_links_frames_and_forms() -> None:
    found = glean(
        '<a href="/a?id=3">A</a><iframe src="cadre"></iframe>'
        '<form action="/chercher"><input name=q value="x"><input type=checkbox name=tout value=1></form>'
        '<form method=post action="/message"><input type=hidden name=csrf value=abc><textarea name=texte></textarea>'
        "<button name=go value=1>Envoyer</button></form>"
        '<a href="mailto:x@y.fr">m</a><a href="javascript:void(0)">j</a>'
    )
    assert {(one.method, path) for one, path in zip(found, paths(found), strict=True)} == {
        ("GET", "/a?id=3"),
        ("GET", "/espace/cadre"),
        ("GET", "/chercher?q="),
        ("POST", "/message"),
    }
    post = next(one for one in found if one.method == "POST")
    assert post.source is Source.FORM
    assert post.body == b"csrf=abc&texte=&go=1"
    assert [(one.name, one.kind, one.place) for one in post.fields] == [
        ("csrf", "hidden", Place.FORM),
        ("texte", "textarea", Place.FORM),
    ]
    search = next(one for one in found if "chercher" in one.url)
    assert {one.name for one in search.fields} == {"q", "tout"}


def test_two_forms_that_differ_by_their_token_are_one_request() -> None:
    first, second = (
        glean(f'<form method=post action="/x"><input type=hidden name=csrf value={token}></form>')[0]
        for token in ("a1", "b2")
    )
    assert first.key == second.key


def test_paths_of_scripts_holes_and_assets() -> None:
    text = """fetch('/api/v1/moi'); const u = `/patients/${id}/docs`; load("/static/app.css"); x = "api/rdv";
    route("/dossiers/:id");  y = "https://elsewhere.example/t"; z = '//cdn.example/x'; text = "/ hello world";
    a = "/" """
    found = paths(list(of_script(text, URL)))
    assert found == ["/api/v1/moi", "/patients/", "/api/rdv", "/dossiers/", "/t"]


def test_ends_of_patterns_are_no_addresses() -> None:
    found = of_script("x.replace('/g,'); y = '/60'; fetch('/mine')", "https://portal.example/app.js")
    assert [one.url for one in found] == ["https://portal.example/mine"]


def test_server_pages_of_scripts_are_counted_from_the_page() -> None:
    text = """get("user_data.php"); get('../ajax/find.php?kind=lab'); get('view.aspx?id='+n); get('change_user.php');
    say("Fichier notes.php introuvable"); load('app.js') """
    found = list(of_script(text, "https://portal.example/js/app.js", "https://portal.example/space/users/"))
    assert paths(found) == [
        "/space/users/user_data.php",
        "/space/ajax/find.php?kind=lab",
        "/space/users/view.aspx",
        "/space/users/change_user.php",
    ]
    assert [one.complete for one in found] == [True, True, True, False]


def test_records_of_a_list_and_addresses_in_json() -> None:
    data = {"results": [{"id": n, "lien": f"/fiches/{n}"} for n in range(9)], "next": "/api/p?page=2"}
    found = paths(list(of_json(json.dumps(data).encode(), "https://portal.example/api/patients?x=1")))
    assert found[:9] == [f"/fiches/{n}" for n in range(9)]
    assert found[9] == "/api/p?page=2"
    assert found[10:] == [f"/api/patients/{n}" for n in range(MAX_CHILDREN)]


def test_a_record_without_an_identifier_has_no_address() -> None:
    body = json.dumps([{"id": True}, {"id": None}, {"id": "des mots"}, {"nom": "x"}]).encode()
    assert not list(of_json(body, URL))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8) | st.just("id"), inner, max_size=8),
    max_leaves=40,
)


@settings(max_examples=80, deadline=None)
@given(JSON)
def test_any_json_gives_bounded_addresses_of_the_web(value: object) -> None:
    found = list(of_json(json.dumps(value).encode(), URL))
    assert len(found) <= MAX_FOUND + MAX_CHILDREN * 50
    for one in found:
        assert one.method == "GET"
        assert urlsplit(one.url).scheme in {"http", "https"}
        assert parameters_of(one.url) is not None


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300) | st.text(alphabet="\"'`/${}:<>a1?&=\\", max_size=300))
def test_any_script_gives_bounded_addresses_of_the_web(text: str) -> None:
    for one in of_script(text, URL):
        assert urlsplit(one.url).scheme in {"http", "https"}
        assert "${" not in one.url
        assert "\n" not in one.url


def test_half_of_a_character_is_no_address() -> None:
    assert not list(of_json(rb'["/a\ud800", {"id": "\ud800"}]', URL))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_survived(body: bytes) -> None:
    list(of_json(body, URL))
    glean(body.decode("latin-1"))


@pytest.mark.parametrize("size", [5_000])
def test_a_page_of_links_is_bounded(size: int) -> None:
    script = " ".join(f'"/p{n}/x"' for n in range(size))
    assert len(list(of_script(script, URL))) <= MAX_FOUND
    assert len(list(of_json(json.dumps([f"/p/{n}" for n in range(size)]).encode(), URL))) <= MAX_FOUND


@pytest.mark.parametrize(
    ("code", "method"),
    [
        ("fetch('/api/notes')", "GET"),
        ("axios.post('/api/notes', {})", "POST"),
        ("this.http.delete( '/api/notes')", "DELETE"),
        ("fetch('/api/notes', {headers: h, method: 'PUT'})", "PUT"),
        ("$.ajax({type: 'POST', dataType: 'json', url: '/api/notes'})", "POST"),
        ("fetch('/api/notes'); send('x', {method: 'POST'})", "GET"),
        ("post({method: 'POST', url: u}); fetch('/api/notes')", "GET"),
    ],
)
def test_a_script_says_by_which_method_it_sends(code: str, method: str) -> None:
    (found,) = of_script(code, "https://h.example/a.js")
    assert (found.method, found.complete) == (method, method == "GET")
