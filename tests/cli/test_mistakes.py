"""Every mistake that a person can make: its exit code, one clear sentence in their language, nothing sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.cli.exits import Exit

CLOSED = "http://127.0.0.1:1/"


def one_sentence(err: str) -> str:
    """The last line of standard error, the only one that begins with the name of the program."""
    said = [line for line in err.splitlines() if line.startswith("pgssi-probe: ")]
    assert len(said) == 1, err
    assert err.rstrip().endswith(said[0])
    return said[0].removeprefix("pgssi-probe: ")


ADDRESSES = [
    ("portail.exemple", "https://portail.exemple"),
    ("ftp://portail.exemple/", "https://"),
    ("file:///etc/passwd", "https://"),
    ("https://nom:secret@portail.exemple/", "identifiant"),
    ("https://portail.exemple:99999/", "65535"),
    ("https://portail.exemple:0/", "65535"),
    ("https://portail.exemple:abc/", "65535"),
    ("https://", "hôte"),
    ("https:///chemin", "hôte"),
    ("https://por tail.exemple/", "hôte"),
    ("https://[::1", "hôte"),
    ("https://a..b/", "hôte"),
    (f"https://{'a' * 70}.exemple/", "hôte"),
    ("https://portail.exemple/\u202e", "hôte"),
]


@pytest.mark.parametrize(("typed", "remedy"), ADDRESSES, ids=[typed[:40] for typed, _ in ADDRESSES])
def test_an_address_that_is_none(probe: Any, typed: str, remedy: str) -> None:
    done = probe("scan", typed)
    assert done.code == Exit.USAGE
    sentence = one_sentence(done.err)
    assert remedy in sentence
    assert "secret" not in sentence
    assert not done.out


USAGE = [
    (("nonsense",), "nonsense"),
    (("scan",), "--resume"),
    (("scan", CLOSED, "b"), "de trop"),
    (("scan", CLOSED, "--foo"), "--foo"),
    (("scan", CLOSED, "--rate", "vite"), "--rate"),
    (("scan", CLOSED, "--rate", "0"), "--rate"),
    (("scan", CLOSED, "--rate", "nan"), "--rate"),
    (("scan", CLOSED, "--only"), "--only"),
    (("scan", CLOSED, "--level", "doux"), "passive, active, intrusive"),
    (("scan", CLOSED, "--fail-on", "rien"), "never"),
    (("scan", CLOSED, "--only", "headers.scp"), "headers.csp"),
    (("scan", CLOSED, "--skip", "tsl"), "tls"),
    (("scan", CLOSED, "--only", "rien.du-tout"), "checks list"),
    (("scan", CLOSED, "--ca", "absent.pem"), "PEM"),
    (("scan", CLOSED, "--key", "absent.p12"), "PKCS#12"),
    (("scan", CLOSED, "--engagement", "absent.toml"), "introuvable"),
    (("scan", CLOSED, "--http-url", "exemple.fr"), "http://"),
    (("scan", CLOSED, "--http-url", "https://127.0.0.1/"), "http://"),
    (("scan", CLOSED, "--http-url", "http://ailleurs.exemple/"), "scope.hosts"),
    (("scan", CLOSED, "--contact", "a\r\nX-Injecte: b"), "User-Agent"),
    (("scan", CLOSED, "--contact", "é"), "User-Agent"),
    (("scan", CLOSED, "--contact", "\udcff"), "UTF-8"),
    (("scan", "--resume", "absent"), "n'est pas le dossier"),
    (("scan", "--resume", "absent", "--dry-run"), "--dry-run"),
    (("scan", CLOSED, "--resume", "absent"), "URL"),
    (("scan", "--lang", "de"), "fr, en"),
    (("rules", "show"), "rule"),
    (("rules", "show", "AA99"), "AA9"),
    (("checks", "show", "tls.confg"), "tls.config"),
    (("engagement", "check", "absent.toml"), "introuvable"),
    (("engagement", "check", "."), "dossier"),
    (("verify", "absent"), "absent"),
    (("report", "absent"), "absent"),
    (("lab", "--weak", "headers.csp/mising"), "headers.csp/missing"),
    (("lab", "--port", "99999"), "65535"),
    (("lab", "--port", "-1"), "65535"),
]


@pytest.mark.parametrize(("arguments", "remedy"), USAGE, ids=[" ".join(words)[:60] for words, _ in USAGE])
def test_a_command_that_is_wrong(probe: Any, arguments: tuple[str, ...], remedy: str, tmp_path: Path) -> None:
    done = probe(*arguments)
    assert done.code == Exit.USAGE
    assert remedy in one_sentence(done.err)
    assert not done.out
    assert not list(tmp_path.glob("runs/*"))


def test_the_same_in_english(probe: Any) -> None:
    for arguments in (("scan", "portal.example"), ("scan", CLOSED, "--foo"), ("rules", "show", "AA99")):
        french, english = probe(*arguments), probe(*arguments, "--lang", "en")
        assert french.code == english.code == Exit.USAGE
        assert one_sentence(french.err) != one_sentence(english.err)
        assert not set("éèàêç«»") & set(one_sentence(english.err))


def test_a_check_that_is_only_planned_is_no_typing_mistake(probe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import pgssi_probe.guide
    from pgssi_probe.guide.model import PlannedCheck
    from pgssi_probe.model.text import Bilingual

    planned = PlannedCheck(id="session.telepathy", title=Bilingual(fr="Rien ne se devine", en="Nothing is guessed"))
    announced = pgssi_probe.guide.guide().model_copy(update={"planned": (planned,)})
    monkeypatch.setattr(pgssi_probe.guide, "guide", lambda: announced)
    done = probe("checks", "show", planned.id)
    assert done.code == Exit.USAGE
    assert "pas encore" in one_sentence(done.err)


ENGAGEMENTS = [
    ("[mandate\n", 1, "TOML"),
    ('[mandate]\nreference = "a"\nsignataire = "b"\n', 3, "retirez la ligne"),
    ('[mandate]\nvalid_from = "hier"\n', 2, "2026-11-22"),
    ('[mandate]\nhours = "8h-18h"\n', 2, "08:00-18:00"),
    ("[limits]\n\nrequests_per_second = -1\n", 3, "bornes"),
    ('[scope]\nhosts = ["https://a.exemple/"]\n', 2, "sans https://"),
    ('[scope]\naddresses = ["192.0.2.300"]\n', 2, "192.0.2.0/24"),
    ('[scope]\ntarget = "portail.exemple"\n', 2, "https://"),
]


@pytest.mark.parametrize(("text", "line", "remedy"), ENGAGEMENTS)
@pytest.mark.parametrize("command", [("scan", CLOSED, "-e"), ("engagement", "check")])
def test_a_mistake_in_an_engagement_has_file_line_and_remedy(
    probe: Any, tmp_path: Path, command: tuple[str, ...], text: str, line: int, remedy: str
) -> None:
    (tmp_path / "e.toml").write_text(text, encoding="utf-8")
    done = probe(*command, "e.toml")
    assert done.code == Exit.USAGE
    sentence = one_sentence(done.err)
    assert sentence.startswith(f"e.toml, ligne {line}, ")
    assert remedy in sentence


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"pas un certificat", b"-----BEGIN CERTIFICATE-----\n"])
def test_an_authority_that_is_none(probe: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ca.pem").write_bytes(content)
    done = probe("scan", "https://127.0.0.1:1", "--ca", "ca.pem")
    assert done.code == Exit.USAGE
    assert "PEM" in one_sentence(done.err)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (CLOSED, "refuse la connexion"),
        ("https://127.0.0.1:1/", "refuse la connexion"),
        ("https://[::1]:1/", "[::1]:1 refuse la connexion"),
        ("https://inconnu.invalid/", "inconnu"),
    ],
)
def test_a_target_that_cannot_be_reached(probe: Any, tmp_path: Path, url: str, words: str) -> None:
    done = probe("scan", url)
    assert done.code == Exit.UNREACHABLE
    assert words in one_sentence(done.err)
    assert not list(tmp_path.glob("runs/*"))


def test_a_folder_in_use_is_left_alone(probe: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o755)
    (mine / "notes.txt").write_text("à moi")
    done = probe("scan", CLOSED, "--out", mine)
    assert done.code == Exit.USAGE
    assert "--out" in one_sentence(done.err)
    assert mine.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]


def test_a_file_in_the_place_of_a_folder(probe: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in ("file", "file/run"):
        done = probe("scan", CLOSED, "--out", out)
        assert done.code == Exit.INTERNAL
        assert "--out" in one_sentence(done.err)


def test_what_was_not_foreseen_is_one_sentence_without_a_word_of_the_target(
    probe: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pgssi_probe.cli import scanning

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret of the target")

    monkeypatch.setattr(scanning, "scan_now", broken)
    done = probe("scan", CLOSED)
    assert done.code == Exit.INTERNAL
    assert "RuntimeError" in one_sentence(done.err)
    assert "secret" not in done.err
