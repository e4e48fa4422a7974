"""Right brakes of other kinds (`mode/brake-…`): what login.throttling must recognise, and never accuse."""

from __future__ import annotations

import math
import secrets
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal.refusals import NoAnswer, Refusal
from pgssi_probe.lab.portal.site import portal_of
from pgssi_probe.lab.weaknesses.registry import weakness

MINUTES = 2
FREE = 4
HOURS = 10
CAPTCHA = (
    '<!doctype html><html lang=fr><title>Connexion</title><form method=post action="/connexion">'
    "<input name=identifiant><input type=password name=mot_de_passe><p>Combien font trois et quatre ?</p>"
    "<input name=captcha>"
    "<button>Se connecter</button></form>"
)


def _after_five(lab: Blueprint, minutes: float = MINUTES) -> None:
    """From the fifth failure."""
    lab.sign_in.free_failures = FREE
    lab.sign_in.first_delay = lab.sign_in.longest_delay = 60.0 * minutes


async def _wait(request: Request) -> float:
    """Seconds left before the user named in a sign-in form may try again; 0 for any other request."""
    if request.method != "POST" or request.url.path != "/connexion":
        return 0.0
    portal = portal_of(request)
    typed = parse_qs((await request.body()).decode(errors="replace")).get("identifiant", [""])[0]
    return portal.brake.remaining(portal.blueprint.sign_in.throttle_key(request, typed))


def _answering(lab: Blueprint, refusal: Response | Refusal) -> None:
    _after_five(lab)

    async def brake(request: Request) -> Response | None:
        if await _wait(request) <= 0:
            return None
        if isinstance(refusal, Refusal):
            raise refusal
        return HTMLResponse(refusal.body, refusal.status_code)

    lab.interceptors.append(brake)


@weakness("mode/brake-401", fr="Frein par un 401", en="Brake by a 401", takes="throttling")
def by_401(lab: Blueprint) -> None:
    _answering(lab, Refusal(401, "brake"))


@weakness("mode/brake-500", fr="Frein par un 500", en="Brake by a 500", takes="throttling")
def by_500(lab: Blueprint) -> None:
    _answering(lab, Refusal(500, "brake"))


@weakness(
    "mode/brake-retry-after",
    fr="Frein par un 503 qui dit seulement quand revenir",
    en="Brake by a 503 that only says when to come back",
    takes="throttling",
)
def by_retry_after(lab: Blueprint) -> None:
    _after_five(lab)

    async def brake(request: Request) -> None:
        if (wait := await _wait(request)) > 0:
            raise Refusal(503, "brake", {"Retry-After": str(math.ceil(wait))})

    lab.interceptors.append(brake)


@weakness(
    "mode/brake-in-a-cookie",
    fr="Échecs comptés par navigateur : un navigateur neuf n'est pas freiné",
    en="Failures counted per browser: a new browser is not slowed down",
    takes="throttling",
)
def in_a_cookie(lab: Blueprint) -> None:
    _after_five(lab)
    lab.sign_in.throttle_key = lambda request, _typed: request.cookies.get(lab.cookies.name) or secrets.token_hex(8)


@weakness("mode/brake-captcha", fr="Frein par un captcha", en="Brake by a captcha", takes="throttling")
def by_captcha(lab: Blueprint) -> None:
    _answering(lab, HTMLResponse(CAPTCHA))


@weakness(
    "mode/brake-captcha-stays",
    fr="Captcha demandé jusqu'à ce qu'on y réponde",
    en="Captcha asked for until it is answered",
    takes="throttling",
)
def by_captcha_that_stays(lab: Blueprint) -> None:
    _after_five(lab, 60 * HOURS)

    async def brake(request: Request) -> Response | None:
        if await _wait(request) <= 0:
            return None
        values = parse_qs((await request.body()).decode(errors="replace"))
        if values.get("captcha") != ["7"]:
            return HTMLResponse(CAPTCHA)
        portal_of(request).brake.succeeded(values["identifiant"][0].casefold())
        return None

    lab.interceptors.append(brake)


@weakness("mode/brake-drop", fr="Frein par le silence", en="Brake by silence", takes="throttling")
def by_dropping(lab: Blueprint) -> None:
    """The connection is closed without a word."""
    _after_five(lab)

    async def brake(request: Request) -> None:
        if await _wait(request) > 0:
            raise NoAnswer

    lab.interceptors.append(brake)


@weakness(
    "mode/brake-silent",
    fr="Frein muet : le bon mot de passe est refusé comme un faux",
    en="Silent brake: the right password is refused like a wrong one",
    takes="throttling",
)
def silent(lab: Blueprint) -> None:
    _after_five(lab)
    lab.sign_in.silent = True


@weakness(
    "mode/brake-tarpit",
    fr="Frein par des réponses de plus en plus lentes",
    en="Brake by answers that grow slower",
    takes="throttling",
)
def tarpit(lab: Blueprint) -> None:
    """The wait is served instead of being asked for; twenty seconds at most."""
    lab.sign_in.longest_delay = 20.0

    async def slow(request: Request) -> None:
        if (wait := await _wait(request)) > 0:
            await portal_of(request).clock.sleep(wait)

    lab.interceptors.append(slow)


@weakness(
    "mode/brake-by-address",
    fr="Frein par adresse, que l'en-tête X-Forwarded-For ne trompe pas",
    en="Brake by address, which an X-Forwarded-For header does not fool",
    takes="throttling",
)
def by_address(lab: Blueprint) -> None:
    _after_five(lab)

    def key(request: Request, _typed: str) -> str:
        return request.client.host if request.client else ""

    lab.sign_in.throttle_key = key
