"""Creating an account, and replacing a forgotten password: login.user-enumeration, login.temporary-secrets.

The portal lets nobody register unless `mode/registration` says so; its links are read in `portal.resets.sent`.
"""

from __future__ import annotations

import base64
import math
import uuid
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint, ResetPolicy
from pgssi_probe.lab.portal import fields
from pgssi_probe.lab.portal.access import check_csrf
from pgssi_probe.lab.portal.refusals import Refusal
from pgssi_probe.lab.portal.site import portal_of
from pgssi_probe.lab.weaknesses.registry import weakness

REGISTER = "/inscription"


def _register(lab: Blueprint, *, tells: bool) -> None:
    async def show(request: Request) -> Response:
        portal_of(request).open_session(request)
        return portal_of(request).page(request, "inscription.html", message="")

    async def register(request: Request) -> Response:
        """Nobody is registered: what would be sent by mail is not."""
        portal, values = portal_of(request), await fields.form(request)
        if not check_csrf(request, values):
            raise Refusal(403, "csrf")
        taken = portal.database.account(fields.text(values, "identifiant", 80).casefold()) is not None
        same = fields.secret(values, "nouveau") == fields.secret(values, "confirmation")
        message = "taken" if tells and taken else "sent" if same else "different"
        return portal.page(request, "inscription.html", message=message)

    lab.routes += [Route(REGISTER, show), Route(REGISTER, register, methods=["POST"])]
    lab.insert("sign-in-after", f'<p class="petit"><a href="{REGISTER}">Créer mon compte</a></p>')


@weakness(
    "login.user-enumeration/registration-message",
    fr="L'inscription dit si un identifiant est pris",
    en="Registration tells whether a user name is taken",
    takes="registration",
)
def registration_tells(lab: Blueprint) -> None:
    _register(lab, tells=True)


@weakness(
    "mode/registration",
    fr="Inscription ouverte, qui ne dit rien des comptes",
    en="Open registration, which tells nothing of accounts",
    takes="registration",
)
def registration(lab: Blueprint) -> None:
    _register(lab, tells=False)


def _links(slug: str, *, fr: str, en: str, takes: str = "") -> Callable[[Callable[[ResetPolicy], None]], None]:
    def declare(change: Callable[[ResetPolicy], None]) -> None:
        @weakness(f"login.temporary-secrets/{slug}", fr=fr, en=en, takes=takes)
        def apply(lab: Blueprint) -> None:
            change(lab.resets)

    return declare


@_links("used-link-works", fr="Un lien provisoire resservi", en="A temporary link that works again")
def reusable(resets: ResetPolicy) -> None:
    resets.single_use = False


@_links("expired-link-works", fr="Un lien provisoire sans échéance", en="A temporary link without an end")
def long_lived(resets: ResetPolicy) -> None:
    resets.life = math.inf


@_links("sent-in-clear", fr="Liens provisoires en HTTP", en="Temporary links in HTTP")
def in_clear(resets: ResetPolicy) -> None:
    resets.in_clear = True


@_links("sequence", fr="Liens provisoires numérotés", en="Numbered temporary links", takes="reset-secret")
def numbered(resets: ResetPolicy) -> None:
    resets.secret = lambda _username, number, _now: str(814_203 + 3 * number)


@_links("time-based", fr="Liens provisoires faits de l'heure", en="Temporary links made of time", takes="reset-secret")
def timed(resets: ResetPolicy) -> None:
    resets.secret = lambda _username, number, now: f"{now.timestamp() * 1000 + number:.0f}"


@_links(
    "address-derived",
    fr="Liens provisoires faits de l'identifiant",
    en="Temporary links made of the user name",
    takes="reset-secret",
)
def derived(resets: ResetPolicy) -> None:
    resets.secret = lambda username, _number, _now: base64.urlsafe_b64encode(username.encode()).decode().rstrip("=")


@_links("uuid-v1", fr="Liens provisoires en UUID 1", en="Temporary links in UUID 1", takes="reset-secret")
def by_uuid(resets: ResetPolicy) -> None:
    resets.secret = lambda _username, _number, _now: str(uuid.uuid1(node=0x02420AC11000))


@_links("repeated", fr="Liens provisoires répétés", en="Repeated temporary links", takes="reset-secret")
def repeated(resets: ResetPolicy) -> None:
    resets.secret = lambda username, _number, _now: uuid.uuid5(uuid.NAMESPACE_URL, username).hex * 2


@_links("short", fr="Liens provisoires courts", en="Short temporary links", takes="reset-secret")
def short(resets: ResetPolicy) -> None:
    resets.secret = lambda _username, _number, _now: uuid.uuid4().hex[:10] + "zk"
