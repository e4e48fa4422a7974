"""Response headers: headers.security, headers.csp, headers.clickjacking, headers.referrer."""

from __future__ import annotations

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness


@weakness("headers.security/nosniff-missing", fr="X-Content-Type-Options absent", en="X-Content-Type-Options missing")
def nosniff_missing(lab: Blueprint) -> None:
    del lab.headers.every["X-Content-Type-Options"]
