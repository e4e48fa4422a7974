"""Signing in like a person, and knowing at every moment whether one is signed in."""

from typing import TYPE_CHECKING

from pgssi_probe.lazily import lazily

if TYPE_CHECKING:
    from pgssi_probe.identity.ablation import Carrier, carriers
    from pgssi_probe.identity.jar import Cookie, Jar
    from pgssi_probe.identity.judging import SignInState
    from pgssi_probe.identity.logout import LogoutControl, find_logout, sign_out
    from pgssi_probe.identity.oracle import Oracle, State
    from pgssi_probe.identity.oracle_choice import ORACLE, clear_of_doors, oracle_of
    from pgssi_probe.identity.plan import Driver, SignInPlan
    from pgssi_probe.identity.search import SIGN_IN, plan_of, sign_in_paths
    from pgssi_probe.identity.session import Session
    from pgssi_probe.identity.signing import sign_in
    from pgssi_probe.identity.trying import SignIn
    from pgssi_probe.model.account import LABELS, Account, Label, Secret
else:
    __getattr__ = lazily(
        __name__,
        {
            "ablation": (
                "Carrier",
                "carriers",
            ),
            "jar": (
                "Cookie",
                "Jar",
            ),
            "judging": ("SignInState",),
            "logout": (
                "LogoutControl",
                "find_logout",
                "sign_out",
            ),
            "oracle": (
                "Oracle",
                "State",
            ),
            "oracle_choice": (
                "ORACLE",
                "clear_of_doors",
                "oracle_of",
            ),
            "plan": (
                "Driver",
                "SignInPlan",
            ),
            "search": (
                "SIGN_IN",
                "plan_of",
                "sign_in_paths",
            ),
            "session": ("Session",),
            "signing": ("sign_in",),
            "trying": ("SignIn",),
            ".pgssi_probe.model.account": (
                "LABELS",
                "Account",
                "Label",
                "Secret",
            ),
        },
    )

__all__ = [
    "LABELS",
    "ORACLE",
    "SIGN_IN",
    "Account",
    "Carrier",
    "Cookie",
    "Driver",
    "Jar",
    "Label",
    "LogoutControl",
    "Oracle",
    "Secret",
    "Session",
    "SignIn",
    "SignInPlan",
    "SignInState",
    "State",
    "carriers",
    "clear_of_doors",
    "find_logout",
    "oracle_of",
    "plan_of",
    "sign_in",
    "sign_in_paths",
    "sign_out",
]
