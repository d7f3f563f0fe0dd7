import pytest

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns.svcb import read_binding
from firstbyte.resolver.base import HttpsRecord
from firstbyte.resolver.https_record import https_name, plain_service, read_service, read_set
from firstbyte.resolver.message import Reply, make_query, read_reply


def service(text: str, owner: str = "www.example") -> HttpsRecord | None:
    import dns.rdata

    data = dns.rdata.from_text("IN", "HTTPS", text).to_wire()
    assert data is not None
    return read_service(read_binding(data), owner, 60)


@pytest.mark.parametrize(
    ("port", "scheme", "expected"),
    [
        (443, "https", "www.example"),
        (80, "http", "www.example"),
        (80, "https", "_80._https.www.example"),
        (8443, "https", "_8443._https.www.example"),
        (8080, "http", "_8080._https.www.example"),
    ],
)
def test_the_name_to_ask_for(port: int, scheme: str, expected: str) -> None:
    assert https_name("www.example", port, scheme) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 .", HttpsRecord(priority=1, target="www.example", ttl_s=60)),
        ("2 Svc.Example.", HttpsRecord(priority=2, target="svc.example", ttl_s=60)),
        (
            (
                "1 . alpn=h2,h3 no-default-alpn port=8443 ipv4hint=192.0.2.1,192.0.2.2 "
                "ipv6hint=2001:db8::1 ech=AAQAAQAA"
            ),
            HttpsRecord(
                priority=1,
                target="www.example",
                alpn=("h2", "h3"),
                no_default_alpn=True,
                port=8443,
                ipv4hint=("192.0.2.1", "192.0.2.2"),
                ipv6hint=("2001:db8::1",),
                ech=b"\x00\x04\x00\x01\x00\x00",
                ttl_s=60,
            ),
        ),
        (
            "1 . mandatory=alpn,port alpn=h2 port=1",
            HttpsRecord(
                priority=1,
                target="www.example",
                alpn=("h2",),
                port=1,
                ttl_s=60,
            ),
        ),
        ("1 . mandatory=key65000 key65000=x", None),
        ("1 . key65000=x", HttpsRecord(priority=1, target="www.example", ttl_s=60)),
    ],
)
def test_service_mode(text: str, expected: HttpsRecord | None) -> None:
    assert service(text) == expected


def test_default_protocols() -> None:
    assert HttpsRecord(priority=1, target="a", alpn=("h3",)).protocols == ("h3", "http/1.1")
    assert HttpsRecord(priority=1, target="a", alpn=("h3",), no_default_alpn=True).protocols == (
        "h3",
    )
    assert plain_service("a", 5).protocols == ("http/1.1",)


def reply_to(*records: str) -> Reply:
    import dns.message
    import dns.rrset

    query = make_query("www.example", "HTTPS", id_=7)
    message = dns.message.make_response(dns.message.from_wire(query.wire))
    message.answer.append(dns.rrset.from_text("www.example.", 60, "IN", "HTTPS", *records))
    reply = read_reply(query, message.to_wire())
    assert isinstance(reply, Reply)
    return reply


def test_a_set_is_sorted_by_priority() -> None:
    reply = reply_to("3 c.example.", "1 a.example.", "2 b.example.")
    assert [record.target for record in reply.services] == ["a.example", "b.example", "c.example"]


def test_an_alias_beats_services() -> None:
    reply = reply_to("1 a.example.", "0 Alias.Example.")
    assert (reply.alias, reply.services) == ("alias.example", ())


def test_a_malformed_record_takes_its_set_with_it() -> None:
    """RFC 9460, 2.2."""
    good, short_port = b"\0\1\0", b"\0\2\0" + b"\0\3\0\1\x50"
    assert len(read_set([good], "a", 60)[1]) == 1
    with pytest.raises(DecodeError):
        read_set([good, short_port], "a", 60)


def test_an_alias_to_the_root_is_no_service() -> None:
    reply = reply_to("0 .")
    assert (reply.alias, reply.services) == (None, ())
