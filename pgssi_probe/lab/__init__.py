"""The demonstration patient portal: hardened by default, weak by switch, over real HTTPS on loopback."""

from __future__ import annotations

from pgssi_probe.lab.blueprint import Blueprint, LabAddresses
from pgssi_probe.lab.running import Lab, running_lab
from pgssi_probe.lab.weaknesses import IncompatibleWeaknesses, UnknownWeakness, list_weaknesses, resolve

__all__ = [
    "Blueprint",
    "IncompatibleWeaknesses",
    "Lab",
    "LabAddresses",
    "UnknownWeakness",
    "list_weaknesses",
    "resolve",
    "running_lab",
]
