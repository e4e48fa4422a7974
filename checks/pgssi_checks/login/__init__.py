"""Signing in: who is asked what, what failures cost, what the application tells strangers."""
