"""Records that name an account are its own, in a list that everybody is shown too; and nobody else's are asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from pgssi_probe.inventory import openapi
from pgssi_probe.inventory.values import Pool
from pgssi_probe.net.exchange import Request, Response

ROOT = "https://api.example"


def pool(name: str, answers: dict[str, Any], me: tuple[str, ...] = ()) -> Pool:
    made = Pool(names=frozenset({name}), me=set(me))
    for path, data in answers.items():
        made.add_json(json.dumps(data).encode(), ROOT + path)
    return made


def asked(path: str, known: Pool) -> list[str]:
    described = {"openapi": "3.0.0", "paths": {path: {"get": {"responses": {}}}}}
    found = [one for each in openapi.operations(described, ROOT) for one in openapi.filled(each, known)]
    return [one.url.removeprefix(ROOT) for one in found if one.complete]


BOOKS = {"Books": [{"book_title": "Mon carnet", "user": "alice"}, {"book_title": "Autre carnet", "user": "bob"}]}
ORDERS = {"data": [{"id": 41, "user_id": 7}, {"id": 42, "user_id": 8}]}


def test_words_of_the_records_that_name_the_account() -> None:
    alice, bob = pool("alice", {"/books": BOOKS}), pool("bob", {"/books": BOOKS})
    assert asked("/books/{book_title}", alice.without([bob])) == ["/books/Mon%20carnet"]
    assert asked("/books/{book_title}", bob.without([alice])) == ["/books/Autre%20carnet"]
    assert asked("/books/{book_title}", pool("carol", {"/books": BOOKS})) == []


def test_records_that_bear_the_identifier_of_the_account() -> None:
    alice = pool("alice", {"/orders": ORDERS}, me=("7",))
    bob = pool("bob", {"/orders": ORDERS}, me=("8",))
    assert asked("/orders/{id}", alice.without([bob])) == ["/orders/41"]
    assert asked("/orders/{id}", bob.without([alice])) == ["/orders/42"]
    nobodys = pool("carol", {"/orders": ORDERS}, me=("9",))
    assert asked("/orders/{id}", nobodys.without([alice, bob])) == [], "what all are shown is nobody's own"


def test_an_account_learns_its_identifier_where_it_is_told_of_itself() -> None:
    about = pool("alice@exemple.fr", {"/users/me": {"id": 7, "email": "Alice@exemple.fr"}})
    assert about.me == {"7"}
    assert asked("/users/{user_id}", about) == ["/users/7"]
    elsewhere = pool("alice@exemple.fr", {"/messages": [{"id": 7, "email": "alice@exemple.fr"}]})
    assert not elsewhere.me, "the number of a message that bears an address"


def test_a_record_that_names_two_accounts_is_no_ones_own() -> None:
    shared = {"/files": [{"file_name": "Compte-rendu", "owner": "alice", "reader": {"username": "bob"}}]}
    alice, bob = pool("alice", shared), pool("bob", shared)
    assert asked("/files/{file_name}", alice.without([bob])) == []


async def test_a_number_met_in_one_address_fills_another_that_is_described(
    office: Callable[..., Any], answer_html: Callable[..., Any], answer_json: Callable[..., Any], inventory_of: Any
) -> None:
    numbers = {"alice": "4711", "bob": "4712"}
    hole = {"parameters": [{"name": "account_number", "in": "path", "required": True}], "responses": {}}
    description = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/moves/{account_number}": {"get": hole}, "/balance/{account_number}": {"get": hole}},
    }

    def inside(name: str, request: Request) -> Response | None:
        path = urlsplit(request.url).path
        if path == "/moves":
            return answer_html(f'<a href="/moves/{numbers.get(name)}">Mes mouvements</a>')
        return answer_json({"sum": 3}) if path.startswith(("/moves/", "/balance/")) else None

    def outside(request: Request) -> Response | None:
        return answer_json(description) if urlsplit(request.url).path == "/openapi.json" else None

    app = office(inside=inside, outside=outside, space='<a href="/moves">Mouvements</a>')
    found = await inventory_of(app, "a", "b")
    sent = {(one.account, urlsplit(one.url).path) for one in app.sent if "/balance/" in one.url}
    assert sent == {("a", "/balance/4711"), ("b", "/balance/4712")}
    assert any(one.url.endswith("/balance/4711") and one.shown_to == {"a"} for one in found.endpoints)
