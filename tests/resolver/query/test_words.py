"""dig's words."""

import pytest

from firstbyte.errors import UsageError
from firstbyte.resolver.query.words import parse, reverse_name

A, NS, PTR, MX, AAAA = 1, 2, 12, 15, 28


@pytest.mark.parametrize(
    ("words", "questions"),
    [
        ("example.org", [("example.org", A)]),
        ("example.org MX", [("example.org", MX)]),
        ("mx example.org", [("example.org", MX)]),
        ("example.org MX AAAA", [("example.org", MX), ("example.org", AAAA)]),
        ("one.test two.test", [("one.test", A), ("two.test", A)]),
        ("example.org TYPE65", [("example.org", 65)]),
        ("example.org IXFR=7", [("example.org", 251)]),
        ("NS", [(".", NS)]),
        ("mx.", [("mx.", A)]),
        ("@192.0.2.1", [(".", NS)]),
    ],
)
def test_questions(words, questions):
    assert list(parse(tuple(words.split())).questions) == questions


@pytest.mark.parametrize(
    ("word", "field", "value"),
    [
        ("+short", "short", True),
        ("+trace", "trace", True),
        ("+dnssec", "dnssec", True),
        ("+do", "dnssec", True),
        ("+nodnssec", "dnssec", False),
        ("+cd", "checking_disabled", True),
        ("+cdflag", "checking_disabled", True),
        ("+norec", "recurse", False),
        ("+norecurse", "recurse", False),
        ("+tcp", "tcp", True),
        ("+vc", "tcp", True),
        ("+noedns", "edns", None),
        ("+edns=1", "edns", 1),
        ("+bufsize=4096", "buffer_bytes", 4096),
        ("+time=2", "timeout_s", 2.0),
        ("+tries=1", "tries", 1),
        ("+retry=0", "tries", 1),
        ("+noadflag", "authentic", False),
        ("+ignore", "ignore_truncation", True),
        ("+multiline", "short", False),
        ("@192.0.2.1", "server", "192.0.2.1"),
        ("CH", "rdclass", 3),
    ],
)
def test_each_word(word, field, value):
    assert getattr(parse(("example.org", word)), field) == value


def test_words_of_showing():
    show = parse(("x.test", "+noall", "+answer", "+nottlid")).show
    assert show.dig
    assert (show.answer, show.question, show.stats, show.ttl) == (True, False, False, False)
    assert not parse(("x.test",)).show.dig


@pytest.mark.parametrize("word", ["+nonsense", "+time=x", "+tries=99", "+bufsize=-1", "IXFR=x"])
def test_unknown_words_are_refused(word):
    with pytest.raises(UsageError):
        parse(("example.org", word))


def test_addresses_backwards():
    assert reverse_name("192.0.2.1") == "1.2.0.192.in-addr.arpa."
    assert reverse_name("2001:db8::1").endswith("8.b.d.0.1.0.0.2.ip6.arpa.")
    assert parse((), ("192.0.2.1",)).questions == (("1.2.0.192.in-addr.arpa.", PTR),)
    with pytest.raises(UsageError):
        reverse_name("192.0.2")
