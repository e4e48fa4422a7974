"""Every active check on an application full of addresses that change something when they are merely opened, with two
accounts: not one of them is ever asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from pgssi_probe.check.harness import page, redirect, run_check
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Level
from pgssi_probe.net.exchange import Request, Response
from pgssi_probe.registry import checks

ORIGIN = "https://portal.example"
NUMBERS = {"alice": 1, "bob": 2}
ACCOUNTS = {label: Account(label, name, Secret(f"{name}-1234")) for label, name in (("a", "alice"), ("b", "bob"))}
SIGNING_OUT = frozenset({"/logout"})
"""Asked for by checks whose matter it is, and by no other."""
SIGN_OUT_CHECKS = ("session.", "browser.", "login.", "csrf", "assist.", "compat.")
SIGN_IN = (
    '<form method="post" action="/login"><label>Identifiant <input name="user"></label>'
    '<input type="password" name="pass"><button>Se connecter</button></form>'
)
PROSE = "<p>Ces réglages valent pour toutes vos visites, sur chaque appareil dont vous vous servez.</p>"

TRAPS: Mapping[str, str] = {
    # Links, by what they say or by their address.
    "/t1/delete/12": "<a href='/t1/delete/12'>X</a>",
    "/t2": "<a href='/t2?id=3'>Supprimer ce document</a>",
    "/t3": "<a href='/t3?action=delete&id=3'>X</a>",
    "/t4": "<a href='/t4?do=reset'>X</a>",
    "/t5": "<a href='/t5' data-method='delete'>Dossier</a>",
    "/t6": "<a href='/t6' data-turbo-method='post'>Dossier</a>",
    "/t7": "<a href='/t7?flag=1'>Activer les rappels</a>",
    "/t8/toggle": "<a href='/t8/toggle'>Rappels</a>",
    "/t9": "<a href='/t9?id=4'>Marquer comme lu</a>",
    "/t10/mark-read": "<a href='/t10/mark-read?id=4'>4</a>",
    "/t11": "<a href='/t11?all=1'>Mark all as read</a>",
    "/t12/5/confirm": "<a href='/t12/5/confirm'>5</a>",
    "/t13": "<a href='/t13?rdv=5'>Confirmer le rendez-vous</a>",
    "/t14": "<a href='/t14?rdv=5'>Valider</a>",
    "/t15/5/archive": "<a href='/t15/5/archive'>5</a>",
    "/t16": "<a href='/t16?action=archive&id=5'>5</a>",
    "/t17": "<a href='/t17?id=5'>Archiver</a>",
    "/t18": "<a href='/t18?id=5'>Publier</a>",
    "/t19/5/vote": "<a href='/t19/5/vote'>5</a>",
    "/t20": "<a href='/t20?id=5'>Ajouter au panier</a>",
    "/t21/favoris/ajouter": "<a href='/t21/favoris/ajouter?id=5'>5</a>",
    "/t22": "<a href='/t22?id=5' onclick=\"return confirm('Êtes-vous sûr ?')\">5</a>",
    "/t23": "<a href='/t23?id=5' data-confirm='Êtes-vous sûr ?'>5</a>",
    "/t24": "<a href='#' hx-delete='/t24'>5</a>",
    "/t25": "<a href='/t25?id=5'>Renvoyer le courriel</a>",
    "/t26": "<a href='/t26?to=carol'>Prendre la place de Carol</a><a href='/t26?impersonate=3'>3</a>",
    "/t27/subscribe": "<a href='/t27/subscribe'>Lettre</a>",
    "/t28": "<a href='/t28?confirm=yes&id=5'>Oui</a>",
    "/t29/restore": "<a href='/t29/restore?version=3'>3</a>",
    "/t30/accept": "<a href='/t30/accept?id=3'>3</a>",
    "/t31/generate-token": "<a href='/t31/generate-token'>Jeton</a>",
    "/t32/deleteUser.php": "<a href='/t32/deleteUser.php?id=3'>3</a>",
    "/t33": "<a href='/t33'>Vider la corbeille</a>",
    "/t34": "<a href='/t34'>Clear cache</a>",
    "/t35/import/run": "<a href='/t35/import/run'>Reprise</a>",
    "/t36": "<a href='/t36?id=3'>Clôturer le dossier</a>",
    # Forms by GET.
    "/f1": "<form action='/f1'><input type=password name=new><input type=password name=again>"
    "<input type=submit name=Change value=Change></form>",
    "/f2": f"<form action='/f2'>{PROSE}<input name=id><button>Supprimer</button></form>",
    "/f3": f"<form action='/f3'>{PROSE}<input name=theme value=clair><button>Valider</button></form>",
    "/f4": f"<form action='/f4'>{PROSE}<button name=go>Réinitialiser</button></form>",
    "/f5": f"<form action='/f5'>{PROSE}<input name=mail><input type=submit value='Enregistrer'></form>",
    "/f6": f"<form action='/f6'>{PROSE}<input name=mail><button>Update</button></form>",
    "/f7": f"<form action='/f7'>{PROSE}<input type=hidden name=op value=drop><button>OK</button></form>",
    "/f8": f"<form action='/f8'>{PROSE}<input name=mail><button type=submit><b>Modifier</b></button></form>",
    "/f9": f"<form action='/f9'>{PROSE}<input name=a><input type=image alt=Supprimer src=/x.png></form>",
    "/f10": f"<form action='/f10'>{PROSE}<input name=a><button>Voir</button><button>Delete</button></form>",
    "/f11": f"<form action='/vue'>{PROSE}<input name=a><button formaction='/f11'>Supprimer</button></form>",
    "/f12": f"<form action='/f12'>{PROSE}<input name=comment><button>Publier</button></form>",
    "/f13": f"<form action='/f13'>{PROSE}<input name=amount><button>Transférer</button></form>",
    # Forms by POST.
    "/p1": "<form method=post action='/p1'><input name=q><button>Chercher</button></form>",
    # What scripts ask for.
    "/api/deleteUser": "<script>fetch('/api/deleteUser?id=3')</script>",
    "/api/v1/updateProfile": "<script>fetch('/api/v1/updateProfile')</script>",
    "/api/setRole": "<script>load('/api/setRole?role=admin')</script>",
    "/api/cache/clear": "<script>load('/api/cache/clear')</script>",
    "/api/sendReminder": "<script>load('/api/sendReminder/4')</script>",
    "/api/createUser": "<script>load('/api/createUser')</script>",
    "/api/notes": "<script>axios.post('/api/notes', {})</script>",
    "/api/plain": "<script>fetch('/api/plain', {method: 'DELETE'})</script>",
    "/api/mine": "<script>$.ajax({type: 'POST', url: '/api/mine'})</script>",
}
"""By the path that must not be asked for."""
JSON_TRAPS = ("/api/users/3/activate", "/api/users/3/resetPassword", "/api/mail/send")
READINGS = ("/find", "/vue", "/rdv/nouveau", "/archives", "/api/list", "/confirmation")
"""What may be asked for, and is: the application is walked indeed."""
READ = (
    "<form action='/find'><input name=q><button>Valider</button></form>"
    "<a href='/vue?page=2'>Suite</a><a href='/rdv/nouveau'>Nouveau rendez-vous</a><a href='/archives'>Archives</a>"
    "<a href='/api/list'>Liste</a><a href='/confirmation'>Vos confirmations</a>"
)


def html(body: str, status: int = 200) -> Response:
    return page(f"<!doctype html><html lang=fr><title>Portail</title><body>{body}", status=status)


@dataclass
class Trapped:
    """The same traps for everybody and for who is signed in; every request is kept."""

    live: dict[str, str] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.sent.append(request)
        parts = urlsplit(request.url)
        token = next((value for name, value in request.headers if name == "Cookie"), "").removeprefix("sid=")
        name = self.live.get(token, "")
        if parts.path == "/login" and request.method == "POST":
            typed = {key: given[0] for key, given in parse_qs(request.body.decode()).items()}
            if typed.get("pass") != f"{typed.get('user')}-1234":
                return html("Identifiant ou mot de passe incorrect." + SIGN_IN)
            token = f"t{len(self.sent)}"
            self.live[token] = typed["user"]
            return redirect("/home", status=302, headers=(("Set-Cookie", f"sid={token}; Path=/; Secure; HttpOnly"),))
        traps = "".join(TRAPS.values()) + READ
        if parts.path == "/":
            return html(f"<a href='/login'>Connexion</a>{traps}")
        if parts.path == "/login":
            return html(SIGN_IN)
        if parts.path == "/logout":
            self.live.pop(token, None)
            return redirect("/", status=302)
        if parts.path == "/home":
            if not name:
                return redirect("/login", status=302)
            own = f"<a href='/dossier/{NUMBERS[name]}'>Mon dossier</a><a href='/logout'>Se déconnecter</a>"
            return html(f"<h1>Bonjour {name}</h1>{own}{traps}")
        if parts.path in {f"/dossier/{number}" for number in NUMBERS.values()}:
            return html(f"<h1>Dossier de {name}</h1><p>Né le 12 mars</p>") if name else redirect("/login", status=302)
        if parts.path == "/api/list":
            listed = ", ".join(f'{{"id": {number}, "do": "{path}"}}' for number, path in enumerate(JSON_TRAPS))
            return page(f'{{"items": [{listed}]}}', content_type="application/json")
        if parts.path in READINGS:
            given = parse_qs(parts.query).get("q", [""])[0]
            return html(f"<h1>{parts.path}</h1><p>{len(given)}</p>")
        if parts.path in TRAPS or parts.path in JSON_TRAPS:
            return html("<h1>C’est fait</h1>")
        return html("<h1>Page introuvable</h1>", status=404)

    def sprung(self) -> set[str]:
        asked = {urlsplit(one.url).path for one in self.sent}
        return {path for path in asked if path in TRAPS or path in JSON_TRAPS}


ACTIVE = sorted(name for name, one in checks().items() if one.metadata.level is not Level.PASSIVE)


@pytest.mark.parametrize("check", ACTIVE)
async def test_no_trap_is_sprung(check: str) -> None:
    app = Trapped()
    await run_check(check, app, url=ORIGIN + "/", accounts=ACCOUNTS)
    assert app.sprung() == set()
    if not check.startswith(SIGN_OUT_CHECKS):
        assert not {urlsplit(one.url).path for one in app.sent} & SIGNING_OUT
