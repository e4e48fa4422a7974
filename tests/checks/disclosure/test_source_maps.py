"""Source maps: of the application they are told, of public libraries they are not."""

import base64
import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.disclosure.source_maps import inline, read_map, reference
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import NOT_FOUND_BODY, exchange, page, run_check, slugs

ORIGIN = "https://portail.example"
SCRIPT = "application/javascript"
MAP = json.dumps(
    {
        "version": 3,
        "sources": ["webpack://portail/./src/rdv.ts", "webpack://portail/./node_modules/vue/index.js"],
        "sourcesContent": ["export const x = 1;", ""],
        "mappings": "AAAA",
    }
)


def test_a_map_is_read() -> None:
    found = read_map(MAP)
    assert found is not None
    assert (found.own, found.sources, found.with_code) == (1, 2, True)


def test_a_map_that_was_cut_is_read() -> None:
    found = read_map(MAP[:80])
    assert found is not None
    assert found.own >= 1


@pytest.mark.parametrize("text", ["", "{}", '{"version": 3}', '{"sources": ["a"]}', '{"version": 2, "sources": ["a"]}'])
def test_other_documents_are_no_maps(text: str) -> None:
    assert read_map(text) is None


def test_a_map_of_packages_only_is_nobodys() -> None:
    found = read_map('{"version":3,"sources":["node_modules/a/b.js"]}')
    assert found is not None
    assert found.own == 0


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ("x();\n//# sourceMappingURL=app.js.map", (), ORIGIN + "/js/app.js.map"),
        ("x();\n//@ sourceMappingURL=/maps/app.map", (), ORIGIN + "/maps/app.map"),
        ("x();", (("SourceMap", "/a.map"),), ORIGIN + "/a.map"),
        ("x();\n//# sourceMappingURL=data:application/json;base64,e30=", (), None),
        ("x();", (), None),
        ("x();\n//# sourceMappingURL=javascript:alert(1)", (), None),
        ("x();\n//# sourceMappingURL=//[", (), None),
    ],
)
def test_references(body: str, headers: tuple[tuple[str, str], ...], expected: str | None) -> None:
    assert reference(exchange(ORIGIN + "/js/app.js", page(body, content_type=SCRIPT, headers=headers))) == expected


def test_a_map_within_the_script() -> None:
    carried = base64.b64encode(MAP.encode()).decode()
    script = exchange(ORIGIN + "/a.js", page(f"x();//# sourceMappingURL=data:application/json;base64,{carried}"))
    assert json.loads(inline(script) or "") == json.loads(MAP)


@given(st.text(max_size=300))
def test_nothing_breaks_the_reading(text: str) -> None:
    read_map(text)
    script = exchange(ORIGIN + "/a.js", page("//# sourceMappingURL=" + text))
    reference(script)
    inline(script)


@pytest.mark.parametrize(
    "unit", ['"version":3,', '"sources":[', '"', "[", "sourceMappingURL=data:application/json;base64,AAAA"]
)
def test_a_hostile_map_of_a_megabyte_is_read(unit: str) -> None:
    body = unit * (1_000_000 // len(unit))
    read_map(body)
    read_map('"version":3,"sources":[' + body)
    inline(exchange(ORIGIN + "/a.js", page(body)))


def site(script: str, *, answer: Response) -> object:
    def respond(request: Request) -> Response:
        path = urlsplit(request.url).path
        if path == "/":
            return page(f'<script src="/js/{script}"></script>')
        if path == f"/js/{script}":
            return page(f"x();\n//# sourceMappingURL={script}.map", content_type=SCRIPT)
        if path == f"/js/{script}.map":
            return answer
        return page(NOT_FOUND_BODY, status=404)

    return respond


async def test_the_map_of_the_application_is_told() -> None:
    (outcome,) = await run_check(
        "disclosure.files", site("portail.js", answer=page(MAP, content_type="application/json"))
    )
    assert outcome.slug == "source-map"
    assert (outcome.facts["sources"], outcome.facts["with_code"]) == (1, True)


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("jquery.min.js", page(MAP, content_type="application/json")),
        ("portail.js", page(NOT_FOUND_BODY, status=404)),
        ("portail.js", page(f"<html>{MAP}</html>")),
        ("portail.js", page('{"version":3,"sources":["node_modules/a.js"]}', content_type="application/json")),
    ],
)
async def test_other_maps_are_not(script: str, answer: Response) -> None:
    assert slugs(await run_check("disclosure.files", site(script, answer=answer))) == {"none"}
