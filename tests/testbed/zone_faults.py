"""Faults of zones and their servers, composed of events: one story for each finding."""

from collections.abc import Callable

from firstbyte.events import dns
from testbed.events import Story

ROOT = "192.0.2.1"
ONE, TWO = "192.0.2.3", "192.0.2.4"
NAME = "www.zone.test A"
SOA = "zone.test 60 SOA ns1.zone.test. admin.zone.test. {} 7200 3600 1209600 300"
KEY = "zone.test 60 DNSKEY 257 3 {} AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3"


def referred(
    *,
    servers: tuple[str, ...] = ("ns1.zone.test.", "ns2.zone.test."),
    glue: tuple[str, ...] = (f"ns1.zone.test 60 A {ONE}", f"ns2.zone.test 60 A {TWO}"),
    more: tuple[str, ...] = (),
) -> Story:
    """The parent sends to zone.test."""
    names = tuple(f"zone.test 60 NS {name}" for name in servers)
    return Story().zone_answer(
        "test",
        NAME,
        ROOT,
        kind="referral",
        flags=("qr",),
        authorities=(*names, *more),
        additionals=glue,
    )


def answered(*answers: str, question: str = NAME, server: str = ONE, **more: object) -> Story:
    """zone.test's server answers."""
    return referred().zone_answer("zone.test", question, server, answers=answers, **more)  # type: ignore[arg-type]


def silent(transport: dns.Transport) -> Story:
    """The second server does not answer; over TCP, although it did over UDP."""
    story = answered("www.zone.test 60 A 192.0.2.80")
    if transport == "tcp":
        story.zone_answer("zone.test", NAME, TWO)
    query = story.zone_ask("zone.test", NAME, TWO, transport=transport)
    return story.pause(1500).emit(dns.TimedOut(query, 1.5))


def other_letters() -> Story:
    story = referred()
    query = story.zone_ask("zone.test", NAME, ONE)
    return story.emit(dns.QueryFailed(query, "the answer changed the question's letters"))


def disagreeing() -> Story:
    story = answered("www.zone.test 60 A 192.0.2.80")
    return story.zone_answer("zone.test", NAME, TWO, answers=["www.zone.test 60 A 192.0.2.81"])


def split() -> Story:
    story = Story()
    story.answer(story.ask("A", name="www.zone.test"), "A", ["10.0.0.1"], name="www.zone.test")
    return story.zone_answer("zone.test", NAME, ONE, answers=["www.zone.test 60 A 192.0.2.80"])


def serials() -> Story:
    story = answered(SOA.format(7), question="zone.test SOA")
    return story.zone_answer("zone.test", "zone.test SOA", TWO, answers=[SOA.format(6)])


def expiring(expires: str = "20260303000000") -> Story:
    seal = f"www.zone.test 60 RRSIG A 13 3 60 {expires} 20260217000000 1 zone.test. AAAA"
    return answered("www.zone.test 60 A 192.0.2.80", seal)


def no_edns() -> Story:
    story = referred()
    story.emit(dns.Fallback("no_edns", f"{ONE}:53 answered FORMERR without EDNS"))
    return story.zone_answer("zone.test", NAME, ONE)


def aliased_server() -> Story:
    alias = "ns1.zone.test 60 CNAME host.zone.test."
    return answered(alias, question="ns1.zone.test A")


def misdelegated() -> Story:
    sets = ("zone.test 60 NS ns1.zone.test.", "zone.test 60 NS ns3.zone.test.")
    return answered(*sets, question="zone.test NS")


def without_key() -> Story:
    story = referred(more=("zone.test 60 DS 12345 13 2 00",))
    return story.zone_answer("zone.test", "zone.test DNSKEY", ONE, answers=[KEY.format(13)])


def hashing(parameters: str) -> Story:
    link = f"abc.zone.test 60 NSEC3 {parameters} DEF A RRSIG"
    return answered(kind="nxdomain", rcode="NXDOMAIN", authorities=(SOA.format(7), link))


def slow() -> Story:
    return answered("www.zone.test 60 A 192.0.2.80", took_ms=900)


def old_glue() -> Story:
    return answered("ns1.zone.test 60 A 192.0.2.99", question="ns1.zone.test A")


ZONE_FAULTS: dict[str, Callable[[], Story]] = {
    "dns.lame": lambda: answered(kind="lame", flags=("qr", "ra")),
    "dns.dead_server": lambda: silent("udp"),
    "dns.no_tcp": lambda: silent("tcp"),
    "dns.missing_glue": lambda: referred(glue=()),
    "dns.delegation_mismatch": misdelegated,
    "dns.zero_ttl": lambda: answered("www.zone.test 0 A 192.0.2.80"),
    "dns.apex_alias": lambda: answered("zone.test 60 CNAME x.test.", question="zone.test A"),
    "dns.signature_expiring": expiring,
    "dns.ds_without_key": without_key,
    "dns.weak_algorithm": lambda: answered(KEY.format(5), question="zone.test DNSKEY"),
    "dns.nsec3_iterations": lambda: hashing("1 0 10 -"),
    "dns.no_ipv6": referred,
    "dns.single_server": lambda: referred(servers=("ns.elsewhere.test.",), glue=()),
    "dns.no_edns": no_edns,
    "dns.case_changed": other_letters,
    "dns.open_transfer": lambda: answered(
        SOA.format(7), question="zone.test AXFR", transport="tcp"
    ),
    "dns.serials_differ": serials,
    "dns.answers_differ": disagreeing,
    "dns.split_horizon": split,
    "dns.glue_mismatch": old_glue,
    "dns.ns_alias": aliased_server,
    "dns.slow_server": slow,
}
