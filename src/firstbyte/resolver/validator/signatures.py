"""RRSIG records: when they hold, what they sign, and whether they verify (RFC 4035, 5.3)."""

from collections.abc import Iterable
from typing import NamedTuple

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns.constants import type_name
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import ancestor, is_under, label_count, to_text, wildcard
from firstbyte.protocols.dns.rdata import NAME, canonical, step_end
from firstbyte.resolver.machine.values import Ede, Error
from firstbyte.resolver.machine.work import Work
from firstbyte.resolver.validator import keys
from firstbyte.resolver.validator.keys import Key


class Signature(NamedTuple):
    """An RRSIG record (RFC 4034, 3.1). ``prefix`` is its data up to the signature proper."""

    covered: int
    algorithm: int
    labels: int
    original_ttl_s: int
    expires: int
    begins: int
    tag: int
    signer: bytes
    prefix: bytes
    value: bytes


class Checked(NamedTuple):
    """A signature that verified, or why none did."""

    signature: Signature | None
    error: Error | None


def parse(rdata: bytes) -> Signature | None:
    """The signature of record data; None where they are broken."""
    if len(rdata) < 19:
        return None
    try:
        end = step_end(rdata, 18, NAME)
    except DecodeError:
        return None
    signer = rdata[18:end].lower()

    def number(start: int, stop: int) -> int:
        return int.from_bytes(rdata[start:stop], "big")

    return Signature(
        covered=number(0, 2),
        algorithm=rdata[2],
        labels=rdata[3],
        original_ttl_s=number(4, 8),
        expires=number(8, 12),
        begins=number(12, 16),
        tag=number(16, 18),
        signer=signer,
        prefix=rdata[:18] + signer,
        value=rdata[end:],
    )


def signers(rrsets: Iterable[RRset]) -> list[bytes]:
    """The names of zones that could have signed these sets, the deepest first."""
    found = set()
    for rrset in rrsets:
        for rdata in rrset.signatures[:8]:
            signature = parse(rdata)
            if signature is not None and is_under(rrset.key, signature.signer):
                found.add(signature.signer)
    return sorted(found, key=lambda name: (-label_count(name), name))


def signed_data(rrset: RRset, signature: Signature) -> bytes:
    """The octets that are signed (RFC 4034, 3.1.8.1)."""
    owner = rrset.key
    if signature.labels < label_count(owner):
        owner = wildcard(ancestor(owner, signature.labels))
    head = owner + rrset.rdtype.to_bytes(2, "big") + b"\0\x01"
    head += signature.original_ttl_s.to_bytes(4, "big")
    datas = sorted({canonical(rrset.rdtype, rdata) for rdata in rrset.rdatas})
    body = b"".join(head + len(data).to_bytes(2, "big") + data for data in datas)
    return signature.prefix + body


def check(
    rrset: RRset, zone: bytes, zone_keys: list[Key], unix_s: float, work: Work, *, allow_sha1: bool
) -> Checked:
    """A signature of ``zone`` over ``rrset`` that verifies, or the first reason against one."""
    error: Error | None = None
    for rdata in rrset.signatures[:8]:
        signature = parse(rdata)
        if signature is None or signature.signer != zone or signature.covered != rrset.rdtype:
            continue
        problem = _problem(rrset, signature, unix_s, allow_sha1)
        if problem is None:
            problem = _verify(rrset, signature, zone_keys, work)
        if problem is None:
            return Checked(signature, None)
        error = error or problem
    if error is None:
        text = f"no signature of {to_text(zone)} over {_shown(rrset)}"
        error = Error(Ede.RRSIGS_MISSING, text)
    return Checked(None, error)


def _problem(rrset: RRset, signature: Signature, unix_s: float, allow_sha1: bool) -> Error | None:
    """What forbids the use of a signature before any cryptography (RFC 4035, 5.3.1)."""
    what = _shown(rrset)
    if signature.labels > label_count(rrset.key):
        return Error(Ede.BOGUS, f"signature over {what} has too many labels")
    if not keys.algorithm_counts(signature.algorithm, allow_sha1=allow_sha1):
        text = f"signature over {what} has algorithm {signature.algorithm}"
        return Error(Ede.UNSUPPORTED_DNSKEY_ALGORITHM, text)
    now = int(unix_s) & 0xFFFFFFFF
    if _later(signature.begins, signature.expires):
        text = f"signature over {what} expires before it begins"
        return Error(Ede.EXPIRED_BEFORE_VALID, text)
    if _later(now, signature.expires):
        return Error(Ede.SIGNATURE_EXPIRED, f"signature over {what} has expired")
    if _later(signature.begins, now):
        return Error(Ede.SIGNATURE_NOT_YET_VALID, f"signature over {what} is not yet valid")
    return None


def _later(one: int, two: int) -> bool:
    """Whether time ``one`` is after ``two`` in serial arithmetic (RFC 4034, 3.1.5; RFC 1982)."""
    return one != two and (one - two) & 0xFFFFFFFF < 0x80000000


def _verify(rrset: RRset, signature: Signature, zone_keys: list[Key], work: Work) -> Error | None:
    what = _shown(rrset)
    tag = f"key tag {signature.tag}, algorithm {signature.algorithm}"
    fitting = [
        key
        for key in zone_keys
        if key.tag == signature.tag and key.algorithm == signature.algorithm
    ]
    if not fitting:
        return Error(Ede.DNSKEY_MISSING, f"no DNSKEY for the signature over {what} ({tag})")
    data = signed_data(rrset, signature)
    for key in fitting[: work.limits.keys_per_tag]:
        if not work.may_verify():
            return Error(Ede.BOGUS, "too many signatures to verify")
        if keys.verify(key, signature.value, data):
            return None
        work.failed_signatures += 1
    return Error(Ede.BOGUS, f"signature over {what} does not verify ({tag})")


def lifetime_s(signature: Signature, unix_s: float) -> int:
    """For how long data with this signature may be kept (RFC 4035, 5.3.3)."""
    left_s = (signature.expires - int(unix_s)) & 0xFFFFFFFF
    return min(signature.original_ttl_s, left_s if left_s < 0x80000000 else 0)


def _shown(rrset: RRset) -> str:
    return f"{to_text(rrset.key)} {type_name(rrset.rdtype)}"
