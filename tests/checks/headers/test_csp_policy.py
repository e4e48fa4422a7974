"""Content-Security-Policy parsing: what browsers keep, what they drop, what authors get wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.headers.csp_policy import Defect, DefectKind, Delivery, is_source, parse, parse_header, parse_meta


def test_first_directive_of_a_name_wins_and_the_other_is_a_defect() -> None:
    policy = parse("script-src 'self'; SCRIPT-SRC *")
    assert policy is not None
    assert policy.directives == {"script-src": ("'self'",)}
    assert policy.defects == (Defect(DefectKind.DUPLICATE_DIRECTIVE, "script-src"),)


def test_each_header_line_and_each_comma_makes_a_policy() -> None:
    policies = parse_header(["default-src 'self', script-src 'none'", "img-src *"])
    assert [list(policy.directives) for policy in policies] == [["default-src"], ["script-src"], ["img-src"]]


def test_a_meta_tag_loses_three_directives_and_does_not_split_on_commas() -> None:
    (policy,) = parse_meta(["default-src 'self'; frame-ancestors 'none'; sandbox; report-uri /r"])
    assert list(policy.directives) == ["default-src"]
    assert policy.delivery is Delivery.META
    (joined,) = parse_meta(["default-src 'self', script-src 'none'"])
    assert list(joined.directives) == ["default-src"]
    assert parse_meta(["frame-ancestors 'none'"]) == []


@pytest.mark.parametrize("text", ["", " ", ";;", " ; \t;", "\u00e9 'self'"])
def test_nothing_is_no_policy(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("default-src 'self'", "script-src-elem", ("'self'",)),
        ("default-src 'self'; script-src a.fr", "script-src-elem", ("a.fr",)),
        ("script-src a.fr; script-src-elem b.fr", "script-src-elem", ("b.fr",)),
        ("script-src a.fr; script-src-elem b.fr", "script-src-attr", ("a.fr",)),
        ("script-src a.fr", "worker-src", ("a.fr",)),
        ("child-src c.fr; script-src a.fr", "worker-src", ("c.fr",)),
        ("child-src c.fr; default-src 'none'", "frame-src", ("c.fr",)),
        ("default-src 'self'", "base-uri", None),
        ("default-src 'self'", "form-action", None),
        ("default-src 'self'", "frame-ancestors", None),
        ("script-src 'self'", "object-src", None),
        ("script-src", "script-src-elem", ()),
        ("default-src HTTPS://A.fr", "img-src", ("https://a.fr",)),
    ],
)
def test_fallback(text: str, name: str, expected: tuple[str, ...] | None) -> None:
    policy = parse(text)
    assert policy is not None
    assert policy.effective(name) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("scripts-src 'self'", DefectKind.UNKNOWN_DIRECTIVE),
        ("script-src self", DefectKind.UNQUOTED_KEYWORD),
        ("script-src none", DefectKind.UNQUOTED_KEYWORD),
        ("script-src unsafe-inline", DefectKind.UNQUOTED_KEYWORD),
        ("script-src nonce-abcdef", DefectKind.UNQUOTED_KEYWORD),
        ("script-src 'selfie'", DefectKind.INVALID_SOURCE),
        ("script-src 'nonce-'", DefectKind.INVALID_SOURCE),
        ("script-src 'sha1-abcd'", DefectKind.INVALID_SOURCE),
        ("script-src https://a.*.fr", DefectKind.INVALID_SOURCE),
        ("script-src 'none' 'self'", DefectKind.NONE_WITH_OTHERS),
        ("script-src 'self' object-src 'none'", DefectKind.MISSING_SEMICOLON),
        ("script-src ‘self’", DefectKind.NOT_ASCII),
    ],
)
def test_defects(text: str, kind: DefectKind) -> None:
    policy = parse(f"default-src 'self'; {text}")
    assert policy is not None
    assert kind in {defect.kind for defect in policy.defects}


@pytest.mark.parametrize(
    "text",
    [
        "default-src 'self'; script-src 'self' https://a.fr:8443/js/ *.b.fr data: 'wasm-unsafe-eval' 'report-sample'",
        "script-src 'nonce-R4nd0m+/_-==' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' 'strict-dynamic'",
        "upgrade-insecure-requests; block-all-mixed-content; sandbox allow-scripts; report-uri /r; report-to g",
        "require-trusted-types-for 'script'; trusted-types default; plugin-types application/pdf",
        "img-src http://[::1]:8080 localhost:3000 *:443",
        "script-src",
    ],
)
def test_sound_policies_have_no_defect(text: str) -> None:
    policy = parse(text)
    assert policy is not None
    assert policy.defects == ()


def test_nonces_keep_their_case() -> None:
    policy = parse("script-src 'Nonce-AbC'; style-src 'nonce-xyz'")
    assert policy is not None
    assert policy.nonces == {"AbC", "xyz"}


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [("sandbox", True), ("sandbox allow-forms", True), ("sandbox Allow-Scripts", False), ("img-src *", False)],
)
def test_a_sandbox_may_forbid_scripts(text: str, forbidden: bool) -> None:
    policy = parse(text)
    assert policy is not None
    assert policy.scripts_forbidden is forbidden


_WORD = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=";,"), min_size=1, max_size=12)


@given(st.text(max_size=400))
def test_any_text_is_parsed(text: str) -> None:
    policy = parse(text)
    assert policy is None or policy.directives
    parse_header([text])
    parse_meta([text])


@given(st.dictionaries(_WORD.map(str.lower), st.lists(_WORD, max_size=4), min_size=1, max_size=6))
def test_a_written_policy_is_read_back(directives: dict[str, list[str]]) -> None:
    text = "; ".join(" ".join((name, *tokens)) for name, tokens in directives.items())
    policy = parse(text)
    assert policy is not None
    assert policy.directives == {name: tuple(tokens) for name, tokens in directives.items()}


@given(_WORD)
def test_the_grammar_never_raises(token: str) -> None:
    assert is_source(token.lower()) in {True, False}
