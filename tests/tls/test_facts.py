import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_facts import SOUND

from pgssi_probe.tls.evidence import summary
from pgssi_probe.tls.facts import (
    EndpointFacts,
    Known,
    SentChain,
    Ticket,
    TrustFacts,
    Unknown,
    VersionFacts,
    Vulnerability,
    unreachable,
)
from pgssi_probe.tls.facts_json import FactsFormatError, dump, load
from pgssi_probe.tls.names import Version

GONE = unreachable("portal.example", "192.0.2.1", 443, "sslyze", Unknown("deadline"), 3)
RICH = replace(
    SOUND,
    chains=(SentChain((b"\x00\xff",), (Version.TLS_1_2,)),),
    trust=(TrustFacts("system", 20, "unable to get local issuer certificate"),),
    vulnerabilities=(Vulnerability("robot", Unknown("inconsistent"), "x"), Vulnerability("heartbleed", False)),
)


def test_an_unknown_is_neither_true_nor_false():
    with pytest.raises(TypeError):
        bool(Unknown("budget"))


@pytest.mark.parametrize("facts", [SOUND, RICH, GONE])
def test_facts_survive_json(facts):
    assert load(EndpointFacts, json.loads(json.dumps(dump(facts)))) == facts


@pytest.mark.parametrize("facts", [SOUND, RICH, GONE])
def test_the_summary_is_json_and_holds_no_certificate(facts):
    text = json.dumps(summary(facts))
    assert "base64" not in text
    assert facts.host in text


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: value.pop("host"),
        lambda value: value.update(port="443"),
        lambda value: value.update(extra=1),
        lambda value: value.update(source="elsewhere"),
        lambda value: value.update(reachable={"unknown": "no such reason"}),
        lambda value: value["versions"][0].update(version=999),
        lambda value: value.update(chains=[{"der": [{"base64": "!"}], "versions": []}]),
    ],
)
def test_what_is_not_facts_is_refused(spoil):
    value = dump(SOUND)
    spoil(value)
    with pytest.raises(FactsFormatError):
        load(EndpointFacts, value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_any_json_is_loaded_or_refused(value):
    with pytest.raises(FactsFormatError):
        load(EndpointFacts, value)


def test_a_true_is_not_read_as_a_number():
    with pytest.raises(FactsFormatError):
        load(Ticket, {"version": 0x303, "lifetime_s": True})


def test_versions_never_asked_are_unknown():
    assert replace(SOUND, versions=()).of(Version.SSL_3) == VersionFacts(Version.SSL_3, Unknown("not_measured"))
    assert Known is not None
