"""`init` and `engagement check`: what a newcomer is left with, and what is said of it."""

from __future__ import annotations

import json
import stat
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.cli.draft import draft
from pgssi_probe.cli.exits import Exit
from pgssi_probe.engagement import load_engagement
from pgssi_probe.engagement.file import read_engagement
from pgssi_probe.engine.survey import Survey
from pgssi_probe.identity import Driver, SignInPlan
from pgssi_probe.lab import Lab
from pgssi_probe.model.outcome import Level
from pgssi_probe.model.text import LANGS, Lang
from pgssi_probe.words import catalogue
from tests.cli.conftest import Probe, Target, web_server  # type: ignore[import-not-found]

TODAY = date(2026, 11, 22)


def written(survey: Survey, lang: Lang = "fr") -> str:
    return draft(survey, lang, ca_file=None, today=TODAY)


@pytest.fixture(scope="module")
def started(hardened: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that `init` wrote after looking at the demonstration portal."""
    from pgssi_probe.cli.app import run

    file = tmp_path_factory.mktemp("init") / "engagement.toml"
    assert run(["--lang", "fr", "init", hardened.https_url, "-o", str(file), "--ca", str(hardened.ca_file)]) == Exit.OK
    return file


def test_init_finds_the_sign_in_and_writes_a_file_that_is_valid_as_it_stands(started: Path, hardened: Lab) -> None:
    engagement = load_engagement(started)
    assert engagement.scope.target.rstrip("/") == hardened.https_url.rstrip("/")
    assert engagement.login.driver == "form"
    assert "connexion" in (engagement.login.url or "")
    assert engagement.login.username_field
    assert engagement.login.password_field
    assert engagement.highest_level(engagement.scope.target, datetime(2026, 11, 22, tzinfo=UTC)) is Level.PASSIVE
    assert stat.S_IMODE(started.stat().st_mode) == 0o600


def test_what_a_person_must_fill_is_there_as_comments(started: Path) -> None:
    text = started.read_text(encoding="utf-8")
    for line in (
        "# signatory = ",
        "# [accounts.sacrifice]",
        '# "login.unlock-contact" = ',
        "# telemedicine = true",
        "# [canaries]",
    ):
        assert line in text
    every = "\n".join(
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line for line in text.splitlines()
    )
    uncommented = every.replace('hosts = ["api', '# hosts = ["api').replace("est tenue pour", "# est tenue pour")
    filled = read_engagement("\n".join(keep_first(uncommented)), started)
    assert filled.mandate is not None
    assert filled.mandate.empty_lines == ()
    assert set(filled.accounts) == {"a", "b", "low", "high", "sacrifice"}


def keep_first(text: str) -> list[str]:
    """Lines of a file whose comments were all taken away, without the prose and with each key once."""
    from pgssi_probe.engagement.places import places

    kept: list[str] = []
    for line in text.splitlines():
        candidate = [*kept, line]
        try:
            tomllib.loads("\n".join(candidate))
        except tomllib.TOMLDecodeError:
            continue
        kept = candidate
    assert places("\n".join(kept))
    return kept


def test_init_never_touches_a_file_that_exists(probe: Probe, web: Target, tmp_path: Path) -> None:
    file = tmp_path / "engagement.toml"
    file.write_text("mine", encoding="utf-8")
    done = probe("init", web.url)
    assert done.code == Exit.USAGE
    assert "existe déjà" in done.err
    assert file.read_text(encoding="utf-8") == "mine"
    assert web.seen == []
    link = tmp_path / "link.toml"
    link.symlink_to(tmp_path / "elsewhere.toml")
    assert probe("init", web.url, "-o", link).code == Exit.USAGE
    assert not (tmp_path / "elsewhere.toml").exists()


def test_init_only_reads_pages(probe: Probe, web: Target) -> None:
    done = probe("init", web.url)
    assert done.code == Exit.OK
    assert "rien n'a été essayé" in done.out
    assert not {"/login", "/admin/", "/wp-login.php"} & set(web.seen)


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        ("portail.exemple", Exit.USAGE, "https://"),
        ("https://moi:secret@portail.exemple/", Exit.USAGE, "mot de passe"),
        ("http://127.0.0.1:1/", Exit.UNREACHABLE, "refuse"),
    ],
)
def test_init_says_what_is_wrong_and_leaves_no_file(
    probe: Probe, tmp_path: Path, url: str, code: Exit, said: str
) -> None:
    done = probe("init", url)
    assert done.code == code
    assert said in done.err
    assert list(tmp_path.iterdir()) == []


def test_init_where_it_cannot_write(probe: Probe, web: Target, tmp_path: Path) -> None:
    done = probe("init", web.url, "-o", tmp_path / "absent" / "e.toml")
    assert done.code == Exit.INTERNAL
    assert "absent" in done.err


def test_init_for_machines_and_in_english(probe: Probe, web: Target) -> None:
    data = json.loads(probe("init", web.url, "--json", "-o", "a.toml").out)
    assert data["sign_in"]["url"] is None
    assert data["pages"] == 1
    done = probe("--lang", "en", "init", web.url, "-o", "b.toml")
    assert "nothing was tried" in done.out
    assert Path("b.toml").read_text(encoding="utf-8").startswith("# Engagement file of pgssi-probe")


HOSTILE = """<!doctype html><title>x</title>
<form method=post action="/connexion?a=%22%0A[mandate]%0A"><input name='u"&#10;x = 1 #'>
<input type=password name="p&#10;[mandate]&#10;levels = [&quot;intrusive&quot;]"><button>Se connecter</button></form>
<a href="/logout&#10;[scope]">Déconnexion</a><script src="https://cdn.exemple/&#10;x.js"></script>"""


def test_what_a_hostile_page_says_never_becomes_a_line_of_the_file(probe: Probe) -> None:
    with web_server(HOSTILE.encode()) as target:
        assert probe("init", target.url, "-o", "h.toml").code == Exit.OK
        engagement = load_engagement(Path("h.toml"))
    assert engagement.mandate is not None
    assert engagement.mandate.levels == (Level.PASSIVE,)
    assert engagement.scope.target == target.url


anything = st.text(max_size=60)


@settings(deadline=None, max_examples=60)  # the templates are read at the first one
@given(anything, anything, anything, st.lists(anything, max_size=3).map(tuple), st.sampled_from(LANGS))
def test_whatever_the_site_says_the_file_reads_back(
    url: str, user: str, logout: str, found: tuple[str, ...], lang: Lang
) -> None:
    plan = SignInPlan(Driver.FORM, url=url, providers=found, left=url)
    survey = Survey("https://portail.exemple/", plan, url, user, user, found, logout, found)
    engagement = read_engagement(written(survey, lang), Path("x.toml"))
    assert engagement.scope.target == "https://portail.exemple/"
    assert engagement.mandate is not None
    assert engagement.mandate.levels == (Level.PASSIVE,)
    assert engagement.accounts == {}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "plan",
    [
        SignInPlan(None, reason="no_form"),
        SignInPlan(None, reason="scripted"),
        SignInPlan(None, reason="out_of_scope", left="sso.exemple:443"),
        SignInPlan(Driver.JSON, url="https://portail.exemple/api/login"),
        SignInPlan(Driver.FORM, url="https://portail.exemple/connexion", captcha=True, providers=("FranceConnect",)),
    ],
    ids=lambda plan: plan.reason or plan.driver,
)
def test_every_kind_of_sign_in_gives_a_valid_file(plan: SignInPlan, lang: Lang) -> None:
    text = written(Survey("https://portail.exemple/", plan, plan.url), lang)
    engagement = read_engagement(text, Path("x.toml"))
    assert (engagement.login.url is not None) is (plan.driver is Driver.FORM)
    assert not plan.left or plan.left in text


# --- engagement check -------------------------------------------------------------------------------------------------

MANDATE = f"""[mandate]
reference = "CONV-1"
organisation = "CH de Valombre"
signatory = "La directrice"
signed = 2026-01-01
valid_from = 2026-01-01
valid_until = {datetime.now(UTC).date() + timedelta(days=40)}
hours = "00:00-24:00"
source_addresses = ["192.0.2.10"]
hosting_agreement = "H-1"
emergency_contact = "+33 1 99 00 00 00"
levels = ["passive", "active", "intrusive"]
"""
SCOPE = '[scope]\ntarget = "https://portail.exemple/"\nhosts = ["api.exemple"]\nexcluded_paths = ["/admin"]\n'


def checked(probe: Probe, text: str, *options: str) -> str:
    Path("e.toml").write_text(text, encoding="utf-8")
    done = probe("engagement", "check", "e.toml", *options)
    assert done.code == Exit.OK, done.err
    return done.out


def test_a_missing_declaration_is_named_with_its_check(probe: Probe) -> None:
    text = MANDATE + SCOPE + '[accounts.sacrifice]\nusername = "s"\npassword = { env = "ABSENT_X" }\n'
    said = checked(probe, text)
    assert '"login.unlock-contact" = ' in said
    assert "login.throttling ne pourra pas conclure" in said
    assert "[accounts.a]" in said
    english = checked(probe, text, "--lang", "en")
    assert "login.throttling will not be able to conclude" in english


def test_secrets_are_looked_for_and_never_shown_nor_needed(
    probe: Probe, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    witness = tmp_path / "ran"
    monkeypatch.setenv("PGSSI_TEST_SET", "s3cr3t-value")
    monkeypatch.delenv("PGSSI_TEST_UNSET", raising=False)
    text = f'''[accounts.a]
username = "alice"
password = {{ env = "PGSSI_TEST_SET" }}
totp = {{ env = "PGSSI_TEST_UNSET" }}
[accounts.b]
username = {{ command = ["touch", "{witness}"] }}
password = {{ command = ["no-such-program-x", "hush"] }}
[accounts.low]
username = "l"
password = {{ prompt = true }}
[canaries]
a = ["Durand-Essai-A"]
[declared]
"login.samples" = ["temporary-1"]
"session.single" = true
'''
    for option in ((), ("--json",)):
        said = checked(probe, text, *option)
        for secret in ("s3cr3t-value", "hush", "Durand-Essai-A", "temporary-1"):
            assert secret not in said
    assert not witness.exists()
    said = checked(probe, text)
    assert "PGSSI_TEST_SET : définie" in said
    assert "PGSSI_TEST_UNSET : non définie" in said
    assert "commande touch : trouvée" in said
    assert "commande no-such-program-x : introuvable" in said
    assert "demandé dans le terminal" in said
    assert "1 valeur témoin" in said


def test_the_context_says_which_rules_have_no_object_and_what_is_out_of_scope(probe: Probe) -> None:
    said = checked(probe, SCOPE + "[context]\npersonal_data = false\ntelemedicine = true\n")
    assert "GA1 — " in said
    assert "personal_data = non" in said
    assert "Réserve : La télémédecine" in said
    assert "Réserve : La télémédecine" in probe("scan", "https://portail.exemple/", "-e", "e.toml", "--dry-run").out
    assert "(guide, section 1.4.2, p. 5)" in said
    data = json.loads(checked(probe, SCOPE + "[context]\nsis_exchange = false\n", "--json"))
    assert [one["rule"] for one in data["not_applicable"]] == ["AA5"]
    assert [one["id"] for one in data["reserves"]] == ["no-exchange"]


def test_another_target_than_the_file_s_is_not_covered(probe: Probe) -> None:
    said = checked(probe, MANDATE + SCOPE, "https://autre.exemple/")
    assert "Niveau actif : refusé, la cible n'est pas celle du mandat" in said
    data = json.loads(checked(probe, MANDATE + SCOPE, "--json"))
    assert data["levels"]["intrusive"]["allowed"] is True
    assert data["levels"]["intrusive"]["until"] is not None
    assert data["levels"]["passive"]["until"] is None


def test_every_line_that_is_missing_is_named_at_once(probe: Probe) -> None:
    said = checked(probe, SCOPE + '[mandate]\nreference = "R"\n')
    assert "Complétez dans [mandate] : organisation, signatory, signed" in said


def test_every_word_of_the_explanation_exists_in_both_languages() -> None:
    from pgssi_probe.engagement.declared import declared_table
    from pgssi_probe.engagement.mandate import MANDATE_LINES

    for lang in LANGS:
        known = catalogue(lang)
        assert {f"engagement.line.{name}" for name in MANDATE_LINES} <= set(known)
        assert {f"engagement.value.{one.kind}" for one in declared_table().values()} <= set(known)
        for cause in (
            "absent",
            "empty",
            "not_yet_valid",
            "expired",
            "outside_hours",
            "level_not_listed",
            "not_covered",
        ):
            assert {f"engagement.refusal.{cause}", f"engagement.remedy.{cause}"} <= set(known)
