"""What a walk must never follow, and what it may."""

from __future__ import annotations

import pytest

from pgssi_probe.discovery.danger import is_dangerous


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://h.example/logout", ""),
        ("https://h.example/log-out", ""),
        ("https://h.example/user/LogOff", ""),
        ("https://h.example/index.php?action=signOut", ""),
        ("https://h.example/?do=logout&sectok=1", ""),
        ("https://h.example/wp-login.php?action=logout&_wpnonce=1", ""),
        ("https://h.example/d%C3%A9connexion", ""),
        ("https://h.example/x", "Se déconnecter"),
        ("https://h.example/x", "DÉCONNEXION"),
        ("https://h.example/item/3/delete", ""),
        ("https://h.example/item?id=3&op=remove", ""),
        ("https://h.example/x", "Supprimer mon compte"),
        ("https://h.example/x", "Annuler le rendez-vous"),
        ("https://h.example/x", "Payer ma facture"),
        ("https://h.example/unsubscribe?u=1", ""),
        ("https://h.example/x", "Se désabonner"),
        ("https://h.example/contrat/resilier", ""),
        ("https://h.example/index.php?do=toggle-enforce-ssl&page=home.php", ""),
        ("https://h.example/x", "Résilier"),
        ("https://h.example/checkout", ""),
        ("https://h.example/session/end-session", ""),
        ("https://h.example/reset?all=1", ""),
        ("https://h.example/delete-forgotten-password", ""),
    ],
)
def test_never_followed(url: str, text: str) -> None:
    assert is_dangerous(url, text)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://h.example/login", "Se connecter"),
        ("https://h.example/password/reset", "Mot de passe oublié ?"),
        ("https://h.example/wp-login.php?action=lostpassword", ""),
        ("https://h.example/delegation", "Délégation"),
        ("https://h.example/paysage", "Pays de la Loire"),
        ("https://h.example/dropdown", "Menu"),
        ("https://h.example/list?order=asc", "Nom"),
        ("https://h.example/mentions-legales", "Mentions légales"),
        ("https://h.example/blog/logouts-of-the-year", ""),
        ("https://h.example/a", "Comment supprimer les cookies de votre navigateur et protéger votre vie privée"),
    ],
)
def test_followed(url: str, text: str) -> None:
    assert not is_dangerous(url, text)


def test_rel_counts() -> None:
    assert is_dangerous("https://h.example/x", "", ("logout",))
