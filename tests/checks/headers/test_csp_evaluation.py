"""What policies leave open: each weakness, what looks like it and is none, and several policies together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.headers.csp_evaluation import Weakness, evaluate, matches_host
from pgssi_checks.headers.csp_policy import FALLBACKS, Policy, parse, parse_header

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def policies(*texts: str) -> list[Policy]:
    return parse_header(texts)


def slugs(*texts: str) -> set[str]:
    return {weakness.slug for weakness in evaluate(policies(*texts))}


def strict_but(directive: str, value: str | None) -> str:
    """The strict policy with one directive changed, or removed."""
    policy = parse(STRICT)
    assert policy is not None
    directives = {name: " ".join(tokens) for name, tokens in policy.directives.items()}
    directives.pop(directive, None)
    if value is not None:
        directives[directive] = value
    return "; ".join(f"{name} {tokens}".strip() for name, tokens in directives.items())


def test_a_strict_policy_has_no_weakness() -> None:
    assert evaluate(policies(STRICT)) == []


@pytest.mark.parametrize(
    ("directive", "value", "expected"),
    [
        ("script-src", "'self' 'unsafe-inline'", {"unsafe-inline"}),
        ("script-src", "'self' 'UNSAFE-INLINE'", {"unsafe-inline"}),
        ("script-src", "'self' 'unsafe-inline' 'nonce-cmFuZG9t'", set()),
        ("script-src", "'self' 'unsafe-inline' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='", set()),
        ("script-src", "'unsafe-inline' 'strict-dynamic'", set()),
        ("script-src", "'nonce-cmFuZG9t' 'strict-dynamic' https: 'unsafe-inline'", set()),
        ("script-src", "'self' 'unsafe-eval'", {"unsafe-eval"}),
        ("script-src", "'self' 'wasm-unsafe-eval'", set()),
        ("script-src", "'self' 'unsafe-hashes' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='", set()),
        ("script-src", "*", {"wildcard"}),
        ("script-src", "https:", {"wildcard"}),
        ("script-src", "'self' data:", {"wildcard"}),
        ("script-src", "'self' blob:", {"wildcard"}),
        ("script-src", "https://*", {"wildcard"}),
        ("script-src", "*.fr", {"wildcard"}),
        ("script-src", "*.hopital.fr", set()),
        ("script-src", "'self' https://cdn.jsdelivr.net", {"bypass-host"}),
        ("script-src", "'self' https://cdn.jsdelivr.net/npm/lib@1.2.3/lib.min.js", set()),
        ("script-src", "'self' *.googleapis.com", {"bypass-host"}),
        ("script-src", "'self' *.cloudfront.net", {"bypass-host"}),
        ("script-src", "'self' d111111abcdef8.cloudfront.net", set()),
        ("script-src", "'nonce-cmFuZG9t' 'strict-dynamic' https://cdn.jsdelivr.net", set()),
        ("script-src-elem", "'self' 'unsafe-inline'", {"unsafe-inline"}),
        ("script-src-attr", "'unsafe-inline'", {"unsafe-inline"}),
        ("style-src", "'self' 'unsafe-inline'", {"unsafe-inline-style"}),
        ("style-src", "'self' 'unsafe-inline' 'nonce-cmFuZG9t'", set()),
        ("object-src", "*", {"no-object-src"}),
        ("object-src", None, set()),
        ("connect-src", "*", {"connect-unrestricted"}),
        ("connect-src", None, set()),
        ("default-src", None, {"no-default-src"}),
        ("default-src", "*", {"no-default-src"}),
        ("default-src", "https:", {"no-default-src"}),
        ("base-uri", None, {"no-base-uri"}),
        ("base-uri", "'self'", set()),
        ("form-action", None, {"no-form-action"}),
        ("form-action", "https:", {"no-form-action"}),
        ("script-src", "self", {"invalid-syntax"}),
        ("img-src", "* data: blob:", set()),
        ("sandbox", "allow-forms", set()),
    ],
)
def test_one_directive_changed(directive: str, value: str | None, expected: set[str]) -> None:
    assert slugs(strict_but(directive, value)) == expected


def test_a_policy_without_script_limits_says_so_once() -> None:
    assert slugs("frame-ancestors 'self'") == {"script-unrestricted"}
    assert slugs("frame-ancestors 'self'; upgrade-insecure-requests; report-uri /r") == {"script-unrestricted"}
    assert slugs("img-src 'self'; frame-ancestors 'self'") > {"script-unrestricted", "no-base-uri"}


def test_a_sandbox_without_scripts_settles_the_script_weaknesses() -> None:
    assert not slugs("sandbox; script-src * 'unsafe-inline' 'unsafe-eval'") & {
        "wildcard",
        "unsafe-inline",
        "unsafe-eval",
    }


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((STRICT, "script-src * 'unsafe-inline' 'unsafe-eval'"), set()),
        (("script-src * 'unsafe-inline' 'unsafe-eval'", STRICT), set()),
        ((strict_but("script-src", "'unsafe-inline'"), strict_but("script-src", "'unsafe-eval'")), set()),
        ((strict_but("script-src", "'unsafe-inline'"), "img-src 'self'"), {"unsafe-inline"}),
        ((strict_but("base-uri", None), strict_but("form-action", None)), set()),
        ((strict_but("base-uri", None), strict_but("base-uri", None)), {"no-base-uri"}),
        ((strict_but("script-src", "*"), strict_but("script-src", "https:")), {"wildcard"}),
    ],
)
def test_policies_are_intersected(texts: tuple[str, ...], expected: set[str]) -> None:
    assert slugs(*texts) == expected
    assert slugs(", ".join(texts)) == expected


def test_the_tokens_that_open_the_way_are_named() -> None:
    assert Weakness("wildcard", ("data:", "https:")) in evaluate(
        policies(strict_but("script-src", "'self' data: https:"))
    )


@pytest.mark.parametrize(
    ("token", "host", "expected"),
    [
        ("https://www.google.com", "www.google.com", True),
        ("www.google.com/", "www.google.com", True),
        ("*.google.com", "www.google.com", True),
        ("*.google.com", "google.com", False),
        ("google.com", "www.google.com", False),
        ("https://www.google.com/recaptcha/", "www.google.com", False),
        ("*", "www.google.com", False),
        ("*.amazonaws.com", "*.amazonaws.com", True),
        ("*.s3.amazonaws.com", "*.amazonaws.com", True),
        ("chu.s3.amazonaws.com", "*.amazonaws.com", False),
        ("'self'", "www.google.com", False),
    ],
)
def test_naming_a_host(token: str, host: str, expected: bool) -> None:
    assert matches_host(token, host) is expected


_TOKENS = st.lists(
    st.sampled_from(
        ["'self'", "'none'", "*", "https:", "data:", "'unsafe-inline'", "'unsafe-eval'", "'nonce-YWJj'", "a.fr"]
    ),
    max_size=4,
)
_POLICY = st.dictionaries(
    st.sampled_from(["default-src", *FALLBACKS, "base-uri", "form-action", "sandbox"]), _TOKENS, min_size=1
)


def _text(directives: dict[str, list[str]]) -> str:
    return "; ".join(" ".join((name, *tokens)) for name, tokens in directives.items())


@given(_POLICY, _POLICY)
def test_adding_a_policy_never_opens_anything(one: dict[str, list[str]], other: dict[str, list[str]]) -> None:
    """Enforcing a further policy can only close; a mistake in its text is the one thing that it may add.

    The words may become more precise: a policy without script limits beside one that has some.
    """
    alone, both = slugs(_text(one)), slugs(_text(one), _text(other))
    added = both - alone - {"invalid-syntax"}
    if "script-unrestricted" in alone:
        added -= {"unsafe-inline", "unsafe-eval", "wildcard", "bypass-host"}
    if one.keys().isdisjoint({"style-src-elem", "style-src", "default-src"}):
        added.discard("unsafe-inline-style")
    if one.keys().isdisjoint({"script-src", "default-src"}):
        added.discard("unsafe-eval")
    if "wildcard" in alone:
        added.discard("bypass-host")
    assert added == set()


@given(_POLICY)
def test_the_order_of_policies_does_not_matter(directives: dict[str, list[str]]) -> None:
    assert slugs(_text(directives), STRICT) == slugs(STRICT, _text(directives))
