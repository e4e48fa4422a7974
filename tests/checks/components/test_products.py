"""Reading of banners: product, version, precision."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.components.products import (
    MAX_PRODUCTS,
    Precision,
    Product,
    numbers_of,
    product_of_generator,
    products_of,
    products_of_via,
    version_in,
)

SERVERS = {
    "nginx": [("nginx", "", Precision.PRODUCT)],
    "nginx/1.18.0 (Ubuntu)": [("nginx", "1.18.0", Precision.EXACT)],
    "Apache": [("Apache", "", Precision.PRODUCT)],
    "Apache/2": [("Apache", "2", Precision.BRANCH)],
    "Apache/2.4 (Debian)": [("Apache", "2.4", Precision.BRANCH)],
    "Apache/2.4.6 (CentOS) OpenSSL/1.0.2k-fips PHP/5.4.16": [
        ("Apache", "2.4.6", Precision.EXACT),
        ("OpenSSL", "1.0.2k-fips", Precision.EXACT),
        ("PHP", "5.4.16", Precision.EXACT),
    ],
    "Microsoft-IIS/10.0": [("Microsoft-IIS", "10.0", Precision.BRANCH)],
    "Jetty(9.4.31.v20200723)": [("Jetty", "9.4.31.v20200723", Precision.EXACT)],
    "Phusion Passenger(R) 6.0.18": [("Phusion Passenger", "6.0.18", Precision.EXACT)],
    "nginx/1.18.0 + Phusion Passenger 6.0.4": [
        ("nginx", "1.18.0", Precision.EXACT),
        ("Phusion Passenger", "6.0.4", Precision.EXACT),
    ],
    "Werkzeug/3.1.9 Python/3.11.7": [("Werkzeug", "3.1.9", Precision.EXACT), ("Python", "3.11.7", Precision.EXACT)],
    "Apache-Coyote/1.1": [("Apache-Coyote", "", Precision.PRODUCT)],
    "WSGIServer/0.2 CPython/3.8.10": [("WSGIServer", "", Precision.PRODUCT), ("CPython", "3.8.10", Precision.EXACT)],
    "GlassFish Server Open Source Edition  4.1 ": [
        ("GlassFish Server Open Source Edition", "4.1", Precision.BRANCH)
    ],
    "squid/5.7": [("squid", "5.7", Precision.EXACT)],
    "cloudflare": [("cloudflare", "", Precision.PRODUCT)],
    "": [],
    "1.2.3": [],
    "()((": [],
}  # fmt: skip


@pytest.mark.parametrize(("banner", "expected"), SERVERS.items())
def test_server_banners(banner: str, expected: list[tuple[str, str, Precision]]) -> None:
    assert [(product.name, product.version, product.precision) for product in products_of(banner)] == expected


def test_the_packager_is_kept_apart_from_the_version() -> None:
    (apache,) = products_of("Apache/2.4.62 (Debian)")
    assert apache.distribution == "Debian"
    assert products_of("Apache/2.4.62 (Unix)")[0].distribution == ""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.1 varnish (Varnish/6.5)", ["Varnish 6.5"]),
        ("1.0 fred, 1.1 p.example.net (Apache/2.4.1)", ["Apache 2.4.1"]),
        ("1.1 google", []),
        ("HTTP/1.1 relais-1", []),
    ],
)
def test_via_numbers_outside_comments_are_protocol_versions(value: str, expected: list[str]) -> None:
    assert [str(product) for product in products_of_via(value)] == expected


@pytest.mark.parametrize(
    ("content", "expected", "precision"),
    [
        ("WordPress 6.4.3", "WordPress 6.4.3", Precision.EXACT),
        ("WordPress 6.4", "WordPress 6.4", Precision.EXACT),
        ("Drupal 10 (https://www.drupal.org)", "Drupal 10", Precision.BRANCH),
        ("Joomla! - Open Source Content Management", "Joomla", Precision.PRODUCT),
        ("TYPO3 CMS", "TYPO3 CMS", Precision.PRODUCT),
        ('DokuWiki Release 2024-02-06b "Kaos"', "DokuWiki 2024-02-06b", Precision.EXACT),
        ("Elementor 3.14.1; features: e_dom", "Elementor 3.14.1", Precision.EXACT),
        ("concrete5 - 8.5.4", "concrete5 8.5.4", Precision.EXACT),
        ("DokuWiki", "DokuWiki", Precision.PRODUCT),
    ],
)
def test_generators(content: str, expected: str, precision: Precision) -> None:
    product = product_of_generator(content)
    assert product is not None
    assert (str(product), product.precision) == (expected, precision)


@pytest.mark.parametrize("content", ["", "   ", "1.2", "https://example.org", "- 4"])
def test_generators_that_name_nothing(content: str) -> None:
    assert product_of_generator(content) is None


def test_numbers_of_a_version() -> None:
    assert numbers_of("1.1.1k-fips") == (1, 1, 1)
    assert numbers_of("v3") == (3,)
    assert numbers_of("z.9") == ()
    assert version_in("v1.2.3-rc1 and more") == "1.2.3-rc1"


@given(st.text(max_size=600))
def test_no_banner_breaks_the_reading(text: str) -> None:
    found = products_of(text)
    assert len(found) <= MAX_PRODUCTS
    for product in (*found, *products_of_via(text), *filter(None, [product_of_generator(text)])):
        assert product.name.strip()
        assert len(str(product)) < 600
        assert product.precision in Precision


@given(st.lists(st.sampled_from(["nginx/1.2.3", "(Debian)", "(", ")", "a", "/", "1.", "v", " ", "PHP"]), max_size=400))
def test_no_arrangement_of_tokens_breaks_the_reading(tokens: list[str]) -> None:
    products_of("".join(tokens))


@pytest.mark.parametrize("hostile", ["(" * 10**6, "a/" * 500_000, "1." * 500_000, "a" * 10**6, ")(" * 500_000])
def test_only_the_beginning_of_an_endless_banner_is_read(hostile: str) -> None:
    assert len(products_of(hostile)) <= MAX_PRODUCTS
    assert isinstance(product_of_generator(hostile), Product | None)
