"""The contract between the engine and a check. A check needs nothing else of the engine."""

from pgssi_probe.check.context import CheckContext, Collector, CollectorContext, Network, Target
from pgssi_probe.check.metadata import CheckMetadata, OutcomeDeclaration
from pgssi_probe.model.outcome import Level, Observation, Reason, Status, Subject, inconclusive
from pgssi_probe.net.exchange import Exchange, Failure, Request, Response

__all__ = [
    "CheckContext",
    "CheckMetadata",
    "Collector",
    "CollectorContext",
    "Exchange",
    "Failure",
    "Level",
    "Network",
    "Observation",
    "OutcomeDeclaration",
    "Reason",
    "Request",
    "Response",
    "Status",
    "Subject",
    "Target",
    "inconclusive",
]
