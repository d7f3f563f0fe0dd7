"""Numbers from the DNS parameter registries that the resolver acts on."""

A = 1
NS = 2
CNAME = 5
SOA = 6
PTR = 12
MX = 15
TXT = 16
AAAA = 28
SRV = 33
DNAME = 39
OPT = 41
DS = 43
RRSIG = 46
NSEC = 47
DNSKEY = 48
NSEC3 = 50
NSEC3PARAM = 51
SVCB = 64
HTTPS = 65
NXNAME = 128
IXFR = 251
AXFR = 252
ANY = 255
TRANSFERS = frozenset({IXFR, AXFR})
META_TYPES = frozenset({OPT, 249, 250, *TRANSFERS, 253, 254})
"""Types that no zone holds, and that cannot be resolved (RFC 6895, 3.1); ANY is apart."""

IN = 1
CHAOS = 3

NOERROR = 0
FORMERR = 1
SERVFAIL = 2
NXDOMAIN = 3
NOTIMP = 4
REFUSED = 5
YXDOMAIN = 6
NOTAUTH = 9
BADVERS = 16
BADCOOKIE = 23

QR = 0x8000
AA = 0x0400
TC = 0x0200
RD = 0x0100
RA = 0x0080
AD = 0x0020
CD = 0x0010

RCODE_NAMES = {
    NOERROR: "NOERROR",
    FORMERR: "FORMERR",
    SERVFAIL: "SERVFAIL",
    NXDOMAIN: "NXDOMAIN",
    NOTIMP: "NOTIMP",
    REFUSED: "REFUSED",
    YXDOMAIN: "YXDOMAIN",
    NOTAUTH: "NOTAUTH",
    BADVERS: "BADVERS",
    BADCOOKIE: "BADCOOKIE",
}
TYPE_NAMES = {
    A: "A",
    NS: "NS",
    CNAME: "CNAME",
    SOA: "SOA",
    PTR: "PTR",
    MX: "MX",
    TXT: "TXT",
    AAAA: "AAAA",
    SRV: "SRV",
    DNAME: "DNAME",
    DS: "DS",
    RRSIG: "RRSIG",
    NSEC: "NSEC",
    DNSKEY: "DNSKEY",
    NSEC3: "NSEC3",
    NSEC3PARAM: "NSEC3PARAM",
    SVCB: "SVCB",
    HTTPS: "HTTPS",
    ANY: "ANY",
}


def type_name(number: int) -> str:
    """The mnemonic of a type, or ``TYPE123`` (RFC 3597, 5)."""
    return TYPE_NAMES.get(number, f"TYPE{number}")


def rcode_name(number: int) -> str:
    """The mnemonic of a response code, or ``RCODE123``."""
    return RCODE_NAMES.get(number, f"RCODE{number}")


def flag_words(flags: int) -> tuple[str, ...]:
    """Header flags in dig's words."""
    words = (("qr", QR), ("aa", AA), ("tc", TC), ("rd", RD), ("ra", RA), ("ad", AD), ("cd", CD))
    return tuple(word for word, bit in words if flags & bit)
