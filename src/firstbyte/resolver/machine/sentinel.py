"""Lets a client find out which root keys are trusted here (RFC 8509)."""

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.names import ROOT
from firstbyte.resolver.machine.settings import Validation
from firstbyte.resolver.machine.values import Question, Response, Security
from firstbyte.resolver.validator import keys

IS_TRUSTED = b"root-key-sentinel-is-ta-"
IS_NOT_TRUSTED = b"root-key-sentinel-not-ta-"
TAG_DIGITS = 5


def told(question: Question, response: Response, validation: Validation) -> Response:
    """The response, or SERVFAIL where the name's first label says what is not so (RFC 8509, 3.2).

    Only secure answers for addresses are withheld, and never from a client that validates itself.
    """
    if question.checking_disabled or question.rdtype not in (dns.A, dns.AAAA):
        return response
    if response.security is not Security.SECURE or not validation.root_key_sentinel:
        return response
    label = question.name[1 : 1 + question.name[0]]
    for prefix, wanted in ((IS_TRUSTED, True), (IS_NOT_TRUSTED, False)):
        digits = label.removeprefix(prefix)
        if digits == label or len(digits) != TAG_DIGITS or not digits.isdigit():
            continue
        if (int(digits) in root_tags(validation)) is not wanted:
            return Response(dns.SERVFAIL)
    return response


def root_tags(validation: Validation) -> set[int]:
    """The tags of the root keys that are trusted."""
    found = (
        keys.parse_ds(rdata) if rrset.rdtype == dns.DS else keys.parse_key(rdata)
        for rrset in validation.anchors
        if rrset.key == ROOT
        for rdata in rrset.rdatas
    )
    return {key.tag for key in found if key is not None}
