import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import UrlError
from firstbyte.resolver.names import (
    MAX_LABEL_BYTES,
    MAX_NAME_BYTES,
    HostName,
    Literal,
    candidates,
    is_localhost,
    is_onion,
    parse_host,
    parse_literal,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("www.Example.com", HostName("www.example.com", False)),
        ("www.example.com.", HostName("www.example.com", True)),
        ("localhost", HostName("localhost", False)),
        ("_sip._tcp.example", HostName("_sip._tcp.example", False)),
        ("my_host.example", HostName("my_host.example", False)),
        ("-odd-.example", HostName("-odd-.example", False)),
        ("bücher.example", HostName("xn--bcher-kva.example", False)),
        ("BÜCHER.example", HostName("xn--bcher-kva.example", False)),
        ("xn--bcher-kva.example", HostName("xn--bcher-kva.example", False)),
        ("faß.de", HostName("xn--fa-hia.de", False)),
        ("例え。テスト", HostName("xn--r8jz45g.xn--zckzah", False)),
        ("192.0.2.1", Literal("192.0.2.1", 4)),
        ("127.1", Literal("127.0.0.1", 4)),
        ("0x7f.0.0.1", Literal("127.0.0.1", 4)),
        ("2130706433", Literal("127.0.0.1", 4)),
        ("１９２.0.2.1", Literal("192.0.2.1", 4)),
        ("256.256.256.256", HostName("256.256.256.256", False)),
        ("2001:DB8::0:1", Literal("2001:db8::1", 6)),
        ("[::1]", Literal("::1", 6)),
        ("fe80::1%eth0", Literal("fe80::1%eth0", 6)),
        ("a" * 63 + ".example", HostName("a" * 63 + ".example", False)),
        ("x" + ".xxx" * 63, HostName("x" + ".xxx" * 63, False)),
        ("x" + ".xxx" * 63 + ".", HostName("x" + ".xxx" * 63, True)),
    ],
)
def test_hosts_as_they_are_written(text: str, expected: HostName | Literal) -> None:
    assert parse_host(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (".", "empty"),
        ("..", "empty label"),
        ("a..b", "empty label"),
        (".a", "empty label"),
        ("a" * 64, "at most 63"),
        ("x" + ".xxx" * 64, "at most 253"),
        ("ü" * 63, "internationalised"),
        ("my_höst.example", "internationalised"),
        ("a b", "' '"),
        ("a/b", "'/'"),
        ("a\x00b", "'\\x00'"),
        ("a%b", "'%'"),
        ("[::1", "':'"),
        ("::zz", "':'"),
        ("a\u2488com", "internationalised"),
        ("\u0338b.example", "internationalised"),
        ("x" * 5000, "longer"),
    ],
)
def test_what_is_no_host(text: str, why: str) -> None:
    with pytest.raises(UrlError, match="is no host name") as caught:
        parse_host(text)
    assert caught.value.id == "url.malformed"
    assert why in caught.value.message


@given(st.one_of(st.text(max_size=80), st.from_regex(r"[a-z0-9.:%\[\]ü-]{0,40}")))
def test_any_text_is_a_name_a_literal_or_refused(text: str) -> None:
    try:
        host = parse_host(text)
    except UrlError:
        return
    if isinstance(host, HostName):
        assert host.text.isascii()
        assert len(host.text) <= MAX_NAME_BYTES
        assert all(0 < len(label) <= MAX_LABEL_BYTES for label in host.text.split("."))
        if parse_literal(host.text) is None:  # "1." is a name, "1" is 0.0.0.1
            assert parse_host(host.text) == HostName(host.text, False)
    else:
        assert parse_host(host.address) == host


@pytest.mark.parametrize(
    ("name", "search", "ndots", "expected"),
    [
        ("a", (), 1, ("a",)),
        ("a", ("x.example", "y.example"), 1, ("a.x.example", "a.y.example", "a")),
        ("a.b", ("x.example",), 1, ("a.b", "a.b.x.example")),
        ("a.b", ("x.example",), 2, ("a.b.x.example", "a.b")),
        ("a.b.", ("x.example",), 9, ("a.b",)),
        ("a", ("x.example",), 0, ("a", "a.x.example")),
        ("a", (".",), 1, ("a",)),
        ("a", ("x." * 126 + "x",), 1, ("a",)),
    ],
)
def test_candidates(name: str, search: tuple[str, ...], ndots: int, expected: tuple) -> None:
    host = parse_host(name)
    assert isinstance(host, HostName)
    assert candidates(host, search, ndots) == expected


@pytest.mark.parametrize(
    ("text", "local"),
    [("localhost", True), ("a.localhost", True), ("xlocalhost", False), ("localhost.com", False)],
)
def test_localhost(text: str, local: bool) -> None:
    assert is_localhost(HostName(text, False)) is local


def test_onion() -> None:
    assert is_onion(HostName("x.onion", False))
    assert not is_onion(HostName("onion.example", False))


def test_no_tld_query_keeps_single_labels_from_the_root() -> None:
    host = HostName("a", False)
    assert candidates(host, ("x.example",), 1, no_tld_query=True) == ("a.x.example",)
    assert candidates(host, (), 1, no_tld_query=True) == ("a",)
