"""Every switch of the lab, declared next to the code of its effect, one file per family."""

from __future__ import annotations

from pgssi_probe.lab.weaknesses import (
    banners,
    browser,
    certificates,
    content,
    cookies,
    cors,
    errors,
    exposure,
    files,
    headers,
    https,
    inputs,
    methods,
    policy,
    rights,
    secrets,
    sessions,
    sign_in,
    traps,
)
from pgssi_probe.lab.weaknesses.registry import (
    IncompatibleWeaknesses,
    UnknownWeakness,
    Weakness,
    chosen,
    list_weaknesses,
    registered,
    resolve,
)

FAMILIES = (
    https,
    cookies,
    policy,
    headers,
    cors,
    methods,
    errors,
    banners,
    files,
    secrets,
    content,
    exposure,
    sessions,
    sign_in,
    rights,
    inputs,
    browser,
    certificates,
    traps,
)
"""The families loaded. Add yours here, and nowhere else."""

__all__ = [
    "FAMILIES",
    "IncompatibleWeaknesses",
    "UnknownWeakness",
    "Weakness",
    "chosen",
    "list_weaknesses",
    "registered",
    "resolve",
]
