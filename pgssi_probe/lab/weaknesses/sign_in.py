"""Signing in: login.throttling, login.user-enumeration, login.password-policy, login.idp-buttons."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness


@weakness(
    "login.throttling/none",
    fr="Aucun frein aux essais de mot de passe",
    en="No brake on password attempts",
    takes="throttling",
)
def no_throttling(lab: Blueprint) -> None:
    lab.sign_in.first_delay = 0


@weakness(
    "login.throttling/any-password",
    fr="Tout mot de passe ouvre la session d'un compte qui existe",
    en="Any password opens the session of an account that exists",
)
def any_password(lab: Blueprint) -> None:
    lab.sign_in.any_password = True


@weakness(
    "login.throttling/lock-out",
    fr="Compte bloqué un jour après cinq échecs",
    en="Account locked for a day after five failures",
    takes="throttling",
)
def lock_out(lab: Blueprint) -> None:
    lab.sign_in.free_failures = 4
    lab.sign_in.first_delay = lab.sign_in.longest_delay = 86400


@weakness(
    "login.throttling/still-blocked",
    fr="Compte bloqué quarante minutes après cinq échecs",
    en="Account blocked for forty minutes after five failures",
    takes="throttling",
)
def long_block(lab: Blueprint) -> None:
    lab.sign_in.free_failures = 4
    lab.sign_in.first_delay = lab.sign_in.longest_delay = 2400


@weakness(
    "login.throttling/none-behind-refusals",
    fr="Le frein laisse passer le bon mot de passe",
    en="The brake lets the right password through",
    takes="throttling",
)
def brake_for_wrong_only(lab: Blueprint) -> None:
    lab.sign_in.right_password_passes = True


@weakness(
    "login.throttling/bypass-forwarded-for",
    fr="Le frein se contourne par X-Forwarded-For",
    en="The brake is defeated by X-Forwarded-For",
    takes="throttling",
)
def forwarded_for(lab: Blueprint) -> None:
    def key(request: Request, _username: str) -> str:
        return request.headers.get("x-forwarded-for", request.client.host if request.client else "")

    lab.sign_in.throttle_key = key


@weakness(
    "login.throttling/bypass-case",
    fr="Le frein se contourne par la casse de l'identifiant",
    en="The brake is defeated by the case of the user name",
    takes="throttling",
)
def case_variants(lab: Blueprint) -> None:
    lab.sign_in.throttle_key = lambda _request, username: username


@weakness(
    "login.throttling/bypass-other-account",
    fr="La connexion d'un autre compte remet le frein à zéro",
    en="Another account's sign-in resets the brake",
    takes="throttling",
)
def other_account(lab: Blueprint) -> None:
    lab.sign_in.throttle_key = lambda request, _username: request.client.host if request.client else ""


@weakness(
    "login.user-enumeration/message",
    fr="Le message dit si le compte existe",
    en="The message tells whether the account exists",
)
def enumeration_message(lab: Blueprint) -> None:
    lab.sign_in.unknown_user_message = "unknown"


@weakness(
    "login.user-enumeration/reset-message",
    fr="La demande de mot de passe dit si le compte existe",
    en="The password request tells whether the account exists",
)
def enumeration_by_reset(lab: Blueprint) -> None:
    lab.sign_in.reset_tells = True


@weakness(
    "login.user-enumeration/timing",
    fr="Le temps de réponse dit si le compte existe",
    en="The response time tells whether the account exists",
)
def enumeration_timing(lab: Blueprint) -> None:
    lab.sign_in.check_unknown_user = False


@weakness(
    "login.password-policy/too-short", fr="Mots de passe de six caractères admis", en="Six-character passwords accepted"
)
def short_passwords(lab: Blueprint) -> None:
    lab.sign_in.shortest_password = 6


@weakness(
    "login.password-policy/weak-accepted",
    fr="Longueur des mots de passe non vérifiée par le serveur",
    en="Length of passwords not checked by the server",
)
def passwords_not_checked(lab: Blueprint) -> None:
    lab.sign_in.server_checks_password = False


@weakness("mode/password-history", fr="Anciens mots de passe refusés", en="Former passwords refused")
def former_passwords_refused(lab: Blueprint) -> None:
    lab.sign_in.password_history = True


@weakness("mode/password-once-a-day", fr="Un changement de mot de passe par jour", en="One change of password a day")
def one_change_a_day(lab: Blueprint) -> None:
    lab.sign_in.changes_a_day = 1


@weakness(
    "mode/password-change-drops",
    fr="Connexion coupée après un changement de mot de passe",
    en="Connection lost after a change of password",
)
def change_drops(lab: Blueprint) -> None:
    lab.sign_in.drops_after_change = True


@weakness(
    "login.password-policy/short-maximum",
    fr="Mots de passe limités à seize caractères",
    en="Passwords limited to sixteen characters",
)
def short_maximum(lab: Blueprint) -> None:
    lab.sign_in.longest_password = 16


@weakness(
    "login.password-policy/paste-blocked",
    fr="Collage du mot de passe empêché",
    en="Pasting the password prevented",
)
def no_paste(lab: Blueprint) -> None:
    lab.insert("new-password", ' onpaste="return false"')


def offer_france_connect(lab: Blueprint, binding: str) -> None:
    """A FranceConnect button; `binding` is what its authorisation request ends with."""

    async def leave(_request: Request) -> Response:
        target = (
            "https://fcp-low.integ01.dev-franceconnect.fr/api/v2/authorize?response_type=code&client_id=demonstration"
            f"&redirect_uri=https%3A%2F%2Flocalhost%2Fretour&acr_values=eidas1&scope=openid{binding}"
        )
        return RedirectResponse(target, 302)

    lab.routes.append(Route("/connexion/franceconnect", leave))
    lab.insert(
        "sign-in-after",
        '<form method="get" action="/connexion/franceconnect"><div class="fr-connect-group">'
        '<button class="fr-connect bouton secondaire plein" type="submit">'
        '<span class="fr-connect__login">S’identifier avec</span> '
        '<span class="fr-connect__brand">FranceConnect</span></button></div></form>',
    )


@weakness(
    "login.idp-buttons/request-unbound",
    fr="Demande à FranceConnect sans state ni nonce",
    en="Request to FranceConnect without state or nonce",
    takes="national-sign-in",
)
def unbound_request(lab: Blueprint) -> None:
    offer_france_connect(lab, "")


@weakness(
    "login.mfa/sms",
    fr="Second facteur proposé par SMS",
    en="Second factor offered by SMS",
    takes="second-factor",
)
def code_by_sms(lab: Blueprint) -> None:
    lab.sign_in.second_factor = True
    lab.insert("second-factor", '<p class="petit"><a href="/assistance">Recevoir le code par SMS</a></p>')
