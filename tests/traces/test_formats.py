# ruff: noqa: E501 - lines of logs are as long as they are
"""Each format of log says the same thing; nothing that a log holds breaks the reader."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pgssi_probe.traces.fields import address, path_of
from pgssi_probe.traces.formats import FORMATS, detect, read_log
from pgssi_probe.traces.lines import LogUnreadable, lines
from pgssi_probe.traces.record import identifiers, moment

NEAR = datetime(2026, 11, 22, 9, 15, 3, tzinfo=UTC)
ID = "0bfb5c9149514a7b92bbc934c11a35e6"
AT = NEAR.timestamp()
XML = f"""<?xml version="1.0" encoding="utf-8"?>
<Events><Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><EventID>4625</EventID>
<TimeCreated SystemTime="2026-11-22T09:15:03.1234567Z"/><Computer>portail</Computer></System>
<EventData><Data Name="TargetUserName">alice</Data><Data Name="IpAddress">198.51.100.7</Data>
<Data Name="CorrelationId">{ID}</Data></EventData></Event></Events>
"""
SAMPLES = {
    "combined": f'198.51.100.7 - alice [22/Nov/2026:10:15:03 +0100] "POST /login?x=1 HTTP/1.1" 401 5 "-" "ua" {ID}',
    "vhost": f'portail:443 198.51.100.7 - alice [22/Nov/2026:09:15:03 +0000] "POST /login HTTP/2.0" 401 5 "-" "u" {ID}',
    "ipv6-mapped": f'::ffff:198.51.100.7 - alice [22/Nov/2026:09:15:03 +0000] "POST /login HTTP/1.1" 401 5 {ID}',
    "json": json.dumps(
        {
            "@timestamp": "2026-11-22T09:15:03.000Z",
            "source": {"ip": "198.51.100.7"},
            "user": {"name": "alice"},
            "http": {"request": {"method": "post", "id": ID}, "response": {"status_code": 401}},
            "url": {"path": "/login"},
            "event": {"action": "login_failed"},
        }
    ),
    "json-epoch": json.dumps(
        {"ts": AT, "ip": "198.51.100.7", "user": "alice", "request": "POST /login HTTP/1.1", "status": 401, "rid": ID}
    ),
    "syslog-3164": f'<190>Nov 22 09:15:03 vm portail[12]: 198.51.100.7 - alice [22/Nov/2026:09:15:03 +0000] "POST /login HTTP/1.1" 401 0 {ID}',
    "syslog-5424": f'<134>1 2026-11-22T09:15:03.000Z vm portail 7 LOGIN [req@32473 id="{ID}" ip="198.51.100.7" user="alice" method="POST" path="/login" status="401"] refus',
    "syslog-json": "<134>1 2026-11-22T09:15:03Z vm portail - - - "
    + json.dumps({"ip": "198.51.100.7", "user": "alice", "method": "POST", "path": "/login", "status": 401, "id": ID}),
    "key-values": f"2026-11-22 09:15:03,000 WARN login user=alice ip=198.51.100.7 POST /login status=401 request_id={ID}",
}


def records(tmp_path: Path, text: str | bytes, form: str = "auto", name: str = "a.log"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_log(path, form, NEAR))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_format_says_the_same(tmp_path: Path, name: str) -> None:
    (record,) = records(tmp_path, SAMPLES[name] + "\n")
    assert record.time == AT
    assert record.ids == (ID,)
    assert (record.method, record.path, record.status) == ("POST", "/login", 401)
    assert record.address == "198.51.100.7"
    assert record.author == "alice"
    assert record.kind or record.status


def test_windows_events_in_xml_and_in_french_csv(tmp_path: Path) -> None:
    for text in (XML.encode(), XML.encode("utf-16"), XML.replace("\n", "\r\n").encode()):
        (record,) = records(tmp_path, text)
        assert (record.address, record.author, record.kind, record.ids) == ("198.51.100.7", "alice", "4625", (ID,))
        assert record.time == pytest.approx(AT + 0.123456)
    table = "Niveau,Date et heure,Source,ID de l'événement,Catégorie de la tâche\nInformation,22/11/2026 09:15:03,App,4624,Ouverture\n"
    (record,) = records(tmp_path, table)
    assert (record.time, record.aware, record.kind) == (AT, False, "4624")


def test_an_entity_bomb_is_left_out(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE Event [<!ENTITY a "aaaa">]><Event><EventID>&a;</EventID></Event>'
    assert records(tmp_path, f"<Events>{bomb}</Events>", "windows") != [None]
    inner = '<Event><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><Data Name="user">&a;</Data></Event>'
    assert records(tmp_path, inner, "windows") == []


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_whatever_its_separator(tmp_path: Path, separator: str) -> None:
    rows = [
        ["time", "ip", "utilisateur", "method", "path", "status"],
        ["2026-11-22T09:15:03Z", "198.51.100.7", "alice", "GET", "/a", "200"],
    ]
    (record,) = records(tmp_path, "\n".join(separator.join(row) for row in rows))
    assert (record.time, record.address, record.author, record.status) == (AT, "198.51.100.7", "alice", 200)


def test_gzip_and_latin_1_and_a_null_byte(tmp_path: Path) -> None:
    (record,) = records(tmp_path, gzip.compress(SAMPLES["combined"].encode()), name="a.gz")
    assert record.author == "alice"
    (record,) = records(tmp_path, '2026-11-22 09:15:03 \0échec user="Hélène"\n'.encode("latin-1"))
    assert record.author == "Hélène"


def test_a_bomb_and_an_endless_line_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"a\n" * 5_000_000))
    with pytest.raises(LogUnreadable) as caught:
        list(lines(tmp_path / "bomb.gz", limit=1_000_000))
    assert caught.value.code == "too_large"
    (tmp_path / "long").write_bytes(b"x" * 6_000_000)
    (only,) = list(lines(tmp_path / "long"))
    assert len(only[1]) <= 1_100_000


@pytest.mark.parametrize(
    ("text", "seconds", "aware"),
    [
        ("22/Nov/2026:10:15:03 +0100", 0, True),
        ("Nov 22 09:15:03", 0, False),
        ("2026-11-22T09:15:03.5Z", 0.5, True),
        ("2026-11-22 09:15:03,250", 0.25, False),
        ("22/11/2026 09:15:03", 0, False),
        ("11/22/2026 9:15:03 AM", 0, False),
        (str(int(AT)), 0, True),
        (str(int(AT * 1000)), 0, True),
    ],
)
def test_times(text: str, seconds: float, aware: bool) -> None:
    found = moment(text, NEAR)
    assert found == (pytest.approx(AT + seconds), aware)


@pytest.mark.parametrize("text", ["", "-", "hier", "99/Nov/2026:10:15:03 +0100", "Foo 22 09:15:03", "9" * 400])
def test_what_is_no_time(text: str) -> None:
    assert moment(text, NEAR) is None


def test_the_year_of_syslog_is_that_of_the_run() -> None:
    new_year = datetime(2027, 1, 1, 0, 0, 5, tzinfo=UTC)
    found = moment("Dec 31 23:59:58", new_year)
    assert found is not None
    assert found[0] == (new_year - timedelta(seconds=7)).timestamp()


def test_addresses_and_paths() -> None:
    assert address("198.51.100.7:4433, 10.0.0.1") == "198.51.100.7"
    assert address("[2001:db8::1]:443") == "2001:db8::1"
    assert address("portail") == ""
    assert path_of("https://a.example/b?c") == "/b"
    assert identifiers(f"x{ID}y") == ()
    assert identifiers("0BFB5C91-4951-4A7B-92BB-C934C11A35E6") == (ID,)


LINES = st.lists(
    st.one_of(
        st.text(max_size=300),
        st.sampled_from(list(SAMPLES.values())).flatmap(
            lambda line: st.tuples(st.integers(0, len(line)), st.text(max_size=20)).map(
                lambda cut: line[: cut[0]] + cut[1] + line[cut[0] :]
            )
        ),
        st.sampled_from(
            ["{" * 3000, '{"a":' * 2000, "<Event>" * 50, '"' * 500, "<1>1 " + "[a " * 300, "[" * 600 + '"' * 600]
        ),
    ),
    max_size=12,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.sampled_from(FORMATS))
def test_no_line_breaks_a_reader(tmp_path: Path, some: list[str], form: str) -> None:
    for record in records(tmp_path, "\n".join(some).encode("utf-8", "surrogatepass"), form):
        assert record.status is None or 100 <= record.status <= 599
        assert record.address == address(record.address)
        assert len(record.text) <= 65_536


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3000))
def test_no_file_breaks_a_reader(tmp_path: Path, content: bytes) -> None:
    try:
        records(tmp_path, content)
    except LogUnreadable as error:
        assert error.code in {"damaged", "unreadable"}  # noqa: PT017


def test_reading_is_linear(tmp_path: Path) -> None:
    evil = [
        '"' + "\\" * 60_000,
        "[" * 60_000,
        "a=" * 30_000,
        "<134>1 " + "x " * 20_000,
        "/" * 60_000,
        "GET /" + "a" * 60_000,
    ]
    began = time.monotonic()
    for form in FORMATS:
        records(tmp_path, "\n".join(evil), form)
    assert time.monotonic() - began < 10


def test_formats_are_told_apart() -> None:
    assert detect([SAMPLES["combined"]] * 3) == "access"
    assert detect([SAMPLES["json"]] * 3) == "json"
    assert detect([SAMPLES["syslog-5424"], SAMPLES["syslog-3164"]]) == "syslog"
    assert detect([SAMPLES["key-values"]]) == "text"
    assert detect(XML.splitlines()) == "windows"
    assert detect([]) == "text"
