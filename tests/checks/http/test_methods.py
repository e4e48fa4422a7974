"""`http.methods`: a method is accused only when it does something."""

import itertools
from collections.abc import Callable

import pytest

from pgssi_checks.http.methods import INVENTED, allowed_methods, with_parameter
from pgssi_probe.check.harness import Answer, exchange, page, redirect, run_check, scripted, slugs
from pgssi_probe.net.exchange import Request
from pgssi_probe.registry import check

HOME = "https://portal.example/"
BODY = "<h1>Portail patient</h1>" + "".join(
    f"<p>Paragraphe {word}</p>" for word in ("un", "deux", "trois", "quatre", "cinq")
)


def sober(request: Request) -> Answer:
    if request.method not in {"GET", "OPTIONS"}:
        return page("refus", status=405)
    if request.parts.path != "/":
        return page("absent", status=404)
    return page("", status=204, headers={"Allow": "GET, HEAD"}) if request.method == "OPTIONS" else page(BODY)


async def test_a_sober_server_passes() -> None:
    outcomes = await run_check("http.methods", sober)
    assert slugs(outcomes) == {"sober", "allow-listed"}


def echoing(request: Request) -> Answer:
    if request.method == "TRACE":
        lines = "\r\n".join(f"{name}: {value}" for name, value in request.headers)
        return page(f"TRACE / HTTP/1.1\r\n{lines}", content_type="message/http")
    return sober(request)


async def test_trace_that_echoes() -> None:
    assert "trace" in slugs(await run_check("http.methods", echoing))


async def test_trace_answered_without_an_echo_is_not_accused() -> None:
    assert "trace" not in slugs(
        await run_check("http.methods", lambda r: page(BODY) if r.method == "TRACE" else sober(r))
    )


async def test_a_page_that_shows_every_request_is_not_accused_of_trace() -> None:
    def mirror(request: Request) -> Answer:
        return page(BODY + str(request.headers)) if request.parts.path == "/" else page("absent", status=404)

    assert "trace" not in slugs(await run_check("http.methods", mirror))


async def test_an_invented_method_served_as_get_is_only_noted() -> None:
    count = itertools.count()

    def lax(request: Request) -> Answer:
        if request.parts.path != "/":
            return page("absent", status=404)
        return page(BODY + f"<p>Visite {next(count)}</p>")

    outcomes = await run_check("http.methods", lax)
    assert {"served-as-get", "sober"} <= slugs(outcomes)
    assert "invented-verb" not in slugs(outcomes)


HOME_WITH_SPACE = BODY + '<a href="/espace">Mon espace</a><a href="/entrer">Entrer</a>'
LOGIN = "<form method=post><input name=u><input type=password name=p></form>"


def guarded(*, refusal: Answer, by_method: bool, elsewhere: Answer | None = None) -> Callable[[Request], Answer]:
    """A site whose guard looks at GET only (`by_method`), or at everything."""

    def site(request: Request) -> Answer:
        path = request.parts.path
        if path == "/":
            return page(HOME_WITH_SPACE)
        if path == "/entrer":
            return page(LOGIN)
        if path == "/espace":
            return page("<h1>Mes rendez-vous</h1>") if by_method and request.method == INVENTED else refusal
        if elsewhere is not None and request.method == INVENTED:
            return elsewhere
        return page("absent", status=404)

    return site


@pytest.mark.parametrize(
    "refusal", [page("non", status=403), page("non", status=401), redirect("/entrer?suite=/espace")]
)
async def test_an_access_control_that_an_invented_method_passes(refusal: Answer) -> None:
    outcomes = await run_check("http.methods", guarded(refusal=refusal, by_method=True))
    (found,) = [outcome for outcome in outcomes if outcome.slug == "invented-verb"]
    assert found.strength.value == "proof"
    assert str(found.facts["url"]).endswith("/espace")
    assert "sober" not in slugs(outcomes)


@pytest.mark.parametrize("refusal", [page("non", status=403), redirect("/entrer")])
async def test_a_guard_that_looks_at_every_method_is_not_accused(refusal: Answer) -> None:
    assert "invented-verb" not in slugs(await run_check("http.methods", guarded(refusal=refusal, by_method=False)))


async def test_a_server_that_says_the_same_to_any_unknown_method_is_not_accused() -> None:
    same = page("<h1>Mes rendez-vous</h1>")
    outcomes = await run_check("http.methods", guarded(refusal=page("non", status=403), by_method=True, elsewhere=same))
    assert "invented-verb" not in slugs(outcomes)


@pytest.mark.parametrize(
    "answer",
    [
        page("autre page, très différente"),
        page(BODY, status=405),
        page(BODY, status=501),
        page('{"a": 1}', content_type="application/json"),
    ],
)
async def test_an_invented_method_answered_otherwise_is_not_accused(answer) -> None:
    assert "invented-verb" not in slugs(
        await run_check("http.methods", lambda r: answer if r.method == INVENTED else sober(r))
    )


@pytest.mark.parametrize("how", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method", "_method"])
async def test_an_override_that_is_honoured(how: str) -> None:
    def overriding(request: Request) -> Answer:
        asked = dict(request.headers).get(how) or (INVENTED if f"{how}={INVENTED}" in request.parts.query else "")
        return page("refus", status=405) if asked else sober(request)

    (found,) = [o for o in await run_check("http.methods", overriding) if o.slug == "override"]
    assert found.facts["how"] == how


async def test_a_filter_that_refuses_the_word_itself_is_no_override() -> None:
    def filtering(request: Request) -> Answer:
        seen = INVENTED in str(request.headers) + request.parts.query
        return page("refus", status=400) if seen else sober(request)

    assert "override" not in slugs(
        o for o in await run_check("http.methods", filtering) if o.facts.get("how") != "_method"
    )


async def test_nothing_that_changes_anything_is_sent() -> None:
    registered = check("http.methods")
    run = scripted(registered.metadata, sober)
    await registered.observe()(run.context)
    assert {request.method for request in run.network.sent} == {"GET", "OPTIONS", "TRACE", INVENTED}


def test_the_allow_header_is_capped_and_sorted() -> None:
    answer = page("", headers=(("Allow", "put, GET,"), ("Allow", "x" * 90)))
    assert allowed_methods(exchange(HOME, answer)) == ["GET", "PUT", "X" * 20]


def test_the_parameter_joins_the_query() -> None:
    assert with_parameter("https://a.fr/x?y=1#z", "V") == "https://a.fr/x?y=1&_method=V"
    assert with_parameter("https://a.fr/", "V") == "https://a.fr/?_method=V"


async def test_a_home_page_in_error_shows_nothing() -> None:
    """A refusal that is the same for every method says nothing of methods."""
    assert slugs(await run_check("http.methods", lambda _: page(BODY, status=403))) == {"sober"}


async def test_an_unstable_home_page_is_inconclusive() -> None:
    statuses = itertools.cycle([200, 503])
    outcomes = await run_check("http.methods", lambda _: page(BODY, status=next(statuses)))
    assert {outcome.slug for outcome in outcomes} <= {"inconclusive", "sober"}
    assert not any(outcome.failed for outcome in outcomes)
