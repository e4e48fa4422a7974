"""Which failures accuse which parts: the judgement that the data hold."""

import pytest

from pgssi_probe.guide import Edge, Part, Weight, guide
from pgssi_probe.model.outcome import Status
from pgssi_probe.model.text import Bilingual
from pgssi_probe.registry import checks


def accused(check: str, slug: str) -> dict[str, str]:
    """Parts that a failure speaks of, with its weight there."""
    return {
        part.id: edge.weight.value
        for rule in guide().rules
        for part in rule.parts
        for edge in part.edges
        if edge.check == check and edge.concerns(slug)
    }


@pytest.mark.parametrize(
    ("check", "slug", "parts"),
    [
        ("cookie.flags", "httponly-missing", {"CR2.2": "verdict"}),
        ("cookie.flags", "secure-missing", {"CR2.2": "verdict", "DT6.1": "verdict"}),
        ("cookie.flags", "lifetime-long", {"CR2.2": "verdict", "AA11.3": "hint"}),
        ("cookie.flags", "domain-wide", {"CR2.2": "verdict", "GP4.1": "hint", "GP5.1": "hint"}),
        ("headers.csp", "missing", {"CR2.2": "verdict"}),
        ("headers.security", "coop-missing", {"CR2.2": "verdict"}),
        ("headers.security", "nosniff-missing", {"CR2.1": "hint"}),
        ("https.hsts", "missing", {"CR2.2": "verdict", "DT6.1": "verdict"}),
        ("https.hsts", "max-age-short", {"CR2.2": "verdict"}),
        ("https.enforcement", "redirect-temporary", {"CR2.2": "hint"}),
        ("https.enforcement", "form-posts-http", {"AA4.4": "verdict", "DT6.1": "verdict"}),
        ("disclosure.verbose-errors", "stack-trace-python", {"DT1.1": "verdict", "DT2.2": "verdict"}),
        ("disclosure.verbose-errors", "file-path", {"DT2.2": "verdict"}),
        ("disclosure.verbose-errors", "debug-console", {"CR5.1": "hint", "DT1.1": "verdict", "DT2.2": "verdict"}),
        ("disclosure.banners", "internal-address", {"GP3.1": "hint", "DT2.1": "verdict"}),
        ("disclosure.banners", "server-version", {"DT2.1": "verdict"}),
        ("http.methods", "trace", {"CR2.1": "verdict"}),
        ("http.methods", "override", {"CR2.1": "verdict", "DT3.1": "hint"}),
        ("tls.config", "ciphers-broken", {"GC1.1": "verdict", "DT6.2": "verdict"}),
        ("tls.config", "renegotiation-client", {"DT6.2": "verdict"}),
        ("tls.certificate", "expired", {"GC3.2": "hint", "DT6.2": "verdict"}),
        ("tls.certificate", "digest-weak", {"GC1.1": "verdict", "DT6.2": "verdict"}),
        ("disclosure.files", "dump", {"GA1.1": "hint", "DT2.3": "verdict", "DT3.1": "verdict"}),
        ("disclosure.files", "env", {"GC3.1": "hint", "DT2.3": "verdict", "DT3.1": "verdict"}),
        ("disclosure.files", "product-document", {"DT2.3": "verdict"}),
        ("content.support-contact", "missing", {"GA8.1": "verdict"}),
        ("content.support-contact", "no-phishing-report", {"GA8.2": "verdict"}),
        ("exposure.admin-interfaces", "sign-in-page", {"HE7.1": "verdict", "HE8.1": "hint"}),
        ("exposure.admin-interfaces", "open-status", {"DT3.1": "verdict", "HE7.1": "verdict"}),
        ("exposure.waf", "anything", {"CR5.2": "information", "DT12.1": "information", "HE9.2": "information"}),
    ],
)
def test_a_failure_accuses_only_what_it_concerns(check: str, slug: str, parts: dict[str, str]) -> None:
    assert accused(check, slug) == parts


def test_an_edge_without_a_filter_concerns_every_failure() -> None:
    assert Edge(check="tls.config", weight=Weight.VERDICT).concerns("whatever")
    assert not Edge(check="tls.config", weight=Weight.VERDICT, outcomes=("one",)).concerns("other")


def test_an_empty_filter_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Edge(check="tls.config", weight=Weight.VERDICT, outcomes=())


@pytest.mark.parametrize(
    ("rule_class", "weight", "decidable"),
    [("partial", "information", False), ("partial", "hint", True), ("declarative", "information", True)],
)
def test_what_can_give_a_part_its_verdict(rule_class: str, weight: str, decidable: bool) -> None:
    part = Part.model_validate(
        {
            "id": "AA1.1",
            "class": rule_class,
            "point": Bilingual(fr="un", en="one"),
            "edges": [{"check": "tls.config", "weight": weight}],
        }
    )
    assert part.decidable is decidable


@pytest.mark.parametrize(
    ("weights", "clearing"),
    [
        (("verdict", "hint", "information"), [True, False, False]),
        (("hint", "information"), [True, False]),
        (("information",), [False]),
    ],
)
def test_a_hint_clears_only_what_nothing_decides(weights: tuple[str, ...], clearing: list[bool]) -> None:
    edges = [{"check": f"tls.{name}", "weight": name} for name in weights]
    part = Part.model_validate(
        {"id": "AA1.1", "class": "partial", "point": Bilingual(fr="un", en="one"), "edges": edges}
    )
    assert [part.clears(edge) for edge in part.edges] == clearing


WEIGHING = [
    (part, edge)
    for rule in guide().rules
    for part in rule.parts
    for edge in part.edges
    if edge.weight is not Weight.INFORMATION and edge.check in checks()
]


def passes_of(check: str) -> set[str]:
    return {slug for slug, one in checks()[check].metadata.outcomes.items() if one.status is Status.PASS}


def test_every_pass_clears_a_part_or_is_informative_by_decision() -> None:
    """What is undecided: name it in `clears` of the edges it speaks for, else in informative_passes (rules.yaml)."""
    for check in sorted({edge.check for _, edge in WEIGHING}):
        named = {slug for _, edge in WEIGHING if edge.check == check for slug in (*edge.clears, *edge.voids)}
        informative = set(guide().book.informative_passes.get(check, ()))
        assert not named & informative, f"{check}: a pass clears or informs, not both"
        assert not passes_of(check) - named - informative, f"{check}: undecided"
        assert named | informative <= passes_of(check), f"{check}: no such pass"


def test_informative_passes_are_those_of_checks_that_weigh() -> None:
    assert set(guide().book.informative_passes) <= {edge.check for _, edge in WEIGHING}


def test_an_edge_that_may_clear_names_a_pass_and_one_that_may_not_names_none() -> None:
    for part, edge in WEIGHING:
        if part.rule_class.value == "declarative":
            continue  # passes are shown beside the part and never change its verdict
        if any(other.weight is Weight.VERDICT for other in part.edges):
            assert bool(edge.clears) == (edge.weight is Weight.VERDICT), (part.id, edge.check)
        elif all(other.check in checks() for other in part.edges):
            assert edge.clears, (part.id, edge.check)


@pytest.mark.parametrize(
    ("check", "slug", "parts"),
    [
        ("http.methods", "allow-listed", set()),
        ("http.methods", "sober", {"CR2.1"}),
        ("session.logout", "offered", {"AA12.1"}),
        ("session.logout", "ended", {"AA10.2", "AA11.2", "AA12.2"}),
        ("session.concurrent", "several-declared", {"AA8.1"}),
        ("content.support-contact", "phishing-report", {"GA8.2"}),
        ("content.legal-notices", "linked", set()),
        ("tls.config", "order-client", set()),
        ("https.enforcement", "closed", {"AA4.4", "DT6.1"}),
    ],
)
def test_a_pass_clears_only_what_it_speaks_of(check: str, slug: str, parts: set[str]) -> None:
    assert {part.id for part, edge in WEIGHING if edge.check == check and slug in edge.clears} == parts
