"""What to write in the engagement file, or whom to ask, when a sign-in did not work. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from pgssi_probe.identity.judging import SignInState
from pgssi_probe.identity.oracle import Oracle
from pgssi_probe.identity.plan import SignInPlan
from pgssi_probe.identity.trying import SignIn

BY_SIGNAL: Final[Mapping[str, str]] = {
    "no_form": "give_url",
    "form_gone": "give_url",
    "page_refused": "give_url",
    "form_again": "check_password",
    "scripted": "give_endpoint",
    "no_endpoint": "give_endpoint",
    "no_json": "give_endpoint",
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
    "landing_closed": "give_signed_in",
    "sign_in_unknown": "give_signed_in",
    "endless": "give_other",
    "asked_again": "give_other",
    "no_client": "give_client",
    "provider_error": "check_client",
    "other_state": "check_client",
    "other_issuer": "check_client",
    "other_nonce": "check_client",
    "no_code": "check_client",
    "no_certificate": "give_certificate",
    "certificate_refused": "check_certificate",
    "no_har": "give_har",
    "har_unreadable": "give_har",
    "har_no_password": "check_har",
    "har_other_host": "widen_scope",
    "no_command": "check_command",
    "command_missing": "check_command",
    "command_slow": "check_command",
    "command_failed": "check_command",
    "command_not_json": "check_command",
    "command_empty": "check_command",
    "browser_missing": "install_browser",
    "browser_lost": "give_other",
    "browser_no_field": "give_other",
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


def lines(key: str | None, plan: SignInPlan, signed: SignIn, *, target: str, account: str) -> tuple[str, ...]:
    """What to write in the file for an advice, as TOML, with the addresses that were met; () when nothing helps.

    Dots stand for what the operator alone knows.
    """
    login = f"[accounts.{account}.login]" if plan.door else "[login]"
    page = _bare(plan.url or plan.page_url or (signed.exchanges[-1].url if signed.exchanges else "") or target)
    api = page if plan.endpoints else urljoin(target, "/api/…")
    table: dict[str, tuple[str, ...]] = {
        "give_url": (login, _line("url", page), *_fields(plan)),
        "give_endpoint": (login, _line("driver", "json"), _line("url", api), *_fields(plan)),
        "give_driver": (login, _line("driver", "basic"), _line("url", page)),
        "local_account": (login, _line("url", urljoin(target, "/…"))),
        "widen_scope": ("[scope]", f"hosts = [{_text(_host(plan, signed))}]"),
        "give_password": (f"[accounts.{account}]", 'password = { env = "PGSSI_PASSWORD" }'),
        "give_totp": (f"[accounts.{account}]", 'totp = { env = "PGSSI_TOTP" }'),
        "give_signed_in": (login, _line("signed_in_url", urljoin(target, "/…")), _line("signed_in_text", "…")),
        "give_client": (login, _line("client_id", "…"), _line("redirect_uri", "https://…")),
        "give_certificate": (
            f"[accounts.{account}]",
            _line("certificate", "certificat.p12"),
            'certificate_password = { env = "PGSSI_CERTIFICATE_PASSWORD" }',
        ),
        "give_har": (login, _line("driver", "har"), _line("har", "connexion.har")),
        "check_har": (login, _line("driver", "har"), _line("har", "connexion.har"), *_fields(plan)),
        "check_command": (login, _line("driver", "command"), 'command = ["/chemin/du/programme", "argument"]'),
        "give_other": (login, _line("driver", "har"), _line("har", "connexion.har")),
        "install_browser": (login, _line("driver", "json"), _line("url", api)),
    }
    return table.get(key or "", ())


def _fields(plan: SignInPlan) -> tuple[str, ...]:
    form = plan.form
    user = plan.username_field or (form.username.name if form and form.username else "") or plan.named.get("username")
    word = plan.password_field or (form.password.name if form and form.password else "") or plan.named.get("password")
    return (_line("username_field", user or "…"), _line("password_field", word or "…"))


def _host(plan: SignInPlan, signed: SignIn) -> str:
    told = str(signed.why.get("recorded_host") or signed.why.get("leads_to") or "")
    left = next((step.url for step in reversed(plan.steps) if step.result == "left"), "")
    return (urlsplit(told).netloc if "://" in told else told) or plan.left or urlsplit(left).netloc or "…"


def _bare(url: str) -> str:
    """Without its query, which may hold what serves once."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="", fragment=""))


def _line(name: str, value: str) -> str:
    return f"{name} = {_text(value)}"


def _text(value: str) -> str:
    """A TOML basic string: JSON writes the same, but for what must not be shown."""
    return json.dumps("".join(char for char in value[:300] if char.isprintable()), ensure_ascii=False)
