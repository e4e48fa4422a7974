"""The engagement file: what may be probed, for whom, when, how hard, and what was declared."""

from pgssi_probe.engagement.file import EngagementError, load_engagement
from pgssi_probe.engagement.mandate import Mandate, Refusal
from pgssi_probe.engagement.model import Engagement, Limits
from pgssi_probe.engagement.scope import ScopeSection

__all__ = ["Engagement", "EngagementError", "Limits", "Mandate", "Refusal", "ScopeSection", "load_engagement"]
