"""Where the secrets of test accounts come from, for the command line: what the file refers to, or a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pgssi_probe.model.text import Lang
from pgssi_probe.words import say


def resolver(lang: Lang) -> Callable[[Any, frozenset[str]], Mapping[str, Any]]:
    """Resolves the accounts of an engagement by label. Raises SecretError."""

    def ask(label: str, field: str) -> str:
        import getpass

        return getpass.getpass(say(lang, f"secret.ask.{field}", account=label) + " : ")

    def resolved(engagement: Any, labels: frozenset[str]) -> Mapping[str, Any]:
        if not labels:
            return {}
        from pgssi_probe.identity.resolve import resolve_accounts, somebody_is_there

        prompt = ask if somebody_is_there() else None
        return resolve_accounts(engagement.accounts, labels, prompt, engagement.canaries)

    return resolved
