"""What errors tell: disclosure.verbose-errors. Malformed input then fails as if nothing had checked it."""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.portal.access import private
from pgssi_probe.lab.portal.refusals import BadInput
from pgssi_probe.lab.weaknesses.registry import Effect, weakness

PYTHON = """<h1>ValueError at {path}</h1>
<pre>Traceback (most recent call last):
  File "/srv/portail/venv/lib/python3.11/site-packages/starlette/routing.py", line 75, in app
    response = await f(request)
  File "/srv/portail/app/vues/rendez_vous.py", line 118, in disponibilites
    jour = date.fromisoformat(valeur)
ValueError: Invalid isoformat string</pre>"""

JAVA = """<h1>HTTP Status 500 – Internal Server Error</h1>
<pre>java.lang.NumberFormatException: For input string: &quot;abc&quot;
\tat java.base/java.lang.Integer.parseInt(Integer.java:652)
\tat fr.valombre.portail.web.RendezVousController.liste(RendezVousController.java:87)
\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:897)
\tat org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java:166)
Caused by: java.lang.IllegalArgumentException: date
\t... 31 more</pre>"""

DOTNET = """<h1>An unhandled exception occurred</h1>
<pre>System.FormatException: Input string was not in a correct format.
   at System.Number.StringToNumber(String str, NumberStyles options, NumberBuffer&amp; number)
   at System.DateTime.Parse(String s, IFormatProvider provider)
   at Valombre.Portail.RendezVous.Liste(String jour) in C:\\src\\Portail\\RendezVous.cs:line 42
   at Valombre.Portail.Program.Main(String[] args) in C:\\src\\Portail\\Program.cs:line 17</pre>"""

PHP = """<br /><b>Fatal error</b>:  Uncaught Exception: DateTime::__construct(): Failed to parse time string
in /var/www/portail/src/RendezVous.php:57
Stack trace:
#0 /var/www/portail/src/RendezVous.php(57): DateTime-&gt;__construct('abc')
#1 /var/www/portail/public/index.php(23): Portail\\RendezVous-&gt;liste(Array)
#2 {main}
  thrown in <b>/var/www/portail/src/RendezVous.php</b> on line <b>57</b><br />"""

NODE = """<pre>TypeError: Cannot read properties of undefined (reading &#39;trim&#39;)
    at liste (/srv/portail/routes/rendez-vous.js:31:24)
    at Layer.handle [as handle_request] (/srv/portail/node_modules/express/lib/router/layer.js:95:5)
    at next (/srv/portail/node_modules/express/lib/router/route.js:144:13)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)</pre>"""

RUBY = """<h1>ArgumentError in RendezVousController#index</h1><h2>invalid date</h2>
<pre>app/controllers/rendez_vous_controller.rb:14:in `parse'
app/controllers/rendez_vous_controller.rb:14:in `index'
actionpack (7.1.3) lib/action_controller/metal/basic_implicit_render.rb:6:in `send_action'
/srv/portail/vendor/bundle/ruby/3.2.0/gems/puma-6.4.2/lib/puma/server.rb:443:in `process_client'</pre>"""

GO = """panic: runtime error: index out of range [3] with length 2

goroutine 34 [running]:
main.(*Portail).rendezVous(0xc000112000, {0x7f21e8, 0xc0001b40e0}, 0xc0001c2000)
\t/go/src/valombre.invalid/portail/rendezvous.go:88 +0x1d4
net/http.HandlerFunc.ServeHTTP(0xc00011a2d0?, {0x7f21e8?, 0xc0001b40e0?}, 0x0?)
\t/usr/local/go/src/net/http/server.go:2136 +0x29
"""

SQL = (
    "<p>You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version"
    " for the right syntax to use near '''' at line 1</p>"
    "<p>SELECT id, libelle FROM creneau WHERE jour = ''' ORDER BY jour</p>"
)

CONSOLE = """<title>ValueError: Invalid isoformat string // Werkzeug Debugger</title>
<link rel="stylesheet" href="?__debugger__=yes&amp;cmd=resource&amp;f=style.css">
<script>var CONSOLE_MODE = false, EVALEX = true, EVALEX_TRUSTED = false, SECRET = "demonstration";</script>
<div class="debugger"><h1>ValueError</h1>
<div class="traceback"><h3>Traceback <em>(most recent call last)</em></h3>
<div class="frame"><h4>File <cite class="filename">"/srv/portail/app/vues/rendez_vous.py"</cite>, line
<em class="line">118</em>, in <code class="function">disponibilites</code></h4></div></div>
<p>The console is locked and needs to be unlocked by entering the PIN.</p></div>"""

FILE_PATH = (
    """<p>Impossible de lire le fichier /var/www/portail/donnees/creneaux/2026/config.xml : format inattendu.</p>"""
)

PHPINFO = (
    "<!DOCTYPE html><html><head><title>PHP 8.4.14 - phpinfo()</title></head><body>"
    '<h1 class="p">PHP Version 8.4.14</h1>'
    '<table><tr><td class="e">DOCUMENT_ROOT </td><td class="v">/srv/portail</td></tr></table>'
    "</body></html>"
)

SAMPLES = {
    "stack-trace-python": (PYTHON, "trace d'exécution Python", "Python stack trace", "text/html; charset=utf-8"),
    "stack-trace-java": (JAVA, "trace d'exécution Java", "Java stack trace", "text/html; charset=utf-8"),
    "stack-trace-dotnet": (DOTNET, "trace d'exécution .NET", ".NET stack trace", "text/html; charset=utf-8"),
    "stack-trace-php": (PHP, "trace d'exécution PHP", "PHP stack trace", "text/html; charset=utf-8"),
    "stack-trace-node": (NODE, "trace d'exécution Node.js", "Node.js stack trace", "text/html; charset=utf-8"),
    "stack-trace-ruby": (RUBY, "trace d'exécution Ruby", "Ruby stack trace", "text/html; charset=utf-8"),
    "stack-trace-go": (GO, "trace d'exécution Go", "Go stack trace", "text/plain; charset=utf-8"),
    "sql-error": (SQL, "erreur SQL", "SQL error", "text/html; charset=utf-8"),
    "debug-console": (CONSOLE, "console de débogage", "debug console", "text/html; charset=utf-8"),
    "file-path": (FILE_PATH, "chemin de fichier", "file path", "text/html; charset=utf-8"),
}


def _shows(sample: str, media_type: str) -> Effect:
    def effect(lab: Blueprint) -> None:
        def body(request: Request, status: int, error: Exception | None) -> str | None:
            if status < 500 and not isinstance(error, BadInput):
                return None
            return sample.replace("{path}", escape(request.url.path))

        lab.errors.bad_input = 500
        lab.errors.body = body
        lab.errors.media_type = media_type

    return effect


for _slug, (_sample, _fr, _en, _media_type) in SAMPLES.items():
    weakness(
        f"disclosure.verbose-errors/{_slug}",
        fr=f"Une saisie mal formée montre : {_fr}",
        en=f"Malformed input shows: {_en}",
        takes="errors",
    )(_shows(_sample, _media_type))


@weakness(
    "disclosure.verbose-errors/framework-page",
    fr="Page d'erreur d'origine du cadriciel",
    en="Default error page of the framework",
    takes="errors",
)
def framework_page(lab: Blueprint) -> None:
    lab.errors.body = lambda _request, status, _error: (
        "<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are"
        f" seeing this as a fallback.</p><div>There was an unexpected error (status={status}).</div></body></html>"
    )


@weakness(
    "disclosure.verbose-errors/server-page",
    fr="L'espace connecté mène à une page phpinfo()",
    en="The signed-in space leads to a phpinfo() page",
)
def server_page(lab: Blueprint) -> None:
    @private
    async def show(_request: Request) -> Response:
        return HTMLResponse(PHPINFO)

    lab.routes.append(Route("/outils/serveur", show))
    lab.insert("space", '<p><a href="/outils/serveur">Serveur</a></p>')
