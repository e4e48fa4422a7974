"""The portal without any weakness: its pages, its forms, its API."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup

from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab.portal.public import ARTICLES, INFORMATION
from pgssi_probe.lab.visitor import Visitor

Open = Callable[..., Visitor]
PUBLIC = ("/", "/connexion", "/mot-de-passe-oublie", "/recherche?q=analyse", "/disponibilites", "/au-revoir")
PAGES = (*PUBLIC, *(f"/{name}" for name in INFORMATION), *(f"/aide/{name}" for name in ARTICLES))
PRIVATE = ("/mon-espace", "/resultats", "/rendez-vous", "/messagerie", "/documents", "/profil")
STAFF = ("/gestion", "/gestion/journal", "/gestion/parametres")


@pytest.mark.parametrize("path", PAGES)
async def test_public_page_is_a_whole_french_page(visit: Open, path: str) -> None:
    response = await visit().get(path)
    page = BeautifulSoup(response.text, "lxml")
    assert response.status_code == 200
    assert page.html["lang"] == "fr"
    assert len(page.find_all("h1")) == 1
    assert page.title.string.endswith("Centre hospitalier de Valombre")


async def test_every_link_of_public_pages_leads_somewhere(visit: Open) -> None:
    visitor = visit()
    links = set()
    for path in PAGES:
        page = BeautifulSoup((await visitor.get(path)).text, "lxml")
        links |= {tag.get("href") or tag.get("src") for tag in page.find_all(["a", "link", "script", "img"])}
    local = {link for link in links if not link.startswith("#")}
    assert all(link.startswith("/") for link in local)
    statuses = {link: (await visitor.get(link)).status_code for link in sorted(local)}
    assert statuses.pop("/mon-espace") == 303  # to the sign-in page
    assert statuses == dict.fromkeys(statuses, 200)


async def test_no_page_needs_an_inline_script_or_style(visit: Open) -> None:
    visitor = visit()
    await visitor.sign_in()
    for path in (*PAGES, *PRIVATE):
        page = BeautifulSoup((await visitor.get(path)).text, "lxml")
        assert not page.find_all("style")
        assert not page.find_all(style=True)
        assert all(script.get("src") for script in page.find_all("script"))
        assert not [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)]


async def test_files_match_their_integrity(visit: Open) -> None:
    import base64
    import hashlib

    visitor = visit()
    page = BeautifulSoup((await visitor.get("/")).text, "lxml")
    tags = page.find_all(integrity=True)
    assert len(tags) == 2
    for tag in tags:
        content = (await visitor.get(tag.get("src") or tag["href"])).content
        assert tag["integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()


async def test_sign_in_leads_to_the_space_and_rotates_the_session(visit: Open) -> None:
    visitor = visit()
    before = (await visitor.get("/connexion")).status_code, dict(visitor.jar)
    await visitor.sign_in("a")
    space = await visitor.get("/mon-espace")
    assert before[0] == 200
    assert set(before[1]) == {"__Host-session"}
    assert visitor.jar["__Host-session"] != before[1]["__Host-session"]
    assert "Bonjour Camille EXEMPLE" in space.text
    assert "Dernière connexion à votre compte" in space.text


@pytest.mark.parametrize("path", [*PRIVATE, *STAFF])
async def test_private_page_asks_to_sign_in(visit: Open, path: str) -> None:
    response = await visit().get(path)
    assert response.status_code == 303
    assert response.headers["location"] == f"/connexion?suite={path}"


@pytest.mark.parametrize("path", PRIVATE)
async def test_private_page_opens_for_a_patient(visit: Open, path: str) -> None:
    visitor = visit()
    await visitor.sign_in("a")
    response = await visitor.get(path)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert "Se déconnecter" in response.text


@pytest.mark.parametrize("path", STAFF)
async def test_staff_page_opens_for_staff_only(visit: Open, path: str) -> None:
    patient, agent = visit(), visit()
    await patient.sign_in("a")
    await agent.sign_in("high")
    assert (await patient.get(path)).status_code == 403
    assert (await agent.get(path)).status_code == 200


async def links_of(visitor: Visitor, path: str) -> list[str]:
    page = BeautifulSoup((await visitor.get(path)).text, "lxml")
    return [tag["href"] for tag in page.find_all("a") if tag["href"].startswith(path + "/")]


@pytest.mark.parametrize("path", ["/resultats", "/messagerie", "/documents"])
async def test_records_belong_to_one_patient(visit: Open, path: str) -> None:
    mine, other = visit(), visit()
    await mine.sign_in("a")
    await other.sign_in("b")
    for link in await links_of(mine, path):
        assert (await mine.get(link)).status_code == 200
        assert (await other.get(link)).status_code == 404
        api = "/api/v1" + link
        assert (await mine.get(api)).json()["id"] == link.rpartition("/")[2]
        assert (await other.get(api)).status_code == 404


async def test_canaries_show_for_their_patient_only(visit: Open) -> None:
    visitor = visit()
    await visitor.sign_in("a")
    seen = "".join([(await visitor.get(path)).text for path in PRIVATE])
    assert all(canary in seen for canary in visitor.lab.accounts["a"].canaries)
    assert not any(canary in seen for canary in visitor.lab.accounts["b"].canaries)


async def test_document_is_a_pdf_with_the_patient_in_it(visit: Open) -> None:
    visitor = visit()
    await visitor.sign_in("a")
    response = await visitor.get((await links_of(visitor, "/documents"))[0])
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["content-disposition"].startswith("attachment")
    assert response.content.startswith(b"%PDF-1.4")
    assert b"Camille EXEMPLE" in response.content


async def test_message_is_sent_and_kept(visit: Open) -> None:
    visitor = visit()
    await visitor.sign_in("a")
    data = {"destinataire": "Dr Maxime DÉMO", "objet": "Question <b>simple</b>", "texte": "Bonjour"}
    response = await visitor.post("/messagerie", data, form_at="/messagerie")
    assert response.status_code == 303
    assert "Question &lt;b&gt;simple&lt;/b&gt;" in (await visitor.get("/messagerie")).text


async def test_profile_takes_a_telephone_and_nothing_else(visit: Open) -> None:
    visitor = visit()
    await visitor.sign_in("a")
    good = await visitor.post("/profil", {"telephone": "01 99 00 11 22"}, form_at="/profil")
    bad = await visitor.post("/profil", {"telephone": "<script>"}, form_at="/profil")
    assert "01 99 00 11 22" in good.text
    assert bad.status_code == 400


async def test_changing_the_password_closes_other_sessions(visit: Open) -> None:
    here, there = visit(), visit()
    await here.sign_in("a")
    await there.sign_in("a")
    old = here.lab.accounts["a"].password
    short = await here.post("/profil/mot-de-passe", {"actuel": old, "nouveau": "court"}, form_at="/profil")
    wrong = await here.post("/profil/mot-de-passe", {"actuel": "non", "nouveau": "x" * 20}, form_at="/profil")
    changed = await here.post(
        "/profil/mot-de-passe", {"actuel": old, "nouveau": "une phrase assez longue"}, form_at="/profil"
    )
    assert "trop court" in short.text
    assert "mot de passe actuel est incorrect" in wrong.text
    assert "est changé" in changed.text
    assert await here.is_in()
    assert not await there.is_in()


async def test_forms_without_their_token_are_refused(visit: Open) -> None:
    visitor, stranger = visit(), visit()
    await visitor.sign_in("a")
    await stranger.sign_in("b")
    token = await stranger.csrf("/profil")
    for given in ("", token):
        response = await visitor.ask("POST", "/profil", data={"csrf": given, "telephone": "01 99 00 11 22"})
        assert response.status_code == 403


async def test_api_speaks_with_a_bearer_token(visit: Open) -> None:
    visitor = visit()
    account = visitor.lab.accounts["a"]
    body = {"identifiant": account.username, "mot_de_passe": account.password}
    token = (await visitor.ask("POST", "/api/v1/connexion", json=body)).json()["jeton"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert visitor.jar == {}
    assert (await visitor.get("/api/v1/moi")).status_code == 401
    me = await visitor.get("/api/v1/moi", headers=bearer)
    assert me.json()["family_name"] == "EXEMPLE"
    assert not {"hash", "salt", "totp_secret", "username"} & set(me.json())
    described = (await visitor.get("/api/v1/openapi.json", headers=bearer)).json()
    assert {"/moi", "/resultats/{id}"} <= set(described["paths"])
    assert (await visitor.ask("POST", "/api/v1/deconnexion", headers=bearer)).status_code == 204
    assert (await visitor.get("/api/v1/moi", headers=bearer)).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [(b'{"a": [', 400), (b"[]", 400), (b'{"identifiant": 3}', 400), (b"[" * 50_000, 400), (b"a" * 70_000, 413)],
)
async def test_api_refuses_bad_json(visit: Open, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    response = await visit().ask("POST", "/api/v1/connexion", content=body, headers=headers)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/pgssi-absent", 404),
        ("GET", "/pgssi-absent.php", 404),
        ("GET", "/.git/config", 404),
        ("GET", "/disponibilites?date=2026-02-31", 400),
        ("GET", "/disponibilites?date=20260212", 400),
        ("GET", "/disponibilites?service=x", 400),
        ("GET", "/recherche?q[]=x", 400),
        ("GET", "/recherche?q=%ff", 400),
        ("GET", "/recherche?q=a%00b", 400),
        ("GET", "/recherche?q=a&q=b", 400),
        ("GET", "/%c0%ae%c0%ae/x", 400),
        ("GET", "/" + "a" * 3000, 414),
        ("GET", "/?q=" + "a" * 10_000, 414),
        ("POST", "/", 405),
        ("TRACE", "/", 405),
        ("OPTIONS", "/", 405),
        ("PGSSIPROBE", "/", 405),
        ("PUT", "/profil", 405),
        ("POST", "/connexion", 415),
    ],
)
async def test_what_is_wrong_is_refused_with_the_same_page(visit: Open, method: str, path: str, status: int) -> None:
    response = await visit().ask(method, path)
    assert response.status_code == status
    assert "Retour à l’accueil" in response.text


async def test_method_refusal_says_what_is_allowed(visit: Open) -> None:
    response = await visit().ask("DELETE", "/connexion")
    assert response.headers["allow"] == "GET, HEAD, POST"


async def test_internal_error_says_nothing_of_its_cause(visit: Open) -> None:
    visitor = visit("mode/internal-error")
    await visitor.sign_in("a")
    response = await visitor.get("/mon-espace/statistiques")
    assert response.status_code == 500
    assert "ZeroDivisionError" not in response.text
    assert "no statistics" not in response.text
    assert "content-security-policy" in response.headers
    assert "strict-transport-security" in response.headers
    assert not await visitor.is_in()


async def test_search_shows_words_as_text(visit: Open) -> None:
    response = await visit().get("/recherche", params={"q": '"><script>alert(1)</script>'})
    assert "<script>alert" not in response.text
    assert "&lt;script&gt;" in response.text


@pytest.mark.parametrize(
    "after", ["https://elsewhere.invalid/", "//elsewhere.invalid", "/\\elsewhere.invalid", "javascript:x"]
)
async def test_sign_in_never_leads_to_another_site(visit: Open, after: str) -> None:
    visitor = visit()
    account = visitor.lab.accounts["a"]
    response = await visitor.try_sign_in(account.username, account.password, after)
    assert response.headers["location"] == "/mon-espace"


async def test_unknown_host_is_refused(visit: Open) -> None:
    response = await visit().get("/", headers={"Host": "elsewhere.invalid"})
    assert response.status_code == 421
    assert "elsewhere" not in response.text


async def test_security_txt_is_right_and_unexpired(visit: Open, clock: VirtualClock) -> None:
    visitor = visit()
    response = await visitor.get("/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in response.text.splitlines())
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    expires = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=30) < expires - clock.now() < timedelta(days=365)
    assert fields["Canonical"] == visitor.lab.https_url + "/.well-known/security.txt"
    assert (await visitor.get("/security.txt")).headers["location"] == "/.well-known/security.txt"


async def test_site_map_lists_pages_that_exist(visit: Open) -> None:
    visitor = visit()
    assert f"Sitemap: {visitor.lab.https_url}/sitemap.xml" in (await visitor.get("/robots.txt")).text
    found = re.findall(r"<loc>([^<]+)</loc>", (await visitor.get("/sitemap.xml")).text)
    assert len(found) > 10
    for url in found:
        assert (await visitor.get(urlsplit(url).path)).status_code == 200


async def test_the_plain_port_only_redirects(visit: Open) -> None:
    visitor = visit(plain=True)
    for method, path in (("GET", "/"), ("GET", "/connexion?suite=/profil"), ("POST", "/connexion")):
        response = await visitor.ask(method, path)
        assert response.status_code == 308
        assert response.headers["location"] == visitor.lab.https_url + path
        assert response.content == b""
        assert "set-cookie" not in response.headers


async def test_people_are_fictional(visit: Open) -> None:
    lab = visit().lab
    profiles = [lab.portal.database.profile(account.username) for account in lab.accounts.values()]
    for profile in profiles:
        assert (97 - int(profile["nir"][:13]) % 97) != int(profile["nir"][13:])
        assert profile["email"].endswith(".invalid")
        assert profile["phone"].startswith("01 99 00")


async def test_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    from pgssi_probe.lab import Lab

    first, second, third = Lab(seed=1), Lab(seed=1), Lab(seed=2)
    assert first.accounts["a"] == second.accounts["a"]
    assert first.accounts["a"].password != third.accounts["a"].password
    assert first.accounts["a"].password not in repr(first.accounts["a"])
    for lab in (first, second, third):
        lab.close()


async def test_idle_delay_is_set_by_the_staff(visit: Open, clock: VirtualClock) -> None:
    agent, patient = visit(), visit()
    await agent.sign_in("high")
    response = await agent.post("/gestion/parametres", {"inactivite": "5"}, form_at="/gestion/parametres")
    assert "enregistré" in response.text
    await patient.sign_in("a")
    await clock.advance(5 * 60 - 1)
    assert await patient.is_in()
    await clock.advance(5 * 60)
    assert not await patient.is_in()
