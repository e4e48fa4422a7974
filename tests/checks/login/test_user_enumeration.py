"""`login.user-enumeration`: what differs at each attempt, and a timing test whose false alarms are counted here."""

import asyncio
import itertools
import random
import time
from urllib.parse import parse_qs

import pytest

from pgssi_checks.login.registration_pages import registration_form
from pgssi_checks.login.response_times import Threshold, can_test, differ, differ_at_sight, p_value
from pgssi_checks.login.telling import Answer, differences, said
from pgssi_checks.login.wrong_passwords import HARD_CAP
from pgssi_probe.check.harness import ScriptedNetwork, exchange, page, run_check, slugs
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Reason, Status
from pgssi_probe.net.exchange import Exchange

RIGHT = "Le-bon-mot-de-passe-2026"
ACCOUNTS = {label: Account(label, name, Secret(RIGHT)) for label, name in (("a", "alice"), ("sacrifice", "carole"))}
THRESHOLD = Threshold(alpha=0.01, ratio=1.5, seconds=0.002, few_ratio=5, few_seconds=0.1)


def brute_force(first: list[float], second: list[float]) -> float:
    """The same probability by listing every way of sharing the values."""
    values = [*first, *second]

    def rank_sum(chosen: tuple[int, ...]) -> float:
        return sum(
            sum(values[j] < values[i] for j in range(len(values)))
            + (sum(values[j] == values[i] for j in range(len(values))) + 1) / 2
            for i in chosen
        )

    ways = list(itertools.combinations(range(len(values)), len(first)))
    expected = len(first) * (len(values) + 1) / 2
    observed = abs(rank_sum(tuple(range(len(first)))) - expected)
    return sum(abs(rank_sum(way) - expected) >= observed - 1e-9 for way in ways) / len(ways)


@pytest.mark.parametrize("seed", range(8))
def test_the_probability_is_exact_ties_included(seed: int) -> None:
    chance = random.Random(seed)
    first = [chance.randrange(4) / 10 for _ in range(chance.randrange(1, 5))]
    second = [chance.randrange(6) / 10 for _ in range(chance.randrange(1, 6))]
    assert p_value(first, second) == pytest.approx(brute_force(first, second))


def test_known_values_of_the_test() -> None:
    apart = p_value([1, 2, 3, 4, 5, 6, 7, 8], [11, 12, 13, 14, 15, 16, 17, 18])
    assert apart == pytest.approx(2 / 12870)
    assert p_value([1, 1, 1], [1, 1, 1]) == 1
    assert p_value([], [1]) == 1


def noise(chance: random.Random, slow: float = 1.0, drift: float = 0.0) -> tuple[list[float], list[float]]:
    """Eight interleaved pairs: skewed times, spikes, and a machine that slows down meanwhile."""
    known, unknown = [], []
    for number in range(8):
        for side, factor in ((known, slow), (unknown, 1.0)):
            spike = 0.3 if chance.random() < 0.05 else 0.0
            side.append(factor * 0.05 * (1 + drift * number) * chance.lognormvariate(0, 0.4) + spike)
    return known, unknown


@pytest.mark.parametrize("drift", [0.0, 0.3])
def test_false_alarms_are_rarer_than_stated(drift: float) -> None:
    chance = random.Random(2026)
    rounds = 1200
    alarms = sum(differ(*noise(chance, drift=drift), THRESHOLD) for _ in range(rounds))
    assert alarms / rounds < THRESHOLD.alpha


@pytest.mark.parametrize(("factor", "seen"), [(4, 0.65), (6, 0.8), (10, 0.95)])
def test_a_true_difference_is_seen(factor: float, seen: float) -> None:
    """DokuWiki is at 10 or 12, OctoPrint at 36."""
    chance = random.Random(1)
    rounds = 400
    assert sum(differ(*noise(chance, slow=factor), THRESHOLD) for _ in range(rounds)) / rounds > seen


@pytest.mark.parametrize("factor", [1.1, 1.25])
def test_a_difference_below_the_useful_minimum_is_rarely_taken_for_a_large_one(factor: float) -> None:
    chance = random.Random(7)
    rounds = 1000
    assert sum(differ(*noise(chance, slow=factor), THRESHOLD) for _ in range(rounds)) / rounds < THRESHOLD.alpha


def test_times_of_a_busy_machine_accuse_nobody() -> None:
    """Redmine beside seven other programs: 17 and 19 ms at rest."""
    known = [0.033, 0.043, 0.039, 0.050, 0.032, 0.017, 0.025, 0.018]
    unknown = [0.056, 0.206, 0.050, 0.048, 0.073, 0.080, 0.042, 0.107]
    assert p_value(known, unknown) < THRESHOLD.alpha
    assert not differ(known, unknown, THRESHOLD)


def test_a_difference_that_is_too_small_to_matter_is_left() -> None:
    known = [0.100 + n / 1e6 for n in range(8)]
    unknown = [0.090 + n / 1e6 for n in range(8)]
    assert p_value(known, unknown) < 0.01
    assert not differ(known, unknown, THRESHOLD)


def test_few_samples_need_a_gulf() -> None:
    assert differ_at_sight([0.33], [0.006, 0.007], THRESHOLD)
    assert not differ_at_sight([0.33], [0.006], THRESHOLD)
    assert not differ_at_sight([0.09], [0.006, 0.007], THRESHOLD)
    assert not differ_at_sight([0.33, 0.01], [0.006, 0.007], THRESHOLD)
    chance = random.Random(3)
    few = [
        differ_at_sight(known[:2], unknown[:2], THRESHOLD) for known, unknown in (noise(chance) for _ in range(1200))
    ]
    assert sum(few) / len(few) < THRESHOLD.alpha


def test_sizes_that_can_reach_the_risk() -> None:
    assert can_test(8, 8, 0.01)
    assert can_test(4, 8, 0.01)
    assert not can_test(4, 4, 0.01)


def answer(*lines: str, status: int = 200, cookies: tuple[str, ...] = ()) -> Answer:
    return Answer((status,), "/login", frozenset({"content-type"}), frozenset(cookies), frozenset(lines))


def test_only_what_is_constant_on_each_side_tells() -> None:
    assert differences([answer("a")] * 2, [answer("a")] * 2) == []
    assert differences([answer("mot de passe faux")] * 2, [answer("compte inconnu")] * 2) == ["text"]
    assert differences([answer("a", status=401)] * 2, [answer("a", status=404)] * 2) == ["statuses"]
    assert differences([answer("a"), answer("a", "hasard")], [answer("a"), answer("a", "autre")]) == []
    assert differences([answer("a")], [answer("b")] * 2) == []
    assert differences([answer("a", cookies=("x",))] * 2, [answer("a")] * 2) == ["cookies"]


def test_what_was_typed_and_what_changes_by_itself_is_folded() -> None:
    assert said("Carole, code 4512", ["carole"]) == said("PERSONNE, code 99", ["personne"])


FORM = (
    "<title>Connexion</title><form method=post action=/login><input name=user autocomplete=username>"
    "<input type=password name=pass><button>Se connecter</button></form>"
)


def application(refusal, wrong: list[str] | None = None):
    """`refusal` is given the user name and the number of failures so far."""
    failures: list[str] = [] if wrong is None else wrong

    def reply(request):
        if request.method != "POST":
            return page(FORM)
        sent = parse_qs(request.body.decode())
        if sent["pass"] == [RIGHT]:
            return page("<p>Bonjour</p><a href=/logout>Déconnexion</a>", headers=(("Set-Cookie", "sid=1"),))
        failures.append(sent["user"][0])
        return refusal(sent["user"][0], len(failures))

    return reply


def same(user: str, count: int):
    return page(FORM + f"<p>Identifiant ou mot de passe incorrect pour {user}. Essai {count}.</p>")


async def enumeration(script, jumping, **options):
    options = {"accounts": ACCOUNTS, "clock": jumping, **options}
    return await run_check("login.user-enumeration", script, **options)


async def test_the_same_answer_is_no_finding(jumping) -> None:
    wrong: list[str] = []
    (only,) = await enumeration(application(same, wrong), jumping)
    assert only.slug == "alike"
    assert wrong.count("carole") == 8
    assert wrong.count("alice") == 0
    assert set(wrong) & {"carole"} == {"carole"}


async def test_a_page_that_says_the_name_of_the_account_by_itself_tells_nothing(jumping) -> None:
    """JupyterLab, with an account called `jupyter`: the name stands in the title, whoever is typed."""

    def refusal(*_: object):
        return page(FORM + "<p>Portail de Carole, version 7</p><p>Mot de passe ou identifiant faux.</p>")

    (only,) = await enumeration(application(refusal), jumping)
    assert only.slug == "alike"


async def test_a_form_without_a_user_name_has_no_account_to_guess(jumping) -> None:
    wrong: list[str] = []

    def only_a_password(request):
        if request.method == "POST":
            wrong.append(request.body.decode())
        return page(FORM.replace("<input name=user autocomplete=username>", ""))

    (only,) = await enumeration(only_a_password, jumping)
    assert (only.slug, wrong) == ("no-user-name", [])


async def test_a_message_that_tells(jumping) -> None:
    def refusal(user: str, _: int):
        return page(FORM + ("<p>Mot de passe faux.</p>" if user == "carole" else f"<p>{user} n'existe pas.</p>"))

    (only,) = await enumeration(application(refusal), jumping)
    assert (only.slug, only.facts["by"], only.strength.value) == ("message", ["text"], "proof")


async def test_a_brake_by_address_is_not_taken_for_a_message(jumping) -> None:
    def refusal(user: str, count: int):
        return page("Too many attempts", status=429) if count > 3 else same(user, count)

    outcomes = await enumeration(application(refusal), jumping)
    assert not [one for one in outcomes if one.failed]


async def test_a_lock_of_the_account_is_not_taken_for_a_message(jumping) -> None:
    seen: list[str] = []

    def refusal(user: str, count: int):
        seen.append(user)
        if seen.count("carole") > 2 and user == "carole":
            return page(FORM + "<p>Compte bloqué, réessayez dans 5 minutes.</p>")
        return same(user, count)

    assert not [one for one in await enumeration(application(refusal), jumping) if one.failed]


async def test_other_accounts_never_meet_a_wrong_password(jumping) -> None:
    wrong: list[str] = []
    (only,) = await enumeration(application(same, wrong), jumping, accounts={"a": ACCOUNTS["a"]})
    assert (only.reason, wrong) == (Reason.ACCOUNT_MISSING, [])


async def test_what_throttling_needs_is_left(jumping) -> None:
    wrong: list[str] = []
    await enumeration(application(same, wrong), jumping, declared={"login.failures-max": 14})
    assert wrong.count("carole") == 3
    (only,) = await enumeration(application(same), jumping, declared={"login.failures-max": 5})
    assert only.reason is Reason.BUDGET_EXHAUSTED


async def test_a_page_that_takes_any_password_ends_it(jumping) -> None:
    inside = page("<p>Bonjour</p><a href=/logout>Déconnexion</a>", headers=(("Set-Cookie", "sid=1"),))
    wrong: list[str] = []
    outcomes = await enumeration(application(lambda *_: inside, wrong), jumping)
    assert {one.status for one in outcomes} == {Status.INCONCLUSIVE}
    assert len(wrong) <= HARD_CAP


def take_their_time(monkeypatch, clock) -> None:
    """Answers take, for the check, the time that they really took by this clock."""

    async def send(self, request):
        start = clock()
        done = await original(self, request)
        return Exchange(**{**{f: getattr(done, f) for f in FIELDS}, "first_byte": clock() - start})

    original = ScriptedNetwork.send
    monkeypatch.setattr(ScriptedNetwork, "send", send)


@pytest.fixture
def timed(monkeypatch):
    """By the time that this process works: what else the machine does is not the portal's doing."""
    take_their_time(monkeypatch, time.process_time)


FIELDS = ("id", "request", "sent_headers", "started", "elapsed", "response", "failure", "peer")


async def test_few_attempts_and_a_gulf_are_a_hint(jumping, monkeypatch) -> None:
    take_their_time(monkeypatch, time.perf_counter)

    def refusal(user: str, count: int):
        if count > 3:
            return page("Too many attempts", status=429, headers={"Retry-After": "3600"})
        time.sleep(0.15 if user == "carole" else 0)
        return same(user, count)

    (only,) = await enumeration(application(refusal), jumping)
    assert (only.slug, only.strength.value) == ("timing-few", "hint")


async def test_the_hardened_portal_is_accused_of_nothing(signed, timed) -> None:
    outcomes = await signed("login.user-enumeration")
    assert not [one for one in outcomes if one.failed]
    assert {"reset-alike"} < slugs(outcomes)


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        ("message", {"message", "reset-message"}),  # the portal tells on both pages
        ("reset-message", {"reset-message"}),
        ("timing", {"timing"}),
    ],
)
async def test_a_weakness_of_the_portal_is_found(switch: str, expected: set[str], signed, timed) -> None:
    outcomes = await signed("login.user-enumeration", f"login.user-enumeration/{switch}")
    assert {one.slug for one in outcomes if one.failed} == expected


@pytest.mark.parametrize(
    ("switch", "slug"),
    [
        ("mode/registration", "registration-alike"),
        ("login.user-enumeration/registration-message", "registration-message"),
    ],
)
async def test_registration_on_the_portal(switch: str, slug: str, signed, timed) -> None:
    outcomes = await signed("login.user-enumeration", switch)
    assert slug in slugs(outcomes)
    assert [one.slug for one in outcomes if one.failed] == [slug] * (slug == "registration-message")


REGISTER = (
    "<title>Inscription</title><form method=post action=/inscription><input name=identifiant>"
    "<input type=password name=p1><input type=password name=p2>{more}<button>Créer mon compte</button></form>{said}"
)


@pytest.mark.parametrize(
    ("taken", "slug"),
    [("<p>Cet identifiant est déjà pris.</p>", "registration-message"), ("", "registration-alike")],
)
async def test_registration_is_handed_in_so_that_it_creates_nothing(taken: str, slug: str, jumping) -> None:
    sent: list[dict[str, list[str]]] = []

    def answer(request):
        if request.parts.path == "/inscription" and request.method == "POST":
            sent.append(parse_qs(request.body.decode()))
            known = sent[-1]["identifiant"] == ["carole"]
            return page(REGISTER.format(more="", said="<p>Confirmation différente.</p>" + (taken if known else "")))
        if request.parts.path == "/inscription":
            return page(REGISTER.format(more="", said=""))
        if request.parts.path == "/" and request.method == "GET":
            return page("<title>Accueil</title><a href=/inscription>Inscription</a><a href=/login>Connexion</a>")
        return application(same)(request)

    outcomes = await enumeration(answer, jumping)
    assert slug in slugs(outcomes)
    assert len(sent) == 3
    assert all(one["p1"] != one["p2"] for one in sent)
    assert [one["identifiant"] == ["carole"] for one in sent] == [False, True, False]
    assert sum(one.failed for one in outcomes) == (slug == "registration-message")


def test_a_registration_that_could_succeed_or_asks_for_a_captcha_is_left_alone() -> None:
    def found(markup: str):
        return registration_form([parsed_page("https://a.example/inscription", markup)], "carole")

    assert found(REGISTER.format(more="", said="")) is not None
    assert found(REGISTER.format(more="<input name=captcha>", said="")) is None
    assert found(REGISTER.replace("<input type=password name=p2>", "").format(more="", said="")) is None
    assert found(REGISTER.replace("name=identifiant", "name=email type=email").format(more="", said="")) is None


def parsed_page(url: str, markup: str):
    return asyncio.run(parse_page(exchange(url, page(markup))))


async def test_an_invented_user_is_an_address_where_users_are(jumping) -> None:
    """An application that wants an address says so of anything else: no sign that an account exists (better-auth)."""
    asked: list[str] = []

    def answer(request):
        if request.method != "POST":
            return page("<form method=post action=/login><input name=email><input type=password name=p></form>")
        given = parse_qs(request.body.decode())
        asked.append(given["email"][0])
        if "@valombre.fr" not in given["email"][0]:
            return page("<p>Adresse invalide</p>", status=400)
        right = given == {"email": ["carole@valombre.fr"], "p": ["Juste-1234"]}
        cookies = (("Set-Cookie", "sid=1"),) if right else ()
        said = "<a href=/logout>Déconnexion</a>" if right else "<p>Incorrect</p><input type=password name=p>"
        return page(said, headers=cookies)

    accounts = {"sacrifice": Account("sacrifice", "carole@valombre.fr", Secret("Juste-1234"))}
    outcomes = await run_check("login.user-enumeration", answer, accounts=accounts, clock=jumping)
    assert not {"message", "timing"} & {one.slug for one in outcomes}
    assert any(name.endswith("@valombre.fr") and not name.startswith("carole") for name in asked)
