"""Who may read what: authz.idor, authz.forced-browsing, authz.privilege-escalation."""

from __future__ import annotations

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness


@weakness("authz.idor/other-record", fr="Un patient lit le dossier d'un autre", en="A patient reads another's record")
def idor(lab: Blueprint) -> None:
    lab.access.owner_only = False


@weakness(
    "authz.forced-browsing/anonymous",
    fr="Des pages privées s'ouvrent sans connexion",
    en="Private pages open without sign-in",
)
def forced_browsing(lab: Blueprint) -> None:
    lab.access.public_paths = ("/documents", "/api/v1/resultats")


@weakness(
    "authz.privilege-escalation/staff-page",
    fr="Un patient ouvre les pages du personnel",
    en="A patient opens staff pages",
)
def privilege_escalation(lab: Blueprint) -> None:
    lab.access.staff_only = False
