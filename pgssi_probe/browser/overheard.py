"""What a browser tells of a visit beside its requests: problems of its pages, mixed content, sockets, who asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pgssi_probe.browser.asked import Asked, Fate, Mixed
from pgssi_probe.browser.crossing import Crossing

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, WebSocket
    from playwright.async_api import Page as Window

MAX_ISSUES: Final = 200
MAX_REQUESTS: Final = 4_000
"""Requests of which it is kept who asked for them."""


@dataclass
class Overheard:
    """`issues` are code and details of the problems that the browser reports about pages (`Audits` domain). What
    concerns requests goes to `crossing`, with the others."""

    crossing: Crossing
    mixed: list[Mixed] = field(default_factory=list)
    issues: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def listen(self, hand: CDPSession, window: Window) -> None:
        hand.on("Audits.issueAdded", self._issue)
        hand.on("Network.requestWillBeSent", self._initiated)
        window.on("websocket", lambda socket: self._socket(socket, window.url))
        await hand.send("Network.enable")
        await hand.send("Audits.enable")

    def _issue(self, event: dict[str, Any]) -> None:
        issue = event.get("issue", {})
        code = str(issue.get("code", ""))
        details: dict[str, Any] = next(iter(issue.get("details", {}).values()), {})
        if len(self.issues) < MAX_ISSUES:
            self.issues.append((code, details))
        if code != "MixedContentIssue":
            return
        url, page = str(details.get("insecureURL", "")), str(details.get("mainResourceURL", ""))
        kind = str(details.get("resourceType", "")).lower()
        upgraded = details.get("resolutionStatus") == "MixedContentAutomaticallyUpgraded"
        told = Mixed(url, page, kind, upgraded)
        if told not in self.mixed and len(self.mixed) < MAX_ISSUES:
            self.mixed.append(told)
            self.crossing.asked.append(Asked(url, "GET", kind, Fate.MIXED, page))

    def _initiated(self, event: dict[str, Any]) -> None:
        initiator = event.get("initiator", {})
        frames = initiator.get("stack", {}).get("callFrames") or [{}]
        by_url = initiator.get("url") or frames[0].get("url", "")
        if len(self.crossing.initiators) < MAX_REQUESTS:
            self.crossing.initiators[str(event.get("requestId"))] = (str(initiator.get("type", "")), str(by_url))

    def _socket(self, socket: WebSocket, page: str) -> None:
        if len(self.crossing.asked) < MAX_REQUESTS:
            self.crossing.asked.append(Asked(socket.url, "GET", "websocket", Fate.SOCKET, page))
