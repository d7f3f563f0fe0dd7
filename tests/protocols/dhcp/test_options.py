"""Options: the RFCs' own examples, and values there and back."""

import pytest

from firstbyte.errors import DecodeError, UsageError
from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.options import decode_option, encode_option

GOOD = [
    (options.SUBNET_MASK, "255.255.255.0", b"\xff\xff\xff\0"),
    (options.ROUTER, ("192.0.2.1", "192.0.2.2"), b"\xc0\0\2\1\xc0\0\2\2"),
    (options.DOMAIN_NAME, "home.example", b"home.example"),
    (options.INTERFACE_MTU, 1400, b"\x05\x78"),
    (options.LEASE_TIME, 3600, b"\0\0\x0e\x10"),
    (options.MESSAGE_TYPE, 1, b"\1"),
    (options.PARAMETER_LIST, b"\1\3\6", b"\1\3\6"),
    (options.DOMAIN_SEARCH, ("home", "lan.example"), b"\4home\0\3lan\7example\0"),
    # RFC 3442, "Classless Route Option Format": its table of destination descriptors.
    (options.CLASSLESS_ROUTES, (("0.0.0.0/0", "10.0.0.1"),), b"\0\x0a\0\0\1"),
    (options.CLASSLESS_ROUTES, (("10.0.0.0/8", "10.0.0.1"),), b"\x08\x0a\x0a\0\0\1"),
    (options.CLASSLESS_ROUTES, (("10.17.0.0/16", "0.0.0.0"),), b"\x10\x0a\x11\0\0\0\0"),
    (
        options.CLASSLESS_ROUTES,
        (("10.27.129.0/24", "10.0.0.1"), ("10.198.122.47/32", "10.0.0.1")),
        bytes((24, 10, 27, 129, 10, 0, 0, 1, 32, 10, 198, 122, 47, 10, 0, 0, 1)),
    ),
    (options.CLASSLESS_ROUTES, (("10.229.0.128/25", "10.0.0.1"),), b"\x19\n\xe5\0\x80\n\0\0\1"),
    (224, b"site-specific", b"site-specific"),
]


@pytest.mark.parametrize(("code", "value", "data"), GOOD)
def test_values_there_and_back(code, value, data):
    assert encode_option(code, value) == data
    assert decode_option(code, data) == value


def test_the_search_list_of_rfc_3397_with_its_pointer():
    data = b"\3eng\5apple\3com\0\x09marketing\xc0\x04"
    assert decode_option(options.DOMAIN_SEARCH, data) == ("eng.apple.com", "marketing.apple.com")


@pytest.mark.parametrize(
    ("code", "data"),
    [
        (options.SUBNET_MASK, b"\xff\xff\xff"),
        (options.ROUTER, b""),
        (options.ROUTER, b"\1\2\3\4\5"),
        (options.LEASE_TIME, b"\0\0\1"),
        (options.DOMAIN_NAME, b"\0"),
        (options.DOMAIN_SEARCH, b"\xc0\0"),
        (options.DOMAIN_SEARCH, b"\5short"),
        (options.DOMAIN_SEARCH, b"\1a\0" * 129),
        (options.CLASSLESS_ROUTES, b"\x21\1\2\3\4\5\1\2\3\4"),
        (options.CLASSLESS_ROUTES, b"\x18\x0a\0\0\1"),
        (options.CLIENT_ID, b""),
    ],
)
def test_what_is_no_value_says_so(code, data):
    with pytest.raises(DecodeError) as caught:
        decode_option(code, data)
    assert caught.value.field == options.OPTIONS[code].name


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (options.SUBNET_MASK, "fe80::1"),
        (options.SUBNET_MASK, "not an address"),
        (options.INTERFACE_MTU, 70_000),
        (options.LEASE_TIME, "long"),
        (options.DOMAIN_NAME, ""),
        (options.DOMAIN_SEARCH, ("a" * 64,)),
        (options.CLASSLESS_ROUTES, (("10.0.0.0", "10.0.0.1"),)),
        (options.CLASSLESS_ROUTES, (("10.0.0.0/33", "10.0.0.1"),)),
        (224, 7),
    ],
)
def test_what_cannot_be_written_is_refused(code, value):
    with pytest.raises(UsageError):
        encode_option(code, value)
