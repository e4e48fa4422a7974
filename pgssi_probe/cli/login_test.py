"""`login-test`: one sign-in, step by step, without a secret; and what to write in the file when it does not work."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pgssi_probe.cli.exits import Exit, explained, stop
from pgssi_probe.cli.page import heading, line, table, write_json
from pgssi_probe.model.account import LABELS
from pgssi_probe.model.outcome import Level
from pgssi_probe.model.text import Lang
from pgssi_probe.words import say

MAX_STEPS = 12
MAX_ADDRESS = 160
_ONCE = re.compile(r"(?<=[?&]state=)[^&#]+|(?<=[?&]nonce=)[^&#]+|(?<=/)[A-Za-z0-9_-]{24,}(?=[/?#]|$)")
"""Values that serve once, in an address: they are no use to a reader, and may be to somebody else."""
TOLD = (
    "recorded_url",
    "recorded_status",
    "got_status",
    "fields_gone",
    "recorded_host",
    "error",
    "exit_code",
    "browser",
)
"""Facts of a sign-in that are shown as they are: addresses, statuses, names of fields."""
QUALITY = ("rounds", "candidates", "likeness")


def try_login(file: Path, label: str, lang: Lang, *, ca: Path | None, json: bool) -> Exit:
    """0 when the account signs in and the oracle sees it; 2 when not; Stop for a mistake in the file."""
    from pgssi_probe.cli.scanning import make_scan
    from pgssi_probe.cli.secrets import resolver
    from pgssi_probe.clock import SystemClock
    from pgssi_probe.engagement import load_engagement
    from pgssi_probe.engine.trial import try_account

    with explained(lang):
        target = load_engagement(file).scope.target
    if not target:
        stop(lang, "login_test.no_target")
    scan = make_scan(lang, target, engagement_file=file, ca=ca)
    if label not in LABELS:
        stop(lang, "error.bad_choice", value=label, option="--account", choices=", ".join(LABELS))
    if label not in scan.engagement.accounts:
        stop(lang, "login_test.no_account", account=label)
    refusal = scan.engagement.refusal_for(scan.target.url, Level.ACTIVE, SystemClock().now())
    if refusal is not None:
        why = say(lang, f"engagement.refusal.{refusal.cause}", line=refusal.line)
        stop(lang, "login_test.refused", why=why[:1].upper() + why[1:])
    with explained(lang, host=scan.target.host, port=scan.target.port):
        scan = replace(scan, accounts=resolver(lang)(scan.engagement, frozenset({label})))
        trial = asyncio.run(try_account(scan, label))
    if json:
        write_json(as_data(trial, label, scan.target.url))
    else:
        show(trial, label, scan.target.url, lang)
    return Exit.OK if trial.signed.signed_in and trial.state == "in" else Exit.NOT_EVALUATED


def as_data(trial: Any, label: str, target: str) -> dict[str, Any]:
    """The trial for machines: addresses redacted, no value of a cookie or a field."""
    from pgssi_probe.identity.advice import advice, lines

    plan, signed = trial.plan, trial.signed
    remedy = advice(signed, trial.oracle)
    return {
        "account": label,
        "state": signed.state,
        "why": dict(signed.why),
        "plan": {
            "driver": plan.driver,
            "url": shown(plan.url),
            "found_by": plan.found_by,
            "reason": plan.reason,
            "providers": list(plan.providers),
            "referral": dict(plan.referral),
            **fields_of(plan),
        },
        "looked_at": [{"url": shown(s.url), "status": s.status, "result": s.result} for s in plan.steps],
        "exchanges": [
            {"method": e.request.method, "url": shown(e.url), "status": e.status, "failure": e.failure}
            for e in signed.exchanges
        ],
        "cookies": list(signed.session.cookie_names),
        "oracle": {"state": trial.state, "reason": trial.oracle.reason, **trial.oracle.quality},
        "advice": remedy,
        "lines": list(lines(remedy, plan, signed, target=target, account=label)),
        "requests": trial.requests,
    }


def shown(url: str) -> str:
    """An address for people: redacted, without what serves once, short enough for a line."""
    from pgssi_probe.redact import redact_url

    return _ONCE.sub("…", redact_url(url))[:MAX_ADDRESS]


def fields_of(plan: Any) -> dict[str, str]:
    """Names of the fields of the form, as the file would declare them."""
    form = plan.form
    named = {
        "username_field": plan.username_field or (form.username.name if form and form.username else ""),
        "password_field": plan.password_field or (form.password.name if form and form.password else ""),
    }
    return {name: value for name, value in named.items() if value}


def show(trial: Any, label: str, target: str, lang: Lang) -> None:
    from pgssi_probe.identity.advice import advice, lines

    plan, signed, oracle = trial.plan, trial.signed, trial.oracle
    heading(say(lang, "login_test.title", account=label, target=target))
    for step in plan.steps[-MAX_STEPS:]:
        found = say(lang, f"identity.result.{step.result}")
        line("  " + say(lang, "login_test.step", url=shown(step.url), status=step.status or "—", result=found))
    if plan.usable:
        driver = say(lang, f"identity.driver.{plan.driver}")
        line(say(lang, "login_test.found", driver=driver, url=shown(plan.url)))
        named = fields_of(plan)
        if named:
            line(say(lang, "login_test.fields", names=", ".join(named.values())))
    if plan.providers:
        line(say(lang, "login_test.providers", names=", ".join(plan.providers)))
    if plan.referral:
        asked = ", ".join(f"{name} = {value}" for name, value in plan.referral.items())
        line(say(lang, "login_test.referral", names=", ".join(plan.providers), parameters=asked))
    used = str(signed.why.get("driver") or "")
    if used and plan.usable and used != plan.driver:
        line(say(lang, "login_test.found", driver=say(lang, f"identity.driver.{used}"), url=shown(plan.page_url)))
    heading(say(lang, "login_test.exchanges"))
    table((), ((e.request.method, e.status or e.failure, shown(e.url)) for e in signed.exchanges))
    heading(say(lang, "login_test.result"))
    line(say(lang, f"identity.state.{signed.state}"), "green" if signed.signed_in else "yellow")
    line(say(lang, f"identity.signal.{signed.why['signal']}"))
    told = {name: value for name, value in signed.why.items() if name in TOLD}
    if told:
        line(say(lang, "login_test.detail", facts=", ".join(f"{name} = {value}" for name, value in told.items())))
    if oracle.usable:
        traits = ", ".join(say(lang, f"identity.trait.{trait}") for trait in oracle.traits)
        path = urlsplit(oracle.url).path
        line(say(lang, "login_test.oracle", url=shown(path), traits=traits))
        line(say(lang, f"identity.seen.{trial.state}"))
        line(say(lang, "login_test.quality", **{name: oracle.quality[name] for name in QUALITY}))
    elif signed.signed_in:
        line(say(lang, "login_test.no_oracle"), "yellow")
    remedy = advice(signed, oracle)
    if remedy is not None:
        heading(say(lang, "login_test.advice"))
        line(say(lang, f"identity.advice.{remedy}", account=label))
        written = lines(remedy, plan, signed, target=target, account=label)
        if written:
            line(say(lang, "login_test.lines"))
            for each in written:
                line(f"  {each}")
    line(say(lang, "login_test.requests", count=trial.requests))
