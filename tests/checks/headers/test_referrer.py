"""`headers.referrer`: the policy that a browser applies."""

import pytest

from pgssi_checks.headers.referrer import applied_policy
from pgssi_probe.check.harness import page, run_check, slugs
from pgssi_probe.model.outcome import Status
from pgssi_probe.net.exchange import Request, Response

HOME = "https://portal.example/"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], None),
        ([""], None),
        (["no-referrer"], "no-referrer"),
        (["No-Referrer"], "no-referrer"),
        (["no-referrer, strict-origin-when-cross-origin"], "strict-origin-when-cross-origin"),
        (["strict-origin", "some-future-policy"], "strict-origin"),
        (["same-origin", "unsafe-url"], "unsafe-url"),
        (["nonsense"], None),
    ],
)
def test_the_last_known_token_applies(values: list[str], expected: str | None) -> None:
    assert applied_policy(values) == expected


def everywhere(**headers: str) -> Response:
    return page("x", headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("no-referrer", {"protective"}),
        ("unsafe-url", {"leaky"}),
        ("no-referrer-when-downgrade", {"leaky"}),
        ("origin", {"name-in-clear"}),
        ("origin-when-cross-origin", {"name-in-clear"}),
        ("strict-origin", {"protective"}),
        ("", {"missing"}),
    ],
)
async def test_a_site(policy: str, expected: set[str]) -> None:
    def answer(request: Request) -> Response:
        return page("x", status=200 if request.url == HOME else 404, headers={"Referrer-Policy": policy})

    assert slugs(await run_check("headers.referrer", answer)) == expected


@pytest.mark.parametrize(
    ("written", "slug"),
    [("never", "protective"), ("default", "protective"), ("always", "leaky"), ("Never ", "protective")],
)
async def test_a_meta_tag_may_use_the_former_names(written: str, slug: str) -> None:
    body = f'<head><meta name="referrer" content="{written}"></head>'
    assert slug in slugs(await run_check("headers.referrer", {HOME: page(body)}))


async def test_a_meta_tag_prevails_over_the_header() -> None:
    body = '<head><meta name="referrer" content="unsafe-url"></head>'
    outcomes = await run_check("headers.referrer", {HOME: page(body, headers={"Referrer-Policy": "no-referrer"})})
    (leaky,) = [outcome for outcome in outcomes if outcome.slug == "leaky"]
    assert leaky.facts["policies"] == ["unsafe-url"]


async def test_error_pages_alone_are_only_noted() -> None:
    (protective, missing) = await run_check(
        "headers.referrer", {HOME: page("x", headers={"Referrer-Policy": "no-referrer"})}
    )
    assert (protective.slug, missing.slug) == ("protective", "missing-on-errors")
    assert missing.status is Status.PASS


async def test_a_piece_of_a_page_has_the_policy_of_the_page_that_fetches_it() -> None:
    whole = '<!doctype html><html><head><meta name="referrer" content="no-referrer"></head><a href="/piece">x</a>'
    site = {HOME: page(whole), HOME + "piece": page("<ul><li>x</li></ul>")}
    assert "missing" not in slugs(await run_check("headers.referrer", site))
    site[HOME + "piece"] = page("<html><title>Autre</title>")
    assert "missing" in slugs(await run_check("headers.referrer", site))
