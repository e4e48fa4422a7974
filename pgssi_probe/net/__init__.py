"""Everything that touches the network: capture, caps, scope guard, governor."""

import sys

# httpx imports its own command line when it can, and with it a highlighter: a tenth of our start-up, for nothing.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # (what Python reads as "there is no such module")
