"""dig's words."""

import pytest

from firstbyte.errors import UsageError
from firstbyte.rendering.dns_dig import Parts, is_wanted
from firstbyte.resolver.query.wanted import Secured
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
        ("@192.0.2.1:5353", "port", 5353),
        ("@192.0.2.1#5353", "port", 5353),
        ("@[2001:db8::1]:5353", "server", "2001:db8::1"),
        ("@2001:db8::1", "server", "2001:db8::1"),
        ("@ns.test:53", "server", "ns.test"),
        ("@tcp://192.0.2.1", "tcp", True),
        ("@tls://192.0.2.1:99", "port", 99),
        ("@tls://192.0.2.1", "secured", Secured("tls", verify=True)),
        ("@https://a.test", "secured", Secured("https", verify=True)),
        ("@https://a.test:8443/q{?dns}", "secured", Secured("https", "/q", verify=True)),
        ("@https://[2001:db8::1]/", "server", "2001:db8::1"),
        ("+tls", "secured", Secured("tls")),
        ("+https", "secured", Secured("https")),
        ("+https=q", "secured", Secured("https", "/q")),
        ("+https-get=/q", "secured", Secured("https", "/q", get=True)),
        ("+http-plain-post", "secured", Secured("http")),
        ("+http-plain-get=/x", "secured", Secured("http", "/x", get=True)),
        ("+tls-ca", "secured", Secured(verify=True)),
        ("+tls-ca=f.pem", "secured", Secured(verify=True, ca_file="f.pem")),
        ("+tls-hostname=a.test", "secured", Secured(hostname="a.test")),
        ("+tls-certfile=c", "secured", Secured(cert_file="c")),
        ("+tls-keyfile=k", "secured", Secured(key_file="k")),
        ("+notls-ca", "secured", Secured()),
        ("+nofail", "stop_at_servfail", False),
        ("+noednsneg", "negotiate", False),
        ("+nobadcookie", "retry_cookie", False),
        ("+search", "search", True),
        ("+domain=a.test", "domain", "a.test"),
        ("+domain=a.test", "search", True),
        ("+ndots=2", "ndots", 2),
        ("+opcode=notify", "opcode", 4),
        ("+opcode=5", "opcode", 5),
        ("+qid=0x10", "id", 16),
        ("+header-only", "header_only", True),
        ("+ednsflags=0x2000", "edns_flags", 0x2000),
        ("+coflag", "edns_flags", 0x4000),
        ("+aaonly", "flags", 0x0400),
        ("+padding=64", "block_bytes", 64),
        ("+padding", "block_bytes", 128),
        ("+tls", "block_bytes", 128),
        ("+tcp", "block_bytes", 0),
        ("+unknownformat", "show", {"unknownformat": True}),
        ("+split=4", "show", {"split": 4}),
        ("+nosplit", "show", {"split": 0}),
        ("CH", "rdclass", 3),
    ],
)
def test_each_word(word, field, value):
    assert getattr(parse(("example.org", word)), field) == value


def test_words_of_showing():
    show = Parts(**parse(("x.test", "+noall", "+answer", "+nottlid")).show)
    assert (show.answer, show.question, show.stats, show.ttl) == (True, False, False, False)


@pytest.mark.parametrize("word", ["+answer", "+nostats", "+multiline", "+nottl", "+idnout", "+qr"])
def test_words_that_ask_for_digs_format(word):
    assert is_wanted(parse(("x.test", word)).show)


@pytest.mark.parametrize("word", ["+tcp", "+identify", "+nomultiline", "+onesoa", "+ttl"])
def test_words_that_leave_our_own_page(word):
    assert not is_wanted(parse(("x.test", word)).show)


@pytest.mark.parametrize("words", ["+tls @tls://a.test", "@tls://a.test +tls"])
def test_an_url_means_the_same_wherever_it_stands(words):
    assert parse(tuple(words.split())).secured.verify
    assert not parse((*words.split(), "+notls-ca")).secured.verify
    assert parse(("+tls", "+notls")).secured.kind is None


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("+gibberish", "as in +short"),
        ("+htps", "did you mean +https?"),
        ("+yaml", "--json"),
        ("+noyaml", "--json"),
        ("+domain", "+domain=NAME"),
        ("+bufsize", "as in +bufsize=65535"),
        ("+time=x", None),
        ("+tries=99", None),
        ("+bufsize=-1", None),
        ("+tls=x", None),
        ("+cookie=x", None),
        ("+opcode=x", "QUERY, STATUS, NOTIFY, UPDATE, or 0 to 15"),
        ("IXFR=x", "as in IXFR=2024010101"),
        ("@ftp://a.test", "tls://HOST, https://HOST/PATH"),
        ("@https://[2001:db8::1/", "as in https://[2001:db8::53]/PATH"),
        ("@a.test:0", None),
        ("@a.test:" + "9" * 5000, "as in @192.0.2.53, @[2001:db8::53]:5353"),
        ("+opcode=" + "9" * 5000, "QUERY, STATUS, NOTIFY, UPDATE, or 0 to 15"),
        ("IXFR=" + "9" * 5000, "as in IXFR=2024010101"),
        ("+https=/a b", "as in /dns-query; %20 for a blank"),
        ("@https://a.test/\udcff", "as in /dns-query; %20 for a blank"),
        ("@", "as in @192.0.2.53, @[2001:db8::53]:5353"),
    ],
)
def test_what_nobody_knows_is_refused(words, hint):
    with pytest.raises(UsageError) as caught:
        parse(("example.org", words))
    assert caught.value.hint == hint or (caught.value.hint or "").startswith(hint or "\0")


def test_what_options_say_is_not_guessed():
    assert parse((), names=("mx",)).questions == (("mx", A),)
    assert parse(("x.test",), types=("ixfr=7",)).serial == 7
    for wrong in ({"types": ("FOO",)}, {"rdclass": "XX"}, {"rdclass": "CLASS" + "1" * 5000}):
        with pytest.raises(UsageError):
            parse(("x.test",), **wrong)


def test_addresses_backwards():
    assert reverse_name("192.0.2.1") == "1.2.0.192.in-addr.arpa."
    assert reverse_name("2001:db8::1").endswith("8.b.d.0.1.0.0.2.ip6.arpa.")
    assert parse((), ("192.0.2.1",)).questions == (("1.2.0.192.in-addr.arpa.", PTR),)
    assert reverse_name("192.0.2") == "2.0.192.in-addr.arpa."
    for wrong in ("192.0.256", "a.b", "192..2", "2001:db8"):
        with pytest.raises(UsageError):
            reverse_name(wrong)
