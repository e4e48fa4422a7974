"""`cookie.flags`: what is found, what is not, and that no value is ever kept."""

import json
from dataclasses import replace

import pytest

from pgssi_checks.cookie.flags import grouped, judge, sightings
from pgssi_probe.check.harness import exchange, page, run_check, scripted, slugs
from pgssi_probe.model.outcome import Severity, Status
from pgssi_probe.registry import check

HOME = "https://portail.chu.example/"
RANDOM = "9f86d081884c7d659a2feaa0c55ad015"
GOOD = "; Path=/; Secure; HttpOnly; SameSite=Lax"


def found(line: str, url: str = HOME) -> set[str]:
    seen = sightings([exchange(url, page("x", headers=(("Set-Cookie", line),)))])
    return {slug for name in seen for slug in judge(seen[name], longest_session=86_400)}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"sessionid={RANDOM}{GOOD}", set()),
        (f"sessionid={RANDOM}; Path=/; HttpOnly; SameSite=Lax", {"secure-missing"}),
        (f"sessionid={RANDOM}; Path=/; Secure; SameSite=Lax", {"httponly-missing"}),
        (f"sessionid={RANDOM}; Path=/; Secure; HttpOnly", {"samesite-missing"}),
        (f"sessionid={RANDOM}; Path=/; Secure; HttpOnly; SameSite=Perhaps", {"samesite-missing"}),
        (f"sessionid={RANDOM}; Path=/; Secure; HttpOnly; SameSite=None", {"samesite-none"}),
        (f"sessionid={RANDOM}{GOOD}; Domain=chu.example", {"domain-wide"}),
        (f"sessionid={RANDOM}{GOOD}; Domain=portail.chu.example", {"domain-wide"}),
        (f"sessionid={RANDOM}{GOOD}; Domain=ailleurs.example", set()),
        (f"sessionid={RANDOM}{GOOD}; Max-Age=1209600", {"lifetime-long"}),
        (f"sessionid={RANDOM}{GOOD}; Max-Age=3600", set()),
        (f"__Host-sid={RANDOM}; Secure; HttpOnly; SameSite=Lax", {"prefix-misused"}),
        (f"parcours={RANDOM}; Path=/; Secure; SameSite=Lax", {"httponly-missing-random"}),
        (f"csrftoken={RANDOM}; Path=/; Secure; SameSite=Lax; Max-Age=31449600", set()),
        (f"csrftoken={RANDOM}; Path=/", {"secure-missing-ordinary", "samesite-ordinary"}),
        ("theme=sombre; Path=/; Secure; SameSite=Lax; Domain=chu.example", set()),
        ("theme=sombre; Path=/; Secure; SameSite=None", {"samesite-ordinary"}),
        ("theme=sombre", {"secure-missing-ordinary", "samesite-ordinary"}),
        (f"sessionid={RANDOM}; Max-Age=0", set()),
        ("sessionid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", set()),
    ],
)
def test_one_cookie(line: str, expected: set[str]) -> None:
    assert found(line) == expected


def test_secure_is_owed_on_a_plain_http_target_too() -> None:
    assert found(f"sessionid={RANDOM}; HttpOnly; SameSite=Lax", "http://portail.chu.example/") == {"secure-missing"}


def test_one_careless_line_is_enough() -> None:
    seen = sightings(
        [
            exchange(HOME, page("x", headers=(("Set-Cookie", f"sessionid={RANDOM}{GOOD}"),))),
            exchange(HOME + "b", page("x", headers=(("Set-Cookie", f"sessionid={RANDOM}; Path=/"),))),
        ]
    )
    assert set(judge(seen["sessionid"], longest_session=86_400)) == {
        "secure-missing",
        "httponly-missing",
        "samesite-missing",
    }


async def test_each_cookie_is_a_subject() -> None:
    headers = (("Set-Cookie", f"sessionid={RANDOM}; Path=/"), ("Set-Cookie", "theme=sombre; Secure; SameSite=Lax"))
    outcomes = await run_check("cookie.flags", {HOME: page("<h1>Accueil</h1>", headers=headers)}, url=HOME)
    by_subject = {outcome.subject.name: outcome for outcome in outcomes}
    assert set(by_subject) == {"sessionid", "theme"}
    assert by_subject["theme"].slug == "protected"


async def test_an_ordinary_cookie_is_judged_less_severely() -> None:
    headers = (
        ("Set-Cookie", f"sessionid={RANDOM}; HttpOnly; SameSite=Lax"),
        ("Set-Cookie", "theme=sombre; SameSite=Lax"),
    )
    outcomes = await run_check("cookie.flags", {HOME: page("x", headers=headers)}, url=HOME)
    severity = {outcome.subject.name: outcome.severity for outcome in outcomes}
    assert severity == {"sessionid": Severity.IMPORTANT, "theme": Severity.MINOR}


async def test_without_cookie_it_does_not_apply() -> None:
    outcomes = await run_check("cookie.flags", {HOME: page("<h1>Accueil</h1>")}, url=HOME)
    assert slugs(outcomes) == {"no-cookie"}
    assert outcomes[0].status is Status.NOT_APPLICABLE


async def test_no_value_is_kept() -> None:
    registered = check("cookie.flags")
    headers = (("Set-Cookie", f"sessionid={RANDOM}; Path=/"),)
    run = scripted(registered.metadata, {HOME: page("x", headers=headers)}, url=HOME)
    observations = await registered.observe()(run.context)
    kept = [{name: piece[name] for name in ("title", "data")} for piece in run.evidence.kept.values()]
    assert kept
    assert RANDOM not in json.dumps([observation.model_dump(mode="json") for observation in observations])
    assert RANDOM not in json.dumps(kept, default=str)
    assert all("exchange" not in piece for piece in run.evidence.kept.values())


SIGNED_IN_SWITCHES = (
    "secure-missing",
    "httponly-missing",
    "samesite-missing",
    "samesite-none",
    "domain-wide",
    "lifetime-long",
)


OTHER_COOKIES = ("mode/signed-cookie", "mode/jwt-cookie")
APPLICATION = "mode/single-page-cookie"


@pytest.mark.parametrize("mode", ["", *OTHER_COOKIES])
async def test_the_session_cookie_is_proved_by_ablation(mode: str, signed_in) -> None:
    (outcome,) = await signed_in("cookie.flags", *([mode] if mode else []))
    assert (outcome.slug, outcome.facts["proved"]) == ("protected", True)


@pytest.mark.parametrize("slug", SIGNED_IN_SWITCHES)
async def test_what_a_proved_session_cookie_lacks_is_found(slug: str, signed_in) -> None:
    outcomes = await signed_in("cookie.flags", f"cookie.flags/{slug}")
    found = {outcome.slug: outcome for outcome in outcomes if outcome.failed}
    assert slug in found
    assert found[slug].facts["proved"] is True


@pytest.mark.parametrize("mode", [*OTHER_COOKIES, APPLICATION])
@pytest.mark.parametrize("slug", ["secure-missing", "httponly-missing", "samesite-missing", "lifetime-long"])
async def test_it_is_found_whatever_the_cookie_holds(slug: str, mode: str, signed_in) -> None:
    declared = {"login.driver": "json"} if mode == APPLICATION else {}
    outcomes = await signed_in("cookie.flags", mode, f"cookie.flags/{slug}", declared=declared)
    found = {outcome.slug: outcome for outcome in outcomes if outcome.failed}
    assert found[slug].facts["proved"] is True


async def test_the_cookies_of_a_right_application_are_accused_of_nothing(signed_in) -> None:
    """The one with the form token is for its script to read."""
    outcomes = await signed_in("cookie.flags", APPLICATION, declared={"login.driver": "json"})
    assert {outcome.slug for outcome in outcomes} == {"protected"}


async def test_a_random_cookie_that_opens_nothing_is_judged_less_severely(signed_in) -> None:
    """Its name alone would make it a session: ablation says that it is none."""

    def adding(script, _clock):
        def answer(request):
            response = script(request)
            given = ("Set-Cookie", "auth_session=9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c; Path=/")
            return replace(response, headers=(*response.headers, given))

        return answer

    outcomes = await signed_in("cookie.flags", answers=adding)
    found = {outcome.slug for outcome in outcomes if outcome.subject.name == "auth_session"}
    assert found == {"secure-missing-ordinary", "httponly-missing-random", "samesite-ordinary"}


def test_cookies_given_under_a_name_that_we_made_up_are_not_the_applications() -> None:
    answer = exchange(HOME, page("x", headers=(("Set-Cookie", "session_P80=abc; Path=/"),)))
    forged = replace(answer, request=replace(answer.request, headers=(("X-Forwarded-Host", "ailleurs.invalid"),)))
    assert set(sightings([answer])) == {"session_P80"}
    assert sightings([forged]) == {}


def test_cookies_that_differ_by_a_number_are_told_once() -> None:
    lines = tuple(("Set-Cookie", f"{name}=x; Path=/") for name in ("wp-time-1", "wp-time-2", "lang2", "sid1", "sid2"))
    seen = sightings([exchange(HOME, page("x", headers=lines))])
    together = grouped(seen, {"sid1"})
    assert {name: len(lines) for name, lines in together.items()} == {"wp-time-#": 2, "lang2": 1, "sid1": 1, "sid2": 1}
