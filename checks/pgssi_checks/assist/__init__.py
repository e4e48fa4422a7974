"""What the operator hands over, compared with what the run did: logs and alerts."""
