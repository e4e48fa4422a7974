"""Buttons, rows and lists that lead somewhere by a script."""

from __future__ import annotations

import pytest

from pgssi_probe.discovery.danger import is_dangerous_link
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.discovery.site import Link

PAGE = "https://portal.example/app/page"


def links(markup: str) -> list[Link]:
    return list(parse_html(markup, PAGE).links)


@pytest.mark.parametrize(
    ("handler", "leads"),
    [
        ("window.location.href='/labo'", "/labo"),
        ("location='fiche.php?id=3'", "/app/fiche.php?id=3"),
        ("document.location = &quot;/a/b&quot;; return false", "/a/b"),
        ("location.assign('/x')", "/x"),
        ("window.open('/ordonnance/7', '_blank')", "/ordonnance/7"),
        ("location.href = `/plain`", "/plain"),
        ("self.location.replace( '../up' )", "/up"),
    ],
)
def test_a_button_whose_script_goes_to_an_address_leads_there(handler: str, leads: str) -> None:
    (link,) = links(f'<button onclick="{handler}">Ouvrir</button>')
    assert link.url == f"https://portal.example{leads}"
    assert link.text == "Ouvrir"


@pytest.mark.parametrize(
    "handler",
    [
        "location.href='/fiche?id=' + id",
        "location.href=`/fiche/${id}`",
        "if (location == '/x') go()",
        "location.href='#top'",
        "dialog.open('/x')",
        "fetch('/x')",
        "location.reload()",
    ],
)
def test_what_a_script_puts_together_or_does_otherwise_is_no_link(handler: str) -> None:
    assert links(f'<button onclick="{handler}">Ouvrir</button>') == []


def test_rows_and_lists_and_links_that_are_scripts() -> None:
    found = links(
        '<table><tr data-href="/patients/17"><td>Un patient</td></tr></table>'
        "<a href=\"javascript:location.href='/agenda'\">Agenda</a>"
        '<a href="#" onclick="location=\'/aide\'">Aide</a>'
        '<select onchange="location = this.value"><option value="">Aller à<option value="/stats">Chiffres</select>'
        '<select name="pays"><option value="/no">Ici</select>'
    )
    assert [one.url for one in found if one.url != PAGE] == [
        f"https://portal.example{path}" for path in ("/patients/17", "/agenda", "/aide", "/stats")
    ]


@pytest.mark.parametrize(
    "markup",
    [
        "<button onclick=\"location='/dossier/7'\"><i></i><span>Supprimer</span></button>",
        "<div onclick=\"location='/dossier/7'\"><div>7</div>Supprimer</div>",
        "<input type=button value=Supprimer onclick=\"location='/dossier/7'\">",
        "<button onclick=\"if (confirm('Sûr ?')) location='/dossier/7'\">Ok</button>",
        "<button onclick=\"location='/dossier/7/delete'\">Ok</button>",
        '<tr data-href="/dossier/7" data-method="delete"><td>Dossier</td></tr>',
    ],
)
def test_what_it_does_is_read_as_for_a_link(markup: str) -> None:
    found = links(f"<table>{markup}</table>" if markup.startswith("<tr") else markup)
    assert found
    assert all(is_dangerous_link(one) for one in found)
