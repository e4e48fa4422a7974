"""What enforced policies still let through, taken together: a browser obeys all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pgssi_checks.headers.csp_bypass import BYPASSES, Bypass
from pgssi_checks.headers.csp_policy import HASH, HOST, NONCE, Policy

SCRIPT = "script-src-elem"
ANY_ORIGIN = frozenset({"*", "http:", "https:", "http://*", "https://*", "*:*", "http://*:*", "https://*:*"})
INLINE_SCHEMES = frozenset({"data:", "blob:", "filesystem:"})

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weakness:
    """`slug` is an outcome of the check; `sources` are the tokens, or the directives, that open the way."""

    slug: str
    sources: tuple[str, ...] = ()


def has_nonce_or_hash(tokens: Tokens) -> bool:
    return any(NONCE.fullmatch(token) or HASH.fullmatch(token) for token in tokens)


def allows_inline(tokens: Tokens | None, *, script: bool) -> bool:
    """Is every inline element allowed? A nonce, a hash or strict-dynamic makes unsafe-inline void (CSP3 §6.7.3.2)."""
    if tokens is None:
        return True
    if has_nonce_or_hash(tokens) or (script and "'strict-dynamic'" in tokens):
        return False
    return "'unsafe-inline'" in tokens


def allows_eval(tokens: Tokens | None) -> bool:
    return tokens is None or "'unsafe-eval'" in tokens


def opens_to_all(tokens: Tokens | None) -> bool:
    """Any host is allowed, over HTTPS at least."""
    return tokens is None or any(token in ANY_ORIGIN or is_suffix_wildcard(token) for token in tokens)


def is_suffix_wildcard(token: str) -> bool:
    """`*.fr` or `https://*.com`: a whole top-level domain."""
    match = HOST.fullmatch(token)
    return match is not None and match["host"].startswith("*.") and match["host"].count(".") == 1


def broad_script_sources(tokens: Tokens | None) -> Tokens:
    """Tokens that let a script come from anywhere; strict-dynamic makes them void."""
    if tokens is None or "'strict-dynamic'" in tokens:
        return ()
    return tuple(t for t in tokens if t in ANY_ORIGIN or t in INLINE_SCHEMES or is_suffix_wildcard(t))


ABOUT_NO_CONTENT = frozenset(
    {"frame-ancestors", "upgrade-insecure-requests", "block-all-mixed-content", "report-uri", "report-to"}
)
"""Directives that say nothing of what a page may load, run or send."""


def matches_host(token: str, host: str) -> bool:
    """Does a source name this host, alone or under a wildcard, without limiting it to some path?"""
    match = HOST.fullmatch(token)
    if match is None or match["host"] == "*" or (match["path"] or "/") != "/":
        return False
    named = match["host"]
    if host.startswith("*."):  # one name under the suffix is its owner's; a wildcard there is everybody's
        return named.startswith("*.") and named.endswith(host[1:])
    return named == host or (named.startswith("*.") and named.count(".") > 1 and host.endswith(named[1:]))


def bypasses(tokens: Tokens | None) -> dict[str, Bypass]:
    """Known bypass hosts that the list names -> why. Empty when hosts do not count."""
    if tokens is None or "'strict-dynamic'" in tokens:
        return {}
    return {t: known for t in tokens for known in BYPASSES if matches_host(t, known.host)}


def evaluate(policies: Sequence[Policy]) -> list[Weakness]:
    """What all the policies together leave open, worst first. `policies` are the enforced ones, at least one.

    The intersection is taken weakness by weakness: one is reported when each policy has it.
    """
    weaknesses = [*_scripts([p for p in policies if not p.scripts_forbidden], len(policies))]
    if all(policy.directives.keys() <= ABOUT_NO_CONTENT for policy in policies) and not _defects(policies):
        return weaknesses  # said once: what was never meant to limit contents lacks all the rest as well
    styles = [policy.effective("style-src-elem") for policy in policies]
    if any(tokens is not None for tokens in styles) and all(allows_inline(t, script=False) for t in styles):
        weaknesses.append(Weakness("unsafe-inline-style"))
    for directive, slug in (
        ("object-src", "no-object-src"),
        ("connect-src", "connect-unrestricted"),
        ("default-src", "no-default-src"),
        ("base-uri", "no-base-uri"),
        ("form-action", "no-form-action"),
    ):
        if all(opens_to_all(policy.effective(directive)) for policy in policies):
            weaknesses.append(Weakness(slug, (directive,)))
    if defects := _defects(policies):
        weaknesses.append(Weakness("invalid-syntax", defects))
    return weaknesses


def _defects(policies: Sequence[Policy]) -> Tokens:
    return tuple(dict.fromkeys(str(defect) for policy in policies for defect in policy.defects))


def _scripts(policies: Sequence[Policy], total: int) -> list[Weakness]:
    """Weaknesses of the script sources. A policy whose sandbox runs no script settles them all."""
    if len(policies) < total:
        return []
    lists = [policy.effective(SCRIPT) for policy in policies]
    limiting = [tokens for tokens in lists if tokens is not None]
    if not limiting:
        return [Weakness("script-unrestricted")]
    found = []
    attributes = [policy.effective("script-src-attr") for policy in policies]
    if all(allows_inline(t, script=True) for t in lists) or all(allows_inline(t, script=True) for t in attributes):
        found.append(Weakness("unsafe-inline"))
    if broad := _shared(limiting, broad_script_sources):
        found.append(Weakness("wildcard", broad))
    elif hosts := _shared(limiting, lambda tokens: tuple(bypasses(tokens))):
        found.append(Weakness("bypass-host", hosts))
    evaluated = [policy.effective("script-src") for policy in policies]
    if any(tokens is not None for tokens in evaluated) and all(allows_eval(t) for t in evaluated):
        found.append(Weakness("unsafe-eval"))
    return found


def _shared(lists: Sequence[Tokens], opening: Callable[[Tokens], Tokens]) -> Tokens:
    """The tokens that open each of the lists; nothing as soon as one list is closed."""
    opened = [opening(tokens) for tokens in lists]
    return tuple(dict.fromkeys(t for tokens in opened for t in tokens)) if all(opened) else ()
