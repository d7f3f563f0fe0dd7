"""Who is answered, and how often."""

import dns.message
import dns.rcode
import dns.rrset
import pytest

from firstbyte.resolver.daemon.access import MAX_BUCKETS, AccessList, RateLimiter, kind_of
from firstbyte.resolver.daemon.cookies import ServerCookies


def response(name: str, rcode: int = 0, kind: str = "A", **options) -> bytes:
    answer = dns.message.make_response(dns.message.make_query(name, kind, **options))
    answer.set_rcode(rcode)
    return answer.to_wire()


def test_networks_and_mapped_addresses() -> None:
    access = AccessList(["192.0.2.0/24", "2001:db8::/32"])
    for address in ("192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1%eth0"):
        assert access.allows(address)
    for address in ("192.0.3.1", "2001:db9::1", "::ffff:192.0.3.1"):
        assert not access.allows(address)


SAME = [
    (response("www.example."), response("WWW.Example.", use_edns=0)),
    (response("a.b.example.", 3), response("z.y.x.b.example.", 3)),
    (response("a.", 2), response("b.", 2)),
    (response("a.", 5), b"\0\0\x80\5" + bytes(8)),
]
OTHER = [
    (response("www.example."), response("www.example.", kind="AAAA")),
    (response("www.example."), response("w.example.")),
    (response("a.one.example.", 3), response("a.two.example.", 3)),
    (response("a.example.", 3), response("a.example.")),
    (response("a.", 2), response("a.", 5)),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_what_counts_as_the_same(one: bytes, two: bytes) -> None:
    assert kind_of(one) == kind_of(two)


@pytest.mark.parametrize(("one", "two"), OTHER)
def test_what_does_not(one: bytes, two: bytes) -> None:
    assert kind_of(one) != kind_of(two)


def test_the_limit_is_per_network_and_second() -> None:
    limiter, data = RateLimiter(3), response("www.example.")
    burst = [limiter.verdict(f"192.0.2.{n}", data, 0.0) for n in range(7)]
    assert burst == ["send"] * 3 + ["drop", "slip", "drop", "slip"]
    assert limiter.verdict("192.0.3.1", data, 0.0) == "send"
    assert limiter.verdict("2001:db8:0:1::1", data, 0.0) == "send"
    assert [limiter.verdict("192.0.2.1", data, 1.0) for _ in range(4)] == ["send"] * 3 + ["drop"]


def test_workers_share_the_limit():
    """A flood from forged ports meets all of them, and together they let the rate through."""
    workers, data = [RateLimiter(10, workers=4) for _ in range(4)], response("www.example.")
    sent = 0
    for n in range(400):
        now_s = 0.0 if n < 200 else 1.0
        sent += workers[n % 4].verdict("192.0.2.1", data, now_s) == "send"
    assert 16 <= sent <= 20
    assert RateLimiter(1, workers=4).verdict("192.0.2.1", data, 0.0) == "send"


def test_many_networks_do_not_free_the_one_that_is_limited() -> None:
    limiter, data = RateLimiter(1), response("www.example.")
    for n in range(MAX_BUCKETS + 100):
        limiter.verdict(f"10.{n >> 16}.{n >> 8 & 255}.1", data, 0.0)
        if n % 1000 == 0:
            limiter.verdict("192.0.2.1", data, 0.0)
    assert limiter.verdict("192.0.2.1", data, 0.0) != "send"


def test_a_cookie_proves_an_address() -> None:
    cookies, others = ServerCookies(b"k" * 32), ServerCookies(b"o" * 32)
    given = cookies.answer(b"12345678", "192.0.2.1", 1000.0)
    assert given is not None
    assert given[:8] == b"12345678"
    assert cookies.proves(given, "192.0.2.1", 1000.0 + 3600)
    assert cookies.proves(given, "192.0.2.1", 1000.0 - 300 + 1)
    assert cookies.answer(given, "192.0.2.1", 1000.0) == given
    assert not cookies.proves(given, "192.0.2.1", 1000.0 + 3602)
    assert not cookies.proves(given, "192.0.2.1", 1000.0 - 302)
    assert not cookies.proves(given, "192.0.2.2", 1000.0)
    assert not others.proves(given, "192.0.2.1", 1000.0)
    assert not cookies.proves(given[:-1] + b"x", "192.0.2.1", 1000.0)
    assert not cookies.proves(b"12345678", "192.0.2.1", 1000.0)
    for size in (0, 7, 9, 15, 41):
        assert cookies.answer(bytes(size), "192.0.2.1", 0.0) is None
