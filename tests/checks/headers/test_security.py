"""`headers.security`: each header on the kind of answer where it means something."""

import pytest

from pgssi_checks.headers.responses import Kind, Sample
from pgssi_checks.headers.security import weaknesses_of
from pgssi_probe.check.harness import exchange, page, run_check, slugs
from pgssi_probe.net.exchange import Request, Response

HOME = "https://portal.example/"
GOOD = {
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def found(
    kind: Kind,
    *,
    url: str = HOME,
    body: str | bytes = "x",
    content_type: str | None = "text/html; charset=utf-8",
    status: int = 200,
    **changed: str | None,
) -> set[str]:
    headers = {**GOOD, **{name.replace("_", "-"): value for name, value in changed.items()}}
    kept = {name: value for name, value in headers.items() if value is not None}
    answer = page(body, headers=kept, content_type=content_type, status=status)
    return set(weaknesses_of(Sample(kind, exchange(url, answer), answer)))


@pytest.mark.parametrize("kind", Kind)
def test_a_complete_answer(kind: Kind) -> None:
    assert found(kind) == set()


@pytest.mark.parametrize("kind", Kind)
def test_nosniff_is_owed_by_all(kind: Kind) -> None:
    assert found(kind, **{"X-Content-Type-Options": None}) == {"nosniff-missing"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("nosniff", set()),
        ("NoSniff", set()),
        ("nosniff, nosniff", set()),
        ("nosniff,", set()),
        ("none, nosniff", {"nosniff-missing"}),
        ("no-sniff", {"nosniff-missing"}),
    ],
)
def test_how_nosniff_is_written(value: str, expected: set[str]) -> None:
    assert found(Kind.FILE, **{"X-Content-Type-Options": value}) == expected


def test_policies_are_owed_by_pages_only() -> None:
    missing = {"Permissions-Policy": None, "Cross-Origin-Opener-Policy": None}
    assert found(Kind.LOGIN, **missing) == {"permissions-policy-missing", "coop-missing"}
    assert found(Kind.API, content_type="application/json", **missing) == set()
    assert found(Kind.ERROR, status=404, **missing) == set()


def test_the_opener_policy_means_nothing_over_plain_http() -> None:
    assert found(Kind.PAGE, url="http://portal.example/", **{"Cross-Origin-Opener-Policy": None}) == set()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("same-origin-allow-popups", set()),
        ('same-origin; report-to="x"', set()),
        ("noopener-allow-popups", set()),
        ("unsafe-none", {"coop-missing"}),
    ],
)
def test_opener_values(value: str, expected: set[str]) -> None:
    assert found(Kind.PAGE, **{"Cross-Origin-Opener-Policy": value}) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("1", {"xss-protection-on"}), ("1; mode=block", {"xss-protection-on"}), ("0", set())]
)
def test_xss_protection(value: str, expected: set[str]) -> None:
    assert found(Kind.PAGE, **{"X-XSS-Protection": value}) == expected


@pytest.mark.parametrize(
    ("content_type", "body", "kind", "expected"),
    [
        (None, "x", Kind.PAGE, {"content-type-missing"}),
        ("text/html", "x", Kind.PAGE, {"charset-missing"}),
        ("text/html", "<h1>404 Not Found</h1>", Kind.ERROR, set()),
        ("text/html", "<h1>Page non trouvée</h1>", Kind.ERROR, {"charset-missing"}),
        ("text/html", '<meta charset="utf-8">', Kind.PAGE, set()),
        ("text/html", '<meta http-equiv=Content-Type content="text/html; charset=utf-8">', Kind.PAGE, set()),
        ("text/html", b"\xef\xbb\xbf<p>", Kind.PAGE, set()),
        ("text/html; charset=", "x", Kind.PAGE, {"charset-missing"}),
        ("application/json", "{}", Kind.API, set()),
        ("text/html; charset=utf-8", '{"nom": "x"}', Kind.PAGE, {"content-type-inconsistent"}),
        ("text/html; charset=utf-8", "[1, 2]", Kind.PAGE, {"content-type-inconsistent"}),
        ("text/html; charset=utf-8", "{{ modele }} <p>", Kind.PAGE, set()),
    ],
)
def test_content_type(content_type: str | None, body: str | bytes, kind: Kind, expected: set[str]) -> None:
    assert found(kind, content_type=content_type, body=body) == expected


async def test_one_observation_a_weakness_with_counts_by_kind() -> None:
    outcomes = await run_check("headers.security", {HOME: page("x", headers={"Permissions-Policy": "camera=()"})})
    (nosniff,) = [outcome for outcome in outcomes if outcome.slug == "nosniff-missing"]
    assert nosniff.facts["pages"] == 1
    assert isinstance(nosniff.facts["errors"], int)
    assert nosniff.facts["errors"] > 0


async def test_a_complete_site_passes() -> None:
    def answer(request: Request) -> Response:
        return page(
            "x",
            status=200 if request.url == HOME else 404,
            headers={**GOOD, "Cross-Origin-Resource-Policy": "same-origin"},
        )

    (outcome,) = await run_check("headers.security", answer)
    assert outcome.slug == "complete"
    assert outcome.facts["isolation"] == ["cross-origin-resource-policy: same-origin"]


async def test_deeply_nested_json_does_no_harm() -> None:
    assert "content-type-inconsistent" not in slugs(await run_check("headers.security", {HOME: page("[" * 200_000)}))


async def test_nosniff_missing_on_errors_alone_is_only_noted() -> None:
    outcomes = await run_check("headers.security", {HOME: page("x", headers=GOOD)})
    assert slugs(outcomes) == {"nosniff-missing-on-errors", "complete"}


async def test_nosniff_missing_on_files_alone_is_lesser() -> None:
    script = {
        HOME: page('<script src="/a.js"></script>', headers=GOOD),
        HOME + "a.js": page("1", content_type="text/javascript"),
    }
    (found,) = [outcome for outcome in await run_check("headers.security", script) if outcome.failed]
    assert (found.slug, found.facts["files"]) == ("nosniff-missing-on-files", 1)
