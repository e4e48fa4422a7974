"""Why the portal refuses a request. The reason stays inside: the page shown is the same for every cause."""

from __future__ import annotations


class Refusal(Exception):
    """A request answered by an error page. `status` is an HTTP status."""

    def __init__(self, status: int, reason: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.headers = headers or {}


class NoAnswer(Exception):
    """A request whose connection is closed without a word."""


class BadInput(Refusal):
    """Something received does not have the form expected."""

    def __init__(self, reason: str) -> None:
        super().__init__(400, reason)


class SignInNeeded(Exception):
    """The page is for signed-in users and the visitor is not one."""
