"""The chain of trust as the walk met it: anchor → DS → DNSKEY → RRSIG, zone by zone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from firstbyte.journey.resolution import Delegation, Key, Link, Seal, Step, Verdict
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message, RRset, group
from firstbyte.protocols.dns.names import canonical_order, from_text, is_under, to_text
from firstbyte.protocols.dns.presentation import type_text
from firstbyte.resolver.machine.settings import Limits, Validation
from firstbyte.resolver.machine.work import Work
from firstbyte.resolver.query.reading import message_of
from firstbyte.resolver.validator import keys, signatures

MAX_SEALS = 8
DIGEST_NAMES = {1: "SHA-1", 2: "SHA-256", 4: "SHA-384"}


@dataclass
class Evidence:
    """What the messages held that bears on trust."""

    dnskeys: dict[bytes, RRset] = field(default_factory=dict)
    delegations: dict[bytes, RRset] = field(default_factory=dict)
    """DS sets by owner."""
    cuts: dict[bytes, str | None] = field(default_factory=dict)
    """Delegated zones, each with how its referral denied a DS."""
    answers: list[RRset] = field(default_factory=list)
    tried: set[bytes] = field(default_factory=set)
    """Zones whose DNSKEY set was asked for."""

    def take(self, message: Message, zone: bytes) -> None:
        """Look at one message from a server of ``zone``."""
        sets = group([*message.answer, *message.authority])
        for rrset in sets:
            if rrset.rdtype == dns.DNSKEY:
                self.dnskeys[rrset.key] = rrset
            elif rrset.rdtype == dns.DS:
                self.delegations[rrset.key] = rrset
        self._cuts(sets, zone)
        self.answers += [rrset for rrset in sets if rrset.signatures]

    def _cuts(self, sets: list[RRset], zone: bytes) -> None:
        for rrset in sets:
            if rrset.rdtype == dns.NS and len(rrset.key) > len(zone):
                denial = _denial(sets)
                self.cuts[rrset.key] = denial or self.cuts.get(rrset.key)


def _denial(sets: list[RRset]) -> str | None:
    for rrset in sets:
        if rrset.rdtype == dns.NSEC:
            return "NSEC"
        if rrset.rdtype == dns.NSEC3:
            return "NSEC3 opt-out" if rrset.rdatas[0][1:2] == b"\x01" else "NSEC3"
    return None


def chain(
    evidence: Evidence,
    validation: Validation,
    answers: Iterable[bytes],
    steps: Sequence[Step],
    now_s: float,
) -> tuple[Link, ...]:
    """The zones from the anchor to those of the answers, each with its verdict."""
    read = [message for data in answers if (message := message_of(data)) is not None]
    zones = _zones(evidence, validation, _names(read, steps))
    sets = _answer_sets(evidence, read)
    verdicts: dict[bytes, Verdict] = {}
    links = []
    for zone in zones:
        above = next((verdicts[up] for up in _above(zone, zones) if up in verdicts), None)
        link = _link(zone, evidence, validation, above, sets, now_s)
        verdicts[zone] = link.verdict
        links.append(link)
    return tuple(links)


def _names(answers: Iterable[Message], steps: Sequence[Step]) -> set[bytes]:
    """What was asked for, and where aliases led; the zones that were asked for it."""
    names = {record.key for message in answers for record in message.answer}
    names |= {(message.qname or b"\0").lower() for message in answers}
    return names | {
        from_text(step.zone).lower()
        for step in steps
        if not step.for_trust and step.outcome not in ("referral", "lame")
    }


def _zones(evidence: Evidence, validation: Validation, names: set[bytes]) -> list[bytes]:
    """The zones that are known above these names, from the root down."""
    known = evidence.cuts.keys() | evidence.dnskeys.keys() | evidence.delegations.keys()
    known |= {rrset.key for rrset in validation.anchors}
    wanted = {zone for zone in known if any(is_under(name, zone) for name in names)}
    return sorted(wanted, key=canonical_order)


def _above(zone: bytes, zones: list[bytes]) -> list[bytes]:
    return [up for up in reversed(zones) if up != zone and is_under(zone, up)]


def _answer_sets(evidence: Evidence, answers: Iterable[Message]) -> list[RRset]:
    """The answers' sets (or of denials) with the signatures that servers sent beside them."""
    wanted: set[tuple[bytes, int]] = set()
    for message in answers:
        records = message.answer or message.authority
        wanted |= {(record.key, record.rdtype) for record in records}
        wanted.add(((message.qname or b"\0").lower(), message.qtype))
    found: dict[tuple[bytes, int], RRset] = {}
    for rrset in evidence.answers:
        if (rrset.key, rrset.rdtype) in wanted:
            found[rrset.key, rrset.rdtype] = rrset
    return [rrset for rrset in found.values() if rrset.rdtype != dns.DNSKEY]


def _link(
    zone: bytes,
    evidence: Evidence,
    validation: Validation,
    above: Verdict | None,
    sets: list[RRset],
    now_s: float,
) -> Link:
    anchors = [rrset for rrset in validation.anchors if rrset.key == zone]
    name = to_text(zone)
    denial = evidence.cuts.get(zone)
    dnskey = evidence.dnskeys.get(zone)
    ds = evidence.delegations.get(zone)
    if zone in validation.negative_anchors:
        return Link(zone=name, verdict="insecure", reason="a negative trust anchor (RFC 7646)")
    if not anchors and (ds is None or above != "secure"):
        return _unanchored(name, above, denial)
    over_ds = [] if anchors or ds is None else _over_ds(ds, evidence, validation, now_s)
    broken = next((seal.problem for seal in over_ds if seal.problem), None)
    if over_ds and broken and all(seal.problem for seal in over_ds):
        delegated = _delegations(zone, anchors, ds, [])
        return Link(
            zone=name, verdict="bogus", delegations=delegated, seals=tuple(over_ds), reason=broken
        )
    if ds is not None and not anchors and not _supported(ds, validation):
        reason = "no DS of it has an algorithm and digest that count here (RFC 4035, 5.2)"
        delegated = _delegations(zone, anchors, ds, [])
        return Link(zone=name, verdict="insecure", delegations=delegated, reason=reason)
    if dnskey is None:
        delegated = _delegations(zone, anchors, ds, [])
        if zone not in evidence.tried:
            reason = "nothing here needed its keys"
            return Link(zone=name, verdict="indeterminate", delegations=delegated, reason=reason)
        reason = "its DNSKEY set could not be had"
        return Link(zone=name, verdict="bogus", delegations=delegated, reason=reason)
    return _keyed(zone, anchors, ds, dnskey, validation, sets, now_s)


def _supported(ds: RRset, validation: Validation) -> bool:
    """Whether a DS record leads to signatures that are verified here."""
    sha1 = validation.allow_sha1
    return any(
        keys.algorithm_counts(entry.algorithm, allow_sha1=sha1)
        and keys.digest_counts(entry.digest_type, allow_sha1=sha1)
        for rdata in ds.rdatas
        if (entry := keys.parse_ds(rdata)) is not None
    )


def _over_ds(ds: RRset, evidence: Evidence, validation: Validation, now_s: float) -> list[Seal]:
    """The parent's signatures over the DS set."""
    found = []
    for signer in signatures.signers([ds]):
        dnskey = evidence.dnskeys.get(signer)
        if dnskey is not None:
            parsed = [key for data in dnskey.rdatas if (key := keys.parse_key(data)) is not None]
            found += _seals(ds, signer, parsed, parsed, validation, now_s)
    return found


def _unanchored(name: str, above: Verdict | None, denial: str | None) -> Link:
    if above is None:
        return Link(zone=name, verdict="indeterminate", reason="no trust anchor")
    if above == "secure":
        return Link(zone=name, verdict="insecure", denial=denial, reason="it has no DS")
    reason = "below a broken link" if above == "bogus" else f"below a zone that is {above}"
    return Link(zone=name, verdict=above, reason=reason)


def _keyed(
    zone: bytes,
    anchors: list[RRset],
    ds: RRset | None,
    dnskey: RRset,
    validation: Validation,
    sets: list[RRset],
    now_s: float,
) -> Link:
    parsed = [key for rdata in dnskey.rdatas if (key := keys.parse_key(rdata)) is not None]
    delegated = _delegations(zone, anchors, ds, parsed)
    trusted = {entry.tag: _words(entry) for entry in delegated if entry.matches}
    trusted |= {key.tag: "trust anchor" for key in parsed if _anchored(key, anchors)}
    entries = [key for key in parsed if key.tag in trusted]
    over_keys = _seals(dnskey, zone, entries, parsed, validation, now_s)
    signing = {seal.tag for seal in over_keys if seal.problem is None}
    problem = _problem(entries, over_keys, delegated)
    own = [rrset for rrset in sets if _signed_by(rrset, zone)]
    over_data = [
        seal for rrset in own for seal in _seals(rrset, zone, parsed, parsed, validation, now_s)
    ]
    return Link(
        zone=to_text(zone),
        verdict="bogus" if problem else "secure",
        delegations=delegated,
        keys=tuple(_key(key, trusted, signing) for key in parsed),
        seals=(*over_keys, *over_data[:MAX_SEALS]),
        reason=problem,
    )


def _problem(
    entries: list[keys.Key], seals: list[Seal], delegated: Sequence[Delegation]
) -> str | None:
    if not entries:
        tags = ", ".join(str(entry.tag) for entry in delegated)
        return f"no DNSKEY fits the DS (key tag {tags})"
    if any(seal.problem is None for seal in seals):
        return None
    return seals[0].problem if seals else "the DNSKEY set is not signed"


def _seals(
    rrset: RRset,
    zone: bytes,
    able: list[keys.Key],
    present: list[keys.Key],
    validation: Validation,
    now_s: float,
) -> list[Seal]:
    """The zone's signatures over a set; those by ``able`` keys are verified."""
    found = []
    able_tags = {key.tag for key in able}
    for rdata in rrset.signatures[:MAX_SEALS]:
        signature = signatures.parse(rdata)
        if signature is None or signature.signer != zone:
            continue
        if signature.tag not in able_tags and any(k.tag == signature.tag for k in present):
            continue
        alone = RRset(rrset.key, rrset.rdtype, rrset.ttl_s, rrset.rdatas, [rdata])
        work = Work(Limits())
        checked = signatures.check(alone, zone, able, now_s, work, allow_sha1=validation.allow_sha1)
        problem = None if checked.signature else checked.error
        found.append(
            Seal(
                owner=to_text(rrset.key),
                covered=type_text(rrset.rdtype),
                tag=signature.tag,
                algorithm=signature.algorithm,
                signer=to_text(signature.signer),
                begins_s=signature.begins,
                expires_s=signature.expires,
                problem=problem.text if problem else None,
            )
        )
    return found


def _signed_by(rrset: RRset, zone: bytes) -> bool:
    return any(
        (signature := signatures.parse(rdata)) is not None and signature.signer == zone
        for rdata in rrset.signatures[:MAX_SEALS]
    )


def _delegations(
    zone: bytes, anchors: list[RRset], ds: RRset | None, parsed: list[keys.Key]
) -> tuple[Delegation, ...]:
    found = []
    sources = [(rrset, True) for rrset in anchors if rrset.rdtype == dns.DS]
    if ds is not None and not anchors:
        sources.append((ds, False))
    for rrset, anchor in sources:
        for rdata in rrset.rdatas:
            entry = keys.parse_ds(rdata)
            if entry is None:
                continue
            found.append(
                Delegation(
                    tag=entry.tag,
                    algorithm=entry.algorithm,
                    digest=entry.digest_type,
                    anchor=anchor,
                    matches=any(keys.digest_matches(zone, key, entry) for key in parsed),
                )
            )
    return tuple(found)


def _anchored(key: keys.Key, anchors: list[RRset]) -> bool:
    return any(rrset.rdtype == dns.DNSKEY and key.rdata in rrset.rdatas for rrset in anchors)


def _words(entry: Delegation) -> str:
    if entry.anchor:
        return "trust anchor"
    return f"DS {entry.tag} {DIGEST_NAMES.get(entry.digest, entry.digest)}"


def _key(key: keys.Key, trusted: dict[int, str], signing: set[int]) -> Key:
    return Key(
        tag=key.tag,
        algorithm=key.algorithm,
        entry_point=bool(key.flags & 1),
        bits=_bits(key),
        trusted_by=(trusted[key.tag],) if key.tag in trusted else (),
        signs_keys=key.tag in signing,
    )


def _bits(key: keys.Key) -> int:
    """The key's size: an RSA modulus, or the curve's."""
    if key.algorithm in (13, 15):
        return 256
    if key.algorithm in (14, 16):
        return 384 if key.algorithm == 14 else 456
    public = key.public
    if not public:
        return 0
    skip = 1 + public[0] if public[0] else 3 + int.from_bytes(public[1:3], "big")
    return int.from_bytes(public[skip:], "big").bit_length()
