"""Where values are put, and the line that reproduces what was found."""

from __future__ import annotations

from typing import Any

from pgssi_checks.input.points import PLAIN, VALUES, Point, curl, points, shape
from pgssi_probe.check import Request
from pgssi_probe.discovery.site import Skipped
from pgssi_probe.inventory.model import ANONYMOUS, Endpoint, Inventory, Parameter, Place, Source, Visit
from pgssi_probe.inventory.requests import GRAPHQL_TYPE, parameters_of

HOME = "https://portal.example"


def endpoint(path: str, **more: object) -> Endpoint:
    url = HOME + path
    given = {"seen_by": frozenset({ANONYMOUS}), "parameters": parameters_of(url), "source": Source.LINK, **more}
    return Endpoint("GET", url, **given)  # type: ignore[arg-type]


def chosen(*endpoints: Endpoint, **options: Any) -> list[Point]:
    visits = {ANONYMOUS: Visit(ANONYMOUS, None), "a": Visit("a", None)}
    return points(Inventory(visits, endpoints), most=options.pop("most", 100), **options)


def test_each_parameter_once_for_one_shape() -> None:
    found = chosen(endpoint("/dossiers/12?vue=a"), endpoint("/dossiers/13?vue=b&page=2"))
    assert [(point.name, point.value) for point in found] == [("vue", "a"), ("page", "2")]
    assert shape(found[0].endpoint) == "GET /dossiers/{id}"
    assert found[0].place == "GET /dossiers/{id}?vue"


def test_a_form_comes_first_and_gets_a_value_from_a_link() -> None:
    field = Parameter(Place.QUERY, "date", "", "date", required=True)
    form = endpoint("/agenda?date=", source=Source.FORM, parameters=(field,))
    found = chosen(endpoint("/agenda?date=2026-11-23"), form)
    assert [(point.value, point.parameter.kind, point.parameter.required) for point in found] == [
        ("2026-11-23", "date", True)
    ]


def test_never_what_may_act_nor_a_secret() -> None:
    held = endpoint("/a?x=1", held=Skipped.DANGEROUS)
    writes = endpoint("/b?x=1", reads=False)
    acts = endpoint("/e?supprimer=0&x=1")
    protected = endpoint("/f?csrf_token=1&x=1")
    odd = endpoint("/c?x=1&password=2")
    another = endpoint("/d?x=1", seen_by=frozenset({"a"}))
    assert [point.place for point in chosen(held, writes, acts, protected, odd, another)] == ["GET /c?x"]


def test_few_of_one_shape() -> None:
    assert len(chosen(endpoint("/a?b=1&c=2&d=3"), endpoint("/e?f=1"), per_template=2)) == 3
    assert len(chosen(endpoint("/a?b=1&c=2&d=3"), most=2)) == 2


def test_the_line_bears_no_secret_but_the_value_that_was_put() -> None:
    request = Request("GET", f"{HOME}/f?key=0123456789abcdef&q=a%27b", (("Cookie", "s=1"), ("Host", "x.invalid")))
    line = curl(request, "a", "q")
    assert "0123456789abcdef" not in line
    assert "s=1" not in line
    assert line.startswith("curl -g --path-as-is -H 'Cookie: <session a>' -H 'Host: x.invalid' ")
    assert "q=a%27b" in line


def test_segments_that_name_records_count() -> None:
    found = chosen(
        endpoint("/dossiers/12/pieces/7"),
        endpoint("/personnes/v1/alice"),
        endpoint("/personnes/v1/bruno"),
        endpoint("/personnes/v1/chloe"),
        endpoint("/aide/contact"),
        where=PLAIN,
    )
    assert [(point.place, point.value) for point in found] == [
        ("GET /dossiers/{id}/pieces/{id}", "12"),
        ("GET /dossiers/{id}/pieces/{id}", "7"),
        ("GET /personnes/v1/{id}", "alice"),
    ]
    assert found[2].request("x' y").url == f"{HOME}/personnes/v1/x'%20y"
    assert found[2].said == "{id}"


def test_a_record_stands_for_the_words_below_a_path_rather_than_a_page_beside_it() -> None:
    words = [endpoint("/users/v1/_debug"), endpoint("/users/v1/login")]
    records = [endpoint(f"/users/v1/{name}", record_parts=(2,)) for name in ("alice", "bob")]
    assert [point.value for point in chosen(*words, *records, where=PLAIN)] == ["alice"]
    assert [point.value for point in chosen(*words, endpoint("/users/v1/alice"), where=PLAIN)] == ["_debug"]


def test_variables_of_graphql_count_where_asked() -> None:
    body = b'{"query": "query q($id: ID!) { p(id: $id) { nom } }", "variables": {"id": "7"}}'
    url = f"{HOME}/graphql"
    reading = Endpoint(
        "POST",
        url,
        Source.GRAPHQL,
        frozenset({ANONYMOUS}),
        parameters_of(url, body, GRAPHQL_TYPE),
        body,
        GRAPHQL_TYPE,
    )
    assert chosen(reading) == []
    (point,) = chosen(reading, where=VALUES)
    assert b'"id": "7\'"' in point.request("7'").body
