"""Extended DNS Errors in a message (RFC 8914), and the names of their codes."""

from firstbyte.protocols.dns.message import Edns

OPTION = 15
NAMES = {
    0: "Other",
    1: "Unsupported DNSKEY Algorithm",
    2: "Unsupported DS Digest Type",
    3: "Stale Answer",
    4: "Forged Answer",
    5: "DNSSEC Indeterminate",
    6: "DNSSEC Bogus",
    7: "Signature Expired",
    8: "Signature Not Yet Valid",
    9: "DNSKEY Missing",
    10: "RRSIGs Missing",
    11: "No Zone Key Bit Set",
    12: "NSEC Missing",
    13: "Cached Error",
    14: "Not Ready",
    15: "Blocked",
    16: "Censored",
    17: "Filtered",
    18: "Prohibited",
    19: "Stale NXDOMAIN Answer",
    20: "Not Authoritative",
    21: "Not Supported",
    22: "No Reachable Authority",
    23: "Network Error",
    24: "Invalid Data",
    25: "Signature Expired before Valid",
    26: "Too Early",
    27: "Unsupported NSEC3 Iterations Value",
    28: "Unable to conform to policy",
    29: "Synthesized",
    30: "Invalid Query Type",
}


def errors(edns: Edns | None) -> tuple[tuple[int, str], ...]:
    """The codes and their texts, in the order of the message."""
    if edns is None:
        return ()
    return tuple(
        (int.from_bytes(value[:2], "big"), value[2:].decode("utf-8", "replace").rstrip("\0"))
        for code, value in edns.options
        if code == OPTION and len(value) >= 2
    )


def name(code: int) -> str:
    """What a code means."""
    return NAMES.get(code, f"code {code}")
