"""What is fetched next, and what is left, and why."""

from __future__ import annotations

from pgssi_probe.discovery.frontier import MAX_HOPS, MAX_PER_DIRECTORY, MAX_PER_SHAPE, Frontier
from pgssi_probe.discovery.robots import parse_robots
from pgssi_probe.discovery.site import Link, Skipped

HOME = "https://h.example"


def frontier() -> Frontier:
    return Frontier(lambda url: url.startswith(HOME), lambda url: "/interdit" in url)


def taken(one: Frontier, count: int = 100) -> list[str]:
    return [candidate.url.removeprefix(HOME) for candidate in one.take(count)]


def test_notices_and_sign_in_come_first_then_depth_then_order() -> None:
    one = frontier()
    for path, depth in (("/z", 1), ("/deep", 2), ("/a", 1), ("/p7", 2)):
        one.offer(Link(HOME + path, "Mentions légales" if path == "/p7" else ""), depth)
    one.offer(Link(f"{HOME}/fr/login", ""), 1)
    assert taken(one) == ["/fr/login", "/p7", "/z", "/a", "/deep"]


def test_every_refusal_has_its_reason() -> None:
    one = frontier()
    one.robots = parse_robots("User-agent: *\nDisallow: /non")
    one.offer(Link("https://other.example/", ""), 1)
    one.offer(Link(f"{HOME}/interdit/x", ""), 1)
    one.offer(Link(f"{HOME}/logout", ""), 1)
    one.offer(Link(f"{HOME}/cgu.PDF", "CGU"), 1)
    one.offer(Link(f"{HOME}/non", ""), 1)
    one.offer(Link(f"{HOME}/loin", ""), 3)
    one.offer(Link(f"{HOME}/saut", ""), 1, MAX_HOPS + 1)
    one.offer(Link(f"{HOME}/reste", ""), 1)
    one.close()
    assert [reason for _, reason in one.skipped] == [
        Skipped.OUT_OF_SCOPE,
        Skipped.EXCLUDED,
        Skipped.DANGEROUS,
        Skipped.NOT_A_PAGE,
        Skipped.DISALLOWED,
        Skipped.BUDGET,
        Skipped.BUDGET,
        Skipped.BUDGET,
    ]
    assert taken(one) == []


def test_a_calendar_does_not_eat_the_budget() -> None:
    one = frontier()
    for day in range(1, 29):
        one.offer(Link(f"{HOME}/agenda/2026/11/{day}", ""), 1)
    one.offer(Link(f"{HOME}/autre", ""), 1)
    assert len(taken(one)) == MAX_PER_SHAPE + 1
    assert sum(reason is Skipped.REPEATED for _, reason in one.skipped) == 28 - MAX_PER_SHAPE


def test_nor_does_a_catalogue_by_name() -> None:
    one = frontier()
    for letter in "abcdefghijklmnopqrstuvwxyz":
        one.offer(Link(f"{HOME}/produits/{letter}", ""), 1)
    assert len(taken(one)) == MAX_PER_DIRECTORY


def test_the_top_level_is_not_a_catalogue_and_notable_pages_of_one_shape_are_read() -> None:
    one = frontier()
    for letter in "abcdefghijklmnopqrstuvwxyz":
        one.offer(Link(f"{HOME}/{letter}", ""), 1)
    for number in range(5):
        one.offer(Link(f"{HOME}/?page_id={number}", ""), 1)
    one.offer(Link(f"{HOME}/?page_id=9", "Politique de confidentialité"), 1)
    found = taken(one)
    assert found[0] == "/?page_id=9"
    assert len([path for path in found if "page_id" in path]) == MAX_PER_SHAPE
    assert len(found) == 26 + MAX_PER_SHAPE


def test_an_address_is_offered_once() -> None:
    one = frontier()
    one.offer(Link(f"{HOME}/a", "x"), 1)
    one.offer(Link(f"{HOME}/a", "y"), 1)
    one.seen(f"{HOME}/b")
    one.offer(Link(f"{HOME}/b", ""), 1)
    assert taken(one) == ["/a"]


def test_a_link_of_another_method_is_not_followed_and_hides_nothing() -> None:
    one = frontier()
    one.offer(Link(f"{HOME}/r/1", "Supprimer", method="DELETE"), 1)
    assert one.skipped == ((f"{HOME}/r/1", Skipped.DANGEROUS),)
    one.offer(Link(f"{HOME}/r/1", "Fiche"), 1)
    assert taken(one) == ["/r/1"]


def test_programs_of_one_directory_are_no_catalogue() -> None:
    pages = [f"/app/i.php?page=p{letter}" for letter in "abcdefghijklmnop"] + ["/app/view.php?viewid=1"]
    one = frontier()
    for path in pages:
        one.offer(Link(HOME + path, ""), 1)
    assert taken(one) == pages
