import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.resolver.hosts import HostsHit, find, find_static, parse_hosts

TEXT = """\
# a comment
127.0.0.1\tlocalhost loopback   # and another
192.0.2.1 www.Example.com www
192.0.2.2 WWW.example.com. other
2001:db8::1 www.example.com
fe80::1%eth0 link.example
not-an-address www.example.com
[2001:db8::9] www.example.com
192.0.2.3
192.0.2.4#www.example.com
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", HostsHit(("127.0.0.1",), "localhost")),
        ("loopback", HostsHit(("127.0.0.1",), "localhost")),
        (
            "www.example.com",
            HostsHit(("192.0.2.1", "192.0.2.2", "2001:db8::1"), "www.Example.com"),
        ),
        ("www", HostsHit(("192.0.2.1",), "www.Example.com")),
        ("link.example", HostsHit(("fe80::1%eth0",), "link.example")),
        ("gone.example", None),
        ("#", None),
    ],
)
def test_find(name: str, expected: HostsHit | None) -> None:
    assert find(parse_hosts(TEXT), name) == expected


@given(st.text(max_size=200))
def test_any_text_gives_addresses_only(text: str) -> None:
    for entry in parse_hosts(text):
        ipaddress.ip_address(entry.address)
        assert entry.names
        assert all(name == name.lower() for name in entry.names)


@pytest.mark.parametrize(
    ("name", "port", "expected"),
    [
        ("a.example", 443, ("192.0.2.2",)),
        ("a.example", 80, None),
        ("b.example", 443, ("192.0.2.9",)),
        ("dotted.example", 1, ("192.0.2.5", "192.0.2.6")),
    ],
)
def test_fixed_addresses(name: str, port: int, expected: tuple[str, ...] | None) -> None:
    static = (
        ("a.example", 443, ("192.0.2.1",)),
        ("A.example", 443, ("192.0.2.2",)),
        ("*", 443, ("192.0.2.9",)),
        ("dotted.example.", 1, ("192.0.2.5", "192.0.2.6")),
    )
    assert find_static(static, name, port) == expected


def test_a_nul_in_the_file_is_no_address() -> None:
    assert parse_hosts("127.0.0.\0001 a\n127.0.0.1 b\n")[0].names == {"b"}
