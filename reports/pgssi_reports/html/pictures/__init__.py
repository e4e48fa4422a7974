"""What was measured, drawn: geometry only. A picture is None when nothing was measured for it.

Sizes are in units of the drawing. Each picture carries the same data as rows, for those who read rather than look.
"""

from __future__ import annotations

from dataclasses import dataclass

from pgssi_reports.html.pictures.lifelines import Panel, lifelines
from pgssi_reports.html.pictures.storage import Storage, storage
from pgssi_reports.html.pictures.throttling import Curve, curve
from pgssi_reports.html.pictures.tls import Endpoint, endpoints
from pgssi_reports.html.source import Source


@dataclass(frozen=True)
class Pictures:
    throttling: Curve | None
    sessions: tuple[Panel, ...]
    storage: tuple[Storage, ...]
    tls: tuple[Endpoint, ...]

    def __bool__(self) -> bool:
        return bool(self.throttling or self.sessions or self.storage or self.tls)


def pictures(source: Source) -> Pictures:
    """All that can be drawn of a run."""
    return Pictures(curve(source), lifelines(source), storage(source), endpoints(source))
