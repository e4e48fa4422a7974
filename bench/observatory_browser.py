"""Ask a real Chromium who is right, for the differences with MDN HTTP Observatory that a browser can settle.

    python -m bench.observatory_browser [--write]

Serves each question on loopback and looks at what runs, or shows. Prints one line a question; `--write` keeps the
answers in observatory_browser.yaml, which compare_observatory.py shows. The exit status is 1 when the browser disagrees
with our checks.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from playwright.sync_api import Browser, sync_playwright

ANSWERS = Path(__file__).parent / "observatory_browser.yaml"
CSP, XFO = "Content-Security-Policy", "X-Frame-Options"
INLINE = "<script>window.ran = true</script>"
OWN = "<script src=/run.js></script>"
SHA1 = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="
SHA384 = "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"
META = f'<meta http-equiv="{CSP}" content="frame-ancestors \'none\'">'
FROM_A_BLOB = (
    "const s = document.createElement('script');"
    "s.src = URL.createObjectURL(new Blob(['window.ran = true'])); document.body.append(s)"
)
STRICT = "default-src 'none'; script-src 'self'"
OPEN = "default-src *; script-src * 'unsafe-inline'"


@dataclass(frozen=True)
class Question:
    """A page and its headers; `expected` is what our checks suppose: the script runs, or the frame shows."""

    name: str
    headers: tuple[tuple[str, str], ...]
    expected: bool
    framed: bool = False
    body: str = INLINE


QUESTIONS = (
    Question(
        "inline script, script-src-elem 'unsafe-inline'", ((CSP, f"{STRICT}; script-src-elem 'unsafe-inline'"),), True
    ),
    Question("inline script, open then strict policy on two lines", ((CSP, OPEN), (CSP, STRICT)), False),
    Question("inline script, strict then open policy on two lines", ((CSP, STRICT), (CSP, OPEN)), False),
    Question("inline script, open and strict policy joined by a comma", ((CSP, f"{OPEN}, {STRICT}"),), False),
    Question("inline script, script-src twice, strict first", ((CSP, f"{STRICT}; script-src 'unsafe-inline'"),), False),
    Question(
        "inline script, 'unsafe-inline' beside a nonce", ((CSP, "script-src 'unsafe-inline' 'nonce-YWJj'"),), False
    ),
    Question("inline script, unsafe-inline without quotes", ((CSP, "script-src unsafe-inline"),), False),
    Question("own script, self without quotes", ((CSP, "script-src self"),), False, body=OWN),
    Question(
        "own script, 'self' 'strict-dynamic' without nonce",
        ((CSP, "script-src 'self' 'strict-dynamic'"),),
        False,
        body=OWN,
    ),
    Question("own script, sandbox", ((CSP, "sandbox; script-src 'self'"),), False, body=OWN),
    Question(
        "blob script, script-src 'self' blob:",
        ((CSP, "script-src 'self' blob:"),),
        True,
        body="<script src=/blob.js></script>",
    ),
    Question(
        "blob script, script-src 'self'", ((CSP, "script-src 'self'"),), False, body="<script src=/blob.js></script>"
    ),
    Question("text/plain script, nosniff twice", (), False, body="<script src=/plain.js?nosniff=twice></script>"),
    Question("text/plain script, no-sniff", (), True, body="<script src=/plain.js?nosniff=misspelt></script>"),
    Question("script with a wrong SHA-1 integrity", (), True, body=f'<script src=/run.js integrity="{SHA1}"></script>'),
    Question(
        "script with a wrong SHA-384 integrity", (), False, body=f'<script src=/run.js integrity="{SHA384}"></script>'
    ),
    Question("frame, ALLOW-FROM another site", ((XFO, "ALLOW-FROM https://partenaire.example"),), True, framed=True),
    Question("frame, SAMEORIGIN twice", ((XFO, "SAMEORIGIN"), (XFO, "SAMEORIGIN")), False, framed=True),
    Question("frame, DENY and ALLOW-FROM", ((XFO, "DENY"), (XFO, "ALLOW-FROM https://a.example")), False, framed=True),
    Question("frame, frame-ancestors * with DENY", ((CSP, "frame-ancestors *"), (XFO, "DENY")), True, framed=True),
    Question("frame, frame-ancestors 'none' in a meta tag", (), True, framed=True, body=META),
    Question("frame, no header", (), True, framed=True),
)
NOSNIFF = {"twice": ("nosniff", "nosniff"), "misspelt": ("no-sniff",)}


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        headers: Sequence[tuple[str, str]] = (("Content-Type", "text/javascript"),)
        if path == "/run.js":
            body = "window.ran = true"
        elif path == "/blob.js":
            body = FROM_A_BLOB
        elif path == "/plain.js":
            values = NOSNIFF[query.partition("=")[2]]
            headers = (("Content-Type", "text/plain"), *(("X-Content-Type-Options", value) for value in values))
            body = "window.ran = true"
        elif path == "/outside":
            headers = (("Content-Type", "text/html"),)
            body = f'<iframe src="http://127.0.0.1:{self.server.server_address[1]}/{query}"></iframe>'
        elif path.lstrip("/").isdecimal():
            question = QUESTIONS[int(path.lstrip("/"))]
            headers = (("Content-Type", "text/html; charset=utf-8"), *question.headers)
            body = f"<!doctype html><body><p id=here>here</p>{question.body}"
        else:
            body = ""
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def ask(browser: Browser, port: int, number: int) -> bool:
    """Did the script run, or did the frame show its page?"""
    context = browser.new_context()
    try:
        page = context.new_page()
        if QUESTIONS[number].framed:  # another origin: the same address under another name
            page.goto(f"http://localhost:{port}/outside?{number}", wait_until="load")
            page.wait_for_timeout(200)
            return any(frame.locator("#here").count() for frame in page.frames[1:])
        page.goto(f"http://127.0.0.1:{port}/{number}", wait_until="load")
        page.wait_for_timeout(200)
        return bool(page.evaluate("window.ran === true"))
    finally:
        context.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"keep the answers in {ANSWERS.name}")
    options = parser.parse_args()
    with serving() as port, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", chromium_sandbox=False)
        version = browser.version
        answers = [ask(browser, port, number) for number in range(len(QUESTIONS))]
        browser.close()
    wrong = 0
    for question, answer in zip(QUESTIONS, answers, strict=True):
        wrong += answer is not question.expected
        print(f"{'as supposed' if answer is question.expected else 'NOT SO':12} {answer!s:6} {question.name}")
    if options.write:
        words = {(True, True): "shown", (True, False): "refused", (False, True): "runs", (False, False): "blocked"}
        told = [
            {"question": question.name, "answer": words[question.framed, answer]}
            for question, answer in zip(QUESTIONS, answers, strict=True)
        ]
        ANSWERS.write_text(yaml.safe_dump({"chromium": version, "answers": told}, sort_keys=False), encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
