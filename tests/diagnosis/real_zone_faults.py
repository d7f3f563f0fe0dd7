"""The faults of zones and of their servers, for real: a root, a TLD and zones on loopback."""

from msgspec.structs import replace

from diagnosis.real_faults import Bed, fault
from firstbyte.diagnosis import diagnose
from firstbyte.journey.model import Journey
from firstbyte.journey.resolution import Comparison, Outcome
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import from_text
from firstbyte.resolver.daemon.config import driver_settings
from firstbyte.resolver.query.compare import Job, compare
from firstbyte.resolver.query.iterate import iterate
from firstbyte.resolver.query.wanted import Wanted
from firstbyte.resolver.query.words import parse
from firstbyte.server.dns.nsec3 import Params
from firstbyte.server.dns.signing import Policy
from testbed.dns_tree import PLAIN, dns_tree

OTHER = PLAIN.replace("192.0.2.44", "192.0.2.45").replace("admin 1", "admin 2")
TWICE = PLAIN + "@ 86400 NS ns2\nns2 86400 A 192.0.2.5\n"


async def walked(
    words: str,
    *faults: str,
    policy: Policy | None = None,
    plain: tuple[str, ...] = (PLAIN,),
    audit: bool = False,
) -> Journey:
    """Resolve from the root of a tree with these faults."""
    async with dns_tree(*faults, policy=policy, plain=plain) as tree:
        wanted = replace(parse(tuple(words.split())), audit=audit, timeout_s=0.3, tries=1)
        return diagnosed(await iterate(wanted, tree.config(question_timeout=1.2)))


def diagnosed(told: Outcome | Comparison) -> Journey:
    assert told.journey is not None
    return replace(told.journey, findings=diagnose(told.journey))


@fault("dns.lame")
async def lame(_: Bed) -> Journey:
    return await walked("www.plain", "lame@www.plain")


@fault("dns.dead_server")
async def dead_server(_: Bed) -> Journey:
    return await walked("www.plain", "silent@www.plain")


@fault("dns.missing_glue")
async def missing_glue(_: Bed) -> Journey:
    return await walked("www.example.org", "missing-glue@example.org")


@fault("dns.delegation_mismatch")
async def delegation_mismatch(_: Bed) -> Journey:
    return await walked("www.plain", plain=(TWICE,), audit=True)


@fault("dns.zero_ttl")
async def zero_ttl(_: Bed) -> Journey:
    return await walked("www.plain", plain=(PLAIN.replace("www 60", "www 0"),))


@fault("dns.apex_alias")
async def apex_alias(_: Bed) -> Journey:
    async with dns_tree() as tree:
        for zone in tree.servers["192.0.2.4"].zones.all():
            target = from_text("www.plain.")
            zone.nodes[zone.apex][dns.CNAME] = RRset(zone.apex, dns.CNAME, 60, [target])
        return diagnosed(await iterate(parse(("plain.",)), tree.config()))


@fault("dns.signature_expiring")
async def signature_expiring(_: Bed) -> Journey:
    return await walked("www.example.org", policy=Policy(validity_s=600))


@fault("dns.ds_without_key")
async def ds_without_key(_: Bed) -> Journey:
    return await walked("www.example.org", "wrong-ds@example.org")


@fault("dns.weak_algorithm")
async def weak_algorithm(_: Bed) -> Journey:
    key = "@ 60 DNSKEY 257 3 5 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1v\n"
    return await walked("plain. DNSKEY", plain=(PLAIN + key,))


@fault("dns.nsec3_iterations")
async def nsec3_iterations(_: Bed) -> Journey:
    policy = Policy(denial="nsec3", hashing=Params(10))
    return await walked("nothing.example.org", policy=policy)


@fault("dns.no_ipv6")
async def no_ipv6(_: Bed) -> Journey:
    return await walked("www.plain")


@fault("dns.single_server")
async def single_server(_: Bed) -> Journey:
    return await walked("www.plain")


@fault("dns.no_edns")
async def no_edns(_: Bed) -> Journey:
    return await walked("www.plain", "no-edns@www.plain")


@fault("dns.case_changed")
async def case_changed(_: Bed) -> Journey:
    """With so many letters some are capitals, whatever chance says; the name need not exist."""
    return await walked(f"{'letters' * 8}.plain", "case-folding@plain")


@fault("dns.no_tcp")
async def no_tcp(_: Bed) -> Journey:
    return await walked("www.plain", "tcp-silent@plain", audit=True)


@fault("dns.open_transfer")
async def open_transfer(_: Bed) -> Journey:
    return await walked("www.plain", audit=True)


@fault("dns.serials_differ")
async def serials_differ(_: Bed) -> Journey:
    return await walked("www.plain", plain=(TWICE, TWICE.replace("admin 1", "admin 2")), audit=True)


@fault("dns.answers_differ")
async def answers_differ(_: Bed) -> Journey:
    other = TWICE.replace("192.0.2.44", "192.0.2.45")
    return await walked("www.plain", plain=(TWICE, other), audit=True)


@fault("dns.split_horizon")
async def split_horizon(_: Bed) -> Journey:
    """The second server is asked as if it were a resolver with an old copy."""
    async with dns_tree(plain=(PLAIN, OTHER)) as tree:
        table = driver_settings(tree.config()).address_map
        job = Job("www.plain", dns.A, ["192.0.2.5"], True, table, Wanted(timeout_s=1, tries=1))
        return diagnosed(await compare(job))


@fault("dns.glue_mismatch")
async def glue_mismatch(_: Bed) -> Journey:
    moved = PLAIN.replace("ns 86400 A 192.0.2.4", "ns 86400 A 192.0.2.9")
    return await walked("www.plain", plain=(moved,), audit=True)


@fault("dns.ns_alias")
async def ns_alias(_: Bed) -> Journey:
    aliased = PLAIN.replace("ns 86400 A 192.0.2.4", "ns 86400 CNAME www")
    return await walked("www.plain", plain=(aliased,), audit=True)


@fault("dns.slow_server")
async def slow_server(_: Bed) -> Journey:
    return await walked("www.plain", "slow=0.41@www.plain")
