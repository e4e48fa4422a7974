"""`headers.csp`: which policies apply to which answers, and what is said of the site."""

import itertools

import pytest

from pgssi_checks.headers.csp import applied, judge, notes, reused_nonces
from pgssi_checks.headers.responses import Kind, Sample
from pgssi_probe.check.harness import exchange, page, run_check, slugs
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.model.outcome import Reason, Status, Strength
from pgssi_probe.net.exchange import Request, Response

HOME = "https://portal.example/"
STRICT = (
    "default-src 'none'; script-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
CSP = "Content-Security-Policy"
HASH = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def sample(*headers: tuple[str, str], head: str = "", kind: Kind = Kind.PAGE) -> Sample:
    answer = page(f"<html><head>{head}</head><body>x</body></html>", headers=headers)
    done = exchange(HOME, answer)
    return Sample(kind, done, answer, parse_html(answer.text, HOME))


def test_header_lines_and_meta_tags_add_up() -> None:
    found = applied(
        sample((CSP, "img-src *"), (CSP, STRICT), head=f'<meta http-equiv="{CSP}" content="font-src \'self\'">')
    )
    assert len(found.enforced) == 3
    assert not found.from_meta


def test_a_meta_tag_alone_is_noticed() -> None:
    found = applied(sample(head=f'<meta http-equiv="{CSP}" content="{STRICT}">'))
    assert found.from_meta
    assert "frame-ancestors" not in found.enforced[0].directives


def test_report_only_enforces_nothing_and_means_nothing_in_a_meta_tag() -> None:
    watched = applied(sample((f"{CSP}-Report-Only", STRICT)))
    assert set(judge([watched])) == {"report-only"}
    in_meta = applied(sample(head=f'<meta http-equiv="{CSP}-Report-Only" content="{STRICT}">'))
    assert set(judge([in_meta])) == {"missing"}


def test_report_only_beside_an_enforced_policy_is_no_fault() -> None:
    assert set(judge([applied(sample((CSP, STRICT), (f"{CSP}-Report-Only", "default-src 'none'")))])) == {"restrictive"}


def test_errors_alone_are_told_apart() -> None:
    good, bad = applied(sample((CSP, STRICT))), applied(sample(kind=Kind.ERROR))
    assert set(judge([good, bad])) == {"restrictive", "missing-on-errors"}
    assert set(judge([applied(sample()), bad])) == {"missing"}
    assert len(judge([applied(sample()), bad])["missing"]) == 2


def test_a_nonce_is_reused_only_across_answers() -> None:
    one = sample((CSP, "script-src 'nonce-YWJjZGVm'; style-src 'nonce-YWJjZGVm'"))
    assert reused_nonces([applied(one), applied(one)]) == []
    other = sample((CSP, "script-src 'nonce-YWJjZGVm'"))
    assert len(reused_nonces([applied(one), applied(other)])) == 2
    fresh = sample((CSP, "script-src 'nonce-eHl6eHl6'"))
    assert reused_nonces([applied(one), applied(fresh)]) == []


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (STRICT, set()),
        (STRICT.replace("frame-ancestors 'none'", ""), {"no-frame-ancestors"}),
        (STRICT.replace("script-src 'self'", f"script-src 'unsafe-hashes' '{HASH}'"), {"unsafe-hashes"}),
        (STRICT.replace("script-src 'self'", f"script-src 'unsafe-inline' '{HASH}'"), {"inline-tolerated"}),
        (STRICT.replace("script-src 'self'", "script-src 'unsafe-inline'"), set()),
    ],
)
def test_what_is_only_noted(policy: str, expected: set[str]) -> None:
    assert set(notes([applied(sample((CSP, policy)))])) == expected


def test_a_policy_of_a_meta_tag_is_noted() -> None:
    found = notes([applied(sample(head=f'<meta http-equiv="{CSP}" content="{STRICT}">'))])
    assert set(found) == {"meta-only", "no-frame-ancestors"}


async def test_a_strict_site_passes() -> None:
    script = {HOME: page("<h1>Accueil</h1>", headers={CSP: STRICT})}

    def answer(request: Request) -> Response:
        return script.get(request.url) or page("<h1>404</h1>", status=404, headers={CSP: STRICT})

    outcomes = await run_check("headers.csp", answer)
    assert {outcome.status for outcome in outcomes} == {Status.PASS}
    assert "restrictive" in slugs(outcomes)


async def test_a_static_nonce_is_seen_with_one_page() -> None:
    policy = f"{STRICT}; style-src 'nonce-c3RhdGljLW5vbmNl'"
    outcomes = await run_check("headers.csp", {HOME: page("x", headers={CSP: policy})})
    assert "nonce-reused" in slugs(outcomes)


async def test_a_fresh_nonce_is_not_accused() -> None:
    count = itertools.count(1000)

    def answer(request: Request) -> Response:
        return page("x", headers={CSP: f"{STRICT}; style-src 'nonce-bm9uY2U{next(count)}'"})

    assert "nonce-reused" not in slugs(await run_check("headers.csp", answer))


async def test_a_bypass_host_is_a_hint() -> None:
    policy = STRICT.replace("script-src 'self'", "script-src 'self' unpkg.com")
    (found,) = [
        o for o in await run_check("headers.csp", {HOME: page("x", headers={CSP: policy})}) if o.slug == "bypass-host"
    ]
    assert found.strength is Strength.HINT
    assert found.facts["sources"] == ["unpkg.com"]


async def test_braces_and_markup_in_a_policy_do_no_harm() -> None:
    policy = "script-src {nonce} {0!r} <script> 'self'"
    outcomes = await run_check("headers.csp", {HOME: page("x", headers={CSP: policy})})
    assert "invalid-syntax" in slugs(outcomes)


async def test_without_page_nothing_is_concluded() -> None:
    outcomes = await run_check("headers.csp", lambda _: page("{}", content_type="application/json"))
    assert [outcome.reason for outcome in outcomes] == [Reason.NO_SAMPLE]
