"""The first answer of an API, which lists the addresses of the rest."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.discovery.data import addresses_in

HOME = "https://api.example/"
LISTED = {
    "message": "API",
    "endpoints": {"patients": "/api/patients", "one": "/api/patients/{id}", "other": "/api/patients/:id", "n": 3},
    "links": [{"href": "https://api.example/health"}, {"href": "https://elsewhere.example/x"}, "/api/logout"],
}


def test_whole_addresses_are_taken() -> None:
    assert addresses_in(json.dumps(LISTED).encode(), HOME) == (
        "https://api.example/api/patients",
        "https://api.example/health",
        "https://elsewhere.example/x",
        "https://api.example/api/logout",
    )


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_data_gives_addresses_of_the_web(value: object) -> None:
    assert all(url.startswith(("https://", "http://")) for url in addresses_in(json.dumps(value).encode(), HOME))
