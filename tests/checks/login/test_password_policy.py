"""`login.password-policy`: what pages say, in both languages, and what it is worth by the CNIL's measure."""

import pytest

from pgssi_checks.login.password_policy import found_in
from pgssi_checks.login.password_rules import Rules, blocks_paste
from pgssi_probe.check.harness import exchange, page, run_check, slugs
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.discovery.site import Page
from pgssi_probe.model.outcome import Reason, Status

URL = "https://portal.example/inscription"


def rules(html: str, url: str = URL) -> Rules | None:
    response = page(html)
    found = found_in([Page(exchange(url, response), parse_html(response.text, url))])
    return found[0].rules if found else None


FIELD = "<form method=post action=/creer><input name=login><input type=password name=pw {0}></form>"


@pytest.mark.parametrize(
    ("text", "attributes", "least", "kinds"),
    [
        ("Au moins 12 caractères pour le mot de passe.", "", 12, ""),
        ("Le mot de passe doit comporter 8 caractères minimum.", "", 8, ""),
        ("Password must be at least 8 characters long.", "", 8, ""),
        ("Your password must contain at least 8 characters.", "minlength=10", 10, ""),
        ("", "minlength=6", 6, ""),
        (
            "Le mot de passe doit contenir 12 caractères au moins, majuscule, minuscule, chiffre et symbole.",
            "",
            12,
            "digit lower special upper",
        ),
        ("Password: at least 9 characters, must include an uppercase letter and a digit.", "", 9, "digit upper"),
        ("Vous pouvez utiliser des majuscules dans le mot de passe.", "minlength=9", 9, ""),
        ("", r'minlength=8 pattern="(?=.*[a-z])(?=.*[A-Z])(?=.*\d).+"', 8, "digit lower upper"),
        ("Choisissez bien.", "", None, ""),
    ],
)
def test_rules_are_read(text: str, attributes: str, least: int | None, kinds: str) -> None:
    read = rules(f"<title>Inscription</title><p>{text}</p>" + FIELD.format(attributes))
    assert read is not None
    assert (read.least, " ".join(sorted(read.kinds))) == (least, kinds)


def test_entropy_is_that_of_the_cnil() -> None:
    every = frozenset({"upper", "lower", "digit", "special"})
    assert round(Rules(12, None, every).bits or 0) == 80
    assert round(Rules(14, None, every - {"special"}).bits or 0) >= 80
    assert round(Rules(8, None, every - {"lower"}).bits or 0) >= 50
    assert round(Rules(16, None, frozenset(), only_digits=True).bits or 0) >= 50
    assert Rules(None, 20, every).bits is None


@pytest.mark.parametrize(
    "html",
    [
        "<title>Connexion</title><form method=post action=/login><input name=u><input type=password name=p></form>",
        "<title>Profil</title><form method=post><input type=password name=actuel autocomplete=current-password></form>",
        "<title>Inscription à la lettre</title><form method=post><input name=mail></form>",
    ],
)
def test_a_password_that_is_given_is_not_one_that_is_chosen(html: str) -> None:
    assert rules(html, "https://portal.example/page") is None


def test_pasting() -> None:
    assert blocks_paste("""<input type="password" onpaste="return false">""")
    assert blocks_paste("""<input onpaste='event.preventDefault()' type=password>""")
    assert not blocks_paste("""<input type="text" onpaste="return false"><input type=password>""")
    assert not blocks_paste("""<input type="password" onpaste="log()">""")


async def test_a_public_registration_page_is_judged_without_an_account() -> None:
    html = "<title>Register</title><p>Password must be at least 8 characters long.</p>" + FIELD.format("")
    outcomes = await run_check("login.password-policy", {"https://portal.example/": page(html)})
    (only,) = outcomes
    assert (only.slug, only.strength.value, only.facts["bits"]) == ("too-short", "hint", 38)


async def test_nothing_to_read_concludes_nothing() -> None:
    (only,) = await run_check("login.password-policy", {"https://portal.example/": page("<p>Bonjour</p>")})
    assert only.reason is Reason.NO_SAMPLE


async def test_the_hardened_portal_is_accused_of_nothing(signed) -> None:
    outcomes = await signed("login.password-policy")
    assert {one.status for one in outcomes} == {Status.PASS}
    assert slugs(outcomes) == {"with-restriction"}


@pytest.mark.parametrize("slug", ["too-short", "short-maximum", "paste-blocked"])
async def test_a_weakness_of_the_portal_is_found(slug: str, signed) -> None:
    outcomes = await signed("login.password-policy", f"login.password-policy/{slug}")
    assert {one.slug for one in outcomes if one.failed} == {slug}
