"""The run's own time-line against the operator's logs: what the run did, what was recorded of it, field by field."""
