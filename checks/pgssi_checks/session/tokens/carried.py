"""What is known of the cookies that carry the session of the account, before or without asking for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Carrying:
    """`proved` are names of cookies without which, or with which alone, the account is open; `tried` were left out in
    turn. Both empty when nothing could be proved."""

    proved: frozenset[str] = frozenset()
    tried: frozenset[str] = frozenset()
