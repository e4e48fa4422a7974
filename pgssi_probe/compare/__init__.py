"""Same page, absent page, refusal: one instrument for every check that compares answers."""
