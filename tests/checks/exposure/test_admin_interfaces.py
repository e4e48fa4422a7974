"""`exposure.admin-interfaces`: interfaces by their content, open or asking for a sign-in; the rest left alone."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from pgssi_checks.exposure.admin_pages import interfaces, is_declared, is_own, recognise
from pgssi_probe.check import Failure, Request, Response
from pgssi_probe.check.harness import NOT_FOUND_BODY, exchange, page, run_check, slugs
from pgssi_probe.model.outcome import Strength
from pgssi_probe.registry import check

CHECK = "exposure.admin-interfaces"
ORIGIN = "https://portail.example"
JSON = "application/json"


def json(body: str) -> Response:
    return page(body, content_type=JSON)


def text(body: str) -> Response:
    return page(body, content_type="text/plain")


def asking(realm: str) -> Response:
    return page("", status=401, headers=(("WWW-Authenticate", f'Basic realm="{realm}"'),))


REACHED: dict[str, tuple[str, str, Response]] = {
    "phpMyAdmin": (
        "/phpmyadmin/",
        "sign-in-page",
        page('<title>phpMyAdmin</title><input name="pma_username"><input type="password" name="pma_password">'),
    ),
    "phpMyAdmin, open": (
        "/pma/",
        "open",
        page('<title>localhost / db | phpMyAdmin 5.2</title><div id="pma_navigation"></div>'),
    ),
    "Adminer": (
        "/adminer.php",
        "sign-in-page",
        page("<title>Connexion - Adminer</title><input name='auth[username]'><input type='password'>"),
    ),
    "H2 Console": ("/h2-console/", "sign-in-page", page("<title>H2 Console</title>location.href = 'login.jsp?x'")),
    "Elasticsearch / OpenSearch": (
        "/_cluster/health",
        "open",
        json('{"cluster_name":"x","status":"green","number_of_nodes":3}'),
    ),
    "Solr": ("/solr/admin/info/system", "open", json('{"responseHeader":{},"lucene":{"solr-spec-version":"9.1"}}')),
    "debug": (
        "/debug",
        "open-status",
        json('{"os":{"system":"Linux"},"env_vars":{"LANG":"C.UTF-8","PATH":"/usr/bin:/bin","HOME":"/srv/app"}}'),
    ),
    "Apache server-status": (
        "/server-status",
        "open-status",
        page("<title>Apache Status</title><h1>Apache Server Status for x</h1><dt>Server uptime: 1 day</dt>"),
    ),
    "nginx stub_status": (
        "/nginx_status",
        "open-status",
        text("Active connections: 2 \nserver accepts handled requests\n 1 1 1 \nReading: 0 Writing: 1 Waiting: 1 \n"),
    ),
    "PHP-FPM status": (
        "/fpm-status",
        "open-status",
        text("pool:                 www\nprocess manager:      dynamic\naccepted conn:        12\n"),
    ),
    "HAProxy statistics": ("/haproxy?stats", "sign-in-page", asking("HAProxy Statistics")),
    "Tomcat Manager": ("/manager/html", "sign-in-page", asking("Tomcat Manager Application")),
    "Tomcat Manager, open": (
        "/manager/html",
        "open",
        page("<title>/manager</title><font>Tomcat Web Application Manager</font>"),
    ),
    "Spring Boot Actuator": (
        "/actuator",
        "open",
        json('{"_links":{"self":{"href":"x"},"env":{"href":"https://portail.example/actuator/env"}}}'),
    ),
    "Jolokia": (
        "/jolokia/",
        "open",
        json('{"request":{"type":"version"},"value":{"agent":"1.7.2","protocol":"7.2"},"status":200}'),
    ),
    "ELMAH": ("/elmah.axd", "open-status", page('<h1>Error Log for ROOT</h1><table id="ErrorLog"></table>ELMAH')),
    "ASP.NET trace": ("/trace.axd", "open-status", page("<h1>Application Trace</h1><h2>Requests to this Application")),
    "Hangfire": ("/hangfire", "open", page('<title>Overview – Hangfire Dashboard</title><i data-metric="x">')),
    "Django admin": (
        "/admin/login/",
        "sign-in-page",
        page(
            '<link href="/static/admin/css/login.css"><form id="login-form"><input name="csrfmiddlewaretoken">'
            '<input name="username"><input type="password" name="password">'
        ),
    ),
    "Jupyter": ("/lab", "open", page('<title>JupyterLab</title><script id="jupyter-config-data">{}</script>')),
    "Grafana": (
        "/grafana/login",
        "sign-in-page",
        page('<title>Grafana</title><script>window.grafanaBootData = {"user":{"isSignedIn":false}}</script>'),
    ),
    "Grafana, open": (
        "/grafana/",
        "open",
        page('<title>Grafana</title><script>window.grafanaBootData = {"user":{"orgRole":"Viewer"}}</script>'),
    ),
    "Prometheus": (
        "/graph",
        "open-status",
        page('<title>Prometheus Time Series Collection and Processing Server</title><div id="root">'),
    ),
    "Jenkins": ("/jenkins/login", "sign-in-page", page('<title>Sign in [Jenkins]</title><input name="j_username">')),
    "Docker registry": ("/v2/_catalog", "open", json('{"repositories":["portail"]}')),
    "Docker API": ("/containers/json", "open", json('[{"Id":"x","ImageID":"sha256:1","HostConfig":{}}]')),
    "Kubernetes API": ("/api/v1/namespaces", "open", json('{"kind":"NamespaceList","items":[]}')),
    "etcd": ("/v2/keys", "open", json('{"action":"get","node":{"dir":true}}')),
    "Consul": ("/v1/agent/self", "open", json('{"Config":{"Datacenter":"dc1","NodeName":"x"}}')),
    "RabbitMQ": ("/rabbitmq/", "sign-in-page", page("<title>RabbitMQ Management</title>")),
    "MinIO console": ("/minio/login", "sign-in-page", page("<title>MinIO Console</title>")),
    "Keycloak administration": (
        "/admin/master/console/",
        "sign-in-page",
        page("<title>Keycloak Administration Console</title>"),
    ),
    "WordPress": (
        "/wp-login.php",
        "sign-in-page",
        page('<form id="loginform"><input name="log"><input type="password" name="pwd"><input id="wp-submit">'),
    ),
    "Go pprof": ("/debug/pprof/", "open-status", page("<title>/debug/pprof/</title><a href='goroutine?debug=1'>")),
    "Orthanc (DICOM)": ("/system", "open", json('{"DicomAet":"ORTHANC","DicomPort":4242}')),
    "Mirth Connect": (
        "/webadmin/Index.action",
        "sign-in-page",
        page('<title>Mirth Connect Administrator</title><input type="password">'),
    ),
    "Werkzeug console": ("/console", "open", page("<h1>Interactive Console</h1><script>EVALEX = true")),
    "Rails info": (
        "/rails/info/properties",
        "open-status",
        page("<td>Rails version</td><td>Ruby version</td><td>Application root</td>"),
    ),
}


def serving(answers: Mapping[str, Response], *, absent: Response | None = None) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        parts = urlsplit(request.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if path == "/":
            return page("<h1>Accueil</h1>")
        return answers.get(path) or absent or page(NOT_FOUND_BODY, status=404)

    return answer


@pytest.mark.parametrize("name", REACHED)
async def test_an_interface_in_reach_is_told(name: str) -> None:
    path, slug, response = REACHED[name]
    (outcome,) = await run_check(CHECK, serving({path: response}), url=ORIGIN + "/")
    assert (outcome.slug, outcome.facts["interface"], outcome.subject.name) == (slug, name.split(",")[0], ORIGIN + path)


async def test_a_page_that_asks_for_a_password_is_not_open() -> None:
    hawtio = page('<title>Hawtio</title><div id="hawtio"></div><input name="u"><input type="password">')
    assert slugs(await run_check(CHECK, serving({"/hawtio/": hawtio}), url=ORIGIN + "/")) == {"sign-in-page"}


async def test_no_interface_passes() -> None:
    (outcome,) = await run_check(CHECK, serving({}), url=ORIGIN + "/")
    assert outcome.slug == "none"
    assert outcome.facts["count"] == len(interfaces())
    assert len(interfaces()) >= 60


@pytest.mark.parametrize("status", [301, 403, 404, 500])
def test_a_refusal_is_not_presence(status: int) -> None:
    for path, _, response in REACHED.values():
        refused = Response(status, "", "HTTP/1.1", response.headers, response.body, len(response.body))
        for interface in interfaces():
            assert recognise(interface, exchange(ORIGIN + path, refused)) is None


LOOK_ALIKES = {
    "/phpmyadmin/": page("<title>phpMyAdmin : notre avis</title><p>Un outil pour bases de données.</p>"),
    "/server-status": page("<title>État du service</title><p>Tout va bien. Server uptime 99,9 %</p>"),
    "/actuator": json('{"_links":{"self":{"href":"x"},"health":{"href":"x"}}}'),
    "/admin/login/": page('<form><input name="username"><input type="password"></form>'),
    "/dashboard/": page("<title>Tableau de bord</title>"),
    "/manager/html": asking("Espace patient"),
    "/console": page("<title>Console de jeux</title>"),
    "/system": json('{"status":"ok"}'),
    "/graph": page("<title>Graphiques</title>"),
    "/tree": page("<title>Home</title>"),
    "/lab": page("<title>Laboratoire</title>"),
    "/users/sign_in": page('<form><input name="user[email]"><input type="password"></form>'),
    "/api/status": json('{"name":"portail","version":"1.2"}'),
}


async def test_pages_of_the_application_at_such_addresses_are_not_accused() -> None:
    assert slugs(await run_check(CHECK, serving(LOOK_ALIKES), url=ORIGIN + "/")) == {"none"}


@pytest.mark.parametrize("name", ["WordPress", "Tomcat Manager", "Elasticsearch / OpenSearch", "Apache server-status"])
async def test_a_site_that_answers_everything_so_is_not_accused(name: str) -> None:
    _, _, response = REACHED[name]
    outcomes = await run_check(CHECK, serving({}, absent=response), url=ORIGIN + "/")
    assert slugs(outcomes) == {"none"}


async def test_a_declared_sign_in_page_passes() -> None:
    path, _, response = REACHED["phpMyAdmin"]
    for inventory in (["/phpmyadmin"], ["phpmyadmin"], [ORIGIN + "/phpmyadmin/"]):
        outcomes = await run_check(
            CHECK, serving({path: response}), url=ORIGIN + "/", declared={"admin.inventory": inventory}
        )
        assert slugs(outcomes) == {"declared"}


async def test_an_open_interface_is_told_even_when_declared() -> None:
    path, _, response = REACHED["phpMyAdmin, open"]
    outcomes = await run_check(
        CHECK, serving({path: response}), url=ORIGIN + "/", declared={"admin.inventory": ["/pma"]}
    )
    assert slugs(outcomes) == {"open"}


@pytest.mark.parametrize(
    "inventory", [None, "phpmyadmin", {"a": 1}, [], ["/"], [""], [3], ["/php"], ["https://other.example/phpmyadmin/"]]
)
def test_what_does_not_declare_it(inventory: object) -> None:
    assert not is_declared(ORIGIN + "/phpmyadmin/", "phpMyAdmin", inventory)  # type: ignore[arg-type]


async def test_the_sign_in_page_of_the_application_itself_is_not_an_operations_access() -> None:
    path, _, response = REACHED["Django admin"]
    outcomes = await run_check(
        CHECK,
        lambda request: response if urlsplit(request.url).path == path else page(NOT_FOUND_BODY, status=404),
        url=ORIGIN + path,
    )
    assert slugs(outcomes) == {"none"}
    assert is_own(ORIGIN + "/a", ORIGIN + "/a/", ORIGIN + "/b")


async def test_a_sign_in_page_is_a_hint_and_open_is_proof() -> None:
    metadata = check(CHECK).metadata
    assert metadata.outcomes["sign-in-page"].strength is Strength.HINT
    assert metadata.outcomes["open"].strength is Strength.PROOF


async def test_nothing_is_tried_but_reading() -> None:
    sent: list[Request] = []

    def answer(request: Request) -> Response:
        sent.append(request)
        return page("<h1>Accueil</h1>") if urlsplit(request.url).path == "/" else asking("Tomcat Manager Application")

    await run_check(CHECK, answer, url=ORIGIN + "/")
    assert {request.method for request in sent} == {"GET"}
    assert not any(name.lower() == "authorization" for request in sent for name, _ in request.headers)


async def test_silence_and_limits_are_no_pass() -> None:
    def deaf(request: Request) -> Response | Failure:
        return page("<h1>Accueil</h1>") if urlsplit(request.url).path == "/" else Failure.RESET

    assert slugs(await run_check(CHECK, deaf, url=ORIGIN + "/")) == {"inconclusive"}
    limited = serving({}, absent=page("", status=429))
    (outcome,) = await run_check(CHECK, limited, url=ORIGIN + "/")
    assert (outcome.slug, outcome.reason) == ("inconclusive", "rate_limited")


def test_the_whole_stays_within_what_is_declared() -> None:
    asked = [path for interface in interfaces() for path in interface.paths]
    assert len(asked) == len(set(asked)) <= check(CHECK).metadata.sends.requests


def test_no_address_acts() -> None:
    """Only addresses that tell: none that stops, empties, dumps or signs in."""
    for interface in interfaces():
        for path in interface.paths:
            for word in ("shutdown", "heapdump", "restart", "delete", "script", "logout", "reload", "threaddump"):
                assert word not in path


@given(st.text(max_size=300), st.sampled_from(["text/html", "text/plain", JSON]), st.sampled_from([200, 401, 503]))
def test_no_answer_breaks_the_recognition(body: str, media_type: str, status: int) -> None:
    answer = page(body, status=status, content_type=media_type, headers=(("WWW-Authenticate", body),))
    for interface in interfaces():
        recognise(interface, exchange(ORIGIN + "/x", answer))


@pytest.mark.parametrize(
    "unit", ["<title>", "<input ", '"_links":', " ", "\n", "{", "Active connections: 1\n", '"env":{']
)
def test_a_hostile_page_of_a_megabyte_is_read(unit: str) -> None:
    body = unit * (1_000_000 // len(unit))
    for media_type in ("text/html", JSON):
        answer = exchange(ORIGIN + "/x", page(body, content_type=media_type))
        for interface in interfaces():
            recognise(interface, answer)


PHPMYADMIN = page('<title>localhost / db | phpMyAdmin 5.2</title><div id="pma_navigation"></div>')


@pytest.mark.parametrize("declared", [None, {"admin.inventory": ["/outils/base/"]}])
async def test_an_interface_elsewhere_is_found_where_a_page_or_the_inventory_leads_to_it(
    declared: dict[str, JsonValue] | None,
) -> None:
    path = "/outils/base/" if declared else "/outils/phpmyadmin/"
    link = "" if declared else f"<a href={path}>Base</a>"
    site = {f"{ORIGIN}/": page(f"<h1>Accueil</h1>{link}"), f"{ORIGIN}{path}": PHPMYADMIN}
    outcomes = await run_check(CHECK, site, url=f"{ORIGIN}/", declared=declared)
    assert slugs(outcomes) == {"open"}
    assert outcomes[0].subject.name == f"{ORIGIN}{path}"


async def test_an_inventory_outside_of_the_mandate_is_not_asked_for() -> None:
    declared: dict[str, JsonValue] = {"admin.inventory": ["https://ailleurs.example/grafana", "Grafana", 3]}
    outcomes = await run_check(CHECK, {f"{ORIGIN}/": page("<h1>Accueil</h1>")}, url=f"{ORIGIN}/", declared=declared)
    assert slugs(outcomes) == {"none"}


async def test_what_an_account_meets_is_asked_for_without_it(signed_in: Any) -> None:
    def tools(*, guarded: bool) -> Any:
        def wrap(script: Any, _clock: Any) -> Any:
            def answer(request: Request) -> Response | Failure:
                got = script(request)
                if request.parts.path == "/interne/phpmyadmin/":
                    known = any(name.lower() == "cookie" for name, _ in request.headers)
                    return PHPMYADMIN if known or not guarded else page("", status=403)
                if request.parts.path == "/mon-espace" and isinstance(got, Response) and got.status == 200:
                    body = got.body.replace(b"</body>", b"<a href=/interne/phpmyadmin/>Base</a></body>")
                    return replace(got, body=body, wire_bytes=len(body))
                return got

            return answer

        return wrap

    assert slugs(await signed_in(CHECK, answers=tools(guarded=True))) == {"none"}
    (outcome,) = await signed_in(CHECK, answers=tools(guarded=False))
    assert outcome.slug == "open"
    assert outcome.subject.name.endswith("/interne/phpmyadmin/")
