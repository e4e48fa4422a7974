"""Shared collections by name: what declarations may ask for, and what an installation that is wrong about them says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pgssi_probe import collectors, registry
from pgssi_probe.check import CheckContext, Collector, Observation
from pgssi_probe.check.context import CollectorContext
from pgssi_probe.check.harness import collector, page, run_check
from pgssi_probe.collectors import declared, reachable
from pgssi_probe.model.outcome import Level
from pgssi_probe.packages import Package, RegistryError
from pgssi_probe.registry import RegisteredCheck, check, checks


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Gives the installation another package, whose `collectors.yaml` says this."""
    monkeypatch.syspath_prepend(tmp_path.parent)

    def declares(text: str) -> None:
        (tmp_path / "collectors.yaml").write_text(text, encoding="utf-8")
        for module in (collectors, registry):
            monkeypatch.setattr(module, "packages", lambda: (Package("acme", (tmp_path,)),))
        declared.cache_clear()

    yield declares
    declared.cache_clear()


@pytest.mark.parametrize("name", sorted(declared()))
def test_every_name_leads_to_its_collector_which_sends_as_much_as_declared(name: str) -> None:
    found = collector(name)
    said = declared()[name]
    assert (found.requests, found.connections, set(found.methods)) == (said.requests, said.connections, {*said.methods})


def test_what_checks_declare_has_a_name_and_is_used_by_somebody() -> None:
    named = {name for check in checks().values() for name in check.metadata.collects}
    assert named <= set(declared())
    assert reachable(named, Level.INTRUSIVE) == set(declared())


def test_a_collection_brings_those_that_it_builds_on_and_none_above_the_level() -> None:
    assert reachable(["inventory", "site"], Level.PASSIVE) == {"site"}
    assert reachable(["inventory"], Level.ACTIVE) == {
        "inventory",
        "site",
        "descriptions",
        "sign_in",
        "oracle",
        "browser",
    }
    assert reachable(["tls", "tls-full"], Level.PASSIVE) == {"tls"}


def test_nobody_looks_for_a_browser_unless_a_collection_needs_one() -> None:
    def asked(need: str) -> bool:
        raise AssertionError(need)

    assert reachable(["site"], Level.PASSIVE, asked) == {"site"}


def test_what_a_collection_builds_on_is_left_alone_with_it() -> None:
    assert reachable(["carrying", "site"], Level.ACTIVE, lambda need: need == "browser") == {"site"}
    assert reachable(["rendered"], Level.PASSIVE, lambda need: need == "account") == set()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('site: {title: {fr: U, en: O}, at: "acme.things:SITE"}', "another package has a collection called site"),
        (
            'mine: {title: {fr: U, en: O}, at: "acme.things:MINE", uses: [nobody]}',
            "uses nobody, which nobody declares",
        ),
        ('mine: {title: {fr: U, en: O}, at: "acme things"}', "not a list of collections"),
        ("[mine]", "not a list of collections"),
        ("mine: {title: {fr: U, en: O}, at: acme.things:MINE, level: extreme}", "not a list of collections"),
    ],
)
def test_a_broken_declaration_of_collections_is_said(acme: Callable[[str], None], text: str, says: str) -> None:
    acme(text)
    with pytest.raises(RegistryError, match=says):
        declared()


def test_a_collection_that_is_not_where_it_is_said_to_be(acme: Callable[[str], None]) -> None:
    acme(
        """
        gone: {title: {fr: U, en: O}, at: "acme_that_is_not_there:GONE"}
        other: {title: {fr: U, en: O}, at: "pgssi_probe.discovery.collect:SITE"}
        """
    )
    with pytest.raises(ModuleNotFoundError):
        collector("gone")
    with pytest.raises(AssertionError, match="is no collector named other"):
        collector("other")


def test_a_check_that_collects_what_nobody_declares_is_refused(acme: Callable[[str], None], tmp_path: Path) -> None:
    acme("{}")
    text = check("headers.csp").declared_in.read_text(encoding="utf-8")
    (tmp_path / "csp.yaml").write_text(
        text.replace("collects: [site, inventory]", "collects: [sight]").replace("id: headers.csp", "id: csp"),
        encoding="utf-8",
    )
    (tmp_path / "csp.py").write_text("")
    checks.cache_clear()
    try:
        with pytest.raises(RegistryError, match="collects sight, which nobody declares"):
            checks()
    finally:
        checks.cache_clear()


async def test_the_harness_refuses_a_collection_that_is_not_declared() -> None:
    async def gather(ctx: CollectorContext) -> None:
        await ctx.get(ctx.target.url)

    class Asking(RegisteredCheck):
        def observe(self) -> registry.Observe:
            async def observe(ctx: CheckContext) -> list[Observation]:
                await ctx.collect(Collector("mine", gather, requests=1))
                return []

            return observe

    known = check("content.security-txt")
    with pytest.raises(AssertionError, match="collects mine at level intrusive and does not declare it"):
        await run_check(Asking(known.metadata, known.module, known.declared_in), {"https://portal.example/": page()})
