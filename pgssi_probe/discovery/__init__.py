"""Learning the application: a bounded, polite walk, parsed once and shared by the checks."""
