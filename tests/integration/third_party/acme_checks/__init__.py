"""Checks of another author, for the tests."""
