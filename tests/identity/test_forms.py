"""Which form signs in, and what a browser would send."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.identity.forms import code_form, filled, sign_in_form

URL = "https://portal.example/connexion"
SEARCH = '<form action="/recherche"><input name="q"><input type=submit value=Rechercher></form>'
NEWS = '<form method=post action="/newsletter"><input type=email name=email><button>Je m\'abonne</button></form>'
REGISTER = (
    '<form method=post action="/inscription"><input name=login><input type=password name=p autocomplete=new-password>'
    "<input type=password name=p2><button>Créer un compte</button></form>"
)
RESET = (
    '<form method=post action="/mot-de-passe-oublie"><input type=email name=email><button>Réinitialiser</button></form>'
)
CHANGE = (
    "<form method=post><input type=password name=old><input type=password name=n1><input type=password name=n2></form>"
)


@pytest.mark.parametrize(
    ("markup", "username", "password"),
    [
        ("<form method=post><input name=user><input type=password name=pass></form>", "user", "pass"),
        ("<form method=post><input name=fld_17><input type=password name=fld_18></form>", "fld_17", "fld_18"),
        (
            "<form method=post><input name=x autocomplete=username><input name=y><input type=password name=z></form>",
            "x",
            "z",
        ),
        ("<form method=post><input type=email name=courriel><input type=password name=mdp></form>", "courriel", "mdp"),
        (
            "<form method=post><table><tr><td><input name=u><td><input type=password name=p></table></form>",
            "u",
            "p",
        ),
        ("<form id=f method=post></form><input name=u form=f><input type=password name=p form=f>", "u", "p"),
        (
            "<table><form method=post><tr><td><input name=u><input type=password name=p></td></tr></form></table>",
            "u",
            "p",
        ),
        ("<form method=post><input name=company><input name=login><input type=password name=p></form>", "login", "p"),
        ('<form method=post action="/pin"><input type=password name=pin></form>', None, "pin"),
    ],
)
def test_the_fields_are_recognised_among_other_forms(markup: str, username: str | None, password: str) -> None:
    for page in (markup, SEARCH + NEWS + markup + RESET, REGISTER + markup, markup + REGISTER):
        form = sign_in_form(parse_html(page, URL))
        assert form is not None
        assert (form.username.name if form.username else None) == username
        assert form.password is not None
        assert form.password.name == password


@pytest.mark.parametrize("markup", [SEARCH, NEWS, RESET, SEARCH + NEWS + RESET, "<p>rien</p>", CHANGE])
def test_other_forms_are_not_for_signing_in(markup: str) -> None:
    assert sign_in_form(parse_html(markup, "https://portal.example/")) is None


def test_the_first_of_two_steps() -> None:
    markup = '<form method=post action="/login/identifier"><input name=identifier autocomplete=username></form>'
    form = sign_in_form(parse_html(SEARCH + markup, URL))
    assert form is not None
    assert form.first_step_only


def test_declared_fields_win() -> None:
    markup = "<form method=post><input name=a><input name=user><input type=text name=secret></form>"
    form = sign_in_form(parse_html(markup, URL), "a", "secret")
    assert form is not None
    assert form.username is not None
    assert form.password is not None
    assert (form.username.name, form.password.name) == ("a", "secret")


def test_what_is_sent() -> None:
    markup = (
        '<form method=post action="/go"><input type=hidden name=csrf value=abc><input name=u>'
        "<input type=password name=p>"
        "<input type=checkbox name=cgu required><input type=checkbox name=souvenir><input name=note>"
        "<button name=act value=annuler>Annuler</button><button name=act value=connexion>Se connecter</button></form>"
    )
    form = sign_in_form(parse_html(markup, URL))
    assert form is not None
    request = filled(form.form, {"u": "é &", "p": "p=1"}, URL)
    assert dict(request.headers)["Referer"] == URL
    assert dict(request.headers)["Origin"] == "https://portal.example"
    assert request.url == "https://portal.example/go"
    assert parse_qsl(request.body.decode(), keep_blank_values=True) == [
        ("csrf", "abc"), ("u", "é &"), ("p", "p=1"), ("cgu", "on"), ("note", ""), ("act", "connexion"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ("<select name=d><option value=a>A<option value=b selected>B</select>", [("d", "b")]),
        (
            "<select name=d><option disabled value=''>Choisir<option> Valombre </option><option>Autre</select>",
            [("d", "Valombre")],
        ),
        ("<select name=d></select><select name=e multiple><option>x</select>", []),
        ("<input type=checkbox name=c checked value=oui><input type=checkbox name=d value=non>", [("c", "oui")]),
        ("<input type=radio name=r value=1><input type=radio name=r value=2 checked>", [("r", "2")]),
        ("<input type=radio name=r value=1 required><input type=radio name=r value=2 required>", [("r", "1")]),
        ("<input name=domaine value=CHU><input type=hidden name=h value=1 disabled>", [("domaine", "CHU")]),
        ("<select name=d disabled><option>x</select>", []),
    ],
)
def test_what_the_page_chose_goes_as_it_is(fields: str, sent: list[tuple[str, str]]) -> None:
    form = sign_in_form(
        parse_html(f"<form method=post>{fields}<input name=login><input type=password name=p></form>", URL)
    )
    assert form is not None
    request = filled(form.form, {"login": "alice", "p": "x"}, URL)
    assert parse_qsl(request.body.decode(), keep_blank_values=True) == [*sent, ("login", "alice"), ("p", "x")]


def test_a_list_of_users() -> None:
    markup = "<form method=post><select name=user><option>bob<option>alice</select><input type=password name=p></form>"
    form = sign_in_form(parse_html(markup, URL))
    assert form is not None
    assert form.username is not None
    assert parse_qsl(filled(form.form, {"user": "alice", "p": "x"}, URL).body.decode())[0] == ("user", "alice")


def test_what_people_type_elsewhere_is_not_kept() -> None:
    document = parse_html("<form><input name=nom value=Camille></form><input name=b value=c>", URL)
    assert document.forms[0].fields[0].value == ""
    assert document.loose_fields[0].value == ""


def test_the_other_encodings() -> None:
    multipart = parse_html(
        '<form method=post enctype="multipart/form-data"><input name=u><input type=password name=p></form>', URL
    )
    request = filled(multipart.forms[0], {"u": "a", "p": "b"}, URL)
    assert b'name="p"\r\n\r\nb\r\n' in request.body
    by_get = parse_html('<form action="/s?old=1"><input name=u><input type=password name=p></form>', URL)
    assert filled(by_get.forms[0], {"u": "a", "p": "b"}, URL).url == "https://portal.example/s?u=a&p=b"


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ("<form method=post><input name=x autocomplete=one-time-code></form>", "x"),
        ("<form method=post><input name=otp_code></form>", "otp_code"),
        ('<form method=post><input name=a placeholder="Code de vérification"></form>', "a"),
        (SEARCH, None),
        ("<form method=post><input name=code><input type=password name=p></form>", None),
    ],
)
def test_the_form_of_a_one_time_code(markup: str, name: str | None) -> None:
    form = code_form(parse_html(markup, URL))
    assert (form.code.name if form and form.code else None) == name


def test_a_button_that_goes_back_is_not_the_one_that_sends() -> None:
    """An assistant in steps puts an unnamed button first, for the return key, and a named one that goes back (Django
    two-factor-auth)."""
    markup = (
        "<form method=post><input type=hidden name=step value=token><input name=otp autocomplete=one-time-code>"
        '<input type=submit value="" hidden><button name=goto type=submit value=auth>Précédente</button>'
        "<button type=submit>Suivante</button></form>"
    )
    form = code_form(parse_html(markup, URL))
    assert form is not None
    request = filled(form.form, {"otp": "123456"}, URL)
    assert parse_qsl(request.body.decode()) == [("step", "token"), ("otp", "123456")]


def test_a_named_button_is_known_by_what_it_says() -> None:
    markup = (
        "<form method=post><input name=user><input type=password name=pass><button>Afficher</button>"
        "<button name=act value=7>Se connecter</button></form>"
    )
    form = sign_in_form(parse_html(markup, URL))
    assert form is not None
    request = filled(form.form, {"user": "alice", "pass": "x"}, URL)
    assert ("act", "7") in parse_qsl(request.body.decode())
