"""Which forms act and which fields are tokens, read from pages as applications write them."""

from __future__ import annotations

import pytest

from pgssi_checks.csrf.forms import (
    ActingForm,
    acting_forms,
    counterpart,
    may_hold_a_token,
    token_by_script,
    token_fields,
)
from pgssi_probe.check.harness import exchange, page
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Document

URL = "https://portal.example/profile"
RANDOM = "mZ7qT1x0Yv9KpL4sWc8bNf2hRd6gJ3aE"
OTHER = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xY"


async def read(html: str) -> Document:
    found = await parse_page(exchange(URL, page(html)))
    assert found is not None
    return found.document


@pytest.mark.parametrize(
    ("form", "acts"),
    [
        ('<form method="post" action="/profile"><input name="phone"></form>', True),
        ('<form action="/profile"><input name="phone"></form>', False),
        ('<form method="post" action="/search"><input name="q"></form>', False),
        ('<form method="post" action="/recherche/avancee"><input name="q"></form>', False),
        ('<form method="post" action="/logout"><button>Bye</button></form>', False),
        ('<form method="post" action="/x"><input type="submit" name="b" value="Se déconnecter"></form>', False),
        ('<form method="post" action="/pw"><input type="password" name="old"><input name="x"></form>', False),
        (
            '<form method="post" action="/pw"><input type="password" name="n" autocomplete="new-password"></form>',
            True,
        ),
        ('<form method="post" action="javascript:go()"><input name="x"></form>', False),
        ('<form method="post" action="/wp-admin/admin-ajax.php"><input name="place"></form>', False),
        ('<form method="post" action="/research/new"><input name="title"></form>', True),
    ],
)
async def test_a_form_that_acts(form: str, acts: bool) -> None:
    assert bool(acting_forms(URL, await read(form))) is acts


@pytest.mark.parametrize(
    ("hidden", "named"),
    [
        (f'<input type="hidden" name="csrfmiddlewaretoken" value="{RANDOM}">', {"csrfmiddlewaretoken"}),
        ('<input type="hidden" name="_wpnonce" value="0a1b2c3d4e">', {"_wpnonce"}),
        (f'<input type="hidden" name="authenticity_token" value="{RANDOM}">', {"authenticity_token"}),
        (f'<input type="hidden" name="_token" value="{RANDOM}">', {"_token"}),
        ('<input type="hidden" name="sectok" value="">', set()),
        ('<input type="hidden" name="csrf_enabled" value="1">', set()),
        (f'<input type="hidden" name="record" value="{RANDOM}">', set()),
        (f'<input type="text" name="csrf" value="{RANDOM}">', set()),
    ],
)
async def test_a_token_by_its_name(hidden: str, named: set[str]) -> None:
    document = await read(f'<form method="post" action="/a">{hidden}<input name="x"></form>')
    assert token_fields(document.forms[0]) == named


async def test_a_token_in_the_address_of_the_form() -> None:
    document = await read(f'<form method="post" action="/a?_csrf={RANDOM}"><input name="x"></form>')
    assert token_fields(document.forms[0]) == {"_csrf"}


@pytest.mark.parametrize(("theirs", "found"), [(OTHER, {"guard"}), (RANDOM, set())])
async def test_a_random_value_is_a_token_when_it_is_another_in_another_session(theirs: str, found: set[str]) -> None:
    async def forms(value: str) -> tuple[ActingForm, ...]:
        hidden = f'<input type="hidden" name="guard" value="{value}">'
        return acting_forms(URL, await read(f'<form method="post" action="/a">{hidden}<input name="x"></form>'))

    mine, other = await forms(RANDOM), await forms(theirs)
    assert may_hold_a_token(mine[0].form)
    assert token_fields(mine[0].form, counterpart(mine[0], other)) == found


@pytest.mark.parametrize(
    ("head", "by_script"),
    [
        (f'<meta name="csrf-token" content="{RANDOM}">', True),
        ('<meta name="description" content="portal">', False),
        ('<script>axios.defaults.headers["X-CSRF-Token"] = token()</script>', True),
        ("<script>var x = 1</script>", False),
    ],
)
async def test_a_token_that_scripts_send(head: str, by_script: bool) -> None:
    assert token_by_script(await read(f"<head>{head}</head><p>x")) is by_script
