import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import DecodeError
from firstbyte.protocols.tls.records import check_header, is_plain_text, read_records


@given(st.binary(max_size=500))
def test_records_are_read_whatever_they_are(data: bytes) -> None:
    records = list(read_records(data))
    assert all(record.complete for record in records[:-1])
    assert all(record.name for record in records)
    read = sum(5 + len(record.fragment) for record in records)
    assert read <= len(data) < read + 5 or (records and not records[-1].complete)


def test_two_records_and_a_cut_one() -> None:
    data = b"\x16\x03\x01\x00\x02ab" + b"\x15\x03\x03\x00\x02\x02\x28" + b"\x17\x03\x03\x00\x09x"
    first, second, third = read_records(data)
    assert (first.name, first.version, first.fragment) == ("handshake", 0x0301, b"ab")
    assert (second.name, second.complete) == ("alert", True)
    assert (third.name, third.length, third.fragment, third.complete) == (
        "application_data",
        9,
        b"x",
        False,
    )


@pytest.mark.parametrize(
    "header", [b"", b"\x16", b"\x16\x03", b"\x16\x03\x01\x02\x00", b"\x15\x03\x03\x00\x02"]
)
def test_honest_headers_pass(header: bytes) -> None:
    check_header(header)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        (b"H", "content type"),
        (b"\x00", "content type"),
        (b"\x16\x02", "version"),
        (b"\x16\x03\x03\xff\xff", "length"),
    ],
)
def test_foreign_headers_say_what_is_wrong(header: bytes, field: str) -> None:
    with pytest.raises(DecodeError) as caught:
        check_header(header)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (b"HTTP/1.1 400", True),
        (b"+OK POP3\r\n", True),
        (b"", False),
        (b"\x16\x03\x01\x00\x00", False),
        (b"\x00\x00\x12\x04", False),
    ],
)
def test_plain_text_is_told_from_bytes(data: bytes, plain: bool) -> None:
    assert is_plain_text(data) is plain
