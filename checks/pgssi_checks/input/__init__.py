"""What the application does with values that it did not expect: inert canaries in parameters that only read."""
