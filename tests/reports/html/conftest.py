# ruff: noqa: E501 - a table of invented facts reads better on long lines
"""Results of runs made up for the tests: the 65 real rules, invented observations of an invented portal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from pgssi_probe.guide import guide
from pgssi_probe.guide.actions import action_catalogue
from pgssi_probe.model.declaration import (
    Answer,
    Declaration,
    Declarations,
    DiagnosisAnswer,
    DiagnosisReply,
    Seen,
    Standing,
)
from pgssi_probe.model.evidence import Evidence
from pgssi_probe.model.outcome import Level, Outcome, Reason, Status, Strength, Subject, stable_id
from pgssi_probe.model.result import (
    Chapter,
    CheckRun,
    EngagementSummary,
    Event,
    HostAddresses,
    MandateSummary,
    Plan,
    References,
    Run,
    RunResult,
    Summary,
)
from pgssi_probe.model.severity import Ease, Impact, Severity, severity
from pgssi_probe.model.text import Bilingual
from pgssi_probe.model.verdict import PartVerdict, RuleVerdict, UnevaluatedCheck, Verdict

START = datetime(2026, 11, 22, 8, 14, 9, tzinfo=UTC)
TARGET = "https://portail-patients.ch-exemple.test/"


def said(fr: str, en: str) -> Bilingual:
    return Bilingual.model_construct(fr=fr, en=en)


TITLES = {
    "https.enforcement": said("Toute page est servie en HTTPS", "Every page is served over HTTPS"),
    "tls.config": said("Le TLS suit les recommandations de l'ANSSI", "TLS follows the ANSSI recommendations"),
    "cookie.flags": said("Les cookies de session sont protégés", "Session cookies are protected"),
    "headers.clickjacking": said(
        "Aucune page ne peut être affichée dans un cadre par un autre site",
        "No page can be shown in a frame by another site",
    ),
    "disclosure.verbose-errors": said(
        "Les erreurs ne révèlent rien du fonctionnement interne", "Errors reveal nothing of the inner workings"
    ),
    "disclosure.banners": said("Aucune version de logiciel n'est annoncée", "No software version is announced"),
    "exposure.waf": said("Un pare-feu applicatif filtre les requêtes", "An application firewall filters requests"),
    "session.logout": said("La déconnexion ferme la session", "Signing out ends the session"),
}
REFERENCES = References(
    wstg=("WSTG-CLNT-09",), asvs=("v5.0.0-V3.4.6",), cwe=("CWE-1021",), owasp=("A05:2021",), anssi=("RECOWEB R17",)
)
# check, slug, impact, ease, strength, rule, subject, sentence, remedy
FAILURES = [
    (
        "https.enforcement", "form-over-http", Impact.CRITICAL, Ease.MODERATE, Strength.PROOF, "DT6",
        Subject(kind="url", name="http://portail-patients.ch-exemple.test/connexion"),
        said("Le formulaire de connexion est servi en HTTP : le mot de passe circule en clair.",
             "The sign-in form is served over HTTP: the password travels in the clear."),
        said("Rediriger tout le port 80 vers HTTPS (301) et activer HSTS pour un an.",
             "Redirect all of port 80 to HTTPS (301) and enable HSTS for one year."),
    ),
    (
        "tls.config", "tls10", Impact.MAJOR, Ease.HIGH_SKILL, Strength.PROOF, "GC1",
        Subject(kind="endpoint", name="portail-patients.ch-exemple.test:443"),
        said("Le serveur accepte TLS 1.0, que l'ANSSI proscrit (RECOTLS R3).",
             "The server accepts TLS 1.0, which ANSSI forbids (RECOTLS R3)."),
        said("Ne garder que TLS 1.2 et TLS 1.3. nginx : ssl_protocols TLSv1.2 TLSv1.3;",
             "Keep only TLS 1.2 and TLS 1.3. nginx: ssl_protocols TLSv1.2 TLSv1.3;"),
    ),
    (
        "cookie.flags", "session-without-secure", Impact.MAJOR, Ease.MODERATE, Strength.PROOF, "AA11",
        Subject(kind="cookie", name="PORTAILSESSID"),
        said("Le cookie de session PORTAILSESSID n'a pas l'attribut Secure : il est envoyé en clair sur HTTP.",
             "The session cookie PORTAILSESSID has no Secure attribute: it is sent in the clear over HTTP."),
        said("Poser « Secure; HttpOnly; SameSite=Lax » sur le cookie de session.",
             "Set \"Secure; HttpOnly; SameSite=Lax\" on the session cookie."),
    ),
    (
        "headers.clickjacking", "missing", Impact.IMPORTANT, Ease.HIGH_SKILL, Strength.PROOF, "DT3",
        Subject(kind="host", name="portail-patients.ch-exemple.test"),
        said("7 page(s), dont 1 page(s) de connexion, peuvent être affichées dans un cadre par n'importe quel site.",
             "7 page(s), of which 1 sign-in page(s), can be framed by any site."),
        said("Ajouter « frame-ancestors 'none' » à la CSP, et « X-Frame-Options: DENY ».",
             "Add \"frame-ancestors 'none'\" to the CSP, and \"X-Frame-Options: DENY\"."),
    ),
    (
        "disclosure.verbose-errors", "stack-trace", Impact.IMPORTANT, Ease.EASY, Strength.PROOF, "DT10",
        Subject(kind="url", name="https://portail-patients.ch-exemple.test/rendez-vous?date[]=x"),
        said("Une date mal formée provoque une erreur qui montre une pile d'appels Python et des chemins de fichiers.",
             "A malformed date triggers an error that shows a Python stack trace and file paths."),
        said("Désactiver le mode de mise au point et servir une page d'erreur neutre.",
             "Disable debug mode and serve a neutral error page."),
    ),
    (
        "disclosure.banners", "version", Impact.MINOR, Ease.MODERATE, Strength.PROOF, "HE5",
        Subject(kind="header", name="Server"),
        said("L'en-tête Server annonce nginx/1.22.1.", "The Server header announces nginx/1.22.1."),
        said("server_tokens off;", "server_tokens off;"),
    ),
    (
        "exposure.waf", "no-difference", Impact.MINOR, Ease.DIFFICULT, Strength.HINT, "DT12",
        Subject(kind="site", name=TARGET),
        said("Des requêtes d'apparence hostile ne sont pas traitées autrement que les autres : aucun pare-feu applicatif visible.",
             "Hostile-looking requests are treated no differently: no application firewall is visible."),
        said("Placer un pare-feu applicatif devant l'application, ou indiquer celui qui existe.",
             "Put an application firewall in front of the application, or say which one is there."),
    ),
]  # fmt: skip
PASSES = [
    ("tls.config", "hybrid-group", "GC1", Subject(kind="endpoint", name="portail-patients.ch-exemple.test:443"),
     said("Le serveur propose le groupe hybride X25519MLKEM768.", "The server offers the hybrid group X25519MLKEM768.")),
    ("cookie.flags", "httponly", "AA12", Subject(kind="cookie", name="PORTAILSESSID"),
     said("Le cookie PORTAILSESSID n'est pas lisible par les scripts.", "Scripts cannot read the cookie PORTAILSESSID.")),
]  # fmt: skip


def _failure(row, number: int = 0) -> Outcome:
    check, slug, impact, ease, strength, _, subject, sentence, remedy = row
    if number:
        subject = Subject(kind=subject.kind, name=f"{subject.name} #{number}")
    return Outcome(
        id=stable_id(check, slug, subject), check=check, slug=slug, status=Status.FAIL, strength=strength,
        subject=subject, facts={"count": 7}, evidence=(f"E{_index(check):04d}",), severity=severity(impact, ease),
        impact=impact, ease=ease, sentence=sentence, remedy=remedy,
    )  # fmt: skip


def _index(check: str) -> int:
    return list(TITLES).index(check) + 1


def _pass(row) -> Outcome:
    check, slug, _, subject, sentence = row
    return Outcome(
        id=stable_id(check, slug, subject), check=check, slug=slug, status=Status.PASS, strength=Strength.PROOF,
        subject=subject, facts={}, evidence=(f"E{_index(check):04d}", "E0100"), severity=None, sentence=sentence,
    )  # fmt: skip


def _unsure() -> Outcome:
    subject = Subject(kind="account", name="a")
    return Outcome(
        id=stable_id("session.logout", "inconclusive", subject), check="session.logout", slug="inconclusive",
        status=Status.INCONCLUSIVE, strength=Strength.HINT, subject=subject, facts={}, evidence=(), severity=None,
        reason=Reason.SESSION_LOST,
        sentence=said("Rien n'a pu être conclu sur a.", "Nothing could be concluded about a."),
    )  # fmt: skip


def _evidence() -> list[Evidence]:
    exchange = [
        Evidence(
            id=f"E{index:04d}", kind="exchange", taken=START + timedelta(seconds=index), check=check,
            title="GET https://portail-patients.ch-exemple.test/connexion",
            request="GET /connexion HTTP/1.1\nHost: portail-patients.ch-exemple.test\nUser-Agent: pgssi-probe/0.1.0",
            response="HTTP/1.1 200 OK\nServer: nginx/1.22.1\nContent-Type: text/html; charset=utf-8\n"
                     "Set-Cookie: PORTAILSESSID=[secret masqué]; Path=/; HttpOnly",
            excerpt='<form method="post" action="/connexion">\n  <input name="mot_de_passe" type="password">',
            body_sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            sha256="2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        )
        for index, check in enumerate(TITLES, start=1)
    ]  # fmt: skip
    handshake = Evidence(
        id="E0100", kind="handshake", taken=START, check="tls.config", title="portail-patients.ch-exemple.test:443",
        data={
            "versions": ["TLS 1.0", "TLS 1.2", "TLS 1.3"],
            "suites": {"TLS 1.3": ["TLS_AES_256_GCM_SHA384"], "TLS 1.2": ["ECDHE-RSA-AES256-GCM-SHA384"] * 4},
            "certificate": {"key": "RSA 2048", "days_left": 61, "trusted": True},
            "session_ticket": None,
            "alpn": "",
            "groups": [{"name": "X25519MLKEM768", "order": 1}, {"name": "x25519", "order": 2}],
        },
        sha256="fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9",
    )  # fmt: skip
    return [*exchange, handshake]


def _verdicts(outcomes: Sequence[Outcome], by_rule: dict[str, list[str]]) -> tuple[RuleVerdict, ...]:
    known = {outcome.id: outcome for outcome in outcomes}
    verdicts = []
    for position, rule in enumerate(guide().rules):
        ids = tuple(by_rule.get(rule.id, ()))
        failing = [known[i] for i in ids if known[i].failed]
        parts = []
        for number, part in enumerate(rule.parts):
            mine = ids if number == 0 else ()
            if number == 0 and failing:
                proved = any(outcome.strength is Strength.PROOF for outcome in failing)
                verdict = Verdict.NON_COMPLIANT if proved else Verdict.SUSPECTED
            elif mine:
                verdict = Verdict.NO_DEVIATION
            elif part.rule_class == "declarative":
                verdict = Verdict.DECLARED if rule.id in {"GP2", "TR1"} else Verdict.TO_JUSTIFY
            elif position % 5 == 0:
                verdict = Verdict.COMPLIANT if position % 10 == 0 else Verdict.NO_DEVIATION
            else:
                verdict = Verdict.NOT_EVALUATED
            gap = (UnevaluatedCheck(check="session.logout", reason=Reason.LEVEL_EXCLUDED),)
            unevaluated = gap if verdict is Verdict.NOT_EVALUATED else ()
            parts.append(
                PartVerdict(part=part.id, point=part.point, verdict=verdict, outcomes=mine, unevaluated=unevaluated)
            )
        worst = min((part.verdict for part in parts), key=list(Verdict).index)
        if rule.id == "AA4":
            worst = Verdict.NOT_APPLICABLE
        verdicts.append(
            RuleVerdict(
                rule=rule.id, family=rule.family, title=rule.title, text=rule.text, rule_class=rule.rule_class,
                obligation=rule.obligation, addressed_to=rule.addressed_to, dicp=rule.dicp, verdict=worst,
                reason=Reason.LEVEL_EXCLUDED if worst is Verdict.NOT_EVALUATED else None, parts=tuple(parts),
                outcomes=ids, documents=rule.documents, page=rule.page,
            )
        )  # fmt: skip
    return tuple(verdicts)


def _checks() -> tuple[CheckRun, ...]:
    done = [
        CheckRun(
            id=check, version=1, title=title, level=Level.PASSIVE, state="completed", requests=12, duration=1.4,
            references=REFERENCES,
        )
        for check, title in TITLES.items()
        if check != "session.logout"
    ]  # fmt: skip
    left = CheckRun(
        id="session.logout", version=1, title=TITLES["session.logout"], level=Level.ACTIVE, state="not_run",
        reason=Reason.MANDATE_MISSING, missing="[mandate] reference",
    )  # fmt: skip
    broken = CheckRun(
        id="content.cookies-consent", version=2, title=said("Les traceurs attendent l'accord", "Trackers wait for consent"),
        level=Level.PASSIVE, state="error", reason=Reason.CHECK_FAILED, diagnostics="KeyError in judge()",
    )  # fmt: skip
    return (*done, left, broken)


MANDATE = MandateSummary(
    reference="CHX-2026-117", organisation="Centre hospitalier d'Exemple", signatory="Mme A. Directrice",
    signed="2026-11-02", valid_from="2026-11-15", valid_until="2026-12-15", hours="07:00-22:00",
    source_addresses=("192.0.2.17",), hosting_agreement="HDS-2026-88", emergency_contact="astreinte@ch-exemple.test",
)  # fmt: skip


DECLARED = Declarations(
    organisation="Centre hospitalier d'Exemple", file_sha256="d0" * 32, judged_on=START.date(),
    entries=(
        Declaration(part="GP2.1", answer=Answer.YES, document="Matrice des flux, v4", sha256="a1" * 32, document_seen=Seen.VERIFIED,
            signatory="M. B. Responsable", signed=START.date(), valid_until=date(2027, 11, 22), standing=Standing.VALID),
        Declaration(part="TR1.1", answer=Answer.NO, reason="Les lectures ne sont pas tracées.", signatory="M. B. Responsable",
            signed=START.date(), valid_until=date(2027, 11, 22), standing=Standing.VALID),
        Declaration(part="TR3.1", answer=Answer.YES, document="Politique de traces, v1", document_seen=Seen.REFERENCE_ONLY,
            signatory="M. B. Responsable", signed=date(2023, 1, 9), valid_until=date(2026, 1, 9), standing=Standing.EXPIRED),
    ),
    diagnosis=(
        DiagnosisAnswer(id="restoration", question=said("La restauration a-t-elle été essayée ?", "Has restoring been tried?"),
            page=17, reply=DiagnosisReply.PARTLY, comment="Sur une base seulement."),
    ),
    diagnosis_source="Guide pour les directeurs (2013)",
)  # fmt: skip


def make_result(
    *,
    failures: Sequence = FAILURES,
    passes: Sequence = PASSES,
    mandate: MandateSummary | None = MANDATE,
    state: str = "completed",
    repeat: int = 1,
) -> RunResult:
    """A result; `repeat` multiplies the failures, each on a subject of its own."""
    failed = [(_failure(row, number), row[5]) for row in failures for number in range(repeat)]
    passed = [(_pass(row), row[2]) for row in passes]
    outcomes = [outcome for outcome, _ in (*failed, *passed)] + [_unsure()]
    by_rule: dict[str, list[str]] = {}
    for outcome, rule in (*failed, *passed):
        by_rule.setdefault(rule, []).append(outcome.id)
    verdicts = _verdicts(outcomes, by_rule)
    severities = [outcome.severity for outcome in outcomes if outcome.failed and outcome.severity]
    return RunResult(
        run=Run(
            id="20261122T081409Z-7f3a", tool_version="0.1.0", target=TARGET,
            addresses=(HostAddresses(host="portail-patients.ch-exemple.test", port=443, addresses=("192.0.2.80", "2001:db8::80")),),
            level=Level.ACTIVE if mandate else Level.PASSIVE, started=START, finished=START + timedelta(seconds=207),
            state=state, stopped_because=None if state == "completed" else Reason.RUN_ABORTED,
            command_line=("pgssi-probe", "scan", TARGET), user_agent="pgssi-probe/0.1.0 (+https://exemple.test/contact)",
            requests=1284, connections=143, bytes_received=3_482_113, journal_head="c0ffee" * 10 + "abcd",
        ),
        engagement=EngagementSummary(
            file_sha256="ab" * 32 if mandate else None, mandate=mandate, hosts=("portail-patients.ch-exemple.test",),
            excluded_paths=("/deconnexion", "/paiement"), levels=(Level.PASSIVE, Level.ACTIVE) if mandate else (Level.PASSIVE,),
            limits={"requests_per_second": 10.0, "max_requests": 3000.0},
        ),
        plan=Plan(entries=(), requests_max=3000, seconds_max=600),
        checks=_checks(), outcomes=tuple(outcomes), evidence=tuple(_evidence()), verdicts=verdicts,
        chronology=(
            Event(at=START, kind="started", subject=TARGET),
            Event(at=START + timedelta(seconds=41), kind="paused", subject="portail-patients.ch-exemple.test", detail="p95 1,8 s"),
            Event(at=START + timedelta(seconds=49), kind="resumed", subject="portail-patients.ch-exemple.test"),
            Event(at=START + timedelta(seconds=207), kind="finished"),
        ),
        summary=Summary(
            verdicts={v: sum(rule.verdict is v for rule in verdicts) for v in Verdict},
            findings={s: severities.count(s) for s in Severity}, suspected=1, inconclusive=1,
            checks_run=7, checks_not_run=2, worst=max(severities, key=lambda s: s.rank, default=None),
        ),
        reasons={reason: said(f"Raison {reason.value}.", f"Reason {reason.value}.") for reason in Reason}
        | {
            Reason.MANDATE_MISSING: said("Ce contrôle demande un mandat valable maintenant.", "This check needs a mandate that is valid now."),
            Reason.LEVEL_EXCLUDED: said("Ce niveau de contrôle n'a pas été demandé.", "This level of check was not asked for."),
            Reason.SESSION_LOST: said("La session d'essai a été perdue.", "The test session was lost."),
        },
        chapters=tuple(Chapter(id=one.id, section=one.section, title=one.title) for one in guide().book.families),
        actions=action_catalogue().actions(outcomes), declarations=DECLARED,
        guide="PGSSI-S, guide pratique technique « Mise en place d'une application web ou mobile d'accès au SIS pour des tiers », v1.1",
    )  # fmt: skip


@pytest.fixture(scope="session")
def sample() -> RunResult:
    return make_result()


@pytest.fixture(scope="session")
def make():
    return make_result


def _measure(check: str, slug: str, status: Status, facts: dict, *evidence: str) -> Outcome:
    subject = Subject(kind="site", name=TARGET)
    failed = status is Status.FAIL
    return Outcome(
        id=stable_id(check, slug, subject), check=check, slug=slug, status=status, strength=Strength.PROOF,
        subject=subject, facts=facts, evidence=evidence, impact=Impact.IMPORTANT if failed else None,
        ease=Ease.MODERATE if failed else None, severity=Severity.IMPORTANT if failed else None,
        sentence=said(f"Mesure {slug}.", f"Measure {slug}."),
    )  # fmt: skip


def _kept(identifier: str, check: str, **data) -> Evidence:
    return Evidence(id=identifier, kind="timing", taken=START, check=check, title=check, data=data)


BRAKED = {"after": 5, "in_a_row": 5, "blocked_seconds": 120.4, "free_seconds": 301.0, "delays": [[1, 0.2], [2, 0.3]]}
ATTEMPTS = [
    [1, "right", "signed_in", 302, 0.2, None], [2, "wrong", "refused", 200, 0.3, None],
    [3, "right", "signed_in", 302, 0.2, None], [4, "wrong", "refused", 200, 0.4, None],
    [5, "wrong", "refused", 200, 0.9, None], [6, "wrong", "429", 429, 0.1, 30.0],
    [7, "right", "429", 429, 0.1, 30.0],
]  # fmt: skip
MEASURES = (
    _measure("login.throttling", "slowed", Status.PASS, BRAKED, "E0201"),
    _measure("session.timeout-idle", "too-long", Status.FAIL, {"above": 22.5, "declared": 15}, "E0202"),
    _measure("session.timeout-absolute", "as-declared", Status.PASS, {"declared": 240.0, "minutes": 239.0}),
    _measure("session.logout", "still-valid", Status.FAIL, {"seconds": 60, "url": TARGET}),
    _measure("session.concurrent", "closed-told", Status.PASS, {"seconds": 2}),
    _measure("tls.config", "versions", Status.PASS, {"recommendation": "R3", "grade": "recommended"}),
    _measure("tls.config", "modes-tolerated", Status.PASS, {"recommendation": "R10-", "grade": "degraded"}),
    _measure("tls.config", "modes-weak", Status.FAIL, {"recommendation": "R10", "grade": "forbidden"}),
    _measure("tls.config", "inconclusive", Status.INCONCLUSIVE, {"recommendations": ["R20: mandate_missing"]}),
)


def _entry(place: str, name: str) -> dict:
    return {"place": place, "where": TARGET, "name": name, "size": 12, "digest": "0a1b2c3d4e5f"}


DUMPS = {
    "before": [
        _entry("cookie", "sid"),
        _entry("cookie", "lang"),
        _entry("local_storage", "jeton"),
        _entry("local_storage", "nom"),
    ],
    "after": [_entry("cookie", "lang"), _entry("local_storage", "nom")],
}
KEPT = (
    _kept("E0201", "login.throttling", attempts=ATTEMPTS),
    _kept(
        "E0202", "session.timeout-idle", declared_minutes=15.0,
        sessions=[{"idle_minutes": 7.5, "in": True}, {"idle_minutes": 22.5, "in": True}, {"idle_minutes": 30, "in": False}],
    ),
    _kept("E0203", "browser.residual-data", **DUMPS),
)  # fmt: skip


def measured_result(*measures: Outcome, kept: Sequence[Evidence] = KEPT) -> RunResult:
    """A result that has something for every picture; or only for the measures that are given."""
    result = make_result()
    return result.model_copy(
        update={"outcomes": (*result.outcomes, *(measures or MEASURES)), "evidence": (*result.evidence, *kept)}
    )


@pytest.fixture(scope="session")
def measured():
    return measured_result
