"""What a walk must never follow, and what it may."""

from __future__ import annotations

import pytest

from pgssi_probe.discovery.danger import is_changing_form, is_dangerous, is_dangerous_link
from pgssi_probe.discovery.parse import parse_html


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
        ("https://h.example/messages/12/archive", ""),
        ("https://h.example/votes/1f0c2d3e/upvote", ""),
        ("https://h.example/index.php?action=close&id=3", ""),
        ("https://h.example/rdv/5/confirm", ""),
        ("https://h.example/x", "Confirmer le rendez-vous"),
        ("https://h.example/x", "Marquer comme lu"),
        ("https://h.example/x", "Mark all as read"),
        ("https://h.example/x", "Activer les rappels"),
        ("https://h.example/favoris/ajouter?id=3", ""),
        ("https://h.example/x", "Ajouter au panier"),
        ("https://h.example/?_switch_user=carol", ""),
        ("https://h.example/api/updateProfile", ""),
        ("https://h.example/api/v1/users/3/set-role", ""),
        ("https://h.example/rest/sendReminder/4", ""),
        ("https://h.example/cache/clear", ""),
        ("https://h.example/start_over", ""),
        ("https://h.example/x", "Start over"),
        # What carries a token against forged requests acts, its application says.
        ("https://h.example/?controller=TaskController&action=save_date&task_id=4&csrf_token=8f1e22aa31c", ""),
        ("https://h.example/task/4/date?_csrf_token=8f1e22aa31c", ""),
        ("https://h.example/admin.php?page=x&pwg_token=8f1e22aa31c", ""),
        ("https://h.example/course/view.php?id=2&sesskey=kJ8s9aQ2xP", ""),
        ("https://h.example/admin/post.php?post=3&_wpnonce=1b2c3d", ""),
        ("https://h.example/?action=instituer_objet&arg=article-3-prepa&hash=5c0b26b61cbdb9a7f0d0", ""),
        ("https://h.example/card.php?id=3&action=set_thirdparty&token=5c0b26b61cbdb9a7f0d0", ""),
        ("https://h.example/?controller=TaskController&action=start&task_id=4", ""),
        ("https://h.example/?controller=BoardController&action=collapse&project_id=1", ""),
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
        ("https://h.example/index.php?page=add-to-your-blog.php", "Add to your blog"),
        ("https://h.example/archive", "Archive"),
        ("https://h.example/archive/2024", ""),
        ("https://h.example/rdv/nouveau", "Nouveau rendez-vous"),
        ("https://h.example/profil/modifier", "Modifier mon profil"),
        ("https://h.example/index.php?action=edit&id=3", ""),
        ("https://h.example/api/store/products", ""),
        ("https://h.example/api/posts/3", ""),
        ("https://h.example/api/settings", ""),
        ("https://h.example/panier", "Mon panier"),
        ("https://h.example/messages/12/read", ""),
        ("https://h.example/confirmations", "Vos confirmations"),
        ("https://h.example/societe/card.php?action=create&token=5c0b26b61cbdb9a7f0d0", ""),
        ("https://h.example/societe/list.php?page=2&token=5c0b26b61cbdb9a7f0d0", ""),
        ("https://h.example/file?name=a&hash=5c0b26b61cbdb9a7f0d0", ""),
        ("https://h.example/list?nonce=", ""),
        ("https://h.example/start", "Démarrer"),
        ("https://h.example/a", "Comment supprimer les cookies de votre navigateur et protéger votre vie privée"),
    ],
)
def test_followed(url: str, text: str) -> None:
    assert not is_dangerous(url, text)


def test_rel_counts() -> None:
    assert is_dangerous("https://h.example/x", "", ("logout",))


@pytest.mark.parametrize(
    ("inside", "changes"),
    [
        ("<input name=a><button>Supprimer</button>", True),
        ("<input name=a><button><b>Modifier</b> le nom</button>", True),
        ("<input name=a><input type=submit value=Enregistrer>", True),
        ("<input name=a><input type=image alt=Supprimer src=x.png>", True),
        ("<input type=password name=a><button>OK</button>", True),
        ("<input name=theme><button>Valider</button>", True),
        ("<input name=a><button>Voir</button><button>Supprimer</button>", True),
        ("<input name=a><button>Voir</button><button name=del>Supprimer</button>", False),
        ("<input name=a><button>Voir</button><button type=reset>Réinitialiser</button>", False),
        ("<input name=q><button>Valider</button>", False),
        ("<input type=search name=x><button>Appliquer</button>", False),
        ("<input name=q><button>Supprimer</button>", True),
        ("<input name=mois><button>Afficher</button>", False),
        ("<input name=a>", False),
    ],
)
def test_a_form_that_changes_something(inside: str, *, changes: bool) -> None:
    prose = "<p>Ce texte est bien plus long que celui d’un bouton et parle de supprimer des cookies.</p>"
    (form,) = parse_html(f"<form action=/x>{prose}{inside}</form>", "https://h.example/").forms
    assert is_changing_form(form) is changes


@pytest.mark.parametrize(
    "attributes",
    ["data-confirm='Sûr ?'", "hx-confirm='Sûr ?'", "onclick='return confirm(\"Sûr ?\")'", "data-method=put"],
)
def test_a_link_that_asks_first_is_not_followed(attributes: str) -> None:
    (link,) = parse_html(f"<a href=/x {attributes}>Dossier</a>", "https://h.example/").links
    assert is_dangerous_link(link)
