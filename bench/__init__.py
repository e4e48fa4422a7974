"""Measures: figures and their goals, on this machine, against loopback only."""
