"""`login.throttling`: the brake measured by the right password, never more than twenty failures whatever comes."""

import re
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from pgssi_checks.login.attempts import Attempt
from pgssi_checks.login.braking import Thresholds, Trace, delays, rising, scope_of, slug_of
from pgssi_checks.login.bypasses import variants
from pgssi_checks.login.wrong_passwords import ALLOWANCE, HARD_CAP, Allowance, Spent, cap_of, carries, invented_password
from pgssi_checks.session.sharing.patience import announced_wait
from pgssi_probe.check import Request
from pgssi_probe.check.harness import ScriptedNetwork, exchange, page, redirect, run_check, scripted, slugs
from pgssi_probe.identity import Driver, SignInPlan, SignInState
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Reason, Status
from pgssi_probe.net.exchange import Failure
from pgssi_probe.registry import check

CONTACT = {"login.unlock-contact": "support informatique, 01 99 00 00 01"}
THRESHOLDS = Thresholds(failures=10, soon=300, lock_out=3600, rising_ratio=2, rising_seconds=1)
RIGHT = "Le-bon-mot-de-passe-2026"
ACCOUNTS = {
    "sacrifice": Account("sacrifice", "carole", Secret(RIGHT)),
    "b": Account("b", "bruno", Secret(RIGHT)),
}


def attempt(right: bool = False, state: SignInState = SignInState.REFUSED, seconds: float = 0.1) -> Attempt:
    return Attempt(right, state, state.value, 200, seconds, None, 0.0, None)


@pytest.mark.parametrize(
    ("trace", "slug"),
    [
        (Trace(in_a_row=10), "none"),
        (Trace(in_a_row=5), None),
        (Trace(after=1, free=30.1), "slowed"),
        (Trace(after=5, blocked=300, free=600), "slowed-long"),
        (Trace(after=5, blocked=125, free=310.4), "slowed"),
        (Trace(after=5, blocked=900), "still-blocked"),
        (Trace(after=5, blocked=3660), "lock-out"),
        (Trace(after=5, blocked=3660, free=7000), "lock-out"),
    ],
)
def test_the_outcome_follows_the_measure(trace: Trace, slug: str | None) -> None:
    assert slug_of(trace, [attempt()] * 10, THRESHOLDS) == slug


def test_refusals_that_let_the_right_password_in_are_told_apart() -> None:
    assert slug_of(Trace(in_a_row=10), [attempt(state=SignInState.THROTTLED)], THRESHOLDS) == "none-behind-refusals"


def test_growing_delays_are_a_brake_and_noise_is_not() -> None:
    grows = [attempt(seconds=0.1 * 2**n) for n in range(8)]
    assert rising(grows, 2, 1)
    assert slug_of(Trace(in_a_row=10), grows, THRESHOLDS) == "delayed"
    noisy = [attempt(seconds=seconds) for seconds in (0.2, 0.1, 0.9, 0.2, 0.1, 0.8, 1.4, 0.1, 0.9, 0.2)]
    assert not rising(noisy, 2, 1)
    assert not rising(grows[:5], 2, 1)


def test_delays_are_of_the_failures_alone() -> None:
    assert delays([attempt(), attempt(right=True, seconds=9), attempt(seconds=0.25)]) == [[1, 0.1], [2, 0.25]]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 30.0), ("999999999", 86400.0), ("-3", None), ("soon", None), ("Thu, 01 Jan 2026 00:02:00 GMT", 120.0)],
)
def test_announced_waits(value: str, seconds: float | None) -> None:
    assert announced_wait(exchange("https://a.example/", page(headers={"Retry-After": value}))) == seconds


def test_the_allowance_has_a_hard_cap() -> None:
    for declared, cap in ((None, 20), (5, 5), (1000, 20), (-1, 0), (True, 20), ("7", 20)):
        assert cap_of(declared) == cap
    allowance = Allowance(cap=1000)
    for _ in range(HARD_CAP):
        allowance.spend()
    with pytest.raises(Spent):
        allowance.spend()


def test_a_password_is_seen_wherever_it_goes() -> None:
    password = invented_password()
    url = "https://a.example/"
    assert carries(Request("POST", url, body=f"u=a&p={password}".encode()), password)
    assert carries(Request("GET", f"{url}?p={password}"), password)
    assert carries(Request("GET", url, (("Authorization", "Basic abc"),)), password)
    assert not carries(Request("POST", url, body=b"u=a&p=other"), password)


def test_variants_of_a_user_name() -> None:
    assert variants("alice") == ["ALICE", "alice "]
    assert variants("12345") == ["12345 "]


# A sign-in page of our own making, for brakes that the portal does not have.

FORM = (
    "<title>Connexion</title><form method=post action=/login><input name=user autocomplete=username>"
    "<input type=password name=pass><button>Se connecter</button></form>"
)
INSIDE = "<title>Accueil</title><p>Bonjour</p><a href=/logout>Déconnexion</a>"


class Application:
    """Counts failures by account; `brake` says what a sign-in gets instead of an answer."""

    def __init__(self, clock, brake=lambda *_: None) -> None:
        self.clock, self.brake = clock, brake
        self.failures: list[float] = []
        self.wrong = 0
        self.in_a_row = 0

    def __call__(self, request):
        if not request.url.endswith("/login"):
            return page(INSIDE) if "sid=" in dict(request.headers).get("Cookie", "") else page(FORM)
        if request.method != "POST":
            return page(FORM)
        sent = parse_qs(request.body.decode())
        user = sent["user"][0].strip().casefold()
        right = sent["pass"] == [RIGHT]
        self.wrong += not right
        answer = self.brake(self, user, right)
        if answer is None and not right:
            self.in_a_row += 1
            self.failures.append(self.clock.monotonic())
        if answer is not None:
            return answer
        if right:
            self.in_a_row *= user != "carole"
            return page(INSIDE, headers=(("Set-Cookie", "sid=1"),))
        return page(FORM + "<p>Identifiant ou mot de passe incorrect.</p>")

    async def run(self, **options):
        options = {"accounts": ACCOUNTS, "declared": CONTACT, "clock": self.clock, **options}
        return await run_check("login.throttling", self, **options)


def for_minutes(minutes: float, after: int, how):
    """A brake of an account, from the nth failure, for a time; what it answers is given."""

    def brake(app, user, right):
        recent = [moment for moment in app.failures if app.clock.monotonic() - moment < 60 * minutes]
        return how() if user == "carole" and len(recent) >= after and app.in_a_row >= after else None

    return brake


MANNERS = {
    "401": lambda: page(FORM, status=401),
    "429": lambda: page("Too many attempts", status=429),
    "500": lambda: page("<h1>Erreur</h1>", status=500),
    "silent": lambda: page(FORM + "<p>Identifiant ou mot de passe incorrect.</p>"),
    "silence": lambda: Failure.RESPONSE_TIMEOUT,
    "captcha": lambda: page(FORM.replace("</form>", "<input name=captcha></form>")),
    "message": lambda: page(FORM + "<p>Trop de tentatives. Réessayez plus tard.</p>"),
}


def restarted_by_any_attempt(minutes: float, after: int):
    """As django-axes does by default: whatever is tried during the brake starts it again."""
    last = [-1e9]

    def brake(app, user, right):
        now = app.clock.monotonic()
        if user != "carole" or app.in_a_row < after:
            return None
        if right and now - last[0] >= 60 * minutes and last[0] > 0:
            return None
        last[0] = now
        return page("Too many attempts", status=429)

    return brake


async def test_a_brake_of_five_minutes_that_each_attempt_starts_again_is_seen_to_end(jumping) -> None:
    (only,) = await Application(jumping, restarted_by_any_attempt(5, 4)).run()
    assert (only.slug, only.facts["free_seconds"]) == ("slowed-long", 620)


@pytest.mark.parametrize("manner", MANNERS)
async def test_every_manner_of_refusing_is_a_brake(manner: str, jumping) -> None:
    app = Application(jumping, for_minutes(4, 3, MANNERS[manner]))
    (only,) = await app.run()
    assert only.slug == "slowed", (only.slug, only.facts, only.reason)
    assert only.facts["free_seconds"] == 310
    assert only.facts["left_free"] is True
    assert only.facts["scope"] == "account"
    assert app.wrong <= HARD_CAP


async def test_no_brake(jumping) -> None:
    app = Application(jumping)
    (only,) = await app.run()
    assert (only.slug, only.strength.value) == ("none", "proof")
    assert app.wrong == only.facts["failures"] == 16
    assert len(only.facts["delays"]) == 16


async def test_a_lock_out_is_proved_only_by_waiting(jumping) -> None:
    forever = for_minutes(10**6, 5, MANNERS["silent"])
    (only,) = await Application(jumping, forever).run()
    assert (only.slug, only.strength.value) == ("still-blocked", "hint")
    (only,) = await Application(jumping, forever).run(declared={**CONTACT, "login.recovery-minutes": 61})
    assert (only.slug, only.strength.value) == ("lock-out", "proof")


async def test_a_brake_that_ends_by_itself_is_not_taken_for_a_way_around(jumping) -> None:
    refused = []

    def once(app, user, right):
        """One refusal of the right password after three failures in a row, whatever the way."""
        if not right or app.in_a_row < 3 or user != "carole":
            return None
        app.in_a_row = 0
        refused.append(user)
        return page("Too many attempts", status=429)

    outcomes = await Application(jumping, once).run()
    assert not [one for one in outcomes if one.failed]
    assert len(refused) > 1


async def test_a_ban_of_the_address_is_said_and_nothing_more_is_sent(jumping) -> None:
    def banned(app, user, right):
        return Failure.RESET if len(app.failures) >= 3 else None

    app = Application(jumping, banned)
    (only,) = await app.run()
    assert only.slug == "still-blocked"
    assert (only.facts["scope"], only.facts["how"]) == ("address", "silence")
    assert only.facts["left_free"] is False
    assert app.wrong <= 6


@pytest.mark.parametrize("kind", ["redirects-with-body", "expired-form", "accepts-all", "random", "slow-silence"])
async def test_no_page_has_more_sent_than_the_allowance(kind: str, jumping) -> None:
    seen: list[str] = []

    def answer(request):
        if request.method != "POST":
            return page(FORM)
        sent = parse_qs(request.body.decode())["pass"][0]
        if sent == RIGHT and len(seen) == 0:
            return page(INSIDE, headers=(("Set-Cookie", "sid=1"),))
        if sent != RIGHT:
            seen.append(sent)
        if kind == "redirects-with-body":
            return redirect(f"/login?{len(seen)}", status=307) if sent != RIGHT else page(INSIDE)
        if kind == "expired-form":
            return page(FORM + "<p>CSRF token expired</p>", status=403)
        if kind == "accepts-all":
            return page(INSIDE, headers=(("Set-Cookie", f"sid={len(seen)}"),))
        if kind == "slow-silence":
            return Failure.RESPONSE_TIMEOUT
        return page("?" * len(seen), status=(200, 302, 500, 404)[len(seen) % 4])

    await run_check("login.throttling", answer, accounts=ACCOUNTS, declared=CONTACT, clock=jumping)
    assert len(seen) <= HARD_CAP


@pytest.mark.parametrize("declared", [3, 0, 1])
async def test_the_engagement_may_allow_fewer(declared: int, jumping) -> None:
    app = Application(jumping)
    (only,) = await app.run(declared={**CONTACT, "login.failures-max": declared})
    assert (only.status, only.reason) == (Status.INCONCLUSIVE, Reason.BUDGET_EXHAUSTED)
    assert app.wrong <= declared


async def test_without_an_unlock_contact_nothing_is_sent(jumping) -> None:
    app = Application(jumping)
    (only,) = await app.run(declared={})
    assert (only.reason, app.wrong) == (Reason.UNDECLARED, 0)


async def test_only_the_sacrificed_account_meets_wrong_passwords(jumping) -> None:
    users: set[str] = set()

    def brake(app, user, right):
        users.update([] if right else [user])

    await Application(jumping, brake).run()
    assert users == {"carole"}


async def test_a_sign_in_left_to_a_national_provider_is_not_tried() -> None:
    asked = []

    def answer(request):
        asked.append(request)
        return page('<a href="https://oidc.franceconnect.gouv.fr/api/v2/authorize?x=1">FranceConnect</a>')

    for name in ("login.throttling", "login.user-enumeration", "login.password-policy", "login.mfa"):
        (only,) = await run_check(name, answer, accounts=ACCOUNTS, declared=CONTACT)
        assert (name, only.slug, only.status) == (name, "federated", Status.NOT_APPLICABLE)
    assert {request.method for request in asked} == {"GET"}


async def test_no_wrong_password_goes_to_a_provider_of_the_organisation() -> None:
    """It is in the scope, and yet not the target: passwords typed there are another application's."""
    plan = SignInPlan(Driver.OIDC, url="https://sso.lab.example/login", federated=True)
    asked = []

    def answer(request):
        asked.append(request)
        return page("")

    for name in ("login.throttling", "login.user-enumeration"):
        (only,) = await run_check(name, answer, accounts=ACCOUNTS, declared=CONTACT, collected={"sign_in": plan})
        assert (only.slug, only.facts["providers"]) == ("federated", ["sso.lab.example"])
    assert not asked


async def test_no_secret_is_told(jumping) -> None:
    outcomes = await Application(jumping, for_minutes(4, 3, MANNERS["429"])).run()
    told = repr([one.model_dump() for one in outcomes])
    assert not re.search(rf"{RIGHT}|carole|Pgssi[0-9a-f]|01 99", told)


# The portal.


async def test_the_hardened_portal_follows_the_example_of_the_guide(signed) -> None:
    outcomes = await signed("login.throttling", declared=CONTACT)
    assert slugs(outcomes) == {"slowed"}
    (only,) = outcomes
    assert (only.facts["after"], only.facts["scope"]) == (1, "account")
    assert only.facts["waits"] == [2.0, 4.0]


@pytest.mark.parametrize(
    "slug",
    ["none", "none-behind-refusals", "still-blocked", "bypass-forwarded-for", "bypass-case", "bypass-other-account"],
)
async def test_a_weakness_of_the_portal_is_found(slug: str, signed) -> None:
    outcomes = await signed("login.throttling", f"login.throttling/{slug}", declared=CONTACT)
    # A brake by address alone is also reset by whoever signs in from there.
    implied = {"bypass-other-account"} if slug == "bypass-forwarded-for" else set()
    assert {one.slug for one in outcomes if one.failed} == {slug} | implied


async def test_a_lock_out_of_the_portal_is_found(signed) -> None:
    declared = {**CONTACT, "login.recovery-minutes": 61}
    assert slugs(await signed("login.throttling", "login.throttling/lock-out", declared=declared)) == {"lock-out"}


# Whom the brake strikes: a second address, when the engagement has a proxy.

PROXY = {**CONTACT, "proxies": ["hospital"]}


@pytest.mark.parametrize(
    ("other", "elsewhere", "scope"),
    [
        (True, None, "account"),
        (False, None, "address"),
        (None, False, "account"),
        (None, True, "address"),
        (True, False, "account"),
        (False, True, "address"),
        (True, True, "account-and-address"),
        (False, False, None),
        (None, None, None),
    ],
)
def test_whom_it_strikes(other: bool | None, elsewhere: bool | None, scope: str | None) -> None:
    assert scope_of(other, elsewhere) == scope


class Keyed:
    """Failures counted by a key of the user and of where they come from; after three, four minutes of refusals."""

    def __init__(self, clock, key) -> None:
        self.clock, self.key = clock, key
        self.failures: dict[object, list[float]] = {}
        self.wrong = 0

    def __call__(self, request):
        if not request.url.endswith("/login"):
            return page(INSIDE) if "sid=" in dict(request.headers).get("Cookie", "") else page(FORM)
        if request.method != "POST":
            return page(FORM)
        sent = parse_qs(request.body.decode())
        key = self.key(sent["user"][0].strip().casefold(), request.via or "here")
        recent = [moment for moment in self.failures.get(key, []) if self.clock.monotonic() - moment < 240]
        right = sent["pass"] == [RIGHT]
        self.wrong += not right
        if len(recent) >= 3:
            return page("Too many attempts", status=429, headers={"Retry-After": "240"})
        if right:
            return page(INSIDE, headers=(("Set-Cookie", "sid=1"),))
        self.failures.setdefault(key, []).append(self.clock.monotonic())
        return page(FORM + "<p>Identifiant ou mot de passe incorrect.</p>")


@pytest.mark.parametrize(
    ("key", "scope", "word"),
    [
        (lambda user, _way: user, "account", "le compte"),
        (lambda _user, way: way, "address", "l'adresse"),
        (lambda user, way: (user, way), "account-and-address", "le compte depuis une adresse"),
        (lambda _user, _way: "all", None, "indéterminée"),
    ],
)
async def test_a_second_address_tells_whom_the_brake_strikes(key, scope: str | None, word: str, jumping) -> None:
    app = Keyed(jumping, key)
    outcomes = await run_check("login.throttling", app, accounts=ACCOUNTS, declared=PROXY, clock=jumping)
    (brake,) = [one for one in outcomes if one.slug == "slowed"]
    assert brake.facts["scope"] == scope
    assert word in brake.sentence.fr
    assert app.wrong <= HARD_CAP


async def test_a_proxy_that_leads_nowhere_says_nothing_of_the_brake(jumping) -> None:
    app = Keyed(jumping, lambda user, _way: user)

    def answer(request):
        return Failure.PROXY if request.via else app(request)

    (only,) = await run_check("login.throttling", answer, accounts=ACCOUNTS, declared=PROXY, clock=jumping)
    assert (only.slug, only.facts["scope"]) == ("slowed", "account")


async def test_the_evidence_has_the_shape_that_the_report_draws(jumping) -> None:
    run = scripted(
        check("login.throttling").metadata,
        Keyed(jumping, lambda user, _way: user),
        accounts=ACCOUNTS,
        declared=PROXY,
        clock=jumping,
    )
    await check("login.throttling").observe()(run.context)
    kept = next(piece for piece in run.evidence.kept.values() if "attempts" in piece.get("data", {}))
    attempts = kept["data"]["attempts"]
    assert [row["n"] for row in attempts] == list(range(1, len(attempts) + 1))
    assert {frozenset(row) for row in attempts} == {
        frozenset({"n", "given", "how", "status", "seconds", "wait", "at", "by"})
    }
    ways = {(row["given"], row["by"]) for row in attempts}
    assert ways == {("right", "direct"), ("wrong", "direct"), ("right", "elsewhere")}
    assert {row["wait"] for row in attempts} == {None, 240.0}
    first = {"n": 1, "given": "right", "how": "signed_in", "status": 200, "by": "direct"}
    assert attempts[0] == {**first, "seconds": 0.01, "wait": None, "at": 0.0}


# Other kinds of brakes, all right ones.


@pytest.fixture
def timed(monkeypatch, jumping):
    """Answers take, for the check, the time that passed on its clock."""

    async def send(self, request):
        start = jumping.monotonic()
        done = await original(self, request)
        return replace(done, first_byte=0.05 + jumping.monotonic() - start)

    original = ScriptedNetwork.send
    monkeypatch.setattr(ScriptedNetwork, "send", send)


def later(clock, seconds: float) -> None:
    clock._elapsed += seconds


async def test_answers_that_grow_slower_are_a_brake(jumping, timed) -> None:
    def tarpit(app, user, right):
        later(jumping, min(2.0 ** min(app.in_a_row, 5), 20.0) if app.in_a_row else 0)

    app = Application(jumping, tarpit)
    (only,) = await app.run()
    assert only.slug == "delayed", (only.slug, only.facts)


async def test_a_retry_after_without_a_lasting_block(jumping) -> None:
    def brake(app, user, right):
        recent = app.failures and jumping.monotonic() - app.failures[-1] < 20
        return page("Wait", status=429, headers={"Retry-After": "20"}) if user == "carole" and recent else None

    (only,) = [one for one in await Application(jumping, brake).run() if one.slug != "bypass-other-account"]
    assert (only.slug, only.facts["announced_seconds"], only.facts["free_seconds"]) == ("slowed", 20.0, 30.0)


async def test_a_dropped_connection_of_the_account_alone(jumping) -> None:
    def brake(app, user, right):
        recent = [moment for moment in app.failures if jumping.monotonic() - moment < 100]
        return Failure.RESET if user == "carole" and len(recent) >= 4 else None

    (only,) = await Application(jumping, brake).run()
    assert (only.slug, only.facts["how"], only.facts["scope"]) == ("slowed", "silence", "account")


async def test_a_counter_kept_in_the_session_brakes_nobody(jumping) -> None:
    """Whoever guesses sends no cookie."""

    def answer(request):
        count = int(dict(request.headers).get("Cookie", "n=0").partition("n=")[2] or 0)
        if request.method == "POST" and parse_qs(request.body.decode())["pass"] == [RIGHT]:
            return page(INSIDE, headers=(("Set-Cookie", "sid=1"),))
        if count >= 3:
            return page("Too many attempts", status=429)
        count += request.method == "POST"
        return page(FORM + ("<p>Mot de passe incorrect</p>" if count else ""), headers=(("Set-Cookie", f"n={count}"),))

    outcomes = await run_check("login.throttling", answer, accounts=ACCOUNTS, declared=CONTACT, clock=jumping)
    assert slugs(outcomes) == {"none"}


async def test_a_password_that_never_was_right_is_no_lock_out(jumping) -> None:
    """Failures of another check come first: the right password is tried before them."""
    app = Application(jumping)
    wrong = {**ACCOUNTS, "a": ACCOUNTS["b"], "sacrifice": Account("sacrifice", "carole", Secret("perime-2019"))}
    run = scripted(check("login.user-enumeration").metadata, app, accounts=wrong, declared=CONTACT, clock=jumping)
    for name in ("login.user-enumeration", "login.throttling"):
        metadata = check(name).metadata
        observations = await check(name).observe()(replace(run.context, metadata=metadata))
        assert {one.reason for one in observations if one.reason} == {Reason.BLOCKED}
        assert not [one for one in observations if metadata.outcomes.get(one.slug) and one.slug != "reset-alike"]
    assert app.wrong <= 4  # the old password itself, never an invented one


KINDS = {
    "401": ("slowed", "401"),
    "500": ("slowed", "500"),
    "captcha": ("slowed", "captcha"),
    "captcha-stays": ("captcha", "captcha"),
    "drop": ("slowed", "silence"),
    "retry-after": ("slowed", "503"),
    "silent": ("slowed", "refused"),
    "tarpit": ("delayed", None),
    "by-address": ("slowed", "429"),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_right_brake_of_the_portal_is_never_accused(kind: str, signed, timed) -> None:
    outcomes = await signed("login.throttling", f"mode/brake-{kind}", declared=PROXY)
    slug, how = KINDS[kind]
    found = {one.slug for one in outcomes}
    # A counter of the address that any success resets is a true way around, and the portal has it.
    assert found - ({"bypass-other-account"} if kind == "by-address" else set()) == {slug}
    brake = next(one for one in outcomes if one.slug == slug)
    assert brake.facts["how"] == how
    assert brake.facts["failures"] <= HARD_CAP
    if slug == "slowed":
        assert brake.facts["scope"] == ("address" if kind == "by-address" else "account")


async def test_failures_counted_in_the_visitors_own_session_slow_nobody_down(signed) -> None:
    outcomes = await signed("login.throttling", "mode/brake-in-a-cookie", declared=CONTACT)
    assert slugs(outcomes) == {"none"}


async def test_a_password_that_is_not_verified_is_accused(signed) -> None:
    (only,) = await signed("login.throttling", "login.throttling/any-password", declared=CONTACT)
    assert (only.slug, only.facts["failures"]) == ("any-password", 2)


async def test_a_captcha_that_stays_is_a_brake_and_no_lock_out() -> None:
    assert slug_of(Trace(after=3, blocked=900, how="captcha"), [attempt()] * 3, THRESHOLDS) == "captcha"
    assert slug_of(Trace(after=3, blocked=30, free=60, how="captcha"), [attempt()] * 3, THRESHOLDS) == "slowed"


async def test_a_proxy_that_eats_cookies_says_nothing_of_the_brake(jumping) -> None:
    """Met with OctoPrint behind tinyproxy: accepted, and the session lost on the way."""
    app = Keyed(jumping, lambda _user, way: way)

    def answer(request):
        given = app(request)
        return replace(given, headers=given.headers[:1]) if request.via and given.status == 200 else given

    options = {"accounts": ACCOUNTS, "declared": PROXY, "clock": jumping, "url": "http://portal.example/"}
    outcomes = await run_check("login.throttling", answer, **options)
    assert next(one for one in outcomes if one.slug == "slowed").facts["scope"] == "address"


class OneSession(Application):
    """Refuses a second session of an account, the right password included; no brake."""

    def __init__(self, clock, *, closes: bool = True) -> None:
        super().__init__(clock)
        self.closes = closes
        self.open: set[str] = set()

    def __call__(self, request):
        if request.url.endswith("/logout"):
            self.open -= {"carole"} if self.closes else set()
            return page(FORM)
        answer = super().__call__(request)
        if request.method == "POST" and any(name.lower() == "set-cookie" for name, _ in answer.headers):
            user = parse_qs(request.body.decode())["user"][0]
            if user == "carole" and user in self.open:
                return page(FORM + "<p>Une session est déjà ouverte pour ce compte.</p>")
            self.open.add(user)
        return answer


async def test_an_open_session_of_the_account_is_no_brake(jumping) -> None:
    app = OneSession(jumping)
    (only,) = await app.run()
    assert (only.slug, only.facts["in_a_row"]) == ("none", 10)
    (unclosed,) = await OneSession(jumping, closes=False).run()
    assert unclosed.slug == "inconclusive"


async def test_failures_that_came_before_prove_no_way_around(jumping) -> None:
    """django-defender after the trials of user enumeration: fewer failures seem to brake than do, and fewer than that
    are accepted with another account in between, or without."""

    def brake(app, user, right):
        recent = [moment for moment in app.failures if app.clock.monotonic() - moment < 60]
        return page("Too many attempts", status=429) if len(recent) >= 4 else None

    app = Application(jumping, brake)
    app.failures.append(jumping.monotonic())
    outcomes = await app.run()
    assert [(one.slug, one.facts["after"]) for one in outcomes] == [("slowed", 2)]


async def test_failures_of_the_last_minute_are_not_taken_for_the_limit(jumping) -> None:
    """Five failures a minute: those that another check has just sent are left to age first."""

    def brake(app, user, right):
        recent = [moment for moment in app.failures if app.clock.monotonic() - moment < 60]
        return page("<p>Non.</p>", status=429) if len(recent) >= 5 else None

    app = Application(jumping, brake)
    run = scripted(check("login.throttling").metadata, app, accounts=ACCOUNTS, declared=CONTACT, clock=jumping)
    allowance = await run.context.collect(ALLOWANCE)
    for _ in range(4):
        allowance.spend()
        app.failures.append(jumping.monotonic())
    (found,) = [one for one in await check("login.throttling").observe()(run.context) if one.slug == "slowed"]
    assert found.facts["after"] == 4, "one in the series before, in the same minute, and four in a row"
