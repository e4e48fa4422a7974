"""`components.server-versions`: what the dated table says, and what it must not be made to say."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.components.products import Product, numbers_of, products_of
from pgssi_checks.components.support import Branch, Support, support_of, support_table
from pgssi_probe.check import Response
from pgssi_probe.check.harness import page, run_check, slugs
from pgssi_probe.model.outcome import Outcome, Strength

CHECK = "components.server-versions"
URL = "https://portail.example/"
TODAY = date(2026, 1, 1)
"""The day of the harness."""


def answer(*headers: tuple[str, str], body: str = "<p>Bonjour</p>") -> dict[str, Response]:
    return {URL: page(body, headers=headers)}


async def judged(*headers: tuple[str, str], body: str = "<p>Bonjour</p>") -> tuple[Outcome, ...]:
    return await run_check(CHECK, answer(*headers, body=body), url=URL)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("Server", "nginx/1.14.2"),), {"end-of-life"}),
        ((("Server", "nginx/1.31.0"),), {"maintained"}),
        ((("Server", "nginx/1.28.0"),), {"ends-soon"}),
        ((("Server", "nginx"),), {"unknown"}),
        ((("Server", "nginx/99.1.0"),), {"unknown"}),
        ((("Server", "nginx/1.17.1"),), {"unknown"}),
        ((("Server", "Serveur-Maison/0.1.0"),), {"unknown"}),
        ((), {"unknown"}),
        ((("X-Powered-By", "PHP/7.4.33"),), {"end-of-life"}),
        ((("X-Powered-By", "PHP/7"),), {"unknown"}),
        ((("X-Powered-By", "PHP/8.4.1"),), {"maintained"}),
        ((("Server", "Apache/2.2.15 (CentOS)"),), {"end-of-life-packaged"}),
        (
            (("Server", "Apache/2.4.66 (Debian)"), ("X-Powered-By", "PHP/7.4.33")),
            {"end-of-life-packaged", "maintained"},
        ),
        ((("X-Powered-By", "PHP/7.4.33-1+deb11u5"),), {"end-of-life-packaged"}),
        ((("Server", "nginx/1.22.1"),), {"end-of-life-packaged"}),
        ((("Server", "nginx/1.22.0"),), {"end-of-life"}),
        ((("X-Powered-By", "PHP/8.0.30"),), {"end-of-life-packaged"}),
        ((("Server", "Microsoft-IIS/7.5"),), {"end-of-life"}),
        ((("Server", "Microsoft-IIS/10.0"),), {"unknown"}),
        ((("Server", "Jetty(9.4.31.v20200723)"),), {"end-of-life"}),
        ((("Server", "Apache/2.4.6 (CentOS) OpenSSL/1.0.2k-fips"),), {"end-of-life-packaged", "maintained"}),
        ((("Server", "Werkzeug/2.0.1 Python/3.8.10"),), {"end-of-life"}),
        ((("Server", "WSGIServer/0.2 CPython/3.6.1"),), {"end-of-life"}),
    ],
)  # fmt: skip
async def test_banners(headers: tuple[tuple[str, str], ...], expected: set[str]) -> None:
    assert slugs(await judged(*headers)) == expected


async def test_a_content_manager_is_not_packaged_with_the_server() -> None:
    outcomes = await judged(
        ("Server", "Apache/2.4.66 (Debian)"),
        body='<html><head><meta name="generator" content="Drupal 7 (x)"></head></html>',
    )
    assert slugs(outcomes) == {"end-of-life", "maintained"}


async def test_a_finding_is_a_hint_with_its_dates() -> None:
    (outcome,) = await judged(("Server", "nginx/1.14.2"))
    assert outcome.strength is Strength.HINT
    assert outcome.subject.name == "nginx"
    assert (outcome.facts["branch"], outcome.facts["end"]) == ("1.14", "2019-04-23")
    assert outcome.facts["table_date"] == support_table().dated.isoformat()
    assert "23\u00a0avril 2019" in outcome.sentence.fr


async def test_an_old_table_calls_nothing_maintained(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it accuses stays true; what it does not know any more is not praised."""
    table = support_table()

    def aged(*_: Any) -> Any:
        return replace(table, dated=TODAY - timedelta(days=366))

    monkeypatch.setattr("pgssi_checks.components.server_versions.support_table", aged)
    assert slugs(await judged(("Server", "nginx/1.31.0"))) == {"old-table"}
    assert slugs(await judged(("Server", "nginx/1.14.2"))) == {"end-of-life"}


@pytest.mark.parametrize(
    ("version", "branch"),
    [
        ("1.1.1k-fips", "1.1.1"),
        ("1.1.0", "1.1.0"),
        ("3.0.2", "3.0"),
        ("3.55", None),
        ("", None),
        ("x", None),
        ("1", None),
    ],
)
def test_the_longest_branch_is_meant(version: str, branch: str | None) -> None:
    line = support_table().line(Product("OpenSSL"))
    assert line is not None
    found = line.branch_of(version)
    assert (found.label if found else None) == branch


@pytest.mark.parametrize(
    ("end", "past", "expected"),
    [
        (TODAY - timedelta(days=1), False, Support.ENDED),
        (TODAY, False, Support.ENDS_SOON),
        (TODAY + timedelta(days=30), False, Support.ENDS_SOON),
        (TODAY + timedelta(days=31), False, Support.MAINTAINED),
        (None, False, Support.MAINTAINED),
        (None, True, Support.ENDED),
    ],
)
def test_days(end: date | None, past: bool, expected: Support) -> None:
    assert support_of(Branch((1,), "1", end, past), TODAY, timedelta(days=30)) is expected
    assert support_of(None, TODAY, timedelta(days=30)) is Support.UNKNOWN


def test_a_branch_within_a_branch_is_asked_first(tmp_path: Path) -> None:
    path = tmp_path / "table.yaml"
    path.write_text(
        "date: 2026-01-02\nsource: x\nproducts:\n  - name: X\n    aliases: [x]\n    branches:\n"
        "      '1.1': null\n      '1.1.1': 2020-01-01\n      '0.9': past\n",
        encoding="utf-8",
    )
    line = support_table(path).line(Product("X"))
    assert line is not None
    found = [support_of(line.branch_of(version), TODAY, timedelta()) for version in ("1.1.1w", "1.1.0", "0.9.8", "2.0")]
    assert found == [Support.ENDED, Support.MAINTAINED, Support.ENDED, Support.UNKNOWN]


def test_a_distribution_counts_while_it_is_maintained() -> None:
    table = support_table()
    assert table.packager("nginx", "1.22.1", date(2028, 6, 30)) == "Debian 12"
    assert table.packager("nginx", "1.22.1", date(2028, 7, 1)) == ""
    assert table.packager("nginx", "1.22", TODAY) == ""
    assert table.packager("PHP", "8.2.36", TODAY) == "Debian 12"
    names = {line.name for line in table.lines.values()}
    assert all(each.product in names and each.numbers and each.until > table.dated for each in table.packaged)


def test_the_table_is_sound() -> None:
    table = support_table()
    assert date(2026, 1, 1) <= table.dated <= date(2030, 1, 1)
    assert len({line.name for line in table.lines.values()}) >= 25
    for alias, line in table.lines.items():
        assert alias == alias.lower()
        labels = [branch.label for branch in line.branches]
        assert len(labels) == len(set(labels))
        for branch in line.branches:
            assert branch.numbers == numbers_of(branch.label)
            assert branch.end is None or date(1998, 1, 1) < branch.end < date(2045, 1, 1)
        assert any(branch.past or branch.end for branch in line.branches)


@pytest.mark.parametrize("banner", ["nginx/1.14.2", "Apache/2.4.66", "PHP/8.4.1", "Microsoft-IIS/7.5", "Jetty(9.4.31)"])
def test_the_table_knows_products_as_banners_name_them(banner: str) -> None:
    (product,) = products_of(banner)
    assert support_table().line(product)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_name_and_no_version_breaks_the_table(name: str, version: str) -> None:
    line = support_table().line(Product(name, version)) or support_table().line(Product("php"))
    assert line is not None
    support_of(line.branch_of(version), TODAY, timedelta(days=1))
