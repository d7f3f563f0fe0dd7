"""The private internet: hosts, links, names, and the run of virtual time.

::

    net = Internet(seed=7)
    client, server = net.host("client"), net.host("shop.example")
    net.link(client, server, rtt_s=0.080, rate_bps=10e6, loss=0.02)
    server.run(start_my_server())
    page = client.run(my_client("http://shop.example/"))
    net.run(until=page)
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar, Unpack

from firstbyte.events.base import Direction, Event, What
from firstbyte.events.link import PacketDropped
from firstbyte.sim import routing
from firstbyte.sim.agenda import Agenda
from firstbyte.sim.capture import Capture
from firstbyte.sim.checks import require_future, require_known
from firstbyte.sim.clock import DEFAULT_EPOCH_S, NS_PER_S, Clock, to_ns
from firstbyte.sim.describe import describe_unit
from firstbyte.sim.endings import Asleep, forget
from firstbyte.sim.errors import SimulationError, TimeLimit
from firstbyte.sim.frames import Unit
from firstbyte.sim.hosts import Host, HostOptions
from firstbyte.sim.links import Link, Medium, Node, Settings, Wire, WireOptions
from firstbyte.sim.loop import SimLoop
from firstbyte.sim.memory_files import MemoryFile
from firstbyte.sim.patches.collector import patient_collector
from firstbyte.sim.patches.environment import environment
from firstbyte.sim.patching import Patching
from firstbyte.sim.rules import Rule
from firstbyte.sim.socket_list import SocketRow, list_sockets
from firstbyte.sim.waiting import describe, note_failed_programs

T = TypeVar("T")

PATIENCE_S = 60.0
"""How long, in virtual time, a cancelled task may take to clean up when the world ends."""


class Internet:
    """A world of its own: one seed, one clock, one event loop.

    ``clocks`` false leaves ``time``, ``datetime`` and ``random`` real while the world runs.
    ``observe`` false keeps neither packets nor events (long runs, benchmarks). ``start_s`` is the
    date at which the world begins, Unix time.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        clocks: bool = True,
        observe: bool = True,
        start_s: float = DEFAULT_EPOCH_S,
    ) -> None:
        self.seed = seed
        self.clock = Clock(start_s)
        self.agenda = Agenda(self.clock)
        self.observes = observe
        self.names: dict[str, list[str]] = {}
        """Names that every host knows without asking anybody: name → addresses."""
        self.hosts: dict[str, Host] = {}
        self.links: list[Link] = []
        self.trust_anchors_pem = b""
        self.root_hints: tuple[tuple[str, str], ...] = ()
        """(name, address) of the servers of the world's DNS root, for who resolves from there."""
        self.dns_anchors: tuple[str, ...] = ()
        """DS or DNSKEY records of that root, for who validates."""
        self._rules: list[Rule] = []
        self._events: list[Event] = []
        self._medium = Medium(self.clock, self.agenda, seed, self._rules, self._note_drop)
        self._patching = Patching(self.clock, seed, clocks_too=clocks)
        self._routes_are_stale = False
        self._keylog: MemoryFile | None = None
        self._anchors: MemoryFile | None = None
        self._asleep = Asleep()
        self._closed = False
        self.loop = SimLoop(self.clock, self.agenda)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            forget(self.hosts.values(), self._asleep)

    # --- building -------------------------------------------------------------------------------

    def host(self, name: str, **options: Unpack[HostOptions]) -> Host:
        """A new host. Its name resolves everywhere in the world, unless ``named=False``.

        Without ``addresses`` it gets the next free one of 10.0.0.0/8 (and with ``ipv6=True`` of
        fd00::/64 as well). Raises ``ValueError`` if the name is taken, ``TypeError`` for an
        option that there is not.
        """
        self._require_open()
        require_known("option of a host", options, HostOptions.__annotations__)
        if not name:
            raise ValueError("a host needs a name")
        if name in self.hosts:
            raise ValueError(f"there is a host {name!r} already")
        host = Host(self, name, len(self.hosts) + 1, options)
        self.hosts[name] = host
        if options.get("named", True):
            self.names[name.lower()] = list(host.addresses)
        return host

    def link(
        self,
        a: Node,
        b: Node,
        *,
        forth: Settings | None = None,
        back: Settings | None = None,
        **settings: Unpack[Settings],
    ) -> Link:
        """Connect two nodes. ``settings`` hold both ways; ``forth`` (a → b) and ``back`` override.

        The link is point to point, without ARP, unless one of the nodes is a switch, or a host
        that asks for its address by DHCP.
        Raises ``ValueError`` for impossible settings, ``TypeError`` for unknown ones.
        """
        self._require_open()
        self._require_nodes(a, b)
        both = WireOptions().changed(**settings)
        there, here = both.changed(**(forth or {})), both.changed(**(back or {}))
        ethernet = _needs_ethernet(a) or _needs_ethernet(b)
        port_a = a.new_port(there.mtu, ethernet=ethernet)
        port_b = b.new_port(here.mtu, ethernet=ethernet)
        wires = (
            Wire(self._medium, port_a, port_b, there),
            Wire(self._medium, port_b, port_a, here),
        )
        port_a.plug(wires[0])
        port_b.plug(wires[1])
        link = Link(*wires, (port_a, port_b))
        self.links.append(link)
        self.routes_changed()
        return link

    def _require_nodes(self, a: Node, b: Node) -> None:
        for node in (a, b):
            if not hasattr(node, "new_port"):
                raise TypeError(f"a link connects hosts (what net.host() gave), not {node!r}")
            if getattr(node, "internet", self) is not self:
                raise ValueError(f"{node.name} is a host of another world")
        if a is b:
            raise ValueError(f"{a.name} cannot be linked to itself")

    def _require_open(self) -> None:
        if self._closed:
            raise SimulationError("this world is closed: make a new Internet()")

    def rule(self, rule: Rule) -> Callable[[], None]:
        """Ask ``rule`` about every packet on every link; the result takes it back."""
        if not callable(rule):
            raise TypeError(f"a rule is a function of a Transit, not {rule!r}")
        self._rules.append(rule)
        return lambda: self._rules.remove(rule)

    def trust(self, pem: bytes) -> None:
        """Add CA certificates to the trust store of every host.

        ``ssl.create_default_context()`` made while the world runs trusts them (OpenSSL reads
        SSL_CERT_FILE); contexts that were made before do not.
        """
        self.trust_anchors_pem += pem if pem.endswith(b"\n") else pem + b"\n"

    # --- running --------------------------------------------------------------------------------

    @property
    def time_s(self) -> float:
        """Virtual seconds since the world began."""
        return self.clock.now_ns / NS_PER_S

    def run(
        self, until: "asyncio.Future[T] | float | None" = None, *, limit_s: float | None = None
    ) -> T | None:
        """Let the world live.

        ``until`` a future: until it is done; its result is returned, its exception raised.
        A number: that many seconds from now. None: until all tasks of all hosts are done.
        ``limit_s`` bounds the virtual time of this call: ``TimeLimit`` when it passes.
        Raises ``Deadlock`` when nothing can ever happen again. Programs of any host that have
        failed are named in the notes of what is raised.
        """
        self._require_open()
        if until is not None and not isinstance(until, int | float):
            require_future(until, self.loop)
        if asyncio._get_running_loop() is not None:  # noqa: SLF001 - the public way raises
            raise SimulationError(
                "a world cannot run inside a running event loop: call net.run() from a plain "
                "function (def test_…, not async def), and await host.run(…) in its programs"
            )
        with self._active():
            if isinstance(until, int | float):
                self._run_for(until)
                return None
            waited = self._all_tasks() if until is None else until
            try:
                result: T | None = self._run_until(waited, limit_s)
            except Exception as error:
                note_failed_programs(error, self.hosts.values())
                raise
            return result

    def _run_for(self, seconds: float) -> None:
        if not seconds >= 0:
            raise ValueError(f"a world cannot run for {seconds} seconds")
        end = self.loop.create_future()
        self.agenda.add(self.clock.now_ns + to_ns(seconds), lambda: end.set_result(None))
        self.loop.run_until_complete(end)

    def _run_until(self, future: "asyncio.Future[Any]", limit_s: float | None) -> Any:
        if limit_s is None:
            return self.loop.run_until_complete(future)
        guard = self.loop.create_future()
        entry = self.agenda.add(self.clock.now_ns + to_ns(limit_s), lambda: guard.set_result(None))
        either = asyncio.wait({future, guard}, return_when=asyncio.FIRST_COMPLETED)
        try:
            self.loop.run_until_complete(either)
        finally:
            self.agenda.cancel(entry)
        if not future.done():
            waiting = self.loop.describe_waiting()
            raise TimeLimit(f"not done after {limit_s} virtual seconds\n{waiting}")
        return future.result()

    def _all_tasks(self) -> "asyncio.Future[Any]":
        async def wait() -> None:
            own = asyncio.current_task()
            while tasks := asyncio.all_tasks() - {own}:
                await asyncio.wait(tasks)

        return self.loop.create_task(wait(), name="until all is done")

    @contextlib.contextmanager
    def _active(self) -> Iterator[None]:
        self.refresh_routes()
        self._asleep = Asleep()
        try:
            with patient_collector(), environment(self.environment()), self._patching.active():
                yield
        finally:
            self._asleep = Asleep.of(self.loop)

    def environment(self) -> dict[str, str]:
        """Variables that every program finds while the world runs."""
        self._keylog = self._keylog or MemoryFile("keys.log")
        variables = {"SSLKEYLOGFILE": self._keylog.path}
        if self.trust_anchors_pem:
            self._anchors = self._anchors or MemoryFile("anchors.pem")
            self._anchors.replace(self.trust_anchors_pem)
            variables["SSL_CERT_FILE"] = self._anchors.path
        return variables

    def routes_changed(self) -> None:
        """Automatic routes must be found anew before the next packet."""
        self._routes_are_stale = True
        if self.loop.is_running():
            self.refresh_routes()

    def update_pauses(self) -> None:
        """Some host was paused or goes on."""
        any_paused = any(host.paused for host in self.hosts.values())
        self.loop.set_paused(_is_paused if any_paused else None)

    def refresh_routes(self) -> None:
        """Give every host with automatic routes its way to all others, if links have changed."""
        if self._routes_are_stale:
            self._routes_are_stale = False
            routing.install(self.hosts.values(), self.links)

    # --- faults ---------------------------------------------------------------------------------

    def partition(self, *groups: set[Node]) -> Callable[[], None]:
        """Cut every link between nodes of different groups; the result mends them."""
        if not all(isinstance(group, set | frozenset) for group in groups):
            raise TypeError("each group is a set of nodes: net.partition({a, b}, {c})")
        cut = [link for link in self.links if _separates(link, groups)]
        for link in cut:
            link.cut()

        def mend() -> None:
            for link in cut:
                link.mend()

        return mend

    # --- looking --------------------------------------------------------------------------------

    def capture(self, host: Host) -> Capture:
        """What the interfaces of ``host`` have seen so far."""
        return Capture(host.name, host.packet_log, self.keylog)

    @property
    def keylog(self) -> str:
        """TLS secrets of the connections made so far by contexts that honour SSLKEYLOGFILE."""
        text = "" if self._keylog is None else self._keylog.read().decode("ascii")
        # Python begins the file with a comment when a context is made, used or not.
        has_secrets = any(not line.startswith("#") for line in text.splitlines())
        return text if has_secrets else ""

    def sockets(self, host: Host) -> list[SocketRow]:
        """The sockets of ``host``, as ``ss`` would list them."""
        return list_sockets(host)

    @property
    def events(self) -> list[Event]:
        """Everything that happened, in the one vocabulary, in order of time."""
        seen = [event for host in self.hosts.values() for event in host.events()]
        return sorted([*self._events, *seen], key=lambda event: event.at_ns)

    def note(
        self,
        host: str,
        what: What,
        connection: str | None = None,
        direction: Direction | None = None,
    ) -> None:
        """Add an event that happens now."""
        if not self.observes:
            return
        self._events.append(
            Event(
                at_ns=self.clock.now_ns,
                source="simulated",
                what=what,
                host=host,
                connection=connection,
                direction=direction,
            )
        )

    def _note_drop(self, unit: Unit, reason: str, where: str) -> None:
        self.note(where, PacketDropped(describe_unit(unit), reason, where))

    # --- the end --------------------------------------------------------------------------------

    def close(self) -> list[str]:
        """End the world: stop what still runs, close every socket and the loop.

        Returns a line for each task that was still running: a leak, unless it was meant to run
        for as long as the world.
        """
        if self._closed:
            return []
        self._closed = True
        tasks = asyncio.all_tasks(self.loop)
        leaked = describe(tasks, self.loop.host_tasks).splitlines() if tasks else []
        with self._active():
            self.loop.run_until_complete(self._stop(tasks))
            for host in self.hosts.values():
                host.shut()
        self.loop.close()
        return leaked

    async def _stop(self, tasks: "set[asyncio.Task[Any]]") -> None:
        # What programs say of their own sudden end is of no use to anybody.
        self.loop.set_exception_handler(lambda _loop, _context: None)
        for task in tasks:
            task.cancel()
        self.loop.set_paused(None)
        if tasks:
            # A task that refuses to be cancelled is left behind.
            await asyncio.wait(tasks, timeout=PATIENCE_S)
        self.loop.end_workers("the world has ended")
        self.loop.abort_transports()
        await asyncio.sleep(0)
        await self.loop.shutdown_asyncgens()
        await asyncio.sleep(0)


def _needs_ethernet(node: Node) -> bool:
    """Switches go by MACs, and a host that asks for its address has nothing else to be told by."""
    return getattr(node, "is_switch", False) or getattr(node, "asks", False)


def _is_paused(host: Host | None) -> bool:
    return host is not None and host.paused


def _separates(link: Link, groups: tuple[set[Node], ...]) -> bool:
    first, second = (port.node for port in link.ports)
    sides = [{first in group, second in group} for group in groups]
    return {True, False} in sides
