"""Whatever the identifier, however it is grouped, wherever it stands: it does not survive. What a report needs does."""

from __future__ import annotations

import json
import re
import string
import time
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgssi_probe.clock import SystemClock
from pgssi_probe.engine.evidence import EvidenceRoom
from pgssi_probe.engine.facts import fit_to_print
from pgssi_probe.model.outcome import Observation, Subject
from pgssi_probe.model.text import Bilingual
from pgssi_probe.net.exchange import Exchange, Request, Response
from pgssi_probe.net.journal import Journal
from pgssi_probe.net.trace import Trace
from pgssi_probe.redact import UNLINKED, Redactor, redact_url

NO_BREAK = ("\u00a0", "\u202f", "\u2009", "&nbsp;", "%20")
GAPS = st.sampled_from(["", " ", ".", "-", "\u2011", *NO_BREAK])
BLANKS = st.sampled_from(["", " ", *NO_BREAK])


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text(string.digits, min_size=count, max_size=count)


@st.composite
def nirs(draw: st.DrawFn) -> str:
    """Grouped as on a card, or digit by digit; with the right key, another, or none."""
    month = draw(st.one_of(st.integers(1, 12), st.integers(20, 42), st.integers(50, 99)))
    department = draw(st.one_of(digits(2), st.sampled_from(["2A", "2B", "2a", "2b"])))
    groups = [
        draw(st.sampled_from("123478")),
        draw(digits(2)),
        f"{month:02d}",
        department,
        draw(digits(3)),
        draw(digits(3)),
    ]
    bare = "".join(groups).upper().replace("2A", "19").replace("2B", "18")
    key = draw(st.sampled_from(["right", "any", "none"]))
    if key != "none":
        groups.append(f"{97 - int(bare) % 97:02d}" if key == "right" else draw(digits(2)))
    if draw(st.booleans()):
        return draw(GAPS).join(groups)
    return draw(BLANKS).join("".join(groups))


@st.composite
def cards(draw: st.DrawFn) -> str:
    bare = draw(st.sampled_from("3456")) + draw(digits(15))
    return draw(GAPS).join(bare[start : start + 4] for start in range(0, 16, 4))


@st.composite
def phones(draw: st.DrawFn) -> str:
    gap = draw(GAPS.filter(lambda gap: gap != "%20"))
    start = draw(st.sampled_from(["0", "+33", "0033", "+262", "+33 (0)"]))
    first = draw(st.sampled_from("123456789"))
    pairs = [draw(digits(2)) for _ in range(4)]
    written = start + ("" if start == "0" else gap) + first + gap + gap.join(pairs)
    return written if not re.fullmatch(r"0\.\d{9}", written) else f"0{first}" + "".join(pairs)


@st.composite
def rpps(draw: st.DrawFn) -> str:
    bare = draw(st.sampled_from(["1", "8"])) + draw(digits(10))
    cuts = draw(st.sampled_from([(11,), (5, 8, 11), (1, 11), (2, 5, 8, 11)]))
    return draw(BLANKS).join(bare[start:end] for start, end in zip((0, *cuts), cuts, strict=False))


@st.composite
def finess(draw: st.DrawFn) -> str:
    bare = draw(st.sampled_from(["75", "13", "2A", "2b", "97"])) + draw(digits(7))
    return draw(BLANKS).join((bare[:2], bare[2:5], bare[5:8], bare[8:]))


NAMES = st.text("abcdefghilmnoprstuvéèç", min_size=3, max_size=12).map(str.capitalize)
EMAILS = st.builds(
    "{}{}{}@{}.{}".format,
    NAMES.map(str.lower),
    st.sampled_from([".", "-", "_", "+", ""]),
    NAMES.map(str.lower),
    st.sampled_from(["chu-valombre", "ght.nord", "example"]),
    st.sampled_from(["fr", "sante.fr", "org", "health"]),
)
SECRETS = st.text(string.ascii_letters + string.digits + "-_.", min_size=8, max_size=40).map(lambda text: f"Z{text}z")
TOKENS = st.one_of(
    st.builds(
        "eyJhbGciOiJIUzI1NiJ9.{}.{}".format,
        SECRETS.map(lambda text: text.replace(".", "")),
        SECRETS.map(lambda text: text.replace(".", "")),
    ),
    st.builds("ghp_{}".format, st.text(string.ascii_letters, min_size=24, max_size=36)),
    st.builds("glpat-{}".format, st.text(string.ascii_letters, min_size=20, max_size=24)),
)
ALONE = st.one_of(nirs(), cards(), phones(), rpps(), finess(), EMAILS, TOKENS)
AROUND = st.sampled_from(
    [
        "{}",
        "le dossier {} est clos.",
        "<td>{}</td>",
        '<a href="/x">{}</a>',
        '{{"valeur": "{}"}}',
        '{{"a":["{}","b"]}}',
        "x=1&v={}&y=2",
        "(voir {})",
        "{};suite",
        "{}\n",
        "<!-- {} -->",
        "Erreur : clé {}, ligne 4",
        "https://h.example/p?v={}#f",
        "INS {}^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS",
    ]
)
PEOPLE = (
    "Nom : {}",
    "NOM DE NAISSANCE : {}",
    "Prénom: {}",
    "Pr&eacute;nom&nbsp;: {}",
    "<th>Nom</th><td>{}</td>",
    '<th scope="row">Nom d\'usage</th>\n  <td class="v">{}</td>',
    "<tr><td><b>Prénoms</b></td><td><span>{}</span></td></tr>",
    "<dt>Nom de famille</dt><dd>{}</dd>",
    "<dt>Médecin traitant</dt>\n<dd> {} </dd>",
    '"nom": "{}"',
    '"lastName":"{}"',
    "'first_name': '{}'",
    '\\"nom_naissance\\":\\"{}\\"',
    '<input name="nom" value="{}">',
    '<input value="{}" id="patient_prenom" type="text">',
    "<nom>{}</nom>",
    "<ns:familyName>{}</ns:familyName>",
    "vu par Mme {}",
    "le Dr\u00a0{} le",
    "Docteur {},",
    "Patient : {}",
)
HIDDEN = (
    "password={}&x=1",
    '"password": "{}"',
    "'userPassword' => '{}'",
    "<td>Mot de passe</td><td>{}</td>",
    "Mot de passe : {}",
    "Authorization: Bearer {}",
    "authorization: {}",
    '<input type="password" name="x" value="{}">',
    '<input type=hidden name=csrf_token value="{}">',
    '<meta name="csrf-token" content="{}">',
    "Cookie: a=1; sessionid={}",
    "Set-Cookie: JSESSIONID={}; Path=/; Secure",
    "api_key: {}",
    "DB_PASSWORD={}",
    '"access_token":"{}"',
    "client_secret={}",
    "<secret>{}</secret>",
)


def bare(text: str) -> str:
    """Without what may group digits, in every spelling."""
    return re.sub(r"&nbsp;|%20|[\s.\-\u2011\u00a0\u202f\u2009]", "", text).lower()


def survives(value: str, text: str) -> bool:
    return value in text or escape(value) in text or bare(value) in bare(re.sub(r"‹[^›]{0,40}›", "‹›", text))


@settings(max_examples=400)
@given(ALONE, AROUND)
def test_an_identifier_never_survives(value: str, around: str) -> None:
    redactor = Redactor()
    clean = redactor.text(around.format(value))
    assert not survives(value, clean), clean
    assert redactor.text(clean) == clean
    assert not survives(value, UNLINKED.text(around.format(value)))


@given(NAMES, NAMES, st.sampled_from(PEOPLE))
def test_a_person_told_by_a_label_never_survives(first: str, last: str, around: str) -> None:
    redactor = Redactor()
    clean = redactor.text(around.format(f"{first} {last}"))
    assert first not in clean.replace(around, ""), clean
    assert last not in clean, clean
    assert redactor.text(clean) == clean


@given(SECRETS, st.sampled_from(HIDDEN))
def test_a_secret_told_by_its_name_never_survives(secret: str, around: str) -> None:
    redactor = Redactor()
    clean = redactor.text(around.format(secret))
    assert secret not in clean, clean
    assert redactor.text(clean) == clean


@given(
    st.one_of(
        nirs().filter(lambda n: "&" not in n and "%" not in n),
        EMAILS,
        rpps().filter(lambda n: "&" not in n and "%" not in n),
    )
)
def test_nothing_survives_in_an_address(value: str) -> None:
    for url in (
        f"https://h.example/patient/{quote(value)}/fiche",
        f"https://h.example/a?x={quote(value)}",
        f"https://h.example/a?q=1#{quote(value)}",
        f"/a/{quote(value, safe='')}?b=1",
        f"https://h.example/a?nom=Durand&x={value.replace(' ', '+')}",
    ):
        clean = redact_url(url)
        assert not survives(value, clean)
        assert not survives(quote(value), clean)
        assert "Durand" not in clean


NEEDED = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses().map(str),
    st.binary(min_size=16, max_size=64).map(bytes.hex),
    st.uuids().map(str),
    st.lists(st.integers(0, 300), min_size=2, max_size=4).map(lambda parts: "nginx/" + ".".join(map(str, parts))),
    st.builds("Chrome/{}.0.{}.{}".format, st.integers(80, 200), st.integers(1000, 9999), st.integers(0, 300)),
    st.datetimes(min_value=datetime(2000, 1, 1)).map(lambda moment: moment.isoformat()),  # noqa: DTZ001
    st.datetimes(min_value=datetime(2000, 1, 1)).map(lambda moment: f"{moment:%Y-%m-%d} {moment:%Y-%m-%d}"),  # noqa: DTZ001
    st.sampled_from(["31536000", "63072000", "315360000"]).map(lambda age: f"max-age={age}; includeSubDomains"),
    st.sampled_from(["1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.10", "1.3.6.1.4.1.311.21.10"]),
    st.ip_addresses(v=4).map(lambda address: "ec2-" + str(address).replace(".", "-") + ".compute.example"),
    st.sampled_from(
        [
            "dce93e3a-e2cb-bd08-46c7-a43952940427",
            "dce93e3a-e2cb-bd08-46c7-ab0652940427",
            "react@18.2.0/umd/react.js",
            "/img/logo@2x.png",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "token_endpoint",
            "Nom de domaine",
            '<label for="nom">Nom</label><input id="nom" type="text">',
            '<input type="password" name="password" autocomplete="current-password">',
            "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC",
            "0.123456789",
            "0.295109912611193",
            "default-src 'self'; script-src 'nonce-r4nd0m'",
        ]
    ),
)


@settings(max_examples=400)
@given(NEEDED, st.sampled_from(["{}", "vu {} ici", '{{"v": "{}"}}', "<p>{}</p>"]))
def test_what_a_report_needs_stays_as_it_is(value: str, around: str) -> None:
    text = around.format(value)
    assert Redactor().text(text) == text


@given(nirs(), nirs())
def test_the_same_number_has_the_same_mark_however_it_is_grouped(one: str, other: str) -> None:
    redactor = Redactor()
    marks = redactor.text(one), redactor.text(bare(one)), redactor.text(other)
    assert marks[0] == marks[1]
    assert (marks[2] == marks[0]) == (bare(one) == bare(other))


@given(st.text(alphabet=string.printable + "éà\u00a0‹›", max_size=300))
def test_anything_at_all_is_bearable(text: str) -> None:
    redactor = Redactor()
    redactor.text(text)
    redactor.value({text: [text, {"nom": text}]})
    redact_url(text)


HOSTILE = (
    "1 ",
    "a",
    "password=",
    "-----BEGIN PRIVATE KEY-----",
    "Nom : ",
    "Nom<td>",
    "nom nom nom ",
    "<td ",
    "<input name=nom ",
    "M. A",
    "Mme de la ",
    "2&nbsp;",
    "0 6",
    "a@a.",
    "a.",
    "a-",
    "Cookie: a=b;",
    '"password": "',
    "eyJ" + "a" * 20 + ".",
    "né le ",
    "'a",
    "RPPS ",
    "%20",
    "x-token-",
)


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear(unit: str) -> None:
    redactor = Redactor()

    def cost(size: int) -> float:
        text = (unit * size)[:size]
        before = time.process_time()
        redactor.text(text)
        return time.process_time() - before

    small = max(min(cost(10_000), cost(10_000)), 0.004)
    assert cost(80_000) < small * 8 * 4  # quadratic would be 64 times


def titled(text: str) -> Bilingual:
    return Bilingual(fr=text, en=text)


def test_nothing_survives_in_any_file_of_a_run(tmp_path: Path) -> None:
    """Evidence, facts, journal: everything that a check or the network hands in, written as a run writes it."""

    values = ["2 95 10 99 126 111 93", "186022A21532523", "10003456789", "06 12 34 56 78", "jeanne.martin@chu.example"]
    values += ["5500 0000 0000 0004", "750000001", "Zsecret-valeur-1z", "Durandeau"]
    room = EvidenceRoom(tmp_path, SystemClock())
    body = "\n".join(f"<tr><th>Nom</th><td>{value}</td></tr>" for value in values)
    url = "https://h.example/p/" + quote(values[0]) + "?" + "&".join(f"nom={quote(value)}" for value in values)
    headers = tuple((f"X-Nom-{place}", f"nom={value}") for place, value in enumerate(values))
    response = Response(200, "OK", "HTTP/1.1", (*headers, ("Location", url)), body.encode(), len(body))
    request = Request("GET", url, headers=(("Authorization", "Bearer Zsecret-valeur-1z"),))
    exchange = Exchange("1", request, (("host", "h.example"), *request.headers), datetime.now(UTC), 0.1, response)
    room.exchange("a.b", exchange, excerpt=body, title=None)
    room.facts(
        "a.b",
        "facts",
        titled(f"nom={values[0]}"),
        {"nom": values[8], "liste": [{"patient": value} for value in values]},
    )
    room.facts("a.b", "facts", titled("nombres"), {"n": 295109912611193, "295109912611193": 10003456789})
    observed = Observation(
        slug="bad",
        subject=Subject(kind="url", name=url),
        facts={
            "nom": values[0],
            "urls": [url],
            "texte": f"Nom : {values[8]}",
            "lignes": [f"Nom : {one}" for one in values],
        },
    )
    (tmp_path / "outcomes.jsonl").write_text(fit_to_print(observed).model_dump_json())
    with Journal(tmp_path / "journal.jsonl", SystemClock()) as journal:
        Trace(journal).exchange(exchange)
    for path in tmp_path.rglob("*.json*"):
        for line in path.read_text().splitlines():
            for value in (*values, "295109912611193"):
                assert not survives(value, json.loads(line) if line.startswith('"') else line), (path.name, value, line)


def test_a_known_value_does_not_reach_the_journal(tmp_path: Path) -> None:
    known = "Dossier Témoin 42"
    url = f"https://h.example/{quote(known)}?x={quote(known)}&y=dossier+t%C3%A9moin+42"
    exchange = Exchange("1", Request("GET", url), (("host", "h.example"),), datetime.now(UTC), 0.1, None)
    with Journal(tmp_path / "journal.jsonl", SystemClock()) as journal:
        Trace(journal, redactor=Redactor(values=(known,))).exchange(exchange)
    (line,) = (tmp_path / "journal.jsonl").read_text().splitlines()
    clean = json.loads(line)["url"]
    assert clean.startswith("https://h.example/")
    assert "moin" not in clean
    assert "42" not in re.sub(r"‹[^›]*›", "", clean)
