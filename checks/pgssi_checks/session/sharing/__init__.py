"""One account for several checks: turns, patience, and what is left open."""
