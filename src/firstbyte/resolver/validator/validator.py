"""The judge of what was fetched: secure, insecure or bogus, and why (RFC 4035, 5; RFC 5155, 8)."""

from collections.abc import Iterable, Sequence

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.constants import type_name
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import is_under, label_count, parent, to_text
from firstbyte.resolver.cache import Entry
from firstbyte.resolver.machine.scheduler import Scheduler
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Ede, Error, Security
from firstbyte.resolver.machine.work import Work
from firstbyte.resolver.validator import nsec, nsec3, signatures
from firstbyte.resolver.validator.chain import Chain, Source, by_owner
from firstbyte.resolver.validator.denial import Proof
from firstbyte.resolver.validator.signatures import Signature
from firstbyte.resolver.validator.trust import ZoneTrust

MAX_SIGNERS = 2
MAX_PROOFS = 12
_Verdict = tuple[Security, Error | None]
_SECURE: _Verdict = (Security.SECURE, None)
_INSECURE: _Verdict = (Security.INSECURE, None)


class Validator:
    """Judges entries; what it learns of zones is kept in ``chain``."""

    def __init__(self, settings: Settings, scheduler: Scheduler, source: Source) -> None:
        self._settings = settings
        self._scheduler = scheduler
        self.chain = Chain(settings, scheduler, source)

    async def settle(self, entry: Entry, work: Work) -> None:
        """Set the entry's ``security`` and ``error``, and hold its life to its signatures'."""
        subject = entry.dname or entry.rrset
        if subject is None:
            verdict = await self._negative(entry, work)
        else:
            verdict = await self._positive(entry, subject, work)
        entry.security, entry.error = verdict

    async def proved(self, rrsets: Sequence[RRset], work: Work) -> list[RRset]:
        """Those of the sets beside an answer that are secure too."""
        kept = []
        for rrset in rrsets:
            if not rrset.signatures:
                continue
            entry = Entry(rrset.key, rrset.rdtype, rrset, rrset.ttl_s)
            verdict, _ = await self._positive(entry, rrset, work)
            if verdict is Security.SECURE:
                kept.append(rrset)
        return kept

    def trust_in(self, anchors: Iterable[RRset]) -> None:
        """Replace the trust anchors; what rested on the old ones is forgotten."""
        self.chain.anchors = by_owner(anchors)
        self.clear()

    def clear(self) -> None:
        """Forget the state of all zones."""
        self.chain.store.clear()

    # data -----------------------------------------------------------------------------------

    async def _positive(self, entry: Entry, rrset: RRset, work: Work) -> _Verdict:
        home = parent(rrset.key) if rrset.rdtype == dns.DS and len(rrset.key) > 1 else rrset.key
        if rrset.rdtype == dns.RRSIG:
            return _INSECURE  # signatures are not signed (RFC 4035, 2.2)
        if self.chain.anchor_above(home) is None:
            return _INSECURE
        error: Error | None = None
        for signer in self._signers([rrset], home):
            trust = await self.chain.trust(signer, work)
            if trust.security is Security.INSECURE:
                return Security.INSECURE, trust.error
            if trust.security is Security.BOGUS:
                error = error or trust.error
                continue
            if trust.zone != signer:
                error = error or _not_a_zone(rrset, signer)
                continue
            verdict = self._verified(entry, rrset, trust, work)
            if verdict[0] is not Security.BOGUS:
                return verdict
            error = error or verdict[1]
        return await self._unproved(home, error, _unsigned(rrset), work)

    def _signers(self, rrsets: Sequence[RRset], home: bytes) -> list[bytes]:
        found = signatures.signers(rrsets)
        return [signer for signer in found if is_under(home, signer)][:MAX_SIGNERS]

    def _verified(self, entry: Entry, rrset: RRset, trust: ZoneTrust, work: Work) -> _Verdict:
        signature, error = self._check(rrset, trust, work)
        if signature is None:
            return Security.BOGUS, error
        self._limit(entry, signature)
        entry.signer, entry.labels = trust.zone, signature.labels
        owner = label_count(rrset.key) - rrset.key.startswith(b"\x01*")
        if signature.labels < owner:
            return self._expanded(entry, rrset, signature, trust, work)
        entry.wildcard = False
        entry.proofs = []
        return _SECURE

    def _expanded(
        self, entry: Entry, rrset: RRset, signature: Signature, trust: ZoneTrust, work: Work
    ) -> _Verdict:
        """An answer made by a wildcard: nothing closer may exist (RFC 4035, 5.3.4)."""
        if rrset.rdtype == dns.DNAME:
            text = f"{to_text(rrset.key)} DNAME comes from a wildcard"
            return Security.BOGUS, Error(Ede.BOGUS, text)  # to be rejected (RFC 4592, 4.4)
        proofs, error = self._proofs(entry.proofs, trust, work)
        verdict = _too_many_iterations(proofs, self._settings.limits.nsec3_iterations)
        if verdict is not None:
            return verdict
        links, chain = _denials(proofs, trust.zone, work)
        found = nsec.no_closer(links, rrset.key, signature.labels)
        if found is Proof.FAILED and chain:
            found = chain.no_closer(rrset.key, signature.labels)
        if found is Proof.FAILED:
            text = f"{to_text(rrset.key)} comes from a wildcard, and nothing proves that it may"
            return Security.BOGUS, error or Error(Ede.NSEC_MISSING, text)
        entry.proofs = proofs
        return _INSECURE if found is Proof.OPT_OUT else _SECURE

    def _check(self, rrset: RRset, trust: ZoneTrust, work: Work) -> signatures.Checked:
        return signatures.check(
            rrset,
            trust.zone,
            trust.keys,
            self._scheduler.now.unix_s,
            work,
            allow_sha1=self._settings.validation.allow_sha1,
        )

    def _limit(self, entry: Entry, signature: Signature) -> None:
        now_s = self._scheduler.now.unix_s
        lifetime_s = signatures.lifetime_s(signature, now_s)
        if lifetime_s < entry.ttl_s:
            entry.ttl_s = lifetime_s
            if entry.expires_s:
                entry.expires_s = min(entry.expires_s, entry.stored_s + lifetime_s)

    async def _unproved(
        self, home: bytes, error: Error | None, missing: Error, work: Work
    ) -> _Verdict:
        """Nothing proves it: then the zone must be proved insecure, or it is bogus."""
        trust = await self.chain.trust(home, work)
        if trust.security is Security.INSECURE:
            return Security.INSECURE, trust.error
        return Security.BOGUS, error or trust.error or missing

    # denials --------------------------------------------------------------------------------

    async def _negative(self, entry: Entry, work: Work) -> _Verdict:
        name = entry.key
        home = parent(name) if entry.rdtype == dns.DS and len(name) > 1 else name
        if self.chain.anchor_above(home) is None:
            return _INSECURE
        proofs = entry.proofs[:MAX_PROOFS]
        evidence = proofs if entry.soa is None else [*proofs, entry.soa]
        error: Error | None = None
        for signer in self._signers(evidence, home):
            trust = await self.chain.trust(signer, work)
            if trust.security is Security.INSECURE:
                return Security.INSECURE, trust.error
            if trust.security is Security.BOGUS or trust.zone != signer:
                error = error or trust.error
                continue
            verdict = self._denied(entry, proofs, trust, work)
            if verdict[0] is not Security.BOGUS:
                return verdict
            error = error or verdict[1]
        missing = _unsigned_denial(entry) if _is_unsigned(evidence) else _undenied(entry)
        return await self._unproved(home, error, missing, work)

    def _denied(
        self, entry: Entry, proofs: Sequence[RRset], trust: ZoneTrust, work: Work
    ) -> _Verdict:
        verified, error = self._proofs(proofs, trust, work, entry)
        if entry.soa is not None:
            signature, problem = self._check(entry.soa, trust, work)
            if signature is None:
                return Security.BOGUS, problem
            self._limit(entry, signature)
        verdict = _too_many_iterations(verified, self._settings.limits.nsec3_iterations)
        if verdict is not None:
            return verdict
        links, chain = _denials(verified, trust.zone, work)
        found = _prove(entry, links, chain)
        if found is Proof.FAILED:
            return Security.BOGUS, error or _undenied(entry)
        entry.proofs = verified
        entry.signer = trust.zone
        entry.compact = any(nsec.denies_name(link, entry.key) for link in links)
        return _INSECURE if found is Proof.OPT_OUT else _SECURE

    def _proofs(
        self, proofs: Sequence[RRset], trust: ZoneTrust, work: Work, entry: Entry | None = None
    ) -> tuple[list[RRset], Error | None]:
        """Those of the zone whose signatures verify, and the first reason against another."""
        good = []
        error: Error | None = None
        for rrset in proofs[:MAX_PROOFS]:
            if not is_under(rrset.key, trust.zone):
                continue
            signature, problem = self._check(rrset, trust, work)
            if signature is None or not _is_own(rrset, signature):
                error = error or problem
                continue
            if entry is not None:
                self._limit(entry, signature)
            good.append(rrset)
        return good, error


def _prove(entry: Entry, links: list[nsec.Nsec], chain: nsec3.Chain) -> Proof:
    """What is proved.

    Where a server says "no such name" of an empty non-terminal, its records say the truth, and the
    entry is corrected (RFC 8020, 3.1).
    """
    name, rdtype = entry.key, entry.rdtype
    if not entry.nxdomain:
        found = nsec.no_data(links, name, rdtype)
        return chain.no_data(name, rdtype) if found is Proof.FAILED and chain else found
    found = nsec.no_name(links, name)
    if found is Proof.FAILED and chain:
        found = chain.no_name(name)
    exists = nsec.is_there(links, name) or chain.match(name) is not None
    if found is not Proof.FAILED or not exists:
        return found
    entry.nxdomain = False
    return _prove(entry, links, chain)


def _denials(proofs: list[RRset], zone: bytes, work: Work) -> tuple[list[nsec.Nsec], nsec3.Chain]:
    """The links of the zone's own chains: the next name is in the zone, too (RFC 4034, 4.1.1)."""
    links = [nsec.parse(rrset) for rrset in proofs if rrset.rdtype == dns.NSEC]
    hashed = [nsec3.parse(rrset) for rrset in proofs if rrset.rdtype == dns.NSEC3]
    chain = nsec3.Chain([link for link in hashed if link is not None], zone, work)
    return [link for link in links if link is not None and is_under(link.next, zone)], chain


def _is_own(rrset: RRset, signature: Signature) -> bool:
    """Whether the owner is the name that was signed: denials are never made by a wildcard."""
    owner = label_count(rrset.key) - rrset.key.startswith(b"\x01*")
    return signature.labels >= owner


def _too_many_iterations(proofs: list[RRset], most: int) -> _Verdict | None:
    """Too costly proofs are not looked at: the answer is insecure (RFC 9276, 3.2)."""
    for rrset in proofs:
        link = nsec3.parse(rrset) if rrset.rdtype == dns.NSEC3 else None
        if link is not None and link.params.iterations > most:
            text = f"NSEC3 of {to_text(link.zone)} has {link.params.iterations} iterations"
            return Security.INSECURE, Error(Ede.UNSUPPORTED_NSEC3_ITERATIONS, text)
    return None


def _unsigned(rrset: RRset) -> Error:
    text = f"{to_text(rrset.key)} {type_name(rrset.rdtype)} is not signed, and its zone is"
    return Error(Ede.RRSIGS_MISSING, text)


def _not_a_zone(rrset: RRset, signer: bytes) -> Error:
    what = f"{to_text(rrset.key)} {type_name(rrset.rdtype)}"
    return Error(Ede.BOGUS, f"{what} is signed by {to_text(signer)}, which is no zone")


def _undenied(entry: Entry) -> Error:
    return Error(Ede.NSEC_MISSING, f"nothing proves that {_denied_thing(entry)} does not exist")


def _unsigned_denial(entry: Entry) -> Error:
    text = f"that {_denied_thing(entry)} does not exist is not signed, and its zone is"
    return Error(Ede.RRSIGS_MISSING, text)


def _is_unsigned(evidence: Sequence[RRset]) -> bool:
    return bool(evidence) and not any(rrset.signatures for rrset in evidence)


def _denied_thing(entry: Entry) -> str:
    what = to_text(entry.key)
    return what if entry.nxdomain else f"{what} {type_name(entry.rdtype)}"
