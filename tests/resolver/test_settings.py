import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import UsageError
from firstbyte.resolver.settings import (
    MAX_ATTEMPTS,
    MAX_NDOTS,
    MAX_SERVERS,
    MAX_TIMEOUT_S,
    Server,
    SystemSettings,
    make_settings,
    parse_nameserver,
    parse_resolv_conf,
    parse_server,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", SystemSettings()),
        ("nameserver 192.0.2.1", SystemSettings(nameservers=("192.0.2.1",))),
        ("nameserver\t192.0.2.1  # comment\n", SystemSettings(nameservers=("192.0.2.1",))),
        ("nameserver 127.1\n", SystemSettings(nameservers=("127.0.0.1",))),
        ("nameserver 2001:DB8::1\n", SystemSettings(nameservers=("2001:db8::1",))),
        ("nameserver fe80::1%eth0\n", SystemSettings(nameservers=("fe80::1%eth0",))),
        ("nameserver nonsense\nnameserver 192.0.2.1", SystemSettings(nameservers=("192.0.2.1",))),
        ("nameserver\nnameserver \n", SystemSettings()),
        (" nameserver 192.0.2.1\n", SystemSettings()),
        ("nameserver192.0.2.1\nNAMESERVER 192.0.2.1\n", SystemSettings()),
        ("# nameserver 192.0.2.1\n;nameserver 192.0.2.1\n", SystemSettings()),
        (
            "\n".join(f"nameserver 192.0.2.{i}" for i in range(1, 6)),
            SystemSettings(nameservers=("192.0.2.1", "192.0.2.2", "192.0.2.3")),
        ),
        ("search a.example B.Example.\n", SystemSettings(search=("a.example", "b.example"))),
        ("domain a.example b.example\n", SystemSettings(search=("a.example",))),
        ("search a.example\ndomain b.example\n", SystemSettings(search=("b.example",))),
        ("domain b.example\nsearch a.example\n", SystemSettings(search=("a.example",))),
        ("search .\n", SystemSettings(search=(".",))),
        ("options ndots:3 timeout:1 attempts:4\n", SystemSettings((), (), 3, 1, 4)),
        ("options ndots:99 timeout:99 attempts:99\n", SystemSettings((), (), 15, 30, 5)),
        ("options ndots:0 timeout:0 attempts:0\n", SystemSettings((), (), 0, 1, 1)),
        ("options ndots:-4 timeout:x attempts:\n", SystemSettings((), (), 0, 1, 1)),
        ("options ndots:2x\n", SystemSettings(ndots=2)),
        ("options rotate edns0\n", SystemSettings(rotate=True, edns0=True)),
        ("options rotate\noptions ndots:2\n", SystemSettings(rotate=True, ndots=2)),
        ("options single-request-reopen\n", SystemSettings(single_request=True)),
        ("options use-vc trust-ad\n", SystemSettings(use_vc=True, trust_ad=True)),
        ("options no-aaaa no-tld-query\n", SystemSettings(no_aaaa=True, no_tld_query=True)),
        ("options debug inet6 unheard-of:7 rotate:1\n", SystemSettings()),
        ("sortlist 130.155.160.0/255.255.240.0\nlookup file bind\n", SystemSettings()),
    ],
)
def test_resolv_conf(text: str, expected: SystemSettings) -> None:
    assert parse_resolv_conf(text) == expected


def test_the_environment_goes_over_the_file() -> None:
    variables = {"LOCALDOMAIN": "env.example", "RES_OPTIONS": "ndots:4 rotate"}
    settings = parse_resolv_conf("search file.example\noptions ndots:2\n", variables)
    assert settings == SystemSettings(search=("env.example",), ndots=4, rotate=True)


_LINE = st.one_of(
    st.text(max_size=40),
    st.builds(
        "{} {}".format,
        st.sampled_from(["nameserver", "search", "domain", "options", "options\t"]),
        st.one_of(
            st.text(max_size=30),
            st.ip_addresses().map(str),
            st.builds(
                "{}:{}".format, st.sampled_from(["ndots", "timeout", "attempts"]), st.integers()
            ),
        ),
    ),
)


@given(st.lists(_LINE, max_size=8))
def test_any_resolv_conf_stays_within_bounds(lines: list[str]) -> None:
    settings = parse_resolv_conf("\n".join(lines))
    assert len(settings.nameservers) <= MAX_SERVERS
    assert all(parse_nameserver(address) == address for address in settings.nameservers)
    assert 0 <= settings.ndots <= MAX_NDOTS
    assert 1 <= settings.timeout_s <= MAX_TIMEOUT_S
    assert 1 <= settings.attempts <= MAX_ATTEMPTS


def test_without_servers_the_loopback_is_asked() -> None:
    assert make_settings().servers == (Server("127.0.0.1", 53, "udp"),)


def test_the_callers_servers_replace_the_systems_and_may_be_many() -> None:
    settings = make_settings(
        resolv_conf="nameserver 192.0.2.1\noptions use-vc\n",
        servers=tuple((f"192.0.2.{i}", 5300 + i) for i in range(5)),
    )
    assert settings.servers == tuple(Server(f"192.0.2.{i}", 5300 + i, "tcp") for i in range(5))


def test_dot_and_doh_are_servers() -> None:
    assert make_settings(dot=("dns.example", 853)).servers == (Server("dns.example", 853, "dot"),)
    (doh,) = make_settings(doh_url="https://dns.example/dns-query").servers
    assert (doh.transport, str(doh)) == ("doh", "https://dns.example/dns-query")


@pytest.mark.parametrize(
    "options",
    [
        {"servers": (("192.0.2.1", 53),), "dot": ("dns.example", 853)},
        {"doh_url": "https://dns.example/", "dot": ("dns.example", 853)},
        {"servers": (("dns.example", 53),)},
    ],
)
def test_settings_that_cannot_be(options: dict) -> None:
    with pytest.raises(UsageError):
        make_settings(**options)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
        ("dns.example:853", ("dns.example", 853)),
    ],
)
def test_servers_as_they_are_typed(text: str, expected: tuple[str, int]) -> None:
    assert parse_server(text) == expected


@pytest.mark.parametrize("text", ["", ":53", "host:", "host:0", "host:65536", "[::1", "a:b:c"])
def test_servers_that_cannot_be(text: str) -> None:
    with pytest.raises(UsageError):
        parse_server(text)


@given(st.text(max_size=30))
def test_any_server_text_is_read_or_refused(text: str) -> None:
    try:
        host, port = parse_server(text)
    except UsageError:
        return
    assert host
    assert 0 < port < 65536
