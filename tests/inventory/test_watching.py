"""Pages drawn by scripts: what a browser shows and asks for is learned, with the session of the account, reads only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from pgssi_probe.browser import Browser
from pgssi_probe.check.harness import exchange, page
from pgssi_probe.discovery.parse import parse_html
from pgssi_probe.discovery.site import Page, Skipped
from pgssi_probe.inventory.model import Inventory
from pgssi_probe.inventory.watching import is_scripted
from pgssi_probe.net.exchange import Request, Response

URL = "https://portal.example/app"
SHELL = '<!doctype html><title>App</title><div id=app></div><script src="/app.js"></script>'
SCRIPT = """
fetch('/api/' + 'dossiers', {headers: {'X-Patient': '17'}}).then(r => r.json()).then(d => {
  document.getElementById('app').innerHTML = d.map(x => '<a href="/app/dossier/' + x.numero + '">Dossier</a>').join('')
    + '<a href="/app/compte?fin=1">Supprimer mon compte</a><a href="/app/tri?n=1" data-confirm="Vraiment ?">Trier</a>';
});
fetch('/api/' + 'vus', {method: 'POST', body: '{}'}).catch(() => 0);
"""


def test_what_is_drawn_by_scripts() -> None:
    def scripted(html: str) -> bool:
        return is_scripted(Page(exchange(URL, page(html)), parse_html(html, URL)))

    assert scripted(SHELL)
    assert not scripted("<p>Bonjour")
    assert not scripted(SHELL + "<p>" + "mot " * 80)
    assert not scripted(SHELL + "".join(f'<a href="/{n}">x</a>' for n in range(4)))


async def test_requests_and_links_of_a_drawn_page(
    office: Callable[..., Any],
    answer_json: Callable[..., Response],
    inventory_of: Callable[..., Awaitable[Inventory]],
) -> None:
    def inside(_name: str, request: Request) -> Response | None:
        match urlsplit(request.url).path:
            case "/app":
                return page(SHELL)
            case "/app.js":
                return page(SCRIPT, content_type="text/javascript")
            case "/api/dossiers":
                return answer_json([{"numero": 17}])
            case "/app/dossier/17":
                return page("<!doctype html><p>Le dossier dix-sept, avec tout ce que le patient peut lire.")
        return None

    app = office(inside=inside, space='<a href="/app">Application</a>')
    browser = Browser()
    try:
        found = await inventory_of(app, "a", collected={"browser": browser})
    finally:
        await browser.aclose()
    by_path = {(one.method, urlsplit(one.url).path): one for one in found.endpoints}
    data = by_path["GET", "/api/dossiers"]
    assert data.headers == (("X-Patient", "17"),) or data.seen_by == {"a"}
    assert by_path["GET", "/app/dossier/17"].shown_to == {"a"}
    assert not by_path["POST", "/api/vus"].reads
    assert not app.asked("/api/vus"), "a page that writes on its own is not let"
    assert by_path["GET", "/app/compte"].held is by_path["GET", "/app/tri"].held is Skipped.DANGEROUS
    assert not app.asked("/app/compte")
    assert not app.asked("/app/tri")
