"""Life of a session: session.*, browser.cache-authenticated, csrf."""

from __future__ import annotations

import math

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal.access import private
from pgssi_probe.lab.portal.site import visit_of
from pgssi_probe.lab.sessions import Session
from pgssi_probe.lab.weaknesses.registry import weakness

STATISTICS = "/mon-espace/statistiques"


def add_failing_page(lab: Blueprint) -> None:
    """A private page that always raises, linked from the patient's space."""

    @private
    async def statistics(_request: Request) -> Response:
        raise ZeroDivisionError("no statistics yet")

    lab.routes.append(Route(STATISTICS, statistics))
    lab.insert("space", f'<p><a href="{STATISTICS}">Mes statistiques</a></p>')


@weakness("session.logout/still-valid", fr="La session survit à la déconnexion", en="The session outlives sign-out")
def still_valid(lab: Blueprint) -> None:
    lab.sessions.end_at_sign_out = False


@weakness("session.logout/no-control", fr="Aucun bouton de déconnexion", en="No sign-out control")
def no_control(lab: Blueprint) -> None:
    lab.sessions.sign_out_control = False


@weakness(
    "session.fixation/kept",
    fr="L'identifiant de session ne change pas à la connexion",
    en="The session id does not change at sign-in",
)
def kept(lab: Blueprint) -> None:
    lab.sessions.rotate_at_sign_in = False


@weakness(
    "session.fixation/chosen-kept",
    fr="Un identifiant de session imposé de l'extérieur est adopté",
    en="A session id imposed from outside is adopted",
)
def chosen_kept(lab: Blueprint) -> None:
    lab.sessions.adopt_unknown = True


@weakness("session.timeout-idle/still-open", fr="Pas d'expiration par inactivité", en="No idle expiry", takes="idle")
def never_idle(lab: Blueprint) -> None:
    lab.sessions.idle = math.inf


@weakness(
    "session.timeout-idle/too-long",
    fr="Expiration après quatre heures d'inactivité",
    en="Expiry after four idle hours",
    takes="idle",
)
def long_idle(lab: Blueprint) -> None:
    lab.sessions.idle = 4 * 3600


@weakness(
    "session.timeout-idle/late",
    fr="Expiration après vingt minutes au lieu de quinze",
    en="Expiry after twenty minutes instead of fifteen",
    takes="idle",
)
def late_idle(lab: Blueprint) -> None:
    lab.sessions.idle = 20 * 60


@weakness("session.timeout-absolute/too-long", fr="Pas de durée maximale de session", en="No maximum session duration")
def never_absolute(lab: Blueprint) -> None:
    lab.sessions.absolute = math.inf


@weakness(
    "session.timeout-absolute/announced-long",
    fr="Cookie de session gardé quatorze jours",
    en="Session cookie kept for fourteen days",
    takes="cookie-lifetime",
)
def kept_for_days(lab: Blueprint) -> None:
    lab.cookies.attributes["Max-Age"] = str(14 * 86400)


@weakness(
    "session.concurrent/closed-silently",
    fr="La première session est fermée sans explication",
    en="The first session is closed without a word",
    takes="concurrent",
)
def closed_silently(lab: Blueprint) -> None:
    lab.sessions.when_already_open = "close-first-silently"


@weakness(
    "session.concurrent/several-open",
    fr="Plusieurs sessions malgré une session unique déclarée",
    en="Several sessions although a single one is declared",
    takes="concurrent",
)
def several_open(lab: Blueprint) -> None:
    lab.sessions.when_already_open = "allow"


@weakness(
    "session.concurrent/locked-out",
    fr="Une session abandonnée interdit toute nouvelle connexion",
    en="An abandoned session forbids any new sign-in",
    takes="concurrent",
)
def locked_out(lab: Blueprint) -> None:
    lab.sessions.when_already_open = "refuse"
    lab.sessions.refuse_while = math.inf


@weakness("session.last-login-display/missing", fr="Dernière connexion non affichée", en="Last sign-in not shown")
def last_sign_in_hidden(lab: Blueprint) -> None:
    lab.sessions.show_last_sign_in = False


@weakness(
    "session.last-login-display/imprecise",
    fr="Dernière connexion affichée sans son heure",
    en="Last sign-in shown without its time",
)
def last_sign_in_without_hour(lab: Blueprint) -> None:
    lab.sessions.last_sign_in_hour = False


@weakness(
    "session.last-login-display/wrong",
    fr="Dernière connexion affichée fausse",
    en="Wrong last sign-in shown",
)
def last_sign_in_wrong(lab: Blueprint) -> None:
    def freeze(session: Session) -> None:
        session.previous_sign_in = "2025-03-03T09:30:00+00:00"

    lab.on_sign_in.append(freeze)


@weakness(
    "session.token-integrity/tampered-accepted",
    fr="Un jeton altéré est accepté",
    en="A tampered token is accepted",
)
def tampered(lab: Blueprint) -> None:
    lab.sessions.listed_as = lambda token: token[:16]
    lab.tokens.ignore_signature = True


@weakness(
    "session.error-closes/stays-open",
    fr="La session survit à une erreur interne",
    en="The session outlives an internal error",
)
def stays_open(lab: Blueprint) -> None:
    add_failing_page(lab)
    lab.sessions.end_at_error = False


@weakness(
    "csrf/no-token",
    fr="Formulaires sans jeton, cookie de session sans SameSite",
    en="Forms without a token, session cookie without SameSite",
    takes="csrf cookie-samesite",
)
def no_csrf(lab: Blueprint) -> None:
    lab.sign_in.check_csrf = False
    lab.sign_in.bare_forms = "all"
    lab.cookies.attributes.pop("SameSite")


@weakness(
    "csrf/forgery-accepted",
    fr="Jeton des formulaires non vérifié, cookie de session sans SameSite",
    en="Token of forms not verified, session cookie without SameSite",
    takes="csrf cookie-samesite",
)
def forgery_accepted(lab: Blueprint) -> None:
    lab.sign_in.check_csrf = False
    lab.cookies.attributes.pop("SameSite")


@weakness(
    "csrf/token-not-checked",
    fr="Jeton des formulaires non vérifié",
    en="Token of forms not verified",
    takes="csrf",
)
def token_not_checked(lab: Blueprint) -> None:
    lab.sign_in.check_csrf = False


@weakness(
    "csrf/sign-in-no-token",
    fr="Formulaire de connexion sans jeton",
    en="Sign-in form without a token",
    takes="csrf",
)
def sign_in_without_token(lab: Blueprint) -> None:
    lab.sign_in.check_csrf = False
    lab.sign_in.bare_forms = "sign-in"


@weakness(
    "browser.cache-authenticated/no-store-missing",
    fr="Pages privées sans no-store",
    en="Private pages without no-store",
    takes="cache",
)
def no_store_missing(lab: Blueprint) -> None:
    lab.headers.private.clear()


@weakness(
    "browser.cache-authenticated/shared",
    fr="Pages privées gardées par les caches partagés",
    en="Private pages kept by shared caches",
    takes="cache",
)
def shared_cache(lab: Blueprint) -> None:
    lab.headers.private["Cache-Control"] = "public, max-age=600"


@weakness(
    "session.token-in-url/token", fr="Le jeton de session figure dans un lien", en="A link holds the session token"
)
def token_in_link(lab: Blueprint) -> None:
    def link(request: Request) -> str:
        return f'<p><a href="/documents?suivi={visit_of(request).token}">Mes derniers documents</a></p>'

    lab.insert("space", link)


@weakness(
    "session.token-in-url/session-parameter",
    fr="Un lien porte un paramètre de session",
    en="A link has a session parameter",
)
def session_in_link(lab: Blueprint) -> None:
    lab.insert(
        "space", '<p><a href="/documents?sessionid=b3f9a1c07d5e48f2a6c4e1d09b8f7a35">Mes documents récents</a></p>'
    )


@weakness(
    "session.token-in-url/personal-data",
    fr="Un lien porte une adresse électronique",
    en="A link holds an e-mail address",
)
def address_in_link(lab: Blueprint) -> None:
    lab.insert("space", '<p><a href="/messagerie?pour=camille%40exemple.invalid">Écrire à mon aidant</a></p>')
