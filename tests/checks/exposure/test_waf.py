"""`exposure.waf`: information only, and never a failure."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_checks.exposure.filtering import HOSTILE, PARAMETER, ROUNDS, harmless, reacts, relays_in
from pgssi_probe.check import Failure, Request, Response
from pgssi_probe.check.harness import exchange, page, run_check
from pgssi_probe.model.outcome import Status
from pgssi_probe.net.exchange import Truncation
from pgssi_probe.registry import check

CHECK = "exposure.waf"
URL = "https://portail.example/"
HOME = page("<h1>Accueil</h1>")


def filtering(blocked: Callable[[str], Response | Failure | None]) -> Callable[[Request], Response | Failure]:
    def answer(request: Request) -> Response | Failure:
        value = parse_qs(urlsplit(request.url).query).get(PARAMETER, [""])[0]
        return blocked(value) or HOME if value else HOME

    return answer


async def test_no_sign() -> None:
    (outcome,) = await run_check(CHECK, filtering(lambda _: None), url=URL)
    assert outcome.slug == "no-sign"


@pytest.mark.parametrize("reaction", [page("", status=403), page("", status=406), Failure.RESET])
async def test_values_that_look_hostile_are_refused(reaction: Response | Failure) -> None:
    (outcome,) = await run_check(CHECK, filtering(lambda value: reaction if "<script" in value else None), url=URL)
    assert outcome.slug == "signs-of-filtering"
    assert outcome.facts["kinds"] == ["XSS"]


LOST = replace(page(""), truncated=Truncation.CONNECTION_LOST)


async def test_a_line_cut_after_the_status_is_a_refusal() -> None:
    (outcome,) = await run_check(CHECK, filtering(lambda value: LOST if "<script" in value else None), url=URL)
    assert outcome.slug == "signs-of-filtering"


async def test_nothing_passes_when_every_body_is_lost() -> None:
    (outcome,) = await run_check(CHECK, filtering(lambda _: LOST), url=URL)
    assert (outcome.slug, outcome.reason) == ("inconclusive", "body_truncated")


async def test_a_refusal_that_does_not_repeat_is_no_sign() -> None:
    seen: list[str] = []

    def once(value: str) -> Response | None:
        seen.append(value)
        return page("", status=403) if "<script" in value and seen.count(value) == 1 else None

    (outcome,) = await run_check(CHECK, filtering(once), url=URL)
    assert outcome.slug == "no-sign"


async def test_a_page_that_refuses_everything_shows_nothing_and_is_not_insisted_upon() -> None:
    sent: list[Request] = []

    def refuse(value: str) -> Response:
        sent.append(Request("GET", value))
        return page("", status=403)

    (outcome,) = await run_check(CHECK, filtering(refuse), url=URL)
    assert (outcome.slug, outcome.reason) == ("inconclusive", "blocked")
    assert len(sent) == 1


async def test_being_shut_out_stops_the_check() -> None:
    angry: list[bool] = []

    def ban(value: str) -> Failure | None:
        if "<script" in value:
            angry.append(True)
        return Failure.RESET if angry else None

    (outcome,) = await run_check(CHECK, filtering(ban), url=URL)
    assert outcome.slug == "inconclusive"
    assert len(angry) == 1


@pytest.mark.parametrize(
    ("header", "value", "relay"),
    [
        ("Server", "cloudflare", "Cloudflare"),
        ("CF-RAY", "8f0", "Cloudflare"),
        ("Set-Cookie", "incap_ses_1=x; path=/", "Imperva"),
        ("Set-Cookie", "BIGipServerpool=1", "F5 BIG-IP"),
        ("Via", "1.1 relais-3", "Via"),
        ("X-Varnish", "1234", "Varnish"),
        ("Server", "AkamaiGHost", "Akamai"),
    ],
)
async def test_relays_leave_marks(header: str, value: str, relay: str) -> None:
    (outcome,) = await run_check(CHECK, {URL: page("<p>a</p>", headers=((header, value),))}, url=URL)
    assert outcome.slug in {"relay-seen", "inconclusive"}
    found = outcome.facts["relays"]
    assert isinstance(found, list)
    assert relay in found


@pytest.mark.parametrize(("header", "value"), [("Server", "nginx"), ("Set-Cookie", "session=1"), ("X-Request-Id", "1")])
def test_other_headers_are_no_mark(header: str, value: str) -> None:
    assert relays_in([exchange(URL, page("", headers=((header, value),)))]) == {}


def test_values_have_the_same_length() -> None:
    for value in HOSTILE.values():
        assert len(harmless(len(value))) == len(value)
        assert harmless(len(value)).isalpha()


def test_three_times_are_needed() -> None:
    calm = [exchange(URL, HOME)] * ROUNDS
    upset = [exchange(URL, page("", status=403))] * ROUNDS
    assert reacts(calm, upset)
    assert not reacts(calm, upset[:-1])
    assert not reacts(calm[:-1], upset)
    assert not reacts(calm, [*upset[:-1], exchange(URL, page("", status=406))])
    assert not reacts([*calm[:-1], upset[0]], upset)


def test_nothing_of_this_check_fails() -> None:
    outcomes = check(CHECK).metadata.outcomes
    assert all(outcome.status is Status.PASS for outcome in outcomes.values())
