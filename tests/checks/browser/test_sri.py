"""`browser.sri`: whole pages."""

import pytest

from pgssi_probe.check.harness import page, run_check, slugs
from pgssi_probe.model.outcome import Status

HOME = "https://portal.example/"
HASH = "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"
CDN = "https://cdn.tiers.example/lib.js"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h1>Accueil</h1>", {"fixed"}),
        (f'<script src="{CDN}"></script>', {"missing"}),
        (f'<script src="{CDN}" integrity=""></script>', {"missing"}),
        (f'<script src="{CDN}" integrity="{HASH}" crossorigin></script>', {"fixed"}),
        (f'<script src="{CDN}" integrity="{HASH}" crossorigin="anonymous"></script>', {"fixed"}),
        (f'<script src="{CDN}" integrity="{HASH}"></script>', {"no-crossorigin"}),
        (f'<script src="{CDN}" integrity="sha1-abc" crossorigin></script>', {"weak"}),
        ('<link rel="stylesheet" href="https://cdn.tiers.example/a.css">', {"missing-style"}),
        ('<script src="/a.js"></script>', {"fixed", "own-files"}),
        ('<script src="https://portal.example:8443/a.js"></script>', {"missing-same-site"}),
        ('<script>var a = 1</script><img src="https://cdn.tiers.example/i.png">', {"fixed"}),
        ('<link rel="preconnect" href="https://cdn.tiers.example">', {"fixed"}),
    ],
)
async def test_one_page(body: str, expected: set[str]) -> None:
    assert slugs(await run_check("browser.sri", {HOME: page(body)})) == expected


async def test_a_file_of_many_pages_counts_once() -> None:
    tag = f'<script src="{CDN}"></script>'
    outcomes = await run_check("browser.sri", {HOME: page(f'<a href="/b">b</a>{tag}'), HOME + "b": page(tag)})
    assert (outcomes[0].facts["count"], len(outcomes[0].facts["urls"])) == (1, 2)


async def test_own_files_are_only_noted() -> None:
    outcomes = await run_check("browser.sri", {HOME: page('<script src="/a.js"></script>')})
    assert {outcome.status for outcome in outcomes} == {Status.PASS}
