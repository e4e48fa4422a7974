"""What to write in the engagement file, or whom to ask, when a sign-in did not work. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pgssi_probe.identity.judging import SignInState
from pgssi_probe.identity.oracle import Oracle
from pgssi_probe.identity.signing import SignIn

BY_SIGNAL: Final[Mapping[str, str]] = {
    "no_form": "give_url",
    "form_gone": "give_url",
    "page_refused": "give_url",
    "form_again": "check_password",
    "scripted": "give_endpoint",
    "no_endpoint": "give_endpoint",
    "no_challenge": "give_driver",
    "federated": "local_account",
    "out_of_scope": "widen_scope",
    "left_scope": "widen_scope",
    "clear_text": "encrypt",
    "captcha": "lift_captcha",
    "already_open": "sign_out_first",
    "form_expired": "ask_publisher",
    "no_password": "give_password",
    "bad_totp": "check_totp",
    "code_refused": "check_totp",
    "code_form": "give_totp",
    "no_answer": "again_later",
    "budget": "again_later",
    "error": "again_later",
    "no_sign": "give_signed_in",
}
"""Signal of a sign-in -> key of the catalogue under `identity.advice`."""
BY_STATE: Final[Mapping[SignInState, str]] = {
    SignInState.REFUSED: "check_password",
    SignInState.SECOND_FACTOR: "give_totp",
    SignInState.THROTTLED: "again_later",
    SignInState.UNKNOWN: "give_signed_in",
}


def advice(signed: SignIn, oracle: Oracle | None) -> str | None:
    """The key of what to do; None when the sign-in worked and the oracle was chosen."""
    if signed.state is SignInState.SIGNED_IN:
        return None if oracle is not None and oracle.usable else "give_signed_in"
    return BY_SIGNAL.get(str(signed.why.get("signal")), BY_STATE[signed.state])
