"""The list of the report: folded, without values or names, bounded."""

from __future__ import annotations

from pgssi_probe.discovery.site import Skipped
from pgssi_probe.inventory.model import Endpoint, Inventory, Source, Visit
from pgssi_probe.inventory.requests import FORM_TYPE, parameters_of
from pgssi_probe.inventory.summary import summary
from pgssi_probe.model.inventory import MAX_LINES, InventorySummary

ORIGIN = "https://portal.example"


def endpoint(path: str, *seen: str, method: str = "GET", body: bytes = b"", held: Skipped | None = None) -> Endpoint:
    kind = FORM_TYPE if body else ""
    parameters = parameters_of(ORIGIN + path, body, kind)
    return Endpoint(
        method, ORIGIN + path, Source.LINK, frozenset(seen), parameters, body, kind, held=held, reads=method == "GET"
    )


def listed(*endpoints: Endpoint, names: tuple[str, ...] = ()) -> InventorySummary:
    return summary(Inventory({"": Visit("", None), "a": Visit("a", None, why="refused")}, endpoints), names)


def test_one_line_a_template_with_who_was_shown_it() -> None:
    told = listed(
        endpoint("/files/17", "a"),
        endpoint("/files/18", "b"),
        endpoint("/files/18?mode=full", "b"),
        endpoint("/", "", "a", "b"),
        endpoint("/files/17/delete", "a", held=Skipped.DANGEROUS),
        endpoint("/save", "a", method="POST", body=b"name=Jeanne&csrf=abcdef"),
        endpoint("/app.js", ""),
    )
    lines = {(one.method, one.template): one for one in told.requests}
    assert set(lines) == {("GET", "/files/{id}"), ("GET", "/"), ("GET", "/files/{id}/delete"), ("POST", "/save")}
    files = lines["GET", "/files/{id}"]
    assert (files.count, files.seen_by, files.parameters, files.held) == (3, ("a", "b"), ("query:mode",), None)
    assert lines["GET", "/"].seen_by == ("a", "b", "nobody")
    assert lines["GET", "/files/{id}/delete"].held == "dangerous"
    assert lines["POST", "/save"].held == "writes"
    assert lines["POST", "/save"].parameters == ("form:name", "form:csrf")
    assert [one.label for one in told.visits] == ["nobody", "a"]
    assert told.visits[1].why == "refused"


def test_no_value_and_no_name_is_kept() -> None:
    told = listed(
        endpoint("/patients/jeanne-martin/notes", "a"),
        endpoint("/patients/paul-durand/notes", "a"),
        endpoint("/people/alice", "a"),
        endpoint("/mail/paul.durand%40exemple.fr", "a"),
        endpoint("/search?q=Jeanne+Martin&nir=190057512345678", "a"),
        endpoint("/feed?key=4f2a9b8c7d6e5f4a", "a"),
        names=("alice@exemple.fr",),
    )
    written = told.model_dump_json().lower()
    for secret in ("jeanne", "martin", "paul", "durand", "alice", "1900575", "4f2a9b8c"):
        assert secret not in written
    assert {one.template for one in told.requests} == {
        "/patients/{id}/notes",
        "/people/{id}",
        "/mail/{id}",
        "/search",
        "/feed",
    }


def test_pages_that_everybody_sees_keep_their_words() -> None:
    told = listed(endpoint("/aide/mot-de-passe", "", "a"), endpoint("/aide/premiers-pas", "", "a"))
    assert {one.template for one in told.requests} == {"/aide/mot-de-passe", "/aide/premiers-pas"}


def test_it_is_bounded() -> None:
    told = listed(*(endpoint(f"/p{'x' * (n % 200)}{chr(97 + n // 200)}/y", "a") for n in range(MAX_LINES + 50)))
    assert len(told.requests) == MAX_LINES
    assert told.hidden == 50


def test_folders_of_roles_and_files_of_the_application_keep_their_names() -> None:
    told = listed(
        endpoint("/admin/patient.php", "high"),
        endpoint("/admin/schedule.php", "high"),
        endpoint("/doctor/index.php", "low"),
        names=("admin@clinic.test", "doctor"),
    )
    assert {one.template for one in told.requests} == {"/admin/patient.php", "/admin/schedule.php", "/doctor/index.php"}
