"""`exposure.nonproduction` and `exposure.cohosting`: names, banners, tools and certificates; what is not accused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.exposure.neighbours import organisation_of, sorted_names, words_of_test
from pgssi_probe.check.harness import page, run_check, scripted, slugs
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.model.outcome import Outcome
from pgssi_probe.net.exchange import TlsFacts
from pgssi_probe.registry import check


@cache
def certificate(*names: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.DER)


async def on(
    name: str,
    body: str = "<h1>Portail</h1>",
    *,
    host: str = "portail.ch-valombre.fr",
    names: tuple[str, ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
    der: bytes | None = None,
    **options: Any,
) -> tuple[Outcome, ...]:
    """The outcomes on a site whose home page came with a certificate of these names."""
    url = f"https://{host}/"
    run = scripted(check(name).metadata, {url: page(body, headers=headers)}, url=url)
    site = await run.context.collect(SITE)
    der = certificate(*names) if names else der
    if der is not None:
        home = replace(site.home, tls=TlsFacts("TLSv1.3", "x", None, der, True))
        pages = tuple(replace(one, exchange=home) if one.exchange is site.home else one for one in site.pages)
        site = replace(site, entry=(home,), pages=pages)
    return await run_check(name, {}, url=url, collected={"site": site}, **options)


@pytest.mark.parametrize(
    ("name", "organisation"),
    [
        ("portail.ch-valombre.fr", "ch-valombre.fr"),
        ("*.ch-valombre.fr", "ch-valombre.fr"),
        ("a.b.sante.gouv.fr", "sante.gouv.fr"),
        ("localhost", "localhost"),
        ("192.0.2.1", ""),
        ("::1", ""),
    ],
)
def test_the_organisation_of_a_name(name: str, organisation: str) -> None:
    assert organisation_of(name) == organisation


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("portail-recette.ch-valombre.fr", ["recette"]),
        ("pre-prod.ch-valombre.fr", ["preprod"]),
        ("dev2.ch-valombre.fr", ["dev"]),
        ("portail.ch-valombre.fr", []),
        ("portail.example.test", []),
        ("formation.ch-valombre.fr", []),
        ("labo.ch-valombre.fr", []),
        ("stages.ch-valombre.fr", []),
        ("devis.example.fr", []),
        ("contestation.example.fr", []),
        ("web.dev", []),
        ("127.0.0.1", []),
    ],
)
def test_words_of_test_are_whole_words(name: str, words: list[str]) -> None:
    assert words_of_test(name) == words


@given(st.text(max_size=80))
def test_no_name_raises(name: str) -> None:
    organisation_of(name)
    words_of_test(name)
    sorted_names([name], "portail.example.fr")


async def test_a_name_of_test() -> None:
    outcomes = await on("exposure.nonproduction", host="recette.ch-valombre.fr")
    assert slugs(outcomes) == {"test-name"}


@pytest.mark.parametrize(
    "body",
    [
        "<p>Environnement de recette</p>",
        "<p>PLATE-FORME DE PRÉ-PRODUCTION</p>",
        "<p>Attention, serveur de développement</p>",
        "<title>[TEST] Portail</title>",
        "<p>This is a staging environment</p>",
        "<p>Ne saisissez aucune donnée réelle.</p>",
    ],
)
async def test_a_banner_of_test(body: str) -> None:
    outcomes = await on("exposure.nonproduction", f"<html lang=fr>{body}<h1>Portail</h1></html>")
    assert slugs(outcomes) == {"test-wording"}
    assert all(outcome.strength == "hint" for outcome in outcomes)


@pytest.mark.parametrize(
    "body",
    [
        "<p>Prenez rendez-vous pour un test de dépistage</p>",
        "<p>Nous améliorons l'environnement de travail de nos équipes</p>",
        "<p>Site de démonstration : établissement et patients fictifs</p>",
        "<p>Le développement de l'hôpital</p>",
        "<meta name=robots content=noindex><p>Portail</p>",
        f"<p>{'Notre projet a connu un environnement de recette avant son ouverture. ' * 4}</p>",
        "<p>&lt;div id=&quot;djDebug&quot;&gt;</p>",
    ],
)
async def test_ordinary_pages_are_not_those_of_a_test(body: str) -> None:
    assert slugs(await on("exposure.nonproduction", f"<html lang=fr>{body}<h1>Portail</h1></html>")) == {"none"}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ('<script src="/@vite/client"></script>', ()),
        ("<p>Portail</p>", (("X-Debug-Token-Link", "/_profiler/1"),)),
        ('<script src="/js/react-dom.development.js"></script>', ()),
    ],
)
async def test_a_tool_of_development(body: str, headers: Any) -> None:
    assert slugs(await on("exposure.nonproduction", body, headers=headers)) == {"debug-tool"}


async def test_a_certificate_that_names_environments_of_test() -> None:
    (outcome,) = await on(
        "exposure.nonproduction", names=("portail.ch-valombre.fr", "portail-dev.ch-valombre.fr", "www.ch-valombre.fr")
    )
    assert outcome.slug == "certificate-names"
    assert outcome.facts["names"] == ["portail-dev.ch-valombre.fr"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("portail.ch-valombre.fr",), {"none"}),
        (("portail.ch-valombre.fr", "www.portail.ch-valombre.fr"), {"none"}),
        (("*.ch-valombre.fr",), {"sibling-names"}),
        (("portail.ch-valombre.fr", "clinique-voisine.fr"), {"shared-certificate"}),
        (("portail.ch-valombre.fr", "rh.ch-valombre.fr", "ght.example.org"), {"shared-certificate", "sibling-names"}),
    ],
)
async def test_names_of_a_certificate(names: tuple[str, ...], expected: set[str]) -> None:
    outcomes = await on("exposure.cohosting", names=names)
    assert slugs(outcomes) == expected
    assert all(outcome.strength == "hint" for outcome in outcomes)


async def test_without_a_certificate_nothing_is_said() -> None:
    assert slugs(await on("exposure.cohosting")) == {"no-certificate"}
    assert slugs(await on("exposure.cohosting", der=b"no certificate")) == {"no-certificate"}


async def test_a_delivery_network_is_shared_by_nature() -> None:
    names = ("portail.ch-valombre.fr", "other.example")
    assert slugs(await on("exposure.cohosting", names=names, headers=(("CF-RAY", "1"),))) == {"shared-relay"}


async def test_a_target_by_address_is_of_no_body() -> None:
    assert slugs(await on("exposure.cohosting", host="192.0.2.1", names=("localhost",))) == {"named-by-address"}


async def test_only_names_of_the_mandate_are_resolved() -> None:
    url = "https://portail.ch-valombre.fr/"
    run = scripted(check("exposure.cohosting").metadata, {url: page("<h1>Portail</h1>")}, url=url)
    site = await run.context.collect(SITE)
    names = ("portail.ch-valombre.fr", "rh.ch-valombre.fr", "paie.ch-valombre.fr", "ailleurs.example")
    home = replace(site.home, tls=TlsFacts("TLSv1.3", "x", None, certificate(*names), True))
    asked: list[str] = []

    async def addresses(host: str, _port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("192.0.2.7",) if host != "paie.ch-valombre.fr" else ("192.0.2.8",)

    async def collect(_collector: Any) -> Any:
        return replace(site, entry=(home,), pages=())

    object.__setattr__(run.network, "addresses", addresses)
    object.__setattr__(run.network, "in_scope", lambda found: found.endswith(".ch-valombre.fr/"))
    observations = await check("exposure.cohosting").observe()(replace(run.context, collector=collect))
    assert asked == ["portail.ch-valombre.fr", "rh.ch-valombre.fr", "paie.ch-valombre.fr"]
    assert {one.slug: one.facts["names"] for one in observations if one.slug == "same-address"} == {
        "same-address": ["rh.ch-valombre.fr"]
    }
