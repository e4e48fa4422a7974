"""Sessions, sign-in, rights and inputs: right by default, wrong in the one way that a switch names."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab.portal.access import one_time_code
from pgssi_probe.lab.visitor import Visitor

Open = Callable[..., Visitor]
FAILING = "/mon-espace/statistiques"
HOUR = 3600


def changed(token: str, at: int) -> str:
    return token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]


# Sessions


@pytest.mark.parametrize(("weak", "survives"), [((), False), (("session.logout/still-valid",), True)])
async def test_sign_out(visit: Open, weak: tuple[str, ...], survives: bool) -> None:
    visitor = visit(*weak)
    await visitor.sign_in()
    thief = visitor.twin()
    response = await visitor.sign_out()
    assert response.headers["location"] == "/au-revoir"
    assert "storage" in response.headers["clear-site-data"]
    assert visitor.jar == {}
    assert await thief.is_in() is survives


async def test_sign_out_control_is_on_every_private_page_unless_weakened(visit: Open) -> None:
    for weak, shown in ((), True), (("session.logout/no-control",), False):
        visitor = visit(*weak)
        await visitor.sign_in()
        for path in ("/mon-espace", "/resultats", "/profil"):
            assert ("Se déconnecter" in (await visitor.get(path)).text) is shown


async def test_sign_out_without_its_token_is_refused(visit: Open) -> None:
    visitor = visit()
    await visitor.sign_in()
    assert (await visitor.ask("POST", "/deconnexion", data={"csrf": "x"})).status_code == 403
    assert await visitor.is_in()


@pytest.mark.parametrize(("weak", "kept"), [((), False), (("session.fixation/kept",), True)])
async def test_session_id_at_sign_in(visit: Open, weak: tuple[str, ...], kept: bool) -> None:
    visitor = visit(*weak)
    await visitor.get("/connexion")
    victim = visitor.twin()
    await visitor.sign_in()
    assert (visitor.jar == victim.jar) is kept
    assert await victim.is_in() is kept


@pytest.mark.parametrize(
    ("weak", "idle", "alive"),
    [
        ((), 15 * 60 - 1, True),
        ((), 15 * 60, False),
        (("session.timeout-idle/too-long",), 4 * HOUR - 1, True),
        (("session.timeout-idle/too-long",), 4 * HOUR, False),
        (("session.timeout-idle/still-open",), 7 * HOUR, True),
    ],
)
async def test_idle_expiry(visit: Open, clock: VirtualClock, weak: tuple[str, ...], idle: int, alive: bool) -> None:
    visitor = visit(*weak)
    await visitor.sign_in()
    await clock.advance(idle)
    assert await visitor.is_in() is alive


async def test_idle_expiry_is_explained_on_the_sign_in_page(visit: Open, clock: VirtualClock) -> None:
    visitor = visit()
    await visitor.sign_in()
    await clock.advance(HOUR)
    assert "période d’inactivité" in (await visitor.get("/connexion")).text


@pytest.mark.parametrize(("weak", "alive"), [((), False), (("session.timeout-absolute/too-long",), True)])
async def test_absolute_expiry(visit: Open, clock: VirtualClock, weak: tuple[str, ...], alive: bool) -> None:
    visitor = visit(*weak)
    await visitor.sign_in()
    for _ in range(8 * 6):
        assert await visitor.is_in()
        await clock.advance(600)
    assert await visitor.is_in() is alive


async def test_several_sessions_live_side_by_side_by_default(visit: Open) -> None:
    first, second = visit(), visit()
    await first.sign_in()
    await second.sign_in()
    assert await first.is_in()
    assert "2 sessions ouvertes" in (await first.get("/profil")).text
    await second.post("/profil/sessions", {}, form_at="/profil")
    assert not await first.is_in()
    assert await second.is_in()


@pytest.mark.parametrize(
    ("weak", "told"), [("mode/single-session", True), ("session.concurrent/closed-silently", False)]
)
async def test_single_session(visit: Open, weak: str, told: bool) -> None:
    first, second = visit(weak), visit(weak)
    await first.sign_in()
    await second.sign_in()
    assert not await first.is_in()
    assert await second.is_in()
    assert ("autre connexion" in (await first.get("/connexion")).text) is told


async def test_second_session_refused(visit: Open, clock: VirtualClock) -> None:
    first, second = visit("mode/refuse-second-session"), visit("mode/refuse-second-session")
    await first.sign_in()
    account = first.lab.accounts["a"]
    assert (await second.try_sign_in(account.username, account.password)).status_code == 409
    await clock.advance(HOUR)
    await second.sign_in()
    assert await second.is_in()


async def test_last_sign_in_is_shown_unless_weakened(visit: Open, clock: VirtualClock) -> None:
    visitor = visit()
    await visitor.sign_in()
    await visitor.sign_out()
    await clock.advance(HOUR)
    await visitor.sign_in()
    assert "1er janvier 2026 à 01:00" in (await visitor.get("/mon-espace")).text
    weak = visit("session.last-login-display/missing")
    await weak.sign_in()
    assert "Dernière connexion" not in (await weak.get("/mon-espace")).text
    assert (await weak.get("/api/v1/moi")).json()["derniere_connexion"] is None


@pytest.mark.parametrize(
    ("weak", "accepted"), [((), [False, False]), (("session.token-integrity/tampered-accepted",), [True, True])]
)
async def test_tampered_token(visit: Open, weak: tuple[str, ...], accepted: list[bool]) -> None:
    visitor = visit(*weak)
    await visitor.sign_in()
    (name, token), *_ = visitor.jar.items()
    alive = []
    for at in (len(token) // 2, len(token) * 2 // 3):
        twin = visitor.twin()
        twin.jar[name] = changed(token, at)
        alive.append(await twin.is_in())
    assert alive == accepted
    assert await visitor.is_in()


@pytest.mark.parametrize(("weak", "alive"), [("mode/internal-error", False), ("session.error-closes/stays-open", True)])
async def test_internal_error_and_the_session(visit: Open, weak: str, alive: bool) -> None:
    visitor, other = visit(weak), visit(weak)
    await visitor.sign_in()
    await other.sign_in()
    assert FAILING in (await visitor.get("/mon-espace")).text
    assert (await visitor.get(FAILING)).status_code == 500
    assert await visitor.is_in() is alive
    assert await other.is_in()


@pytest.mark.parametrize(
    ("weak", "header"),
    [
        ((), "no-store"),
        (("browser.cache-authenticated/no-store-missing",), None),
        (("browser.cache-authenticated/shared",), "public, max-age=600"),
    ],
)
async def test_cache_of_private_pages(visit: Open, weak: tuple[str, ...], header: str | None) -> None:
    visitor = visit(*weak)
    await visitor.sign_in()
    assert (await visitor.get("/resultats")).headers.get("cache-control") == header


async def test_forms_without_token_pass_when_weakened(visit: Open) -> None:
    visitor = visit("csrf/no-token")
    await visitor.sign_in()
    assert (await visitor.ask("POST", "/profil", data={"telephone": "01 99 00 11 22"})).status_code == 200


# Signing in


async def failures(visitor: Visitor, count: int, **headers: str) -> None:
    for _ in range(count):
        data = {"csrf": await visitor.csrf(), "identifiant": "camille.exemple", "mot_de_passe": "faux"}
        await visitor.ask("POST", "/connexion", data=data, headers=headers)


async def enters(visitor: Visitor, label: str = "a", **headers: str) -> bool:
    account = visitor.lab.accounts[label]
    data = {"csrf": await visitor.csrf(), "identifiant": account.username, "mot_de_passe": account.password}
    return (await visitor.ask("POST", "/connexion", data=data, headers=headers)).status_code == 303


async def test_brake_doubles_and_stops_at_five_minutes(visit: Open, clock: VirtualClock) -> None:
    visitor = visit()
    for delay in (2, 4, 8, 16, 32, 64, 128, 256, 300, 300):
        await failures(visitor, 1)
        refused = await visitor.try_sign_in("camille.exemple", visitor.lab.accounts["a"].password)
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == str(delay)
        await clock.advance(delay)
    assert await enters(visitor)


async def test_brake_does_not_count_refused_attempts_and_forgets_after_success(
    visit: Open, clock: VirtualClock
) -> None:
    visitor = visit()
    await failures(visitor, 20)
    await clock.advance(2)
    assert await enters(visitor)
    visitor.jar.clear()
    await failures(visitor, 1)
    await clock.advance(2)
    assert await enters(visitor)


async def test_brake_is_per_account_whatever_the_case(visit: Open) -> None:
    visitor = visit()
    await failures(visitor, 1)
    assert (await visitor.try_sign_in("CAMILLE.Exemple", "x")).status_code == 429
    assert await enters(visitor, "b")


async def test_brake_treats_unknown_users_alike(visit: Open) -> None:
    visitor = visit()
    first = await visitor.try_sign_in("personne", "faux")
    second = await visitor.try_sign_in("personne", "faux")
    assert (first.status_code, second.status_code) == (200, 429)


async def test_no_brake_when_weakened(visit: Open) -> None:
    visitor = visit("login.throttling/none")
    await failures(visitor, 30)
    assert await enters(visitor)


async def test_lock_out_when_weakened(visit: Open, clock: VirtualClock) -> None:
    visitor = visit("login.throttling/lock-out")
    await failures(visitor, 4)
    assert await enters(visitor)
    visitor.jar.clear()
    await failures(visitor, 5)
    await clock.advance(2 * HOUR)
    assert not await enters(visitor)


async def test_brake_that_believes_forwarded_for(visit: Open) -> None:
    visitor = visit("login.throttling/bypass-forwarded-for")
    await failures(visitor, 3)
    assert not await enters(visitor)
    assert await enters(visitor, **{"X-Forwarded-For": "203.0.113.7"})


async def test_brake_that_minds_the_case(visit: Open) -> None:
    visitor = visit("login.throttling/bypass-case")
    await failures(visitor, 3)
    assert not await enters(visitor)
    assert (await visitor.try_sign_in("Camille.Exemple", visitor.lab.accounts["a"].password)).status_code == 303


async def test_brake_reset_by_another_account(visit: Open, clock: VirtualClock) -> None:
    visitor = visit("login.throttling/bypass-other-account")
    for _ in range(6):
        await failures(visitor, 1)
        await clock.advance(2)
        assert await enters(visitor, "b")
        visitor.jar.clear()
    await failures(visitor, 1)
    await clock.advance(2)
    assert await enters(visitor)


@pytest.mark.parametrize(("weak", "told"), [((), False), (("login.user-enumeration/message",), True)])
async def test_unknown_user(visit: Open, weak: tuple[str, ...], told: bool) -> None:
    visitor = visit(*weak)
    unknown = await visitor.try_sign_in("personne", "faux")
    known = await visitor.try_sign_in("camille.exemple", "faux")
    assert ("n’existe pas" in unknown.text) is told
    assert "Identifiant ou mot de passe incorrect" in known.text
    reset = await visitor.post("/mot-de-passe-oublie", {"identifiant": "personne"}, form_at="/mot-de-passe-oublie")
    assert ("Aucun compte" in reset.text) is told


async def test_time_spent_on_unknown_users(visit: Open, clock: VirtualClock) -> None:
    async def quickest(visitor: Visitor, username: str) -> float:
        spent = []
        for number in range(5):
            await visitor.csrf()
            start = time.process_time()
            await visitor.try_sign_in(username.format(number), "faux")
            spent.append(time.process_time() - start)
            await clock.advance(300)
        return min(spent)

    weak = visit("login.user-enumeration/timing")
    assert await quickest(weak, "personne{}") < 0.75 * await quickest(weak, "camille.exemple")
    right = visit()
    assert await quickest(right, "personne{}") > 0.75 * await quickest(right, "camille.exemple")


async def test_password_length_when_weakened(visit: Open) -> None:
    visitor = visit("login.password-policy/too-short")
    await visitor.sign_in()
    assert 'minlength="6"' in (await visitor.get("/profil")).text


async def test_second_factor(visit: Open, clock: VirtualClock) -> None:
    visitor = visit("mode/second-factor")
    account = visitor.lab.accounts["a"]
    asked = await visitor.try_sign_in(account.username, account.password)
    assert asked.status_code == 200
    assert "one-time-code" in asked.text
    assert not await visitor.is_in()
    form = {"csrf": asked.text.split('name="csrf" value="')[1].split('"')[0]}
    wrong = await visitor.ask("POST", "/connexion/code", data=form | {"code": "000000"})
    assert "Code incorrect" in wrong.text
    await clock.advance(5)
    code = one_time_code(account.totp_secret, clock.now().timestamp())
    assert (await visitor.ask("POST", "/connexion/code", data=form | {"code": code})).status_code == 303
    assert await visitor.is_in()


def test_one_time_codes_are_those_of_rfc_6238() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    expected = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {moment: one_time_code(secret, moment) for moment in expected} == expected


# Rights


async def test_rights_when_weakened(visit: Open) -> None:
    mine, other = visit("authz.idor/other-record"), visit("authz.idor/other-record")
    await mine.sign_in("a")
    await other.sign_in("b")
    record = (await mine.get("/api/v1/resultats")).json()[0]
    assert record["reference"] in (await other.get(f"/resultats/{record['id']}")).text
    patient = visit("authz.privilege-escalation/reserved-page")
    await patient.sign_in("low")
    assert (await patient.get("/gestion")).status_code == 200
    anyone = visit("authz.forced-browsing/open-record")
    assert anyone.lab.accounts["a"].canaries[0] in (await anyone.get("/api/v1/resultats")).text
    assert (await anyone.get("/mon-espace")).status_code == 303


# Inputs


async def test_inputs_when_weakened(visit: Open) -> None:
    assert "<b>x" in (await visit("input.reflected-xss/executed").get("/recherche", params={"q": "<b>x"})).text
    visitor = visit("input.open-redirect/after-sign-in")
    account = visitor.lab.accounts["a"]
    response = await visitor.try_sign_in(account.username, account.password, "https://elsewhere.invalid/")
    assert response.headers["location"] == "https://elsewhere.invalid/"
    host = await visit("input.host-header/reflected").get("/", headers={"Host": "elsewhere.invalid"})
    assert 'href="https://elsewhere.invalid/"' in host.text
    reader = visit("input.path-traversal/read")
    assert "root:x:0:0" in (await reader.get("/livret", params={"fichier": "../../../etc/passwd"})).text
    assert (await reader.get("/livret", params={"fichier": "absent.txt"})).status_code == 404
    leaving = await visit("input.open-redirect/followed").get("/aller", params={"vers": "//elsewhere.invalid/"})
    assert leaving.headers["location"] == "//elsewhere.invalid/"
    scripted = await visit("input.open-redirect/scripted").get("/patienter", params={"retour": "</script>"})
    assert "</script>;" not in scripted.text
    failing = visit("input.validation/server-error")
    assert (await failing.get("/disponibilites?date=2026-02-31")).status_code == 500


# Public pages and scripts


@pytest.mark.parametrize(
    ("weak", "path"),
    [
        ("content.legal-notices/missing", "/mentions-legales"),
        ("content.privacy-notice/missing", "/confidentialite"),
        ("content.cgu/missing", "/cgu"),
        ("content.support-contact/missing", "/assistance"),
        ("content.security-advice/missing", "/conseils-securite"),
        ("content.help/missing", "/aide"),
    ],
)
async def test_hidden_page_is_gone_and_its_links_too(visit: Open, weak: str, path: str) -> None:
    visitor = visit(weak)
    assert (await visitor.get(path)).status_code == 404
    assert f'href="{path}"' not in (await visitor.get("/")).text
    assert path not in (await visitor.get("/sitemap.xml")).text


async def test_hidden_words_are_gone(visit: Open) -> None:
    legal = (await visit("content.legal-notices/incomplete").get("/mentions-legales")).text
    assert "Hébergeur" in legal
    assert "irecteur de la publication" not in legal
    visitor = visit("content.hds-mention/missing")
    for path in ("/", "/mentions-legales", "/confidentialite"):
        assert "HDS" not in (await visitor.get(path)).text


async def test_security_txt_when_weakened(visit: Open) -> None:
    path = "/.well-known/security.txt"
    assert (await visit("content.security-txt/missing").get(path)).status_code == 404
    assert "Expires: 2025-11-22T00:00:00Z" in (await visit("content.security-txt/expired").get(path)).text
    assert "Contact" not in (await visit("content.security-txt/no-contact").get(path)).text
    assert "Expires" not in (await visit("content.security-txt/no-expires").get(path)).text
