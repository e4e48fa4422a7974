"""Who may read what: authz.idor, authz.forced-browsing, authz.privilege-escalation."""

from __future__ import annotations

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness


@weakness(
    "authz.idor/other-record",
    takes="records",
    fr="Un patient lit le dossier d'un autre",
    en="A patient reads another's record",
)
def other_record(lab: Blueprint) -> None:
    lab.access.open_records = frozenset({"result", "message", "document"})


@weakness(
    "authz.idor/same-answer",
    takes="records",
    fr="Un patient lit les documents d'un autre",
    en="A patient reads another's documents",
)
def same_answer(lab: Blueprint) -> None:
    lab.access.open_records = frozenset({"document"})


@weakness(
    "authz.idor/traces-of-other",
    takes="records",
    fr="Un patient lit les messages d'un autre, avec son adresse",
    en="A patient reads another's messages, with their address",
)
def traces_of_other(lab: Blueprint) -> None:
    lab.access.open_records = frozenset({"message"})
    lab.access.sender_shown = True


@weakness(
    "authz.forced-browsing/open-record",
    takes="anonymous",
    fr="L'API des résultats s'ouvre sans connexion",
    en="The API of results opens without sign-in",
)
def open_record(lab: Blueprint) -> None:
    lab.access.public_paths = ("/resultats", "/api/v1/resultats")


@weakness(
    "authz.forced-browsing/open-page",
    takes="anonymous",
    fr="Les documents s'ouvrent sans connexion",
    en="The documents open without sign-in",
)
def open_page(lab: Blueprint) -> None:
    lab.access.public_paths = ("/documents",)


@weakness(
    "authz.forced-browsing/open-traces",
    takes="anonymous",
    fr="Un message s'ouvre sans connexion, avec l'adresse du patient",
    en="A message opens without sign-in, with the patient's address",
)
def open_traces(lab: Blueprint) -> None:
    lab.access.public_paths = ("/messagerie",)
    lab.access.sender_shown = True


@weakness(
    "authz.privilege-escalation/reserved-page",
    takes="staff",
    fr="Un patient ouvre les pages du personnel",
    en="A patient opens staff pages",
)
def reserved_page(lab: Blueprint) -> None:
    lab.access.staff_only = False


@weakness(
    "authz.privilege-escalation/reserved-strings",
    takes="staff",
    fr="Un patient refusé voit les derniers dossiers ouverts",
    en="A patient who is refused sees the last records opened",
)
def reserved_strings(lab: Blueprint) -> None:
    lab.access.glimpse = True
