"""curl's notations: what they mean, and what is refused."""

import click
import pytest

from firstbyte.cli.shell.values import (
    ByteCount,
    ConnectTo,
    DnsServers,
    Endpoint,
    Seconds,
    StaticAddresses,
)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Seconds(), "2.5", 2.5),
        (Seconds(), ".1", 0.1),
        (ByteCount(), "1000", 1000),
        (ByteCount(), "64k", 65536),
        (ByteCount(), "2M", 2 * 1024**2),
        (Endpoint(853), "dns.example", ("dns.example", 853)),
        (Endpoint(853), "[2001:db8::1]:8853", ("2001:db8::1", 8853)),
        (Endpoint(853), "2001:db8::1", ("2001:db8::1", 853)),
        (DnsServers(), "192.0.2.1", (("192.0.2.1", 53),)),
        (
            DnsServers(),
            "192.0.2.1:5353, [2001:db8::1]:54,fe80::1%eth0",
            (("192.0.2.1", 5353), ("2001:db8::1", 54), ("fe80::1%eth0", 53)),
        ),
        (StaticAddresses(), "a.example:443:192.0.2.1", ("a.example", 443, ("192.0.2.1",))),
        (
            StaticAddresses(),
            "+*:80:192.0.2.1,[2001:db8::1]",
            ("*", 80, ("192.0.2.1", "2001:db8::1")),
        ),
        (StaticAddresses(), "a:443:2001:db8::1", ("a", 443, ("2001:db8::1",))),
        (ConnectTo(), "a.example:443:b.example:8443", ("a.example", 443, "b.example", 8443)),
        (ConnectTo(), "::b.example:", ("", None, "b.example", None)),
        (ConnectTo(), "::[2001:db8::1]:8443", ("", None, "2001:db8::1", 8443)),
        (ConnectTo(), "[::1]:80:b:", ("::1", 80, "b", None)),
    ],
)
def test_what_is_meant(kind: click.ParamType, text: str, value: object) -> None:
    assert kind.convert(text, None, None) == value


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (Seconds(), ["", "0", "-1", "nan", "inf", "1s"]),
        (ByteCount(), ["", "-1", "1.5k", "k", "٣"]),
        (Endpoint(853), ["", ":53", "a:0", "a:65536", "a:x", "[::1", "[::1]x"]),
        (DnsServers(), ["", "dns.example", "192.0.2.1:0", "192.0.2.1,,192.0.2.2"]),
        (StaticAddresses(), ["", "a:443", "a:0:192.0.2.1", "a:443:b.example", ":443:192.0.2.1"]),
        (ConnectTo(), ["", "a", "a:443", "a:443:b:99999", "[::1:80:b:"]),
    ],
)
def test_what_is_refused(kind: click.ParamType, texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(click.UsageError):
            kind.convert(text, None, None)
