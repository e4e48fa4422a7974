"""Encryption of every exchange: forced, remembered, and never mixed with clear text."""
