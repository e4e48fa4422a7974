"""What a portal may remember of the passwords of an account: those it had, and how often they changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pgssi_probe.lab.blueprint import SignInPolicy
from pgssi_probe.lab.synthetic import Account


def _mark(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


class PasswordHistory:
    """Digests in memory: the portal is a demonstration, with invented accounts."""

    def __init__(self, policy: SignInPolicy, accounts: Iterable[Account]) -> None:
        self._policy = policy
        self._had = {account.username: [_mark(account.password)] for account in accounts}

    def may_become(self, username: str, password: str) -> bool:
        """Whether the account may take a password now; remembered when it may."""
        had = self._had.setdefault(username, [])
        often = self._policy.changes_a_day
        if (self._policy.password_history and _mark(password) in had) or (often is not None and len(had) > often):
            return False
        had.append(_mark(password))
        return True
