"""The question's octets, and what answers it."""

import os

import dns.flags
import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.names import from_text
from firstbyte.resolver.machine.values import Ask
from firstbyte.resolver.upstream.cookies import CookieJar
from firstbyte.resolver.upstream.queries import Exchange, mixed_case
from resolver.upstream.conftest import answer_to

SERVER = ("192.0.2.1", 53)
OTHER = ("192.0.2.2", 53)


def make(cookies: CookieJar | None = None, **changes) -> Exchange:
    fields = {
        "number": 1,
        "server": SERVER,
        "zone": b"\0",
        "name": from_text("a-long-name.example."),
        "rdtype": 1,
        "recursive": False,
        "edns": True,
        "tcp": False,
        "mix_case": True,
        "timeout_s": 1.0,
        "attempt": 1,
    }
    return Exchange(Ask(**fields | changes), 1232, cookies, os.urandom)


@pytest.mark.parametrize(
    ("changes", "flags"),
    [({}, dns.flags.CD), ({"recursive": True}, dns.flags.RD | dns.flags.CD), ({"edns": False}, 0)],
)
def test_a_question_is_what_dnspython_reads(changes, flags) -> None:
    message = dns.message.from_wire(make(**changes).data)
    assert message.flags == flags
    assert str(message.question[0]).lower() == "a-long-name.example. in a"
    assert message.edns == (-1 if changes.get("edns") is False else 0)
    assert message.payload == (0 if changes.get("edns") is False else 1232)


def test_ids_and_letters_differ_from_question_to_question() -> None:
    sent = [make().data for _ in range(50)]
    assert len({data[:2] for data in sent}) > 40
    assert len({data[12:33] for data in sent}) > 40


@given(st.lists(st.binary(min_size=1, max_size=63), max_size=3), st.binary(min_size=255))
def test_mixing_changes_the_case_of_letters_alone(labels, random) -> None:
    name = b"".join(bytes((len(label),)) + label.lower() for label in labels) + b"\0"
    mixed = mixed_case(name, random)
    assert mixed.lower() == name
    assert (
        mixed_case(name, b"\xff" * 255)
        == b"".join(bytes((len(label),)) + label.upper() for label in labels) + b"\0"
    )


def test_only_its_own_question_is_answered() -> None:
    exchange = make()
    good = answer_to(exchange.data)
    assert isinstance(exchange.read(good), Message)
    assert exchange.read(bytes((good[0] ^ 1,)) + good[1:]) == "ignore"
    assert exchange.read(good[:13] + bytes((good[13] ^ 0x20,)) + good[14:]) == "case"
    assert exchange.read(answer_to(make(name=from_text("b.example.")).data)) == "ignore"
    assert exchange.read(exchange.data) == "ignore"


def test_letters_mean_nothing_where_they_were_not_mixed() -> None:
    exchange = make(mix_case=False)
    good = answer_to(exchange.data)
    assert isinstance(exchange.read(good[:13] + good[13:33].upper() + good[33:]), Message)
    assert exchange.read(answer_to(make(name=from_text("b.example.")).data)) == "ignore"


def with_cookie(answer: bytes, cookie: bytes) -> bytes:
    message = dns.message.from_wire(answer)
    message.use_edns(0, payload=1232, options=[dns.edns.GenericOption(10, cookie)])
    return message.to_wire()


def test_a_server_gets_back_its_cookie_and_no_other_server_does() -> None:
    jar = CookieJar()
    exchange = make(jar)
    client = exchange.data[-8:]
    assert exchange.read(with_cookie(answer_to(exchange.data), b"wrong one" + bytes(9))) == "ignore"
    given_back = client + b"S" * 16
    assert isinstance(exchange.read(with_cookie(answer_to(exchange.data), given_back)), Message)
    assert make(jar).data.endswith(given_back)
    other = make(jar, server=OTHER).data
    assert b"S" * 16 not in other
    assert client not in other
    newer = client + b"T" * 16
    assert isinstance(make(jar).read(b""), str)
    assert jar.accepts(SERVER, newer)
    assert make(jar).data.endswith(newer)
