"""Segments: bytes, lengths, flags."""

import pytest

from firstbyte.protocols.problem import Problems
from firstbyte.protocols.tcp.options import TcpOptions
from firstbyte.protocols.tcp.segment import (
    ACK,
    AE,
    FIN,
    SYN,
    Segment,
    decode_segment,
    encode_segment,
    flag_names,
)


@pytest.mark.parametrize(
    ("flags", "names"),
    [
        (0, "none"),
        (SYN, "SYN"),
        (SYN | ACK, "SYN ACK"),
        (FIN | ACK, "FIN ACK"),
        (0x1FF, "AE CWR ECE URG SYN FIN RST PSH ACK"),
    ],
)
def test_flags_by_name(flags: int, names: str) -> None:
    assert flag_names(flags) == names


def test_syn_and_fin_take_a_number() -> None:
    assert Segment(1, 2, 0, 0, SYN, 0).length == 1
    assert Segment(1, 2, 0, 0, SYN | FIN, 0, b"abc").length == 5
    assert Segment(1, 2, 0, 0, ACK, 0, b"abc").length == 3


def test_the_bytes_of_a_segment() -> None:
    segment = Segment(80, 443, 1, 2, AE | ACK, 3, b"hi", TcpOptions(mss=1460), 9)
    data = encode_segment(segment, 0)
    assert data[:16].hex() == "005001bb00000001000000026110" + "0003"
    assert data[18:].hex() == "0009" + "020405b4" + b"hi".hex()
    assert segment.size == len(data) == 26
    problems = Problems()
    assert decode_segment(data, problems, 0) == segment
    assert problems.found == []


def test_a_data_offset_that_lies_is_named() -> None:
    data = bytearray(encode_segment(Segment(1, 2, 3, 4, ACK, 5), 0))
    for words in (4, 6, 15):
        data[12] = words << 4
        problems = Problems()
        assert decode_segment(bytes(data), problems, None) is not None
        assert [p.field for p in problems.found] == ["data offset"]
