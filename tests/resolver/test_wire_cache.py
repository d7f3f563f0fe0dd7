"""Answers kept as octets: right ID, right TTLs, in time, in bounds."""

import dns.message
import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import from_text
from firstbyte.protocols.dns.writer import Parts, Rendered, render
from firstbyte.resolver import wire_cache
from firstbyte.resolver.wire_cache import WireCache

START_S = 1000.5


def question(name: str, ident: int) -> bytes:
    return dns.message.make_query(name, "A", id=ident).to_wire()


def answer(name: str, *ttls: int) -> Rendered:
    key = from_text(name)
    sets = [
        RRset(key, kind, ttl_s, [bytes(4)]) for kind, ttl_s in zip((c.A, 99), ttls, strict=False)
    ]
    return render(Parts(7, c.QR, key, c.A, answer=sets))


def ttls(data: bytes | None) -> list[int]:
    assert data is not None
    return [rrset.ttl for rrset in dns.message.from_wire(data).answer]


def test_each_client_gets_its_id_and_what_is_left_of_the_time() -> None:
    cache = WireCache()
    cache.put(question("a.", 1), answer("a.", 60, 3), START_S, 60)
    for seconds, expected in ((0, [60, 3]), (1, [59, 2]), (1, [59, 2]), (10, [50, 0])):
        data = cache.get(question("a.", 300 + seconds), START_S + seconds)
        assert ttls(data) == expected
        assert data is not None
        assert data[:2] == (300 + seconds).to_bytes(2, "big")
    assert cache.get(question("b.", 1), START_S) is None


@pytest.mark.parametrize("later_s", [60, 5000, -1])
def test_nothing_is_kept_past_its_end_or_into_the_past(later_s: int) -> None:
    cache = WireCache()
    cache.put(question("a.", 1), answer("a.", 60), START_S, 60)
    assert cache.get(question("a.", 1), START_S + later_s) is None
    assert (len(cache), cache.bytes) == (0, 0)


def test_it_is_bounded_by_octets_and_the_oldest_goes(monkeypatch) -> None:
    monkeypatch.setattr(wire_cache, "MAX_BYTES", 10_000)
    cache = WireCache()
    for number in range(100):
        cache.put(question(f"name{number}.", 1), answer(f"name{number}.", 60), START_S, 60)
        assert cache.bytes <= 10_000
    assert 10 < len(cache) < 25
    assert cache.get(question("name0.", 1), START_S) is None
    assert cache.get(question("name99.", 1), START_S) is not None


def test_replacing_and_clearing_give_the_room_back() -> None:
    cache = WireCache()
    cache.put(question("a.", 1), answer("a.", 60), START_S, 60)
    once = cache.bytes
    cache.put(question("a.", 2), answer("a.", 60), START_S, 60)
    assert (len(cache), cache.bytes) == (1, once)
    cache.clear()
    assert (len(cache), cache.bytes) == (0, 0)
