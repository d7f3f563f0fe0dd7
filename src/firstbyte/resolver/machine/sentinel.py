"""Lets a client find out which root keys are trusted here (RFC 8509)."""

from collections.abc import Iterable

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.machine.values import Ede, Error, Question, Response, Security
from firstbyte.resolver.validator import keys

IS_TRUSTED = b"root-key-sentinel-is-ta-"
IS_NOT_TRUSTED = b"root-key-sentinel-not-ta-"
TAG_DIGITS = 5


def told(question: Question, response: Response, anchors: Iterable[RRset]) -> Response:
    """The response, or SERVFAIL where the name's first label says what is not so (RFC 8509, 3.2).

    ``anchors`` are the root's. Only secure answers for addresses are withheld, and never from a
    client that validates itself.
    """
    if question.checking_disabled or question.rdtype not in (dns.A, dns.AAAA):
        return response
    if response.security is not Security.SECURE:
        return response
    label = question.name[1 : 1 + question.name[0]]
    for prefix, wanted in ((IS_TRUSTED, True), (IS_NOT_TRUSTED, False)):
        digits = label.removeprefix(prefix)
        if digits == label or len(digits) != TAG_DIGITS or not digits.isdigit():
            continue
        if (int(digits) in tags(anchors)) is not wanted:
            why = Error(Ede.BOGUS, "as if it were bogus: root key sentinel (RFC 8509)")
            return Response(dns.SERVFAIL, errors=[why])
    return response


def tags(anchors: Iterable[RRset]) -> set[int]:
    """The tags of the keys that are trusted."""
    found = (
        keys.parse_ds(rdata) if rrset.rdtype == dns.DS else keys.parse_key(rdata)
        for rrset in anchors
        for rdata in rrset.rdatas
    )
    return {key.tag for key in found if key is not None}
