"""Stack traces of seven technologies, as servers write them, and pages that only speak about them."""

import json
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.disclosure.reading import readable, visible_text
from pgssi_checks.disclosure.traces import MAX_EXCERPT, traces_in
from pgssi_probe.check.harness import page

PYTHON = """Traceback (most recent call last):
  File "/srv/portail/venv/lib/python3.11/site-packages/flask/app.py", line 1473, in wsgi_app
    response = self.full_dispatch_request()
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/portail/portail/vues.py", line 42, in rendez_vous
    jour = date.fromisoformat(request.args["jour"])
ValueError: Invalid isoformat string: '2026-02-31'
"""
PYTHON_ONE_FRAME = """Traceback (most recent call last):
  File "/srv/portail/app.py", line 12, in <module>
    main()
KeyError: 'patient'
"""
JAVA = """java.lang.NullPointerException: Cannot invoke "fr.chu.Patient.getNom()" because "patient" is null
\tat fr.chu.portail.web.DossierController.afficher(DossierController.java:87)
\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)
\tat org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:255)
\tat org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java:149)
Caused by: java.sql.SQLException: closed
\t... 12 more
"""
JAVA_NATIVE = """javax.servlet.ServletException: erreur
\tat sun.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
\tat fr.chu.App.<init>(App.java:7)
"""
DOTNET = """System.FormatException: String '2026-02-31' was not recognized as a valid DateTime.
   at System.DateTime.Parse(String s, IFormatProvider provider)
   at Portail.Controllers.RendezVousController.Index(String jour) in C:\\a\\1\\s\\RendezVousController.cs:line 42
   at lambda_method12(Closure, Object, Object[])
"""
DOTNET_FR = """[FormatException: La chaîne n'a pas été reconnue en tant que DateTime valide.]
   à System.DateTime.Parse(String s, IFormatProvider provider)
   à Portail.RendezVous.Page_Load(Object sender, EventArgs e) dans C:\\inetpub\\portail\\RendezVous.aspx.cs:ligne 31
"""
PHP = """PHP Fatal error:  Uncaught TypeError: trim(): Argument #1 ($string) must be of type string, array given in \
/var/www/portail/index.php:14
Stack trace:
#0 /var/www/portail/index.php(14): trim()
#1 /var/www/portail/lib/vue.php(3): afficher()
#2 {main}
  thrown in /var/www/portail/index.php on line 14
"""
PHP_HTML = (
    '<br />\n<b>Warning</b>:  Undefined array key "jour" in <b>/var/www/html/rdv.php</b> on line <b>12</b><br />\n'
)
PHP_WINDOWS = "Notice: Undefined index: id in C:\\wamp64\\www\\portail\\fiche.php on line 7"
PHP_STACK = """#0 /srv/app/vendor/symfony/http-kernel/HttpKernel.php(163): App\\Controller\\Rdv->index(NULL)
#1 [internal function]: handle()
#2 {main}
"""
NODE = """TypeError: Cannot read properties of undefined (reading 'nom')
    at /srv/portail/routes/dossier.js:14:31
    at Layer.handle [as handle_request] (/srv/portail/node_modules/express/lib/router/layer.js:95:5)
    at next (/srv/portail/node_modules/express/lib/router/route.js:144:13)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
"""
RUBY = """NoMethodError (undefined method `nom' for nil:NilClass):
app/controllers/dossiers_controller.rb:12:in `show'
actionpack (7.0.4) lib/action_controller/metal/basic_implicit_render.rb:6:in `send_action'
/usr/lib/ruby/gems/3.1.0/gems/rack-2.2.4/lib/rack/runtime.rb:22:in `call'
"""
RUBY_34 = (
    "app/models/patient.rb:4:in 'Patient#nom'\napp/controllers/dossiers_controller.rb:12:in 'DossiersController#show'"
)
GO = """panic: runtime error: index out of range [3] with length 2

goroutine 34 [running]:
main.dossier({0x7f3c2c, 0xc000124000}, 0xc000118100)
\t/srv/portail/main.go:42 +0x1d4
net/http.HandlerFunc.ServeHTTP(0xc0001ac000?, {0x7f3c2c?, 0xc000124000?}, 0x0?)
\t/usr/local/go/src/net/http/server.go:2122 +0x2f
"""
GIN = "/root/go/pkg/mod/gin@v1.9.1/recovery.go:102 (0x7b1d05)\n/srv/portail/main.go:18 (0x7b4a3c)\n"

SHOWN = {
    "python": (PYTHON, "stack-trace-python"),
    "python, one frame": (PYTHON_ONE_FRAME, "stack-trace-python"),
    "java": (JAVA, "stack-trace-java"),
    "java, native": (JAVA_NATIVE, "stack-trace-java"),
    ".net": (DOTNET, "stack-trace-dotnet"),
    ".net, french": (DOTNET_FR, "stack-trace-dotnet"),
    "php": (PHP, "stack-trace-php"),
    "php, windows": (PHP_WINDOWS, "stack-trace-php"),
    "php, stack only": (PHP_STACK, "stack-trace-php"),
    "node": (NODE, "stack-trace-node"),
    "ruby": (RUBY, "stack-trace-ruby"),
    "ruby 3.4": (RUBY_34, "stack-trace-ruby"),
    "go": (GO, "stack-trace-go"),
    "gin": (GIN, "stack-trace-go"),
}

NOT_SHOWN = {
    "a help page about Python": "If you see Traceback (most recent call last): in your terminal, call the help desk.",
    "one quoted frame": 'Look for a line such as File "app.py", line 12 in the log.',
    "a Python head far from a frame": "Traceback (most recent call last):" + " mot" * 400 + ' File "a.py", line 1',
    "a Java class name": "The class java.lang.NullPointerException is thrown at run time.",
    "one Java frame in prose": "It stops at fr.chu.App.main(App.java:7) every day.",
    "meetings": "Meet us at Reception.Desk (first floor)\nor at Main.Hall (ground floor)",
    ".NET words": "   at Contoso.Clinic(Paris)\n   at Contoso.Clinic(Lyon)\n",
    "a PHP warning without a place": "Warning: your session will end in 5 minutes. Notice: save your work.",
    "a PHP manual": "Fatal error: means that the script stopped; the file is shown in the message on line N.",
    "a numbered list": "#0 first item\n#1 second item\n#2 third item",
    "one numbered frame": "#0 /var/www/x.php(3): f()",
    "browser frames": "Error\n    at f (https://portail.example/app.js:1:2)\n    at g (https://portail.example/app.js:3:4)",
    "one Node.js frame": "It stopped at lire (/srv/portail/dates.js:14:31) again.",
    "a list of Ruby files": "app/models/a.rb:1\napp/models/b.rb:2",
    "Go files": "See main.go:12 and server.go:14 in the repository.",
    "a Go routine in prose": "goroutine 1 [running]: is how it begins",
    "an address": "12 rue de la Paix, at 10:30:00",
    "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("form", ["plain", "html", "pre", "json"])
def test_traces_are_recognised_however_they_are_wrapped(name: str, form: str) -> None:
    trace, slug = SHOWN[name]
    answer = {
        "plain": page(trace, content_type="text/plain"),
        "html": page("<html><body><h1>500</h1>" + escape(trace).replace("\n", "<br>\n") + "</body></html>"),
        "pre": page("<html><body><pre>" + escape(trace).replace(" ", "&nbsp;") + "</pre></body></html>"),
        "json": page(json.dumps({"error": trace}), content_type="application/json"),
    }[form]
    assert {found.slug for found in traces_in(readable(answer))} == {slug}


def test_a_php_warning_in_a_page() -> None:
    answer = page("<html><body>" + PHP_HTML + "<p>Bonjour</p></body></html>")
    (found,) = traces_in(readable(answer))
    assert found.slug == "stack-trace-php"
    assert "/var/www/html/rdv.php" in found.excerpt


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_what_only_speaks_of_traces_is_left_alone(name: str) -> None:
    assert traces_in(NOT_SHOWN[name]) == []
    assert traces_in(readable(page("<p>" + escape(NOT_SHOWN[name]) + "</p>"))) == []


def test_an_excerpt_shows_the_trace_and_is_short() -> None:
    (found,) = traces_in("mot\n" * 50 + PYTHON + "mot\n" * 5000)
    assert found.excerpt.startswith("Traceback")
    assert "rendez_vous" in found.excerpt
    assert len(found.excerpt) <= MAX_EXCERPT


def test_scripts_and_styles_are_not_read() -> None:
    assert visible_text("<p>a</p><SCRIPT>b</SCRIPT><style>c</style>d<script>e") == "\na\nd"


@given(st.text(max_size=400), st.sampled_from([trace for trace, _ in SHOWN.values()]))
def test_neither_noise_nor_a_piece_of_a_trace_breaks_the_reading(noise: str, trace: str) -> None:
    for text in (noise, noise + trace + noise, trace[: len(noise)] + noise):
        assert all(len(found.excerpt) <= MAX_EXCERPT for found in traces_in(visible_text(text)))


UNITS = (
    "a", "/", "<", "<br", "at ", "at a.b(", 'File "', "Warning: x in /", "#0 ", "1.", "goroutine 1 [a]:\n", "/x.go:1 ",
    "x.rb:1:in `", "(", "\\n", "&lt;", "Traceback (most recent call last):", "at a(/", "<script>", " ", "À",
    "\n\tat x.y.Z(A.java:1)", "\n   at A.B() in ", "System.", "at x.y", "Parse error: ",
)  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_hostile_page_of_a_megabyte_is_read(unit: str) -> None:
    body = (unit * (1_000_000 // len(unit) + 1))[:1_000_000]
    for media_type in ("text/html", "application/json", "text/plain"):
        traces_in(readable(page(body, content_type=media_type)))
