"""What an application says about nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pgssi_probe.check.harness import Answer, ScriptedNetwork, page, redirect
from pgssi_probe.clock import VirtualClock
from pgssi_probe.compare.absence import ABSENCE, MAX_PAIRS, MAX_ROTATED, Absence, AbsenceControl, sibling
from pgssi_probe.net.exchange import Exchange, Failure, Headers, Request

HOME = "https://portal.example"
SOFT = "<html><title>Oups</title><h1>Page introuvable</h1><p>Rien à l'adresse {path}.</p><p>Accueil</p></html>"


def network(script: Callable[[Request], Answer]) -> ScriptedNetwork:
    return ScriptedNetwork(script, VirtualClock(), HOME)


async def classify(script: Callable[[Request], Answer], path: str, method: str = "GET") -> Absence:
    net = network(script)
    exchange = await net.send(Request(method, HOME + path))
    return await AbsenceControl(net).classify(exchange)


def soft(request: Request) -> Answer:
    if request.parts.path == "/vrai":
        return page("<h1>Administration</h1><p>Tableau de bord des utilisateurs et des journaux du serveur</p>")
    return page(SOFT.format(path=request.parts.path))


async def test_a_soft_404_that_repeats_the_address_is_absence() -> None:
    assert await classify(soft, "/une/adresse/quelconque.bak") is Absence.SOFT
    assert await classify(soft, "/vrai") is Absence.DIFFERENT


async def test_plain_404_needs_no_control() -> None:
    net = network(lambda _: page("", status=410))
    control = AbsenceControl(net)
    assert await control.looks_absent(await net.send(Request("GET", f"{HOME}/x")))
    assert len(net.sent) == 1


async def test_a_403_of_everything_is_absence_and_one_of_its_own_is_not() -> None:
    assert await classify(lambda _: page("Interdit", status=403), "/admin") is Absence.DENIED
    own = lambda request: page("Interdit", status=403 if "admin" in request.url else 404)  # noqa: E731
    assert await classify(own, "/admin") is Absence.DIFFERENT


async def test_the_redirect_of_everything_to_the_sign_in_page_is_absence() -> None:
    def answer(request: Request) -> Answer:
        if request.parts.path == "/ailleurs":
            return redirect("/autre", status=302)
        return redirect(f"/login?next={request.parts.path}", status=302)

    assert await classify(answer, "/admin/users") is Absence.REDIRECTED
    assert await classify(answer, "/ailleurs") is Absence.DIFFERENT


async def test_the_final_slash_added_to_everything_is_absence() -> None:
    assert await classify(lambda request: redirect(f"{request.parts.path}/"), "/admin") is Absence.REDIRECTED


async def test_the_shell_of_a_single_page_is_absence_but_a_file_is_not() -> None:
    def answer(request: Request) -> Answer:
        if request.parts.path == "/.env":
            return page("DB_PASSWORD=x", content_type="text/plain")
        return page("<div id=root></div><script src=/main.js></script>")

    assert await classify(answer, "/tableau") is Absence.SOFT
    assert await classify(answer, "/.env") is Absence.DIFFERENT


async def test_failures_and_controls_that_fail_are_unknown() -> None:
    assert await classify(lambda _: Failure.RESET, "/x") is Absence.UNKNOWN
    only = lambda request: page("x") if request.parts.path == "/x" else Failure.RESPONSE_TIMEOUT  # noqa: E731
    assert await classify(only, "/x") is Absence.UNKNOWN
    assert not Absence.UNKNOWN.absent


async def test_head_is_compared_with_head_by_its_length() -> None:
    def answer(request: Request) -> Answer:
        length = "90000000" if request.parts.path == "/heapdump" else "512"
        return page("", headers={"Content-Length": length})

    net = network(answer)
    control = AbsenceControl(net)
    assert await control.classify(await net.send(Request("HEAD", f"{HOME}/heapdump"))) is Absence.DIFFERENT
    assert await control.classify(await net.send(Request("HEAD", f"{HOME}/rien"))) is Absence.SOFT
    assert {request.method for request in net.sent} == {"HEAD"}


async def test_each_pair_is_asked_once_however_many_ask_together() -> None:
    net = network(soft)
    control = AbsenceControl(net)
    pairs = await asyncio.gather(*(control.pair(f"{HOME}/a/{n}.php?x={n}") for n in range(20)))
    assert len(net.sent) == 2
    assert len({id(pair) for pair in pairs if pair for pair in pair}) == 2
    await control.pair(f"{HOME}/a/1.jsp")
    await control.pair(f"{HOME}/b/1.php")
    await control.pair(f"{HOME}/a/1.php", headers=(("Cookie", "s=1"),))
    assert len(net.sent) == 8
    assert net.sent[-1].headers == (("Cookie", "s=1"),)


async def test_cookies_that_change_at_each_answer_do_not_use_up_the_pairs() -> None:
    net = network(soft)
    control = AbsenceControl(net)

    def user(turn: int) -> Headers:
        return (("Cookie", f"sid={turn}; lang=fr"), ("Accept", "*/*"))

    for turn in range(2 * MAX_PAIRS):
        assert await control.pair(f"{HOME}/a/{turn}.php", headers=user(turn)) is not None
    assert len(net.sent) == 2 * MAX_ROTATED
    before = len(net.sent)
    await control.pair(f"{HOME}/a/1.php", headers=(("Cookie", "other=1"), ("Accept", "*/*")))
    await control.pair(f"{HOME}/a/1.php", headers=(*user(1), ("Authorization", "Bearer x")))
    assert len(net.sent) == before + 4, "another user is asked about apart"


async def test_the_cancellation_of_one_does_not_harm_the_others() -> None:
    net = network(soft)
    control = AbsenceControl(net)
    first = asyncio.ensure_future(control.pair(f"{HOME}/x"))
    second = asyncio.ensure_future(control.pair(f"{HOME}/y"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is not None


async def test_a_failed_control_is_asked_again() -> None:
    answers: list[Answer] = [Failure.RESET, Failure.RESET]
    net = network(lambda request: answers.pop() if answers else soft(request))
    control = AbsenceControl(net)
    assert await control.pair(f"{HOME}/x") is None
    assert await control.pair(f"{HOME}/x") is not None


async def test_beyond_the_allowance_the_nearest_control_serves() -> None:
    net = network(soft)
    control = AbsenceControl(net, max_pairs=2)
    first = await control.pair(f"{HOME}/a/x")
    await control.pair(f"{HOME}/b/x")
    assert await control.pair(f"{HOME}/c/x") == first
    assert await control.pair(f"{HOME}/c/x.php") is None
    assert len(net.sent) == 4
    assert ABSENCE.requests == 2 * MAX_PAIRS


@pytest.mark.parametrize(
    ("url", "prefix", "suffix"),
    [
        ("/a/b.php?x=1", "/a/", ".php"),
        ("/admin/", "/", "/"),
        ("/", "/", ""),
        ("/.env", "/.", ""),
        ("/.git/HEAD", "/.git/", ""),
        ("/x.tar.gz", "/", ".gz"),
    ],
)
def test_a_sibling_is_of_the_same_kind(url: str, prefix: str, suffix: str) -> None:
    one, other = sibling(HOME + url), sibling(HOME + url)
    assert one != other
    assert one.startswith(HOME + prefix)
    assert one.endswith(suffix)
    assert "?" not in one


async def test_an_exchange_without_answer_is_not_absence() -> None:
    net = network(lambda _: Failure.DNS)
    exchange: Exchange = await net.send(Request("GET", f"{HOME}/x"))
    assert not await AbsenceControl(net).looks_absent(exchange)
