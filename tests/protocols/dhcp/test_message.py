"""The wire format: header, cookie, options, overload and long options."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import UsageError
from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.message import (
    COOKIE,
    MIN_BYTES,
    REPLY,
    Message,
    MessageType,
    decode,
    encode,
)
from firstbyte.protocols.problem import Problems

MAC = b"\2\0\0\0\0\1"


def offer(**changes):
    message = Message(
        operation=REPLY,
        transaction=0x01020304,
        hardware=MAC,
        seconds=3,
        broadcast=True,
        yours="192.168.1.100",
        next_server="192.168.1.1",
        **changes,
    )
    message.put(options.MESSAGE_TYPE, 2)
    message.put(options.SERVER_ID, "192.168.1.1")
    return message


def read(data):
    problems = Problems()
    return decode(data, problems), problems.found


def test_every_field_has_its_place():
    data = encode(offer())
    assert len(data) == MIN_BYTES
    assert data[:12] == b"\2\1\6\0\1\2\3\4\0\3\x80\0"
    assert data[12:28] == b"\0\0\0\0\xc0\xa8\1\x64\xc0\xa8\1\1\0\0\0\0"
    assert data[28:44] == MAC + bytes(10)
    assert data[236:240] == COOKIE
    assert data[240:250] == b"\x35\1\2\x36\4\xc0\xa8\1\1\xff"


def test_there_and_back():
    message = offer(server_name=b"boot", file=b"pxelinux.0")
    found, problems = read(encode(message))
    assert found == message
    assert problems == []
    assert found.type is MessageType.OFFER
    assert found.address(options.SERVER_ID) == "192.168.1.1"


def test_a_long_option_is_split_and_joined():
    message = offer()
    message.put(224, bytes(range(256)) * 3)
    data = encode(message, 1472)
    assert data.count(b"\xe0\xff") == 3
    found, problems = read(data)
    assert found == message
    assert problems == []


def test_what_does_not_fit_goes_to_file_and_sname():
    message = offer()
    message.put(224, b"x" * 300)
    message.put(225, b"y" * 120)
    data = encode(message, 548)
    assert data[240:243] == bytes((options.OVERLOAD, 1, 3))
    assert data[44:236].count(b"x" * 10) + data[44:236].count(b"y" * 10) > 0
    found, problems = read(data)
    assert found == message
    assert problems == []


def test_a_field_that_is_taken_is_not_overloaded():
    message = offer(server_name=b"boot.example")
    message.put(224, b"x" * 380)
    data = encode(message, 548)
    assert data[240:243] == bytes((options.OVERLOAD, 1, 1))
    assert read(data)[0] == message
    message.put(225, b"y" * 100)
    with pytest.raises(UsageError, match="do not fit"):
        encode(message, 548)


@given(st.dictionaries(st.integers(60, 250), st.binary(max_size=300), max_size=12))
def test_any_options_survive_in_any_room(values):
    message = Message(operation=1, transaction=7, hardware=MAC, options=values)
    try:
        data = encode(message, 700)
    except UsageError:
        assert sum(2 + len(value) for value in values.values()) > 600
        return
    found, problems = read(data)
    assert problems == []
    assert found.options == values


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda data: data[:239], "DHCP header"),
        (lambda data: data[:236] + b"BOOT" + data[240:], "magic cookie"),
        (lambda data: b"\3" + data[1:], "op, htype, hlen"),
        (lambda data: data[:2] + b"\x10" + data[3:], "op, htype, hlen"),
    ],
)
def test_what_is_no_dhcp_is_refused(change, field):
    found, (problem,) = read(change(encode(offer())))
    assert found is None
    assert problem.field == field


def test_a_cut_option_is_a_problem_and_the_rest_is_read():
    data = encode(offer())[:240] + b"\x35\1\2\x36\4\xc0\xa8"
    found, (problem,) = read(data)
    assert found.type is MessageType.OFFER
    assert found.address(options.SERVER_ID) is None
    assert (problem.offset, problem.field) == (243, "option 54")


def test_a_missing_end_is_harmless():
    found, (problem,) = read(encode(offer())[:249])
    assert found.address(options.SERVER_ID) == "192.168.1.1"
    assert problem.harmless


def test_an_overload_of_nothing_known_is_a_problem():
    data = encode(offer())[:240] + b"\x34\1\7\x35\1\2\xff"
    found, (problem,) = read(data)
    assert found.type is MessageType.OFFER
    assert problem.field == "option overload"


def test_unknown_types_and_broken_values_are_null():
    message = offer()
    message.options[options.MESSAGE_TYPE] = b"\x63"
    message.options[options.ROUTER] = b"\1\2\3"
    found, _ = read(encode(message))
    assert found.type is None
    assert found.strings(options.ROUTER) == ()
    assert found.number(options.LEASE_TIME) is None
