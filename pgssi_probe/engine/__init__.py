"""Plan, schedule, run, resume: one way from an engagement to a result."""
