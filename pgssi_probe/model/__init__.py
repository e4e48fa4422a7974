"""The vocabulary of the project: outcomes, evidence, verdicts, the result of a run. Frozen and serialisable."""
