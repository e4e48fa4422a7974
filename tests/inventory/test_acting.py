"""What acts is known by its answer, when no word says it."""

from __future__ import annotations

import pytest

from pgssi_probe.inventory.acting import Acts, family, seems_to_act

H = "https://h.example"


@pytest.mark.parametrize(
    ("url", "target", "acts"),
    [
        ("/?c=task&a=begin&id=4", "/?c=board&id=1", True),
        ("/?c=feed&a=freshen", "/?rid=33", True),
        ("/task/4/begin", "/board", True),
        ("/board?folded=1", "/board", True),
        # The way to a page.
        ("/task/4", "/task/4/", False),
        ("/task/4", "/task/4-the-title", False),
        ("/list?sort=date", "/list/?sort=date&page=1", False),
        ("/index.php?id=4", "/index.php?id=4&lang=fr", False),
        ("/admin", "/admin/home", False),
        ("/space", "/home", False),
        ("/go?to=%2Fhelp", "/help", False),
        ("/go?id=3&u=https%3A%2F%2Fh.example%2Fx", "/x", False),
        ("/doc/go?to=page.php?id=3", "/doc/page.php?id=3", False),
        ("/doc/go?to=page.php?id=3", "/home", True),
    ],
)
def test_an_act_ends_in_a_redirect_to_another_page(url: str, target: str, *, acts: bool) -> None:
    assert seems_to_act(H + url, H + target) is acts


def test_another_host_is_no_act() -> None:
    assert not seems_to_act(f"{H}/doc?id=3", "https://files.example/doc-3.pdf")


def test_the_same_with_another_record_is_of_the_family_and_another_word_is_not() -> None:
    assert family(f"{H}/?a=begin&id=3") == family(f"{H}/?a=begin&id=44")
    assert family(f"{H}/?a=begin&id=3") != family(f"{H}/?a=view&id=3")
    assert family(f"{H}/task/3/begin") == family(f"{H}/task/8/begin")


def test_what_showed_a_page_to_anybody_is_no_act() -> None:
    acts = Acts()
    acts.learn(f"{H}/doc?id=3", f"{H}/home", 302)
    assert acts.is_one(f"{H}/doc?id=4")
    acts.learn(f"{H}/doc?id=5", None, 200)
    assert not acts.is_one(f"{H}/doc?id=4")
    assert not acts.is_one(f"{H}/other?id=4")
