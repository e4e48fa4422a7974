"""When to stop guessing, and what scripts name."""

from __future__ import annotations

from pgssi_probe.identity.guessing import BrokenPlaces, api_addresses

ROOT = "https://shop.example/"


def test_nothing_more_is_guessed_where_what_is_not_there_is_an_error_of_the_server() -> None:
    broken = BrokenPlaces()
    for url, status in (("api/me", 500), ("api/user", 401), ("rest/me", 404), ("profile", 500), ("login", 500)):
        broken.add(ROOT + url, status)
    assert not broken.holds(ROOT + "api/account")
    broken.add(ROOT + "api/v1/me", 503)
    assert broken.holds(ROOT + "api/account")
    assert not broken.holds(ROOT + "rest/account")
    broken.add(ROOT + "rest/x", None)
    assert not broken.holds(ROOT + "rest/account")


def test_addresses_of_an_api_that_scripts_name() -> None:
    script = """
      f(){return this.http.get(`${this.hostServer}/rest/wallet/balance`)} g='/rest/user/whoami'; h="/api/Users";
      a="/rest/user/login"; b="/rest/user/reset-password"; c="/api/logout"; d="/rest/basket/checkout"; e="/about";
      i="/api/picture.png"; j="/api/Users"
    """
    found = api_addresses([script], ROOT, 10)
    assert [one.removeprefix(ROOT) for one in found] == ["rest/user/whoami", "api/Users", "rest/wallet/balance"]
    assert len(api_addresses([script], ROOT, 1)) == 1
