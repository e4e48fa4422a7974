"""The mandate refuses by default, and the file says its mistakes with a line."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.check.context import Target
from pgssi_probe.engagement import Engagement, EngagementError, Mandate, Refusal, ScopeSection, load_engagement
from pgssi_probe.engagement.accounts import AccountSection
from pgssi_probe.engagement.fictional import fictional_mandate
from pgssi_probe.engagement.mandate import parse_hours
from pgssi_probe.engine.allowance import lacks_of
from pgssi_probe.engine.bounds import limits_of, within_the_window
from pgssi_probe.engine.plan import ACCOUNTS_NEEDED, Selection, allowed_level, make_plan
from pgssi_probe.model.outcome import Level, Reason
from pgssi_probe.registry import checks

NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)  # 12:00 in Paris
COMPLETE = fictional_mandate(
    NOON.date(), valid_until=date(2026, 12, 31), hours="08:00-18:00", valid_from=date(2026, 11, 1)
)
NEEDED = (
    "reference",
    "organisation",
    "signatory",
    "signed",
    "valid_from",
    "valid_until",
    "hours",
    "source_addresses",
    "hosting_agreement",
    "emergency_contact",
)
DATES = {"signed", "valid_from", "valid_until"}


def test_without_an_engagement_only_passive_is_allowed() -> None:
    engagement = Engagement()
    assert engagement.refusal(Level.PASSIVE, NOON) is None
    refusal = engagement.refusal(Level.ACTIVE, NOON)
    assert refusal is not None
    assert (refusal.line, refusal.cause) == ("mandate", "absent")
    assert engagement.highest_level("https://portal.example/", NOON) is Level.PASSIVE


def test_a_complete_mandate_allows_what_it_lists_and_nothing_more() -> None:
    assert COMPLETE.refusal(Level.ACTIVE, NOON) is None
    refusal = COMPLETE.refusal(Level.INTRUSIVE, NOON)
    assert refusal is not None
    assert refusal.line == "mandate.levels"


@pytest.mark.parametrize("name", NEEDED)
def test_each_missing_line_is_named(name: str) -> None:
    empty: object = (
        () if name == "source_addresses" else None if name in {"signed", "valid_from", "valid_until"} else ""
    )
    refusal = COMPLETE.model_copy(update={name: empty}).refusal(Level.ACTIVE, NOON)
    assert refusal is not None
    assert refusal.line == f"mandate.{name}"


@pytest.mark.parametrize(
    ("now", "cause"),
    [
        (datetime(2026, 10, 31, 12, tzinfo=UTC), "not_yet_valid"),
        (datetime(2027, 1, 1, 12, tzinfo=UTC), "expired"),
        (datetime(2026, 11, 22, 17, 30, tzinfo=UTC), "outside_hours"),  # 18:30 in Paris
        (datetime(2026, 11, 22, 6, 30, tzinfo=UTC), "outside_hours"),  # 07:30 in Paris
    ],
)
def test_dates_and_hours_are_those_of_the_mandate_s_zone(now: datetime, cause: str) -> None:
    refusal = COMPLETE.refusal(Level.ACTIVE, now)
    assert refusal is not None
    assert refusal.cause == cause


@pytest.mark.parametrize(
    ("local", "allowed", "until"),
    [
        ("2026-11-22T21:59:00", False, None),
        ("2026-11-22T22:00:00", True, "2026-11-23T06:00:00"),
        ("2026-11-22T23:59:59", True, "2026-11-23T06:00:00"),
        ("2026-11-23T00:00:00", True, "2026-11-23T06:00:00"),
        ("2026-11-23T06:00:00", True, "2026-11-23T06:00:00"),
        ("2026-11-23T06:01:00", False, None),
        ("2026-11-23T12:00:00", False, None),
    ],
)
def test_a_night_holds_midnight(local: str, allowed: bool, until: str | None) -> None:
    mandate = COMPLETE.model_copy(update={"hours": "22:00-06:00"})
    zone = ZoneInfo(mandate.timezone)
    now = datetime.fromisoformat(local).replace(tzinfo=zone)
    refusal = mandate.refusal(Level.ACTIVE, now)
    assert refusal == (None if allowed else Refusal("mandate.hours", "outside_hours"))
    if until is not None:
        assert mandate.window_end(now) == datetime.fromisoformat(until).replace(tzinfo=zone)


def test_the_last_night_ends_with_the_last_day() -> None:
    mandate = COMPLETE.model_copy(update={"hours": "22:00-06:00"})
    assert mandate.valid_until is not None
    zone = ZoneInfo(mandate.timezone)
    evening = datetime.combine(mandate.valid_until, time(23, 0), zone)
    assert mandate.refusal(Level.ACTIVE, evening) is None
    end = mandate.window_end(evening)
    assert end is not None
    assert end.date() == mandate.valid_until
    assert mandate.refusal(Level.ACTIVE, end) is None
    assert mandate.refusal(Level.ACTIVE, end + timedelta(seconds=1)) is not None


@pytest.mark.parametrize("hours", ["8h-18h", "08:00-08:00", "08:00", "", "25:00-26:00"])
def test_hours_that_mean_nothing_are_refused(hours: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_hours(hours)


def write(folder: Path, text: str) -> Path:
    path = folder / "engagement.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_and_its_hash_kept(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[mandate]\nreference = "R1"\nvalid_from = 2026-01-01\nlevels = ["passive", "active"]\n'
        '[scope]\ntarget = "https://portal.example/"\nca_file = "ca.pem"\n[declared]\n"admin.inventory" = ["/admin"]\n',
    )
    engagement = load_engagement(path)
    assert engagement.mandate is not None
    assert engagement.mandate.valid_from == date(2026, 1, 1)
    assert engagement.scope.ca_file == str(tmp_path / "ca.pem")
    assert engagement.declared == {"admin.inventory": ["/admin"]}
    assert len(engagement.file_sha256 or "") == 64


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[mandate\n", "not_toml", 1),
        ('[mandate]\nreference = "a"\nsignataire = "b"\n', "unknown_key", 3),
        ('[mandate]\nvalid_from = "hier"\n', "bad_value", 2),
        ("[limits]\n\nrequests_per_second = -1\n", "bad_value", 3),
        ("[mandat]\nx = 1\n", "unknown_key", 1),
        ('[mandate]\nhours = "8h-18h"\n', "bad_value", 2),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, text: str, code: str, line: int) -> None:
    with pytest.raises(EngagementError) as caught:
        load_engagement(write(tmp_path, text))
    assert (caught.value.code, caught.value.line) == (code, line)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("[mandate]\nreference = 3\n", "text"),
        ('[mandate]\nvalid_from = "hier"\n', "date"),
        ('[limits]\nrequests_per_second = "vite"\n', "number"),
        ("[limits]\nconcurrency = 1.5\n", "whole"),
        ('[scope]\nhosts = "a.example"\n', "list"),
        ('[mandate]\nlevels = ["doux"]\n', "choices"),
        ("[limits]\nconcurrency = 0\n", "range"),
        ("limits = 3\n", "section"),
        ('[mandate]\nhours = "8h-18h"\n', "hours"),
        ('[mandate]\ntimezone = "Europe/Valombre"\n', "zone"),
        ("[mandate]\nvalid_from = 2026-02-01\nvalid_until = 2026-01-01\n", "order"),
        ('[scope]\nhosts = ["https://a.example/"]\n', "host"),
        ('[scope]\nhosts = ["a.example:port"]\n', "host"),
        ('[scope]\nhosts = ["a b"]\n', "host"),
        ('[scope]\ntarget = "portal.example"\n', "url"),
        ('[scope]\ntarget = "https://portal.example:port/"\n', "url"),
        ('[scope]\nplain_http = "http://[::1"\n', "url"),
        ('[scope]\naddresses = ["192.0.2.300"]\n', "network"),
    ],
)
def test_what_is_wrong_with_a_value_is_a_key_of_the_catalogue(tmp_path: Path, text: str, detail: str) -> None:
    with pytest.raises(EngagementError) as caught:
        load_engagement(write(tmp_path, text))
    assert (caught.value.code, caught.value.detail) == ("bad_value", detail)
    assert caught.value.line is not None


def test_hosts_may_be_wild_and_have_any_port(tmp_path: Path) -> None:
    text = '[scope]\nhosts = ["*.a.example", "b.example:*", "[2001:db8::1]:8443"]\naddresses = ["192.0.2.0/24"]\n'
    assert len(load_engagement(write(tmp_path, text)).scope.hosts) == 3


def test_a_file_nested_too_deep_is_said(tmp_path: Path) -> None:
    with pytest.raises(EngagementError) as caught:
        load_engagement(write(tmp_path, "a = " + "[" * 100_000))
    assert caught.value.code == "not_toml"


def test_an_unreadable_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(EngagementError) as caught:
        load_engagement(tmp_path / "absent.toml")
    assert caught.value.code == "unreadable"
    binary = tmp_path / "b.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EngagementError) as caught:
        load_engagement(binary)
    assert caught.value.code == "not_utf8"


def test_proxies_are_ways_by_label(tmp_path: Path) -> None:
    path = tmp_path / "e.toml"
    path.write_text('[proxies]\nhopital = "http://mandataire.example:3128"\n')
    engagement = load_engagement(path)
    assert engagement.told["proxies"] == ["hopital"]
    assert "proxies" not in Engagement().told


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('a = "https://p.example:1"', "proxy"),
        ('a = "http://u:p@p.example:1"', "proxy"),
        ('own-1 = "http://p:1"', "label"),
    ],
)
def test_what_is_no_proxy_is_said(line: str, word: str, tmp_path: Path) -> None:
    path = tmp_path / "e.toml"
    path.write_text(f"[proxies]\n{line}\n")
    with pytest.raises(EngagementError) as caught:
        load_engagement(path)
    assert (caught.value.code, caught.value.detail) == ("bad_value", word)


def found(tmp_path: Path, text: str) -> list[tuple[str, int | None, str, tuple[str, ...]]]:
    with pytest.raises(EngagementError) as caught:
        load_engagement(write(tmp_path, text))
    return [(one.code, one.line, one.key, one.close) for one in caught.value.mistakes]


def test_every_mistake_is_shown_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = '[mandate]\nsignataire = "x"\nhours = "8h"\n[declared]\nsession.single = 3\n'
    text += '"session.idle-minute" = 20\n[scop]\n'
    assert found(tmp_path, text) == [
        ("unknown_key", 2, "mandate.signataire", ("signatory", "signed")),
        ("bad_value", 3, "mandate.hours", ()),
        ("bad_value", 5, "declared.session.single", ()),
        (
            "unknown_declared",
            6,
            "declared.session.idle-minute",
            ("session.idle-minutes", "session.idle-max-minutes"),
        ),
        ("unknown_key", 7, "scop", ("scope",)),
    ]


@pytest.mark.parametrize(
    ("text", "code", "detail"),
    [
        ('[accounts.a]\nusername = "a"\npassword = "hunter2!"\n', "bad_value", "literal_secret"),
        ('[accounts.a]\nusername = "a"\npassword = { env = "A", prompt = true }\n', "bad_value", "one_reference"),
        ('[accounts.a]\npassword = { env = "A" }\n', "bad_value", "missing"),
        ('[declared]\n"login.url" = "https://portal.example/"\n', "in_login", "url"),
        ('[canaries]\na = ["abc"]\n', "bad_value", "canary"),
        ('[context]\nusers = ["patient"]\n', "bad_value", "choices"),
        ("[context]\nhealth_data = true\npersonal_data = false\n", "bad_value", "health_personal"),
        ('[context]\npersonal_data = "oui"\n', "bad_value", "yes_no"),
    ],
)
def test_mistakes_of_accounts_canaries_and_context(tmp_path: Path, text: str, code: str, detail: str) -> None:
    with pytest.raises(EngagementError) as caught:
        load_engagement(write(tmp_path, text))
    assert (caught.value.code, caught.value.detail) == (code, detail)
    assert "hunter2" not in repr(caught.value.mistakes)


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("[mandate", "header", 1),
        ('a = 1\nb = "x\n', "string", 2),
        ("a = oui\n", "value", 1),
        ("a 3\n", "equals", 1),
        ("[a]\n[a]\n", "twice", 2),
        ("a = [1,\n2\n", "array", 2),
        ("d = 2026-13-01\n", "rest", 1),
        ('a = "\\d"\n', "escape", 1),
        ('a = "x" y\n', "rest", 1),
    ],
)
def test_a_writing_mistake_is_a_key_of_the_catalogue_with_its_line(
    tmp_path: Path, text: str, kind: str, line: int
) -> None:
    with pytest.raises(EngagementError) as caught:
        load_engagement(write(tmp_path, text))
    assert (caught.value.code, caught.value.detail, caught.value.line) == ("not_toml", kind, line)


def test_the_mark_of_windows_editors_is_no_mistake(tmp_path: Path) -> None:
    assert load_engagement(write(tmp_path, '\ufeff[scope]\ntarget = "https://portal.example/"\n')).scope.target


def test_a_mandate_of_spaces_says_nothing() -> None:
    refusal = COMPLETE.model_copy(update={"signatory": "  "}).refusal(Level.ACTIVE, NOON)
    assert refusal is not None
    assert refusal.line == "mandate.signatory"


# --- the safety laws --------------------------------------------------------------------------------------------------

moments = st.integers(0, 123 * 24 * 60).map(
    lambda minutes: datetime(2026, 10, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
some_levels = st.lists(st.sampled_from(list(Level)), unique=True).map(tuple)
URL = "https://portal.example/"


def engaged(mandate: Mandate | None, target: str = URL) -> Engagement:
    return Engagement(mandate=mandate, scope=ScopeSection(target=target))


@given(moments, some_levels, st.sampled_from(list(Level)))
def test_never_more_than_the_mandate_lists_nor_outside_of_its_dates_and_hours(
    now: datetime, levels: tuple[Level, ...], level: Level
) -> None:
    mandate = COMPLETE.model_copy(update={"levels": levels})
    if level is Level.PASSIVE or engaged(mandate).refusal_for(URL, level, now) is not None:
        return
    local = now.astimezone(ZoneInfo("Europe/Paris"))
    assert level in levels
    assert date(2026, 11, 1) <= local.date() <= date(2026, 12, 31)
    assert "08:00" <= f"{local:%H:%M}" <= "18:00"


@given(moments, st.sets(st.sampled_from(NEEDED), min_size=1), st.sampled_from([Level.ACTIVE, Level.INTRUSIVE]))
def test_a_missing_line_refuses_and_names_a_missing_line(now: datetime, missing: set[str], level: Level) -> None:
    emptied = {name: type(getattr(COMPLETE, name))() if name not in DATES else None for name in missing}
    mandate = COMPLETE.model_copy(update={"levels": tuple(Level), **emptied})
    refusal = engaged(mandate).refusal_for(URL, level, now)
    assert refusal is not None
    assert refusal.cause == "empty"
    assert refusal.line.removeprefix("mandate.") in missing
    assert set(mandate.empty_lines) == missing
    assert engaged(mandate).highest_level(URL, now) is Level.PASSIVE


@given(moments, some_levels, st.sampled_from(["https://other.example/", "https://portal.example:8443/", ""]))
def test_a_mandate_for_one_target_never_authorises_another(
    now: datetime, levels: tuple[Level, ...], target: str
) -> None:
    mandate = COMPLETE.model_copy(update={"levels": levels})
    assert engaged(mandate, target).highest_level(URL, now) is Level.PASSIVE


@given(moments, some_levels)
def test_the_level_of_a_run_is_one_that_is_allowed_and_taking_a_line_away_never_raises_it(
    now: datetime, levels: tuple[Level, ...]
) -> None:
    mandate = COMPLETE.model_copy(update={"levels": levels})
    level = engaged(mandate).highest_level(URL, now)
    assert level is Level.PASSIVE or engaged(mandate).refusal_for(URL, level, now) is None
    for name in NEEDED:
        less = mandate.model_copy(update={name: "" if name not in DATES else None})
        assert engaged(less).highest_level(URL, now).rank <= level.rank
    assert engaged(None).highest_level(URL, now) is Level.PASSIVE


@given(moments, st.sampled_from(list(Level)), st.sampled_from([None, *Level]))
def test_what_is_asked_for_never_widens_what_is_allowed(now: datetime, given_: Level, asked: Level | None) -> None:
    mandate = COMPLETE.model_copy(update={"levels": (given_,)})
    engagement = engaged(mandate)
    level = allowed_level(Target(URL), engagement, Selection(level=asked), now)
    assert level.rank <= engagement.highest_level(URL, now).rank
    assert asked is None or level.rank <= asked.rank


def test_the_end_of_the_window_is_that_of_the_hours_or_of_the_last_day() -> None:
    end = COMPLETE.window_end(NOON)
    assert end is not None
    assert end.isoformat() == "2026-11-22T18:00:00+01:00"
    always = COMPLETE.model_copy(update={"hours": "00:00-24:00"}).window_end(NOON)
    assert always is not None
    assert always.date() == date(2026, 12, 31)
    assert COMPLETE.model_copy(update={"hours": ""}).window_end(NOON) is None


@given(moments, some_levels)
def test_what_is_allowed_now_is_allowed_until_the_end_of_the_window_and_not_a_minute_longer(
    now: datetime, levels: tuple[Level, ...]
) -> None:
    mandate = COMPLETE.model_copy(update={"levels": levels})
    level = engaged(mandate).highest_level(URL, now)
    if level is Level.PASSIVE:
        return
    end = mandate.window_end(now)
    assert end is not None
    assert engaged(mandate).refusal_for(URL, level, end) is None
    assert engaged(mandate).refusal_for(URL, level, end + timedelta(minutes=1)) is not None


@settings(deadline=None, max_examples=40)
@given(
    moments,
    some_levels,
    st.sets(st.sampled_from(["a", "b", "low", "high", "sacrifice"])),
    st.sampled_from([None, *Level]),
    st.sets(st.sampled_from(NEEDED), max_size=1),
)
def test_no_check_of_a_plan_runs_above_what_the_mandate_allows_nor_without_its_accounts(
    now: datetime, levels: tuple[Level, ...], labels: set[str], asked: Level | None, missing: set[str]
) -> None:
    emptied = {name: "" if name not in DATES else None for name in missing}
    engagement = Engagement(
        mandate=COMPLETE.model_copy(update={"levels": levels, **emptied}),
        scope=ScopeSection(target=URL),
        accounts={label: AccountSection(username="u") for label in labels},
    )
    known = {name: check.metadata for name, check in checks().items()}
    plan = make_plan(known.values(), Target(URL), engagement, Selection(level=asked), now)
    for entry in plan.entries:
        if entry.runs:
            assert engagement.refusal_for(URL, entry.level, now) is None
            assert asked is None or entry.level.rank <= asked.rank
            needed = {label for need in known[entry.check].needs for label in ACCOUNTS_NEEDED.get(need, ())}
            assert needed <= labels
        elif entry.reason is Reason.MANDATE_MISSING:
            assert entry.missing
            assert entry.missing.removeprefix("mandate.") in {*missing, "levels", "hours", "valid_from", "valid_until"}
    told = lacks_of(engagement, URL, now, known.values())
    named = {line.removeprefix("mandate.") for lack in told if lack.cause == "empty" for line in lack.lines}
    assert named == missing
    assert {line for lack in told if lack.cause == "account" for line in lack.lines} == {
        f"accounts.{label}" for label in ("a", "b", "low", "high", "sacrifice") if label not in labels and used(label)
    }


def used(label: str) -> bool:
    needs = {need for check in checks().values() for need in check.metadata.needs}
    return any(label in ACCOUNTS_NEEDED.get(need, ()) for need in needs)


@given(moments, some_levels, st.sampled_from(list(Level)), st.sampled_from([URL, "https://other.example/"]))
def test_every_reason_is_told_and_the_first_is_the_one_that_refuses(
    now: datetime, levels: tuple[Level, ...], level: Level, url: str
) -> None:
    engagement = engaged(COMPLETE.model_copy(update={"levels": levels}))
    refusals = engagement.refusals_for(url, level, now)
    assert (refusals[0] if refusals else None) == engagement.refusal_for(url, level, now)


@given(moments, some_levels)
def test_a_run_that_needs_the_mandate_ends_with_its_hours(now: datetime, levels: tuple[Level, ...]) -> None:
    engagement = engaged(COMPLETE.model_copy(update={"levels": levels}))
    level = engagement.highest_level(URL, now)
    whole = limits_of(engagement)
    limits = within_the_window(whole, engagement, level, now)
    assert limits.max_seconds <= whole.max_seconds
    if level is Level.PASSIVE:
        assert limits == whole
    else:
        assert engagement.refusal_for(URL, level, now + timedelta(seconds=limits.max_seconds)) is None
