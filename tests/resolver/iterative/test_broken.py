"""The tree, broken in many ways: each has its verdict and its Extended DNS Error (RFC 8914)."""

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from dns.dnssec import allow_all_policy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.resolver.machine.values import Ede, Security

NOW = 1_700_000_000
WWW = "www.secure.example."
T = dns.rdatatype


def sections(message):
    return (message.answer, message.authority, message.additional)


def of(owner: str, rdtype: str, edit):
    """Edit the signatures over one set, wherever it stands, as (rdata) → rdata or None."""

    def mutate(message, tree, ask):
        for section in sections(message):
            for index, rrset in enumerate(list(section)):
                covers = rrset.rdtype == T.RRSIG and rrset.covers == T.from_text(rdtype)
                if covers and str(rrset.name) == owner:
                    section[index] = changed(rrset, edit)
        for section in sections(message):
            section[:] = [rrset for rrset in section if rrset is not None]
        return message

    return mutate


def changed(rrset, edit):
    made = [new for rdata in rrset if (new := edit(rdata)) is not None]
    return dns.rrset.from_rdata_list(rrset.name, rrset.ttl, made) if made else None


def records(owner: str, rdtype: str, edit):
    """Edit the records of one set themselves."""

    def mutate(message, tree, ask):
        for section in sections(message):
            for index, rrset in enumerate(list(section)):
                if str(rrset.name) == owner and rrset.rdtype == T.from_text(rdtype):
                    section[index] = changed(rrset, edit)
        for section in sections(message):
            section[:] = [rrset for rrset in section if rrset is not None]
        return message

    return mutate


def again(owner: str, rdtype: str, zone: str, **changes):
    """Sign one set again, with other times."""

    def mutate(message, tree, ask):
        for section in sections(message):
            for rrset in list(section):
                if str(rrset.name) == owner and rrset.rdtype == T.from_text(rdtype):
                    kept = [
                        other
                        for other in section
                        if not (other.rdtype == T.RRSIG and other.covers == rrset.rdtype)
                    ]
                    section[:] = [*kept, tree.zones[zone].resign(rrset, **changes)]
        return message

    return mutate


def drop(*kinds: str, zone: str = ""):
    """Leave out all records of these types, and the signatures over them."""
    numbers = {T.from_text(kind) for kind in kinds}

    def mutate(message, tree, ask):
        if zone and tree.by_address[ask.server[0]].name.to_text() != zone:
            return message
        for section in sections(message):
            section[:] = [
                rrset
                for rrset in section
                if rrset.rdtype not in numbers
                and not (rrset.rdtype == T.RRSIG and rrset.covers in numbers)
            ]
        return message

    return mutate


def damaged(rdata):
    value = bytearray(rdata.signature)
    value[5] ^= 0xFF
    return rdata.replace(signature=bytes(value))


def none(rdata):
    return None


def rcode_for(owner: str, rcode):
    """Claim another response code for one name, with nothing behind it."""

    def mutate(message, tree, ask):
        if names.to_text(ask.name) == owner:
            message.set_rcode(rcode)
            message.answer.clear()
        return message

    return mutate


def strip_all(message, tree, ask):
    return drop("RRSIG", "NSEC", zone="secure.example.")(
        of(WWW, "A", none)(message, tree, ask), tree, ask
    )


def bare_soa(message, tree, ask):
    return drop("NSEC", zone=S)(of(S, "SOA", none)(message, tree, ask), tree, ask)


def forge_address(rdata):
    return rdata.replace(address="6.6.6.6")


def beyond_the_zone(message, tree, ask):
    """The last link of the chain leads out of the zone, instead of back to its apex."""
    apex = dns.name.from_text(S)
    for rrset in list(message.authority):
        if rrset.rdtype == T.NSEC and rrset[0].next == apex:
            outside = rrset[0].replace(next=dns.name.from_text("zzz.test."))
            link = dns.rrset.from_rdata(rrset.name, rrset.ttl, outside)
            message.authority.remove(rrset)
            message.authority += [link, tree.zones[S].resign(link)]
    return message


def dname_of_a_wildcard(message, tree, ask):
    """A DNAME at ``*``, which rewrites names below the names that it stands for."""
    if names.to_text(ask.name) == f"no.{S}":
        message.set_rcode(dns.rcode.NOERROR)
    if names.to_text(ask.name) == f"a.no.{S}":
        star = dns.rrset.from_text(f"*.{S}", 300, "IN", "DNAME", "www.secure.example.")
        made = [star, tree.zones[S].resign(star)]
        for rrset in made:
            rrset.name = dns.name.from_text(f"no.{S}")
        message.set_rcode(dns.rcode.NOERROR)
        message.answer = made
    return message


def key_without_zone_bit(message, tree, ask):
    """The parent vouches for a key that may not sign zone data, and the child has it."""
    key = tree.zones[S].dnskey.replace(flags=1)
    ds = dns.dnssec.make_ds(S, key, "SHA256")
    return delegated_by(f"{ds.to_text()}")(
        records(S, "DNSKEY", lambda rdata: key)(message, tree, ask), tree, ask
    )


def delegated_by(*texts):
    """The parent's DS set is another one, and signed."""

    def mutate(message, tree, ask):
        for section in sections(message):
            if any(str(rrset.name) == S and rrset.rdtype == T.DS for rrset in section):
                made = dns.rrset.from_text(S, 300, "IN", "DS", *texts)
                kept = [one for one in section if T.DS not in (one.rdtype, one.covers)]
                section[:] = [*kept, made, tree.zones["example."].resign(made)]
        return message

    return mutate


def key_flags(flags):
    return records("secure.example.", "DNSKEY", lambda rdata: rdata.replace(flags=flags))


S = "secure.example."
BOGUS = [
    ("signature damaged", of(WWW, "A", damaged), WWW, "A", Ede.BOGUS),
    ("signature missing", of(WWW, "A", none), WWW, "A", Ede.RRSIGS_MISSING),
    ("address forged", records(WWW, "A", forge_address), WWW, "A", Ede.BOGUS),
    (
        "signature expired",
        again(WWW, "A", S, expiration=NOW - 60),
        WWW,
        "A",
        Ede.SIGNATURE_EXPIRED,
    ),
    (
        "signature of the future",
        again(WWW, "A", S, inception=NOW + 600),
        WWW,
        "A",
        Ede.SIGNATURE_NOT_YET_VALID,
    ),
    (
        "expires before it begins",
        again(WWW, "A", S, inception=NOW + 600, expiration=NOW - 600),
        WWW,
        "A",
        Ede.EXPIRED_BEFORE_VALID,
    ),
    ("unknown key tag", of(WWW, "A", lambda r: r.replace(key_tag=1)), WWW, "A", Ede.DNSKEY_MISSING),
    (
        "unknown algorithm in the signature",
        of(WWW, "A", lambda r: r.replace(algorithm=200)),
        WWW,
        "A",
        Ede.UNSUPPORTED_DNSKEY_ALGORITHM,
    ),
    (
        "other algorithm in the signature",
        of(WWW, "A", lambda r: r.replace(algorithm=8)),
        WWW,
        "A",
        Ede.DNSKEY_MISSING,
    ),
    ("labels raised", of(WWW, "A", lambda r: r.replace(labels=4)), WWW, "A", Ede.BOGUS),
    ("labels lowered", of(WWW, "A", lambda r: r.replace(labels=2)), WWW, "A", Ede.BOGUS),
    (
        "original TTL changed",
        of(WWW, "A", lambda r: r.replace(original_ttl=1)),
        WWW,
        "A",
        Ede.BOGUS,
    ),
    (
        "signed by the parent's name",
        of(WWW, "A", lambda r: r.replace(signer=dns.name.from_text("example."))),
        WWW,
        "A",
        Ede.DNSKEY_MISSING,
    ),
    (
        "signed by a name that is no zone",
        of(WWW, "A", lambda r: r.replace(signer=dns.name.from_text(WWW))),
        WWW,
        "A",
        Ede.BOGUS,
    ),
    (
        "signed by a foreign name",
        of(WWW, "A", lambda r: r.replace(signer=dns.name.from_text("plain.example."))),
        WWW,
        "A",
        Ede.RRSIGS_MISSING,
    ),
    ("signature empty", of(WWW, "A", lambda r: r.replace(signature=b"")), WWW, "A", Ede.BOGUS),
    ("no DNSKEY", drop("DNSKEY", zone=S), WWW, "A", Ede.DNSKEY_MISSING),
    ("DNSKEY not signed", of(S, "DNSKEY", none), WWW, "A", Ede.RRSIGS_MISSING),
    ("DNSKEY signature damaged", of(S, "DNSKEY", damaged), WWW, "A", Ede.BOGUS),
    (
        "DNSKEY signature expired",
        again(S, "DNSKEY", S, expiration=NOW - 60),
        WWW,
        "A",
        Ede.SIGNATURE_EXPIRED,
    ),
    ("DNSKEY without zone bit", key_flags(1), WWW, "A", Ede.DNSKEY_MISSING),
    ("DS of a key without zone bit", key_without_zone_bit, WWW, "A", Ede.NO_ZONE_KEY_BIT),
    ("DS of no key", delegated_by("1 13 2 " + "ab" * 32), WWW, "A", Ede.DNSKEY_MISSING),
    ("DNSKEY revoked", key_flags(257 | 128), WWW, "A", Ede.DNSKEY_MISSING),
    (
        "DNSKEY of another protocol",
        records(S, "DNSKEY", lambda r: r.replace(protocol=4)),
        WWW,
        "A",
        Ede.DNSKEY_MISSING,
    ),
    (
        "DNSKEY of another algorithm",
        records(S, "DNSKEY", lambda r: r.replace(algorithm=8)),
        WWW,
        "A",
        Ede.DNSKEY_MISSING,
    ),
    (
        "another DNSKEY",
        records(S, "DNSKEY", lambda r: r.replace(key=bytes(64))),
        WWW,
        "A",
        Ede.DNSKEY_MISSING,
    ),
    ("DS not signed", of(S, "DS", none), WWW, "A", Ede.RRSIGS_MISSING),
    ("DS signature damaged", of(S, "DS", damaged), WWW, "A", Ede.BOGUS),
    (
        "DS signature expired",
        again(S, "DS", "example.", expiration=NOW - 60),
        WWW,
        "A",
        Ede.SIGNATURE_EXPIRED,
    ),
    (
        "DS forged",
        records(S, "DS", lambda r: r.replace(digest=bytes(32))),
        WWW,
        "A",
        Ede.BOGUS,
    ),
    ("DS taken away", drop("DS", zone="example."), WWW, "A", Ede.NSEC_MISSING),
    ("root's DNSKEY damaged", of(".", "DNSKEY", damaged), WWW, "A", Ede.BOGUS),
    (
        "root's DNSKEY expired",
        again(".", "DNSKEY", ".", expiration=NOW - 60),
        WWW,
        "A",
        Ede.SIGNATURE_EXPIRED,
    ),
    ("no root DNSKEY", drop("DNSKEY", zone="."), WWW, "A", Ede.DNSKEY_MISSING),
    ("no proof of no name", drop("NSEC", zone=S), f"no.{S}", "A", Ede.NSEC_MISSING),
    ("no proof of no data", drop("NSEC", zone=S), WWW, "AAAA", Ede.NSEC_MISSING),
    ("denial unsigned", of(WWW, "NSEC", none), WWW, "AAAA", Ede.RRSIGS_MISSING),
    ("a SOA without signature, and no denial", bare_soa, WWW, "AAAA", Ede.RRSIGS_MISSING),
    ("denial leads out of the zone", beyond_the_zone, f"zz.{S}", "A", Ede.NSEC_MISSING),
    ("DNAME of a wildcard", dname_of_a_wildcard, f"a.no.{S}", "A", Ede.BOGUS),
    ("denial damaged", of(WWW, "NSEC", damaged), WWW, "AAAA", Ede.BOGUS),
    ("SOA damaged", of(S, "SOA", damaged), WWW, "AAAA", Ede.BOGUS),
    (
        "denial expired",
        again(WWW, "NSEC", S, expiration=NOW - 60),
        WWW,
        "AAAA",
        Ede.SIGNATURE_EXPIRED,
    ),
    ("existing name denied", rcode_for(WWW, dns.rcode.NXDOMAIN), WWW, "A", Ede.NSEC_MISSING),
    ("existing data denied", rcode_for(WWW, dns.rcode.NOERROR), WWW, "A", Ede.NSEC_MISSING),
    (
        "wildcard without proof",
        drop("NSEC", zone=S),
        f"x.wild.{S}",
        "A",
        Ede.NSEC_MISSING,
    ),
    ("wildcard forged", records(f"x.wild.{S}", "A", forge_address), f"x.wild.{S}", "A", Ede.BOGUS),
    ("alias unsigned", of(f"alias.{S}", "CNAME", none), f"alias.{S}", "A", Ede.RRSIGS_MISSING),
    ("alias damaged", of(f"alias.{S}", "CNAME", damaged), f"alias.{S}", "A", Ede.BOGUS),
    ("alias' end damaged", of(WWW, "A", damaged), f"alias.{S}", "A", Ede.BOGUS),
    ("DNAME damaged", of(f"d.{S}", "DNAME", damaged), f"x.d.{S}", "A", Ede.BOGUS),
    ("DNAME unsigned", of(f"d.{S}", "DNAME", none), f"x.d.{S}", "A", Ede.RRSIGS_MISSING),
    (
        "insecure delegation unproved",
        drop("NSEC", zone="example."),
        "www.plain.example.",
        "A",
        Ede.NSEC_MISSING,
    ),
    (
        "insecure delegation's proof damaged",
        of("plain.example.", "NSEC", damaged),
        "www.plain.example.",
        "A",
        Ede.BOGUS,
    ),
]


@pytest.mark.parametrize(
    ("mutate", "name", "rdtype", "code"), [row[1:] for row in BOGUS], ids=[row[0] for row in BOGUS]
)
def test_bogus_and_why(make_network, mutate, name, rdtype, code) -> None:
    network = make_network(mutate)
    response = network.resolve(name, rdtype)
    assert response.rcode == c.SERVFAIL
    assert response.security is Security.BOGUS
    assert response.errors[0].code is code, response.errors
    assert response.errors[0].text
    unchecked = network.resolve(name, rdtype, cd=True)
    assert unchecked.rcode in (c.NOERROR, c.NXDOMAIN)


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["1 13 1 " + "ab" * 20], Ede.UNSUPPORTED_DS_DIGEST),
        (["1 13 3 " + "ab" * 32, "1 13 99 abcd"], Ede.UNSUPPORTED_DS_DIGEST),
        (["1 5 2 " + "ab" * 32], Ede.UNSUPPORTED_DNSKEY_ALGORITHM),
        (["1 12 2 " + "ab" * 32, "1 1 2 " + "ab" * 32], Ede.UNSUPPORTED_DNSKEY_ALGORITHM),
    ],
)
def test_a_delegation_that_nobody_can_follow_is_insecure(make_network, texts, code) -> None:
    """RFC 4035, 5.2; RFC 9904 and 9905 say which algorithms and digests count."""
    response = make_network(delegated_by(*texts)).resolve(WWW)
    assert response.rcode == c.NOERROR
    assert response.security is Security.INSECURE
    assert response.errors[0].code is code


def test_sha1_digests_are_not_looked_at_where_there_are_better_ones(make_network, tree) -> None:
    """Also where they are allowed (RFC 4509, 3)."""
    good = dns.dnssec.make_ds(S, tree.zones[S].dnskey, "SHA1", policy=allow_all_policy).to_text()
    wrong = "1 13 2 " + "ab" * 32
    for texts, security in ((good,), Security.SECURE), ((good, wrong), Security.BOGUS):
        network = make_network(delegated_by(*texts))
        validation = replace(network.settings.validation, allow_sha1=True)
        response = make_network(delegated_by(*texts), validation=validation).resolve(WWW)
        assert response.security is security, texts


@pytest.mark.parametrize("name", ["x.oddalgo.example.", "x.odddigest.example."])
def test_what_cannot_be_checked_is_insecure(make_network, name) -> None:
    def serve(message, tree, ask):
        if ask.server[0] == "192.0.2.4" and "odd" in names.to_text(ask.name):
            name = names.to_text(ask.name)
            message = dns.message.make_response(dns.message.make_query(name, ask.rdtype))
            message.flags |= dns.flags.AA
            message.answer.append(dns.rrset.from_text(name, 60, "IN", "A", "192.0.2.9"))
        return message

    response = make_network(serve, minimisation="off").resolve(name)
    assert response.rcode == c.NOERROR, response.errors
    assert response.security is Security.INSECURE
    assert response.errors[0].code in (
        Ede.UNSUPPORTED_DNSKEY_ALGORITHM,
        Ede.UNSUPPORTED_DS_DIGEST,
    )


def test_a_negative_anchor_ends_the_chain(make_network, tree) -> None:
    network = make_network(of(WWW, "A", damaged))
    validation = replace(
        network.settings.validation, negative_anchors=frozenset({names.from_text(S)})
    )
    response = make_network(of(WWW, "A", damaged), validation=validation).resolve(WWW)
    assert response.rcode == c.NOERROR
    assert response.security is Security.INSECURE


def test_without_validation_nothing_is_bogus(make_network) -> None:
    network = make_network(of(WWW, "A", damaged))
    validation = replace(network.settings.validation, enabled=False)
    response = make_network(of(WWW, "A", damaged), validation=validation).resolve(WWW)
    assert response.rcode == c.NOERROR
    assert response.security is Security.UNCHECKED


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_noise_on_the_way_never_crashes_or_poisons(make_network, data) -> None:
    def noise(message, tree, ask):
        kind = data.draw(
            st.sampled_from(["as is", "as is", "silent", "rcode", "cut", "forged", "tc"])
        )
        if kind == "silent":
            return None
        if kind == "rcode":
            message.set_rcode(data.draw(st.sampled_from([1, 2, 4, 5, 3])))
        if kind == "cut":
            data.draw(st.sampled_from(sections(message))).clear()
        if kind == "forged":
            message.answer.append(dns.rrset.from_text(WWW, 60, "IN", "A", "6.6.6.6"))
        if kind == "tc":
            message.flags |= dns.flags.TC
        return message

    network = make_network(noise)
    for _ in range(2):
        response = network.resolve(WWW)
        assert response.rcode in (c.NOERROR, c.SERVFAIL)
        for rrset in response.answer:
            assert list(rrset.rdatas) == [bytes((192, 0, 2, 80))]
