"""Whatever a page tries, only what the network of the check lets through reaches anybody."""

from __future__ import annotations

import asyncio

import pytest
from listening import listening

from pgssi_probe.browser import Fate
from pgssi_probe.check.harness import ScriptedNetwork, page, redirect
from pgssi_probe.clock import VirtualClock

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOME = "https://portal.example/"
TRIES = """
const there = '127.0.0.1:PORT';
const attempt = (what) => {
  try { const done = what(); if (done && done.catch) { done.catch(() => 0); } } catch (error) { }
};
attempt(() => fetch('http://' + there + '/fetch', {mode: 'no-cors'}));
attempt(() => fetch('https://' + there + '/fetch-tls', {mode: 'no-cors', keepalive: true}));
attempt(() => new WebSocket('ws://' + there + '/socket'));
attempt(() => new WebSocket('wss://' + there + '/socket-tls'));
attempt(() => navigator.sendBeacon('https://' + there + '/beacon', 'x'));
attempt(() => new EventSource('https://' + there + '/events'));
attempt(() => { new Image().src = 'http://' + there + '/picture'; });
attempt(() => { const asked = new XMLHttpRequest(); asked.open('GET', 'https://' + there + '/xhr'); asked.send(); });
attempt(() => window.open('http://' + there + '/popup'));
attempt(() => navigator.serviceWorker.register('/worker.js'));
attempt(() => new Worker('/worker.js'));
attempt(() => new SharedWorker('/worker.js'));
attempt(() => {
  const urls = ['stun:' + there, 'turn:' + there + '?transport=tcp'];
  const peer = new RTCPeerConnection({iceServers: [{urls, username: 'u', credential: 'c'}]});
  peer.createDataChannel('x');
  return peer.createOffer().then((offer) => peer.setLocalDescription(offer));
});
attempt(() => new WebTransport('https://' + there + '/transport'));
const hints = 'preconnect dns-prefetch prefetch prerender preload modulepreload manifest stylesheet icon';
for (const rel of hints.split(' ')) {
  const link = document.createElement('link');
  link.rel = rel; link.href = 'https://' + there + '/' + rel; link.as = 'script';
  document.head.append(link);
}
const rules = document.createElement('script');
rules.type = 'speculationrules';
const beforehand = [{source: 'list', urls: ['https://' + there + '/speculated']}];
rules.textContent = JSON.stringify({prerender: [{source: 'list', urls: ['/next']}], prefetch: beforehand});
document.head.append(rules);
const ping = document.createElement('a');
ping.href = '#here'; ping.ping = 'https://' + there + '/ping';
document.body.append(ping); ping.click();
const frame = document.createElement('iframe');
frame.src = 'https://' + there + '/frame'; document.body.append(frame);
setTimeout(() => {  // these may leave the page
  const save = document.createElement('a');
  save.href = 'http://' + there + '/download'; save.download = 'file'; document.body.append(save); save.click();
  const form = document.createElement('form');
  form.method = 'post'; form.target = '_blank'; form.action = 'http://' + there + '/form';
  document.body.append(form); form.submit();
}, 500);
"""
WORKER = """
fetch('https://127.0.0.1:PORT/from-worker', {mode: 'no-cors'}).catch(() => 0);
new WebSocket('wss://127.0.0.1:PORT/w');
"""


async def test_a_page_reaches_no_other_port_of_this_machine(chromium) -> None:
    async with listening() as ears:
        script = TRIES.replace("PORT", str(ears.port))
        net = ScriptedNetwork(
            {
                HOME: page(
                    "<!doctype html><title>Essais</title><body><script src=/tries.js></script>",
                    headers={"Link": f"<https://127.0.0.1:{ears.port}/early>; rel=preload; as=script"},
                ),
                HOME + "tries.js": page(script, content_type="text/javascript"),
                HOME + "worker.js": page(WORKER.replace("PORT", str(ears.port)), content_type="text/javascript"),
            },
            VirtualClock(),
            HOME,
        )
        async with chromium.visit(net, VirtualClock()) as visit:
            await visit.open(HOME)
            await asyncio.sleep(1.5)
            tried = {(one.fate, one.url.rpartition("/")[2]) for one in visit.asked}
        assert ears.heard == []
        assert {request.url for request in net.sent} <= {
            HOME, HOME + "tries.js", HOME + "worker.js", HOME + "next",
        }  # fmt: skip
    assert {name for fate, name in tried if fate is Fate.OUT_OF_SCOPE} >= {
        "fetch-tls", "beacon", "xhr", "frame", "from-worker", "popup",
    }  # fmt: skip
    assert (Fate.SOCKET, "socket-tls") in tried
    assert not any(fate is Fate.SENT and "127.0.0.1" in name for fate, name in tried)


async def test_a_method_that_was_not_declared_is_not_sent(chromium) -> None:
    script = "fetch('/act', {method: 'DELETE'}).catch(() => 0); navigator.sendBeacon('/beacon', 'x');"
    net = ScriptedNetwork({HOME: page(f"<!doctype html><script>{script}</script>")}, VirtualClock(), HOME)
    async with chromium.visit(net, VirtualClock()) as visit:
        await visit.open(HOME)
        fates = {(one.method, one.fate) for one in visit.asked}
    assert {request.method for request in net.sent} == {"GET"}
    assert {("DELETE", Fate.METHOD), ("POST", Fate.METHOD)} <= fates


async def test_a_redirect_out_of_the_scope_is_not_followed(chromium) -> None:
    net = ScriptedNetwork({HOME: redirect("https://elsewhere.example/x")}, VirtualClock(), HOME)
    async with chromium.visit(net, VirtualClock()) as visit:
        landing = await visit.open(HOME)
    assert landing.page is None
    assert [request.url for request in net.sent] == [HOME]


@pytest.mark.parametrize("action", ["http://portal.example/in", "/bounce"], ids=["form", "redirect"])
async def test_a_password_does_not_leave_in_clear_from_an_encrypted_page(action: str, chromium) -> None:
    form = f"<form method=post action='{action}'><input name=p value=x></form>"
    script = {
        HOME: page(f"<!doctype html>{form}<script>document.forms[0].submit()</script>"),
        HOME + "bounce": redirect("http://portal.example/in", status=307),
    }
    net = ScriptedNetwork(script, VirtualClock(), HOME)
    async with chromium.visit(net, VirtualClock(), methods=("GET", "POST")) as visit:
        await visit.open(HOME)
    assert HOME in {request.url for request in net.sent}
    assert not [request for request in net.sent if request.url.startswith("http:")]
