"""Runs over time: reading what an earlier run left, and comparing two of them."""
