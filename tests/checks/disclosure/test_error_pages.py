"""Database messages, development pages, server paths: what is told, and what only looks like it."""

from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.disclosure.error_pages import disclosures_in, provoked, server_paths, sql_error
from pgssi_checks.disclosure.reading import readable
from pgssi_probe.check import Exchange, Request
from pgssi_probe.check.harness import exchange, page

SQL = {
    "You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server version for the "
    "right syntax to use near ''' at line 1": "MySQL / MariaDB",
    "SQLSTATE[42S22]: Column not found: 1054 Unknown column 'jourx' in 'where clause'": "MySQL / MariaDB",
    'Warning: pg_query(): Query failed: ERROR:  syntax error at or near "\'" LINE 1: SELECT': "PostgreSQL",
    'ERROR:  invalid input syntax for type integer: "x12"\nLINE 1: ...ients WHERE id = $1\n': "PostgreSQL",
    "psycopg2.errors.InvalidTextRepresentation: invalid input syntax for type uuid": "PostgreSQL",
    'PG::UndefinedColumn: ERROR:  column "x" does not exist': "PostgreSQL",
    "org.postgresql.util.PSQLException: ERROR: relation patients does not exist": "PostgreSQL",
    "ORA-00933: SQL command not properly ended": "Oracle",
    "Unclosed quotation mark after the character string ''.": "SQL Server",
    "[Microsoft][ODBC SQL Server Driver][SQL Server]Incorrect syntax near 'x'.": "SQL Server",
    "Msg 102, Level 15, State 1, Line 1 Incorrect syntax near 'x'.": "SQL Server",
    'sqlite3.OperationalError: near "FROM": syntax error': "SQLite",
    'SQLSTATE[HY000]: General error: 1 near "x": syntax error': "SQLite",
    "SQLITE_ERROR: no such column: x": "SQLite",
    "DB2 SQL Error: SQLCODE=-104, SQLSTATE=42601, SQLERRMC=x": "DB2",
}

NOT_SQL = (
    "Check your SQL syntax before you send the query.",
    "Our servers run PostgreSQL and MySQL.",
    "ERROR: syntax error, please call us",
    "The ORA-00942 error is explained in chapter 3.",
    "Unknown column in the table of results",
    "SQLSTATE codes are listed in the standard.",
    "Level 15, State 1",
)


@pytest.mark.parametrize(("message", "technology"), SQL.items())
def test_messages_of_database_engines(message: str, technology: str) -> None:
    for answer in (page(f"<p>{escape(message)}</p>", status=500), page(message, content_type="text/plain")):
        found = sql_error(readable(answer))
        assert found is not None
        assert found.technology == technology


@pytest.mark.parametrize("text", NOT_SQL)
def test_prose_about_databases(text: str) -> None:
    assert sql_error(text) is None


CONSOLES = {
    "Werkzeug / Flask": "<html><head><title>ValueError: x // Werkzeug Debugger</title><script>var CONSOLE_MODE = false,"
    'EVALEX = true, SECRET = "a1";</script></head><div class="debugger">',
    "Django (DEBUG)": '<div id="summary"><h1>ValueError</h1></div><div id="explanation"><p>You’re seeing this error '
    "because you have <code>DEBUG = True</code> in your Django settings file.</p></div>",
    "Django (DEBUG), since 5.0": '<header id="summary"><h1>Page not found</h1></header><footer id="explanation"><p>\n'
    "You’re seeing this error because you have <code>DEBUG = True</code> in\n your Django settings file.</p></footer>",
    "Symfony": '<div class="exception-summary"><h1>Not found</h1></div><svg><title>Symfony</title></svg>',
    "Symfony profiler": '<div id="sfwdt4b3f9a" class="sf-toolbar sf-display-none"></div>',
    "Laravel Ignition": "<script>window.ignite({'x':1});</script><!-- Illuminate\\Routing -->",
    "Whoops": '<title>Whoops! There was an error.</title><div class="Whoops container"><div class="stack-container">',
    "Rails": "<title>Action Controller: Exception caught</title><p><code>Rails.root: /srv/portail</code></p>"
    '<a href="#">Application Trace</a>',
    "ASP.NET": "<h1>Server Error in '/Portail' Application.</h1><b> Exception Details: </b>System.FormatException",
    "ASP.NET Core (DeveloperExceptionPage)": "<h1>An unhandled exception occurred while processing the request.</h1>"
    '<div id="stackpage" class="page">',
    "CodeIgniter": "<h4>A PHP Error was encountered</h4><p>Filename: controllers/rdv.php</p><p>Line Number: 12</p>",
}


@pytest.mark.parametrize("technology", CONSOLES)
def test_development_pages(technology: str) -> None:
    found = disclosures_in(page(CONSOLES[technology], status=500))
    assert ("debug-console", technology.split(",")[0]) in {(trace.slug, trace.technology) for trace in found}


def test_a_page_of_the_server_about_itself_is_told_as_such() -> None:
    markup = '<title>PHP 8.2.7 - phpinfo()</title><tr><td class="e">System </td><td class="v">Linux </td></tr>'
    found = disclosures_in(page(markup))
    assert [(trace.slug, trace.technology) for trace in found] == [("server-page", "phpinfo()")]


WHITELABEL = (
    "<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are "
    "seeing this as a fallback.</p></body></html>"
)


def test_pages_that_only_name_a_framework_are_minor() -> None:
    (found,) = disclosures_in(page(WHITELABEL, status=404))
    assert (found.slug, found.technology) == ("framework-page", "Spring Boot (Whitelabel)")


@pytest.mark.parametrize(
    "markup",
    [
        "<p>Our debugger is called Werkzeug Debugger.</p>",
        "<p>Set <code>DEBUG = True</code> in your settings.</p>",
        "<h1>Server Error</h1><p>Symfony</p>",
        "<title>phpinfo() explained</title>",
        "<h1>Whitelabel products</h1>",
        '<html lang="fr"><h1>Page introuvable</h1></html>',
    ],
)
def test_pages_that_speak_of_tools(markup: str) -> None:
    assert disclosures_in(page(markup, status=404)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cannot open /var/www/portail/config/db.php", ["/var/www/portail/config/db.php"]),
        ("File not found: C:\\inetpub\\wwwroot\\portail\\web.config.", ["C:\\inetpub\\wwwroot\\portail\\web.config"]),
        ("see /home/deploy/app", ["/home/deploy/app"]),
        ("in /app/src/routes/rdv.py", ["/app/src/routes/rdv.py"]),
        ("The page /app/accueil does not exist", []),
        ("https://example.org/home/user/x", []),
        ("/portail/var/www/x", []),
        ("/data/patients", []),
        ("A:\\ or B:\\", []),
    ],
)
def test_server_paths(text: str, expected: list[str]) -> None:
    assert server_paths(text) == expected


def sent(url: str, body: str, *, origin_form: str | None = None) -> Exchange:
    made = exchange(url, page(body, status=404))
    return Exchange(
        made.id, Request("GET", url, origin_form=origin_form), (), made.started, made.elapsed, made.response
    )  # fmt: skip


def test_a_path_that_was_asked_for_is_no_disclosure() -> None:
    body = "<p>Not found: /etc/pgssi/x</p>"
    assert provoked(sent("https://portal.example/etc/pgssi/x", body), []) == []
    assert provoked(sent("https://portal.example/", body, origin_form="/%65tc/pgssi/x"), []) == []
    assert [trace.slug for trace in provoked(sent("https://portal.example/", body), [])] == ["file-path"]


def test_what_an_ordinary_page_shows_already_was_not_provoked() -> None:
    trace = 'File "/srv/a.py", line 1, in f\n  x\nFile "/srv/b.py", line 2, in g\n'
    before = disclosures_in(page(f"<pre>{escape(trace)}</pre>"))
    answer = exchange("https://portal.example/nowhere", page(f"<pre>{escape(trace)}</pre>", status=404))
    assert [found.slug for found in provoked(answer, [])] == ["stack-trace-python"]
    assert provoked(answer, before) == []


@given(st.text(max_size=500))
def test_no_text_breaks_the_reading(text: str) -> None:
    disclosures_in(page(text))
    disclosures_in(page(text, content_type="application/json"))


@pytest.mark.parametrize(
    "unit",
    ["SQLSTATE[42000]", 'ERROR:  syntax error at or near "', "/var/www/", "C:\\a\\", "<title>", 'class="', "/home/a/b",
     "[Microsoft][ODBC SQL Server Driver", "Server Error in '", "ORA-00001: ", "Unknown column '", "Msg 1, Level 1, "],
)  # fmt: skip
def test_a_hostile_page_of_a_megabyte_is_read(unit: str) -> None:
    disclosures_in(page((unit * (1_000_000 // len(unit) + 1))[:1_000_000], status=500))
