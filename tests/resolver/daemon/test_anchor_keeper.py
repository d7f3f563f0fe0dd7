"""The daemon follows a rollover on its clock file, keeps what it learns, and says what it does."""

import asyncio
import contextlib

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from firstbyte.errors import UsageError
from firstbyte.resolver.daemon import anchor_file
from firstbyte.resolver.daemon.config import from_mapping
from firstbyte.resolver.daemon.daemon import Daemon
from firstbyte.resolver.daemon.shared_counts import SharedCounts
from firstbyte.resolver.machine.values import Question, Security
from firstbyte.resolver.rollover.states import State
from testbed.rollover_zone import Ksk, key_rrset

START_S = 1_700_000_000
DAY = 86400
QUESTION = Question(b"\x03www\x07example\0", 1)


class Root(asyncio.DatagramProtocol):
    """The root's server: its keys, and one address, both signed by whom the test says."""

    def __init__(self, *keys):
        self.keys = self.signers = keys
        self.now_s = START_S
        self.asked = 0
        self.empty = False

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        query = dns.message.from_wire(data)
        question = query.question[0]
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        if question.rdtype == dns.rdatatype.DNSKEY:
            self.asked += 1
            sets = () if self.empty else key_rrset(".", self.keys, self.signers, self.now_s)
        else:
            sets = self.address(question)
        answer.answer += [rrset for rrset in sets if rrset is not None]
        self.transport.sendto(answer.to_wire(), addr)

    def address(self, question):
        rrset = dns.rrset.from_text(question.name, 60, "IN", "A", "192.0.2.80")
        key = self.signers[-1]
        root = dns.name.root
        times = self.now_s - 3600, self.now_s + 21 * DAY
        made = dns.dnssec.sign(rrset, key.private, root, key.record, *times)
        return rrset, dns.rrset.from_rdata(question.name, 60, made)


class World:
    """A root, a daemon over it, and the time."""

    def __init__(self, directory, root, **changes):
        self.root = root
        self.state = directory / "root.key"
        self.clock = directory / "clock"
        self.changes = changes
        self.daemon = None
        self.set(0)

    def set(self, day):
        self.root.now_s = START_S + day * DAY
        self.clock.write_text(f"frozen {self.root.now_s}")

    def keys(self, port, *anchors):
        return {
            "listen": "127.0.0.1:0",
            "root_hints": [["ns.", "192.0.2.1"]],
            "address_map": {"192.0.2.1:53": f"127.0.0.1:{port}"},
            "priming": False,
            "qname_minimisation": "off",
            "send_ta_signal": False,
            "use_0x20": False,
            "clock_file": str(self.clock),
            "trust_anchors": [key.ds(".") for key in anchors],
            "trust_anchor_state": str(self.state),
        } | self.changes

    @contextlib.asynccontextmanager
    async def running(self, *anchors):
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: self.root, local_addr=("127.0.0.1", 0)
        )
        self.port = transport.get_extra_info("sockname")[1]
        self.daemon = Daemon(from_mapping(self.keys(self.port, *anchors)))
        try:
            await self.daemon.start()
            yield self
        finally:
            self.daemon.close()
            transport.close()
            await asyncio.sleep(0)

    async def refreshed(self):
        """Wait for the daemon's query of this day, and what it makes of it."""
        async with asyncio.timeout(10):
            while self.point.queried_s != self.root.now_s:  # noqa: ASYNC110 # it has no event
                await asyncio.sleep(0.005)

    @property
    def point(self):
        return self.daemon.keeper.points[b"\0"]

    def saved(self):
        """The states in the file, by key tag."""
        return {key.tag: key.state for key in anchor_file.read(self.state)[b"\0"].tracked}

    async def security(self):
        return (await self.daemon.service.driver.resolve(QUESTION)).security


def test_a_rollover_is_followed_over_restarts(tmp_path, capsys):
    """KSK-2017 to KSK-2024 as it was: published, held, signs, the old one revoked and gone."""
    old, new = Ksk(), Ksk()
    world = World(tmp_path, Root(old))

    async def one_run(day):
        """Start, let it ask once at this day, and look; the next day begins with a new process."""
        world.set(day)
        async with world.running(old):
            await world.refreshed()
            return world.saved(), await world.security()

    async def program():
        assert await one_run(0) == ({old.tag: State.VALID}, Security.SECURE)
        world.root.keys = (old, new)
        world.root.signers = (old,)
        for day in (1, 15, 30):
            states, security = await one_run(day)
            assert states == {old.tag: State.VALID, new.tag: State.ADD_PEND}
            assert security is Security.SECURE
        states, _ = await one_run(31)
        assert states == {old.tag: State.VALID, new.tag: State.VALID}
        world.root.signers = (new,)
        assert (await one_run(60))[1] is Security.SECURE
        old.revoked = True
        world.root.signers = (old, new)
        states, security = await one_run(90)
        assert states == {old.tag: State.REVOKED, new.tag: State.VALID}
        assert security is Security.SECURE
        world.root.keys = world.root.signers = (new,)
        states, security = await one_run(120)
        assert states == {old.tag: State.REMOVED, new.tag: State.VALID}
        assert security is Security.SECURE
        old.revoked = False
        world.root.keys = world.root.signers = (old,)
        assert (await one_run(150))[1] is Security.BOGUS

    asyncio.run(program())
    told = capsys.readouterr().err
    assert f"key {new.tag} is new: trusted after 30 days, from" in told
    assert f"key {new.tag} is trusted" in told
    assert "is revoked: never trusted again" in told


def test_it_follows_while_it_runs(tmp_path, capsys):
    """Nothing is asked before it is due; a revocation counts at once for what is cached."""
    old, new = Ksk(), Ksk()
    world = World(tmp_path, Root(old, new))

    async def program():
        async with world.running(old, new):
            await world.refreshed()
            assert await world.security() is Security.SECURE
            asked = world.root.asked
            await asyncio.sleep(0.2)
            assert world.root.asked == asked
            old.revoked = True
            world.root.signers = (old,)
            world.set(1)
            await world.refreshed()
            assert await world.security() is Security.BOGUS, "only a revoked key signs now"
            new.revoked = True
            world.root.signers = (old, new)
            world.set(2)
            await world.refreshed()
            assert world.daemon.keeper.anchors() == ()
            assert await world.security() is Security.INSECURE
            asked = world.root.asked
            world.set(90)
            await asyncio.sleep(0.2)
            assert world.root.asked == asked, "a deleted trust point is asked no more"

    asyncio.run(program())
    assert "all keys of trust anchor . are revoked" in capsys.readouterr().err


def test_a_query_that_fails_is_told_and_repeated(tmp_path, capsys):
    old = Ksk()
    world = World(tmp_path, Root(old))
    world.root.empty = True

    async def program():
        async with world.running(old):
            await world.refreshed()
            assert world.point.failures == 1
            world.root.empty = False
            world.set(1)
            await world.refreshed()
            assert world.point.failures == 0

    asyncio.run(program())
    told = capsys.readouterr().err
    assert "the keys of trust anchor . could not be refreshed: no DNSKEY set came" in told
    assert "next try at Tue Nov 14 23:13:20 2023 UTC" in told


def test_a_file_that_cannot_be_written_is_told_once(tmp_path, capsys):
    old = Ksk()
    world = World(tmp_path, Root(old))
    world.state = tmp_path / "none" / "root.key"

    async def program():
        async with world.running(old):
            await world.refreshed()
            assert await world.security() is Security.SECURE
            old.revoked = True
            world.set(1)
            await world.refreshed()
            config = from_mapping(world.keys(world.port, old))
            world.daemon.reload(config)
            assert world.daemon.keeper.anchors() == (), "what could not be saved is not forgotten"
            world.state.parent.mkdir()
            world.daemon.reload(config)
            assert world.saved()[old.tag] is State.REVOKED

    asyncio.run(program())
    told = capsys.readouterr().err
    assert told.count("warning: trust_anchor_state: cannot write") == 2  # start, reload
    assert "hint: make the directory" in told


def test_a_file_that_makes_no_sense_stops_the_start_but_not_a_reload(tmp_path):
    old = Ksk()
    world = World(tmp_path, Root(old))

    async def program():
        async with world.running(old):
            await world.refreshed()
            world.state.write_text(". IN DNSKEY nonsense\n")
            with pytest.raises(UsageError, match="line 1"):
                world.daemon.reload(from_mapping(world.keys(world.port, old)))
            assert await world.security() is Security.SECURE
        with pytest.raises(UsageError, match="line 1"):
            await Daemon(world.daemon.config).start()

    asyncio.run(program())


def test_a_start_without_any_anchor_is_told(tmp_path, capsys):
    world = World(tmp_path, Root(Ksk()))

    async def program():
        async with world.running():
            assert await world.security() is Security.INSECURE

    asyncio.run(program())
    assert "there is no trust anchor to follow" in capsys.readouterr().err


def test_a_file_of_ds_records_alone_is_enough(tmp_path):
    """As ``unbound-anchor`` leaves it: no anchor in the configuration."""
    old = Ksk()
    world = World(tmp_path, Root(old))
    world.state.write_text(old.ds(".") + "\n")

    async def program():
        async with world.running():
            await world.refreshed()
            assert world.saved() == {old.tag: State.VALID}
            assert await world.security() is Security.SECURE

    asyncio.run(program())


def test_other_workers_read_what_the_first_writes(tmp_path):
    old, new = Ksk(), Ksk()
    world = World(tmp_path, Root(old, new))

    async def program():
        async with world.running(old, new):
            await world.refreshed()
            follower = Daemon(world.daemon.config, counts=SharedCounts(2).of(1))
            await follower.start()
            try:
                old.revoked = True
                world.set(1)
                async with asyncio.timeout(10):
                    while len(follower.keeper.anchors()[0].rdatas) > 1:  # noqa: ASYNC110 # it has no event
                        await asyncio.sleep(0.01)
                assert follower.keeper.anchors()[0].rdatas == [new.rdata]
            finally:
                follower.close()

    asyncio.run(program())
