"""Signing in like a person, and knowing at every moment whether one is signed in."""

from pgssi_probe.model.account import LABELS, Account, Label, Secret

__all__ = ["LABELS", "Account", "Label", "Secret"]
