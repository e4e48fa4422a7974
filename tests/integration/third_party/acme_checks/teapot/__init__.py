"""Kitchen equipment."""
