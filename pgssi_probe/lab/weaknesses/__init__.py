"""Every switch of the lab, declared next to the code of its effect, one file per family.

To add one, write in the file of its family what it changes of a `Blueprint`, and nothing elsewhere:

    @weakness("headers.referrer/missing", fr="Referrer-Policy absent", en="Referrer-Policy missing", takes="referrer")
    def referrer_missing(lab: Blueprint) -> None:
        del lab.headers.every["Referrer-Policy"]

`takes` names the thing changed when others change it differently: they then exclude each other. `tests/lab` wants to
know what a visitor may see change (`EXPECTED` in test_survey.py), or a test of the behaviour.
"""

from __future__ import annotations

from importlib import import_module

from pgssi_probe.lab.weaknesses.registry import (
    DEMO,
    IncompatibleWeaknesses,
    UnknownWeakness,
    Weakness,
    chosen,
    list_weaknesses,
    registered,
    resolve,
)

FAMILIES = (
    "https",
    "cookies",
    "policy",
    "headers",
    "cors",
    "methods",
    "errors",
    "banners",
    "files",
    "secrets",
    "content",
    "exposure",
    "sessions",
    "tokens",
    "sign_in",
    "recovery",
    "proxies",
    "brakes",
    "rights",
    "inputs",
    "input_traps",
    "browser",
    "certificates",
    "protocol",
    "traps",
)
"""Modules of this package, in the order of the list and of the choice made by `all`. Add yours here."""

for _family in FAMILIES:
    import_module(f"{__name__}.{_family}")

__all__ = [
    "DEMO",
    "FAMILIES",
    "IncompatibleWeaknesses",
    "UnknownWeakness",
    "Weakness",
    "chosen",
    "list_weaknesses",
    "registered",
    "resolve",
]
