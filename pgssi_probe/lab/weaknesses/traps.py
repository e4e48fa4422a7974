"""What must not be accused (`trap/…`), and right variants of the portal (`mode/…`)."""

from __future__ import annotations

import asyncio
import random

from starlette.requests import Request
from starlette.responses import Response

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal.refusals import Refusal, SignInNeeded
from pgssi_probe.lab.portal.site import portal_of, visit_of
from pgssi_probe.lab.weaknesses.registry import weakness
from pgssi_probe.lab.weaknesses.sessions import add_failing_page
from pgssi_probe.lab.weaknesses.sign_in import offer_france_connect

OPEN_TO_ALL = ("/connexion", "/static/", "/au-revoir", "/.well-known/")
BURST, REFILL = 40, 10
"""Requests at once, then requests per second, before the imitation of a CDN answers 429."""


@weakness("trap/soft-404", fr="Toute adresse répond 200", en="Every address answers 200", takes="status")
def soft_404(lab: Blueprint) -> None:
    lab.errors.shown_as[404] = 200


@weakness("trap/dot-paths-403", fr="Toute adresse à point répond 403", en="Every dotted path answers 403")
def dot_paths(lab: Blueprint) -> None:
    async def refuse(request: Request) -> None:
        if "/." in request.url.path and not request.url.path.startswith("/.well-known/"):
            raise Refusal(403, "dotted path")

    lab.interceptors.append(refuse)


@weakness("trap/sign-in-everywhere", fr="Tout renvoie vers la connexion", en="Everything redirects to the sign-in page")
def sign_in_everywhere(lab: Blueprint) -> None:
    async def ask(request: Request) -> None:
        if visit_of(request).username is None and not request.url.path.startswith(OPEN_TO_ALL):
            raise SignInNeeded

    lab.interceptors.append(ask)


@weakness(
    "trap/help-traceback", fr="Un article d'aide cite une trace d'exécution", en="A help article quotes a stack trace"
)
def help_traceback(lab: Blueprint) -> None:
    lab.insert(
        "help-article",
        "<p>Si vous programmez un accès à votre dossier, une erreur ressemble à ceci :</p><pre>"
        'Traceback (most recent call last):\n  File "exemple.py", line 3, in &lt;module&gt;\n'
        "ValueError: date invalide</pre>",
    )


@weakness("trap/masked-key", fr="Un article montre une clé privée masquée", en="An article shows a masked private key")
def masked_key(lab: Blueprint) -> None:
    lab.insert(
        "news",
        '<section class="panneau"><h2>Sécurité : reconnaître une clé privée</h2><p>Ne publiez jamais un tel texte :</p>'
        "<pre>-----BEGIN PRIVATE KEY-----\n[... masqué ...]\n-----END PRIVATE KEY-----</pre>"
        "<p>De même pour AKIAXXXXXXXXXXXXXXXX ou mot_de_passe=********.</p></section>",
    )


@weakness("trap/random-content", fr="Les pages changent à chaque réponse", en="Pages change at every response")
def random_content(lab: Blueprint) -> None:
    chance = random.Random(lab.seed)  # noqa: S311

    def advice(_request: Request) -> str:
        words = " ".join(f"{chance.getrandbits(40):010x}" for _ in range(chance.randrange(5, 60)))
        return f'<p class="petit">Référence d’affichage : {words}</p>'

    lab.insert("main-end", advice)


@weakness(
    "trap/rate-limit",
    fr="Un relais répond 429 au-delà d'un débit",
    en="A relay answers 429 beyond a rate",
    takes="relay",
)
def rate_limit(lab: Blueprint) -> None:
    bucket = [float(BURST), 0.0]

    async def limit(request: Request) -> Response | None:
        now = portal_of(request).clock.monotonic()
        tokens, before = bucket
        tokens = min(BURST, tokens + (now - before) * REFILL)
        bucket[:] = [max(0.0, tokens - 1), now]
        if tokens >= 1:
            return None
        raise Refusal(429, "rate", {"Retry-After": "2"})

    lab.interceptors.insert(0, limit)


@weakness("trap/slow", fr="Les pages sont lentes", en="Pages are slow")
def slow(lab: Blueprint) -> None:
    async def wait(_request: Request) -> None:
        await asyncio.sleep(0.25)

    lab.interceptors.append(wait)


@weakness(
    "trap/flaky", fr="Une réponse sur cinq est un 503 passager", en="One answer in five is a passing 503", takes="relay"
)
def flaky(lab: Blueprint) -> None:
    count = [0]

    async def stumble(_request: Request) -> None:
        count[0] += 1
        if count[0] % 5 == 0:
            raise Refusal(503, "passing")

    lab.interceptors.insert(0, stumble)


@weakness("mode/second-factor", fr="Second facteur TOTP demandé", en="TOTP second factor asked", takes="second-factor")
def second_factor(lab: Blueprint) -> None:
    lab.sign_in.second_factor = True


@weakness(
    "mode/single-session",
    fr="Une seule session : la nouvelle ferme l'ancienne",
    en="One session: the new closes the old",
    takes="concurrent",
)
def single_session(lab: Blueprint) -> None:
    lab.sessions.when_already_open = "close-first"


@weakness(
    "mode/refuse-second-session",
    fr="Une seule session : la seconde est refusée",
    en="One session: the second is refused",
    takes="concurrent",
)
def refuse_second(lab: Blueprint) -> None:
    lab.sessions.when_already_open = "refuse"


@weakness(
    "mode/internal-error",
    fr="Une page privée échoue, et la session est fermée",
    en="A private page fails, and the session is closed",
)
def internal_error(lab: Blueprint) -> None:
    add_failing_page(lab)


@weakness(
    "mode/france-connect",
    fr="Connexion par FranceConnect proposée",
    en="Sign-in by FranceConnect offered",
    takes="national-sign-in",
)
def france_connect(lab: Blueprint) -> None:
    offer_france_connect(lab, "&state=demo&nonce=demo")
