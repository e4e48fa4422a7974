"""What the code of a scripted application says of itself: the parts that it loads later, and its own routes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urljoin

from pgssi_probe.discovery.address import absolute

MAX_CODE: Final = 2_000_000
MAX_PARTS: Final = 60
MAX_ROUTES: Final = 120
MAX_MAPS: Final = 4
MAP_WITHIN: Final = 20_000
"""Characters before the use of a map of names in which it may begin."""
NAME_WITHIN: Final = 8_000

_IMPORTED = re.compile(r"\b(?:import|from)\s{0,3}\(?\s{0,3}[\"'`]((?:\.{1,2}/|/)[\w./@~+-]{1,200}\.m?js)[\"'`]")
"""`import("./orders-1f2e.js")`, `from"./chunk.js"`: esbuild, Rollup, Angular."""
_LISTED = re.compile(
    r"[\"'`]((?:assets|static|js|chunks?|build|dist|_nuxt|_app)/(?:[\w.@~+-]{1,80}/){0,4}[\w.@~+-]{1,120}\.m?js)[\"'`]"
)
"""Names below the base of the application, as Vite lists what a part needs."""
_USED = re.compile(r"\[\w{1,3}\]\s{0,3}\+\s{0,3}[\"']([\w.-]{0,40}\.m?js)[\"']")
"""The end of how webpack makes an address: `{12:"1f2e"}[e]+".chunk.js"`."""
_MEMBER = re.compile(r"[\"']?([\w~.@/-]{1,80})[\"']?\s{0,3}:\s{0,3}[\"']([\w~.@/-]{1,80})[\"']")
_BEFORE = re.compile(
    r"(?:[\"']([\w./-]{0,80})[\"']\s{0,3}\+\s{0,3})?"
    r"(?:\(\s{0,3}\{([^{}]{0,6000})\}\[\w{1,3}\]\s{0,3}\|\|\s{0,3}\w{1,3}\s{0,3}\)|(\b\w{1,3}))\s{0,3}\+\s{0,3}"
    r"[\"']([\w.-]{0,20})[\"']\s{0,3}\+\s{0,3}\Z"
)
_PUBLIC = re.compile(r"\b\w{1,3}\.p\s{0,3}=\s{0,3}[\"']([\w:/.-]{1,200})[\"']")
_ROUTE = re.compile(r"\bpath\s{0,3}:\s{0,3}[\"'`]/?((?:[\w-]{1,60})(?:/[\w-]{1,60}){0,3})/?[\"'`]")


def parts_of(text: str, url: str, page: str) -> tuple[str, ...]:
    """Addresses of the code that the script at `url`, loaded by `page`, may load later."""
    text = text[:MAX_CODE]
    found: dict[str, None] = {}
    for match in _IMPORTED.finditer(text):
        found[urljoin(url, match[1])] = None
    for match in _LISTED.finditer(text):
        found[_below(match[1], url, page)] = None
    found.update(dict.fromkeys(_mapped(text, url, page)))
    whole = (absolute(one, url) for one in found)
    return tuple(one for one in whole if one is not None and one != url)[:MAX_PARTS]


def routes_of(text: str) -> tuple[str, ...]:
    """The routes without parameters that the router of an application declares (`path:"orders"`), without the slash at
    their beginning."""
    found = dict.fromkeys(match[1] for match in _ROUTE.finditer(text[:MAX_CODE]))
    return tuple(found)[:MAX_ROUTES]


def _below(name: str, url: str, page: str) -> str:
    """The address of a file named below the base of the application: that of its script where it bears the same
    folder, else that of the page."""
    base, folder, _ = url.partition(f"/{name.partition('/')[0]}/")
    return f"{base}/{name}" if folder else urljoin(page, name)


def _mapped(text: str, url: str, page: str) -> Iterator[str]:
    """Addresses that webpack makes of maps from numbers to names and hashes."""
    public = _PUBLIC.search(text)
    for number, used in enumerate(_USED.finditer(text)):
        if number == MAX_MAPS:
            return
        end = used.start()
        start = text.rfind("{", max(0, end - MAP_WITHIN), end)
        if start < 0 or text[end - 1] != "}":
            continue
        hashes = dict(_MEMBER.findall(text[start:end]))
        before = _BEFORE.search(text[max(0, start - NAME_WITHIN) : start])
        if before is None:
            continue
        folder, names, joint = before[1] or "", dict(_MEMBER.findall(before[2] or "")), before[4]
        for key, value in list(hashes.items())[:MAX_PARTS]:
            name = f"{folder}{names.get(key, key)}{joint}{value}{used[1]}"
            if public is not None and public[1] != "auto":
                yield urljoin(urljoin(page, public[1]), name)
            else:
                yield _below(name, url, page) if "/" in name else urljoin(url, name)
