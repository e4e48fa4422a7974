"""Links by which a new password is chosen: random, used once, good for a quarter of an hour. No mail leaves the lab:
links stay in the out-tray, where tests read them as an operator reads a mailbox."""

from __future__ import annotations

from dataclasses import dataclass

from pgssi_probe.clock import Clock
from pgssi_probe.lab.blueprint import Blueprint

IN_CLEAR = "http://portail.valombre.invalid"
"""A link in http that is not one of this machine."""


@dataclass
class _Given:
    username: str
    moment: float


class ResetDesk:
    """`sent` holds every link in the order of sending."""

    def __init__(self, blueprint: Blueprint, clock: Clock) -> None:
        self._policy = blueprint.resets
        self._addresses = blueprint.addresses
        self._clock = clock
        self._given: dict[str, _Given] = {}
        self.sent: list[str] = []

    def send(self, username: str) -> None:
        secret = self._policy.secret(username, len(self.sent), self._clock.now())
        self._given[secret] = _Given(username, self._clock.monotonic())
        origin = IN_CLEAR if self._policy.in_clear else self._addresses.https_url
        self.sent.append(f"{origin}/mot-de-passe-oublie/{secret}")

    def user_of(self, secret: str) -> str | None:
        """Whose password a link may change now; None for a link that is unknown, past its time or used."""
        given = self._given.get(secret)
        if given is None or self._clock.monotonic() - given.moment >= self._policy.life:
            return None
        return given.username

    def used(self, secret: str) -> None:
        """A password was chosen by this link: no link of the account opens anything from now on."""
        if self._policy.single_use and (given := self._given.get(secret)) is not None:
            for other in [name for name, each in self._given.items() if each.username == given.username]:
                del self._given[other]
