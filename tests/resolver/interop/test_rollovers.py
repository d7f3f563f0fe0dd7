"""Rollovers with others: keys that BIND revokes, and a state file that unbound takes over."""

import asyncio
import shutil
import subprocess
import time

import dns.asyncquery
import dns.flags
import dns.message
import dns.rdatatype
import dns.zone
import pytest

from firstbyte.protocols.dns import constants
from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.daemon import anchor_file
from firstbyte.resolver.daemon.anchors import anchors_from
from firstbyte.resolver.rollover.refresh import refresh
from firstbyte.resolver.rollover.states import DAY_S, State, TrackedKey, TrustPoint
from testbed.dns_tree import dns_tree
from testbed.ports import free_port

pytestmark = pytest.mark.interop
ZONE = """$TTL 300
@ SOA ns.example. admin.example. 1 2 3 4 60
@ NS ns.example.
"""


def needs(program):
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


class BindZone:
    """The zone ``example.`` with keys and signatures by BIND's tools."""

    def __init__(self, place):
        self.place = place

    def run(self, program, *words):
        command = [needs(program), *words]
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=self.place)
        return done.stdout.strip()

    def key(self):
        """A new key-signing key; its file's name."""
        return self.run("dnssec-keygen", "-q", "-a", "ED25519", "-f", "KSK", "example.")

    def revoke(self, key):
        """The key with the REVOKE bit: it has another tag, so another file."""
        return self.run("dnssec-revoke", "-r", "-f", key).removeprefix("./")

    def ds(self, key):
        return anchors_from([self.run("dnssec-dsfromkey", "-2", key)])

    def tag(self, key):
        return int(key.rpartition("+")[2])

    def key_set(self, keys, signers):
        """The DNSKEY set as dnssec-signzone makes it."""
        text = ZONE + "".join((self.place / f"{key}.key").read_text() for key in keys)
        (self.place / "zone").write_text(text)
        words = ("-q", "-z", "-P", "-o", "example.", "-e", "now+20000000", "-f", "signed", "zone")
        self.run("dnssec-signzone", *words, *signers)
        zone = dns.zone.from_file(str(self.place / "signed"), "example.", relativize=False)
        keys = zone.find_rdataset("example.", "DNSKEY")
        made = zone.find_rdataset("example.", "RRSIG", dns.rdatatype.DNSKEY)
        wires = [[rdata.to_wire() for rdata in rdataset] for rdataset in (keys, made)]
        return RRset(b"\x07example\0", constants.DNSKEY, 300, *wires)


def test_keys_that_bind_adds_and_revokes(tmp_path):
    bind = BindZone(tmp_path)
    old, new = bind.key(), bind.key()
    configured = bind.ds(old)
    now_s = int(time.time())
    point = TrustPoint(b"\x07example\0")

    def see(keys, signers, after_days):
        nonlocal point
        rrset = bind.key_set(keys, signers)
        done = refresh(point, configured, rrset, now_s + after_days * DAY_S)
        assert done.problem is None
        point = done.point
        return {key.tag: key.state for key in point.tracked}

    held = {bind.tag(old): State.VALID, bind.tag(new): State.ADD_PEND}
    assert see([old, new], [old], 0) == held
    assert see([old, new], [old], 29) == held
    both = {bind.tag(old): State.VALID, bind.tag(new): State.VALID}
    assert see([old, new], [old], 30) == both
    gone = bind.revoke(old)
    revoked = {bind.tag(gone): State.REVOKED, bind.tag(new): State.VALID}
    assert see([gone, new], [gone, new], 60) == revoked
    assert see([new], [new], 90) == revoked | {bind.tag(gone): State.REMOVED}


UNBOUND = """\
server:
 directory: "{place}"
 chroot: ""
 username: ""
 use-syslog: no
 do-daemonize: no
 pidfile: ""
 interface: 127.0.0.1
 port: {port}
 do-not-query-localhost: no
 auto-trust-anchor-file: "{state}"
remote-control:
 control-enable: no
"""
STUB = 'stub-zone:\n name: "{zone}"\n stub-addr: 127.0.0.1@{port}\n'


async def first_answer(port):
    """unbound's first answer, when it has started."""
    query = dns.message.make_query("www.example.org", "A", want_dnssec=True)
    for _ in range(200):
        try:
            return await dns.asyncquery.tcp(query, "127.0.0.1", 5, port)
        except OSError:
            await asyncio.sleep(0.02)
    raise AssertionError("unbound does not start")


async def judged(program, place, tree, state):
    """unbound's answer with its trust anchors from ``state``, and when it has written that."""
    port = free_port()
    ports = [tree.keys["address_map"][f"192.0.2.{n}"].rpartition(":")[2] for n in (1, 2, 3)]
    stubs = zip((".", "org.", "example.org."), ports, strict=True)
    text = UNBOUND.format(place=place, port=port, state=state)
    text += "".join(STUB.format(zone=zone, port=port) for zone, port in stubs)
    (place / "unbound.conf").write_text(text)
    process = await asyncio.create_subprocess_exec(
        *(program, "-d", "-c", str(place / "unbound.conf")), stderr=asyncio.subprocess.DEVNULL
    )
    try:
        answer = await first_answer(port)
        async with asyncio.timeout(10):
            while "Kept by firstbyte" in state.read_text():  # noqa: ASYNC110 # another's file
                await asyncio.sleep(0.05)
        return answer
    finally:
        process.terminate()
        await process.wait()


def test_unbound_takes_over_our_state_file_and_we_take_it_back(tmp_path):
    """A revoked key stays revoked, a pending one pending, whoever keeps the file."""
    program = needs("unbound")
    now_s = int(time.time())
    state = tmp_path / "root.key"

    async def program_():
        async with dns_tree() as tree:
            valid = tree.served.keys[b"\0"][0].dnskey
            stranger = valid[:4] + bytes(len(valid) - 4)
            keys = (
                TrackedKey(valid, State.VALID, now_s - 5 * DAY_S, 0, 3600),
                TrackedKey(stranger, State.REVOKED, now_s - DAY_S, 0, 3600),
            )
            anchor_file.write(state, [TrustPoint(b"\0", keys)])
            answer = await judged(program, tmp_path, tree, state)
            return answer, keys, anchor_file.read(state)[b"\0"]

    answer, keys, after = asyncio.run(program_())
    assert answer.flags & dns.flags.AD
    assert after.succeeded_s >= now_s
    assert {key.rdata: key.state for key in after.tracked} == {key.rdata: key.state for key in keys}
