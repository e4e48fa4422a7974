"""An application with a sign-in page for each role: each account by its own, and nobody at the door of another."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_probe.check.harness import page, redirect, scripted
from pgssi_probe.cli.app import run
from pgssi_probe.engagement.file import EngagementError, read_engagement
from pgssi_probe.engine.plan import logins_of
from pgssi_probe.identity import (
    Account,
    Secret,
    SignIn,
    SignInPlan,
    SignInState,
    State,
    clear_of_doors,
    oracle_of,
    plan_of,
    sign_in,
    sign_in_paths,
)
from pgssi_probe.identity.advice import lines
from pgssi_probe.identity.doors import door_of, leads_to, other_doors, told_at
from pgssi_probe.inventory.collect import INVENTORY
from pgssi_probe.net.exchange import Request, Response
from tests.identity.conftest import METADATA  # type: ignore[import-not-found]

ORIGIN = "https://portal.example"
PASSWORD = "Right-1234"
PEOPLE = {"alice": "patient", "bob": "patient", "root": "admin"}
FIELDS = {"patient": ("email", "mot"), "admin": ("login", "secret")}
LOGINS = {"high": {"url": "/admin/", "driver": "auto"}}
ACCOUNTS = {
    "a": Account("a", "alice", Secret(PASSWORD)),
    "b": Account("b", "bob", Secret(PASSWORD)),
    "high": Account("high", "root", Secret(PASSWORD)),
}


def html(body: str, **options: Any) -> Response:
    return page(f"<!doctype html><html lang=fr><title>Clinique</title><body>{body}", **options)


@dataclass
class TwoDoors:
    """`/patient/` and `/admin/`: each takes its own people only, and showing a door ends the session of whoever comes.
    Neither role sees a page of the other."""

    live: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    """Roles that were signed out by a visit to the other door."""

    def __call__(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        line = next((value for name, value in request.headers if name == "Cookie"), "")
        sid = dict(pair.split("=", 1) for pair in line.split("; ") if "=" in pair).get("sid", "")
        who = self.live.get(sid, "")
        role = PEOPLE.get(who, "")
        if parts.path == "/":
            return html('<a href="/patient/">Espace patient</a><a href="/admin/">Connexion administration</a>')
        here = parts.path.strip("/").partition("/")[0]
        if here not in FIELDS:
            return html("<h1>Page introuvable</h1>", status=404)
        if parts.path == f"/{here}/":
            return self.door(request, here, sid, role)
        if role != here:
            return redirect(f"/{here}/", status=302)
        if parts.path.endswith("/out"):
            self.live.pop(sid, None)
            return redirect("/", status=302)
        doors = '<a href="/admin/">Administration</a><a href="/patient/">Patients</a>'
        links = f'<a href="/{here}/me">Profil</a><a href="/{here}/out">Déconnexion</a>{doors}'
        return html(f"<h1>{here}</h1><p>{parts.path} {who}</p>{links}")

    def door(self, request: Request, here: str, sid: str, role: str) -> Response:
        user, word = FIELDS[here]
        if role and role != here:
            self.lost.append(role)
            self.live.pop(sid, None)
        if request.method == "POST":
            given = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            if given.get(word) == PASSWORD and PEOPLE.get(given.get(user, "")) == here:
                token = f"s{len(self.live)}-{here}"
                self.live[token] = given[user]
                return redirect(f"/{here}/home", status=302, headers=(("Set-Cookie", f"sid={token}; Path=/; Secure"),))
        form = f"<form method=post><input name={user}><input type=password name={word}><button>Se connecter</button>"
        return html(f"{'Identifiants incorrects' if request.method == 'POST' else ''}{form}</form>")


def visit(app: TwoDoors, **declared: Any) -> Any:
    declared = {"login.url": "/patient/", "logins": LOGINS, **declared}
    return scripted(METADATA, app, url=ORIGIN + "/", accounts=ACCOUNTS, declared=declared).context


async def test_each_account_by_its_own_door() -> None:
    ctx = visit(TwoDoors())
    assert (await plan_of(ctx, "a")).url == f"{ORIGIN}/patient/"
    assert (await plan_of(ctx, "high")).url == f"{ORIGIN}/admin/"
    for label in ACCOUNTS:
        assert (await sign_in(ctx, label)).signed_in, label
    assert await sign_in_paths(ctx) == ("/patient/", "/admin/")


async def test_without_its_own_the_account_is_refused() -> None:
    assert not (await sign_in(visit(TwoDoors(), logins={}), "high")).signed_in


async def test_the_witness_is_of_the_door() -> None:
    """That of the patients sees the administrator out."""
    app = TwoDoors()
    ctx = visit(app)
    of_patients, of_staff = await oracle_of(ctx, "a"), await oracle_of(ctx, "high")
    assert of_patients is await oracle_of(ctx, "b")
    assert "/patient/" in of_patients.url
    assert "/admin/" in of_staff.url
    signed = await sign_in(ctx, "high")
    assert await of_staff.state(signed.session) is State.IN
    assert await of_patients.state(signed.session) is not State.IN
    assert not app.lost


@pytest.mark.parametrize("url", ["/patient/", None])
async def test_the_walk_goes_to_no_other_door(url: str | None) -> None:
    """Whether the file names the first door or it was found."""
    app = TwoDoors()
    inventory = await visit(app, **{"login.url": url}).collect(INVENTORY)
    assert {label for label, one in inventory.visits.items() if one.session is not None} == set(ACCOUNTS)
    assert any("/admin/me" in page.url for page in inventory.visits["high"].pages)
    assert any("/patient/me" in page.url for page in inventory.visits["a"].pages)
    assert app.lost == []


async def test_a_door_that_is_found_is_not_that_of_another() -> None:
    """No address for most accounts: the page that the file gives to the administrator is not taken for theirs."""
    app = TwoDoors()
    ctx = visit(app, **{"login.url": None})
    assert (await plan_of(ctx, "a")).url == f"{ORIGIN}/patient/"
    assert not (await clear_of_doors_of(ctx, "a"))(f"{ORIGIN}/patient/me")
    assert (await clear_of_doors_of(ctx, "a"))(f"{ORIGIN}/admin/")
    assert (await clear_of_doors_of(ctx, "high"))(f"{ORIGIN}/patient/?next=/admin/")


async def clear_of_doors_of(ctx: Any, label: str) -> Any:
    from pgssi_probe.check.context import CollectorContext

    own = CollectorContext(
        ctx.target, ctx.network, ctx.clock, ctx.level, ctx.declared, lambda _: False, ctx.collect, ctx.accounts
    )
    return (await clear_of_doors(own, label)).excluded


def test_accounts_that_say_the_same_share_a_door() -> None:
    declared = {"logins": {"b": {"url": "/x"}, "high": {"url": "/x"}, "low": {"url": "/y"}}}
    assert [door_of(declared, label) for label in ("a", "b", "low", "high")] == ["", "b", "low", "b"]
    assert set(other_doors(declared, "b", ORIGIN)) == {f"{ORIGIN}/y"}
    assert set(other_doors(declared, "a", ORIGIN)) == {f"{ORIGIN}/x", f"{ORIGIN}/y"}


def test_what_is_declared_at_a_door() -> None:
    declared = {
        "login.url": "/p",
        "login.samples": ["x"],
        "login.unlock-contact": "y",
        "logins": {"high": {"url": "/a"}},
    }
    told = told_at(declared, "high")
    assert (told["login.url"], told["login.samples"], told["login.unlock-contact"]) == ("/a", ["x"], "y")
    assert told_at(declared, "a")["login.url"] == "/p"


@pytest.mark.parametrize(
    ("url", "leads"),
    [("/a/?next=1", True), ("/a", True), ("/a/b", False), ("/?role=admin", False)],
)
def test_an_address_that_leads_to_a_door(url: str, leads: bool) -> None:
    assert leads_to(ORIGIN + url, f"{ORIGIN}/a/") is leads
    assert not leads_to(f"{ORIGIN}/?role=doctor", f"{ORIGIN}/?role=admin")


FILE = """
[login]
url = "https://portal.example/patient/"
username_field = "email"
[accounts.a]
username = "alice"
[accounts.low]
username = "carl"
login.signed_in_url = "/low"
[accounts.high]
username = "root"
login = { url = "https://portal.example/admin/" }
"""


def test_the_file_gives_an_account_its_own_sign_in() -> None:
    told = read_engagement(FILE, Path("e.toml")).told
    assert told["logins"] == {
        "low": {
            "url": "https://portal.example/patient/",
            "driver": "auto",
            "username_field": "email",
            "signed_in_url": "/low",
        },
        "high": {"url": "https://portal.example/admin/", "driver": "auto"},
    }
    assert told["login.username_field"] == "email"


def test_a_mistake_there_is_shown_with_its_line() -> None:
    with pytest.raises(EngagementError) as raised:
        read_engagement(FILE.replace("signed_in_url", "signd_in_url"), Path("e.toml"))
    assert (raised.value.code, raised.value.line) == ("unknown_key", 9)
    assert "signed_in_url" in raised.value.mistakes[0].close


def test_the_check_of_the_file_shows_the_sign_in_of_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSSI_LANG", "fr")
    path = tmp_path / "e.toml"
    path.write_text(f'[scope]\ntarget = "{ORIGIN}/"\n{FILE}', encoding="utf-8")
    assert run(["engagement", "check", str(path)]) == 0
    said = capsys.readouterr().out
    assert "login — sa propre connexion : https://portal.example/admin/" in said
    assert "hors du périmètre" not in said
    path.write_text(path.read_text().replace("portal.example/admin", "other.example/admin"), encoding="utf-8")
    assert run(["engagement", "check", str(path)]) == 0
    assert "hors du périmètre" in capsys.readouterr().out


def test_the_plan_counts_a_search_for_each_door() -> None:
    common, own = (read_engagement(text, Path("e.toml")) for text in (FILE.partition("[accounts.low]")[0], FILE))
    assert [len(logins_of(each)) for each in (common, own)] == [0, 2]


def test_what_to_write_for_an_account_of_its_own() -> None:
    plan = SignInPlan(None, url=f"{ORIGIN}/admin/", door="high")
    signed: Any = SignIn(SignInState.UNKNOWN, None, (), {"signal": "no_form"})  # type: ignore[arg-type]
    assert lines("give_url", plan, signed, target=ORIGIN, account="high")[0] == "[accounts.high.login]"
