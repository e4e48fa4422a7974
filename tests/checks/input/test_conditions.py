"""Paired conditions: obeyed by a page that asks a database, never by one that only searches words."""

from __future__ import annotations

import sqlite3

import pytest

from pgssi_checks.input.conditions import STYLES, Round, Style, lines, obeyed, styles
from pgssi_probe.check.harness import page

QUERIES = {
    "number": "SELECT name FROM t WHERE id = {}",
    "number-in-brackets": "SELECT name FROM t WHERE (id = {})",
    "text": "SELECT name FROM t WHERE kind = '{}' ORDER BY name",
    "pattern": "SELECT name FROM t WHERE kind LIKE '%{}%'",
    "text-in-brackets": "SELECT name FROM t WHERE (kind = '{}')",
}


@pytest.fixture(scope="module")
def database() -> sqlite3.Connection:
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE t (id INTEGER, kind TEXT, name TEXT)")
    made.executemany("INSERT INTO t VALUES (?, ?, ?)", [(5, "a1", "Premier"), (6, "b", "Deuxième")])
    return made


def rows(database: sqlite3.Connection, query: str, value: str) -> frozenset[str]:
    try:
        return frozenset(name for (name,) in database.execute(query.format(value))) | {"Accueil"}
    except sqlite3.Error:
        return frozenset({"Accueil"})


@pytest.mark.parametrize("name", QUERIES)
def test_a_database_obeys(name: str, database: sqlite3.Connection) -> None:
    style = next(one for one in STYLES if one.name == name)
    value = "5" if style.numbers_only else "a1"
    query = QUERIES[name]
    rounds = [
        Round(
            rows(database, query, value),
            rows(database, query, style.true(value, n)),
            rows(database, query, style.false(value, n)),
        )
        for n in (1234, 4321, 7777)
    ]
    assert obeyed(rounds, rows(database, query, style.senseless(value, 1234))) == {"Premier"}


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_search_of_words_does_not(style: Style) -> None:
    """It finds what holds any of the words, whatever stands between them."""
    records = {"scanner 1234": {"scanner", "1234"}, "radio": {"radio"}, "1235 lits": {"1235"}}

    def found(text: str) -> frozenset[str]:
        words = set("".join(one if one.isalnum() else " " for one in text.lower()).split())
        return frozenset(name for name, held in records.items() if words & held)

    rounds = [
        Round(found("scanner"), found(style.true("scanner", n)), found(style.false("scanner", n)))
        for n in (1234, 1235, 9)
    ]
    assert obeyed(rounds, found(style.senseless("scanner", 1234))) == frozenset()


def test_what_comes_and_goes_by_itself_obeys_nobody() -> None:
    shown, hidden = frozenset({"Accueil", "3 résultats"}), frozenset({"Accueil", "0 résultat"})
    assert not obeyed([Round(shown, shown, hidden), Round(hidden, shown, hidden)], hidden)
    assert not obeyed([Round(shown, shown, hidden), Round(shown, hidden, hidden)], hidden)
    assert not obeyed([Round(shown, shown, hidden)] * 3, shown), "what has no meaning shows it too"
    assert obeyed([Round(shown, shown, hidden)] * 3, hidden) == {"3 résultats"}


def test_an_echo_makes_no_difference() -> None:
    sent = "radio' AND '7'='8"
    echo = "<h1>Radio</h1><p>Vous cherchez : radio&#x27; AND &#x27;7&#x27;=&#x27;8</p>"
    assert lines(page(echo), sent, "radio") == {"Radio", "Vous cherchez : radio"}
    told = page('{"mot": "radio\' AND \'7\'=\'8", "n": [3]}', content_type="application/json")
    assert lines(told, sent, "radio") == {".mot radio", ".n[] 3"}


def test_nothing_waits_writes_or_widens() -> None:
    for style in STYLES:
        for value in (style.true("5", 7), style.false("5", 7), style.senseless("5", 7)):
            said = value.upper()
            assert not any(word in said for word in (" OR ", ";", "SLEEP", "WAIT", "--", "/*", "UNION", "DROP"))


def test_numbers_only_where_the_value_is_one() -> None:
    assert {style.name for style in styles("12")} > {style.name for style in styles("a")}
